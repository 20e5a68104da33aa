"""`phono publish run`, the whole of it: corrections, volumes, then what is said about them.

Order: volumes that may not stay as they are get successors -> new volumes are sealed -> torrents
that were lost are made again -> packs -> listings and facts -> the signed index -> pages -> what no
index offers any more is taken off the disk. Each part reads what those before it left durable, does
nothing when nothing changed, and can be stopped and run again at any moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from phonotheque.archive.bulk.listings import sweep_listings
from phonotheque.archive.bulk.publishing import asker, limits_of, misplaced, press_of
from phonotheque.archive.bulk.taken import Taken
from phonotheque.archive.opening import Archive
from phonotheque.music.doors import Door
from phonotheque.publish.mint import Press
from phonotheque.publish.packs.standing import sweep_packs
from phonotheque.publish.remake import damaged, remake
from phonotheque.publish.removal.undone import PENDING
from phonotheque.publish.sealed import live, remains, torrent_path, unpublish
from phonotheque.publish.supersede import (
    Succeeded,
    Succeeding,
    correct,
    fold,
    plan_folds,
    plan_succession,
)
from phonotheque.register.events import Volume


@dataclass(frozen=True, slots=True)
class Step:
    """A part of publishing that comes after the volumes.

    Attributes:
        name: One word.
        doing: What people read while it is at work.
        take: Does it, with the archive open to write.
    """

    name: str
    doing: str
    take: Callable[[Archive], Taken]


def finish_begun(archive: Archive) -> None:
    """Carry out what a removal that was stopped left undone."""
    if archive.index.note(PENDING):
        from phonotheque.archive.bulk.removing import finish_removals  # slow to load, seldom needed

        finish_removals(archive)


def correct_all(archive: Archive, press: Press) -> Iterator[Succeeded]:
    """Give a successor to each volume that holds what it may not hold."""
    asked = asker(archive, Door.PUBLISH)
    wrong = misplaced(archive)
    for volume in live(archive.index):
        if volume.name in wrong:
            yield correct(press, volume, "It held what may not be in it any more.", asked)


def rehearse_corrections(archive: Archive) -> list[Succeeding]:
    """What `correct_all` would do; nothing is written.

    Raises:
        ListLostError: It is not known what a volume holds.
    """
    asked = asker(archive, Door.PUBLISH)
    wrong = misplaced(archive)
    done: list[Succeeding] = []
    for volume in live(archive.index):
        if volume.name in wrong:
            names = [one.planned.name for one in done if one.planned]
            done.append(plan_succession(archive.index, archive.disk, (volume,), asked, names))
    return done


def foldable(archive: Archive) -> list[tuple[Volume, ...]]:
    """Groups of small volumes that would become one each."""
    wrong = misplaced(archive)
    sound = [volume for volume in live(archive.index) if volume.name not in wrong]
    return list(plan_folds(sound, limits_of(archive)))


def fold_all(archive: Archive, press: Press) -> Iterator[Succeeded]:
    """Fold small volumes into bigger ones."""
    asked = asker(archive, Door.PUBLISH)
    for group in foldable(archive):
        yield fold(press, group, asked)


def steps() -> tuple[Step, ...]:
    """What follows when volumes are sealed, in order."""
    from phonotheque.archive.bulk.facts import write_facts
    from phonotheque.archive.bulk.indexing import publish_index
    from phonotheque.archive.bulk.packing import pack
    from phonotheque.archive.bulk.pages import write_pages

    return (
        Step("torrents", "making damaged torrents again", remake_torrents),
        Step("packs", "making packs", pack),
        Step("facts", "writing listings and fact sheet", _without_findings(write_facts)),
        Step("index", "signing the index", _without_findings(publish_index)),
        Step("pages", "writing pages and feeds", _without_findings(write_pages)),
        Step("sweep", "clearing away", _without_findings(sweep)),
    )


def _without_findings(take: Callable[[Archive], str]) -> Callable[[Archive], Taken]:
    return lambda archive: Taken(take(archive))


def remake_torrents(archive: Archive) -> Taken:
    """Make .torrent files of volumes again that are missing or were found damaged.

    Raises:
        UnavailableError: The disk refused.
    """
    press = press_of(archive)
    done, findings = [], []
    for volume in damaged(press):
        path = torrent_path(volume.name)
        if why := remake(press, volume):
            todo = "`phono repair --from DIR` brings it from a mirror."
            findings.append(f"{path} is damaged and cannot be made again: {why}\n{todo}")
        else:
            done.append(f"{path} was damaged and is whole again.")
    return Taken("\n".join(done), tuple(findings))


def sweep(archive: Archive) -> str:
    """Take off the disk what is retired, once an index without it is published."""
    names = remains(archive.disk, archive.index)
    for name in names:
        unpublish(archive.disk, name)
    names += sweep_packs(archive.disk, archive.index)
    sweep_listings(archive)
    return f"Took away the torrents of {', '.join(names)}." if names else ""
