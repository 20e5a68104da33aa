"""The packs of an archive: made by each publication, and held back when something in them must be.

Not here: what a pack is and how it is made (`phonotheque.publish.packs`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from phonotheque.archive.bulk.publishing import asker
from phonotheque.archive.bulk.taken import Taken
from phonotheque.archive.finding.serving import FOLDER, HOLDINGS
from phonotheque.archive.opening import Archive, today
from phonotheque.archive.recordings.embedded import PictureTaker
from phonotheque.catalogue.snapshot import current_snapshot
from phonotheque.disk import LocalDisk
from phonotheque.music.digest import Sha256
from phonotheque.music.doors import Door
from phonotheque.music.rights import Verdict
from phonotheque.music.tdm_statement import SENTENCE
from phonotheque.publish.packs.art import Art
from phonotheque.publish.packs.facts import Facts
from phonotheque.publish.packs.form import PackKind
from phonotheque.publish.packs.holding import one_held
from phonotheque.publish.packs.making import Bench, PacksMade, make_kind, retire, retire_lost
from phonotheque.publish.packs.overlays import Overlays
from phonotheque.publish.packs.patches import Patches
from phonotheque.publish.packs.register_extract import RegisterExtract
from phonotheque.publish.packs.shareable import ask_all
from phonotheque.publish.packs.source import PackSource
from phonotheque.publish.packs.standing import WITHDRAWN, finish_packs, offered_packs
from phonotheque.publish.reread import lost_facts
from phonotheque.register.published import packed_at
from phonotheque.store.objects import ObjectName

if TYPE_CHECKING:
    from phonotheque.catalogue.build.steps import OnProgress

_JOBS = 2
_CLAIMS = "packs rely on tags"


def pack(archive: Archive) -> Taken:
    """Bring all packs up to date: a sentence of what was done, and what could not be."""
    done = make_packs(archive)
    parts = [f"{len(done.made)} made"] if done.made else []
    parts += [f"{len(done.retired)} retired"] if done.retired else []
    told = done.notes
    if parts:
        summary = f"Packs: {', '.join((*parts, f'{done.kept} kept'))}."
        told = [summary, *told, *(f"Not in them: {hint}." for hint in done.hints)]
    return Taken("\n".join(told), tuple(done.findings))


def make_packs(
    archive: Archive,
    on_item: Callable[[PackKind, int, int], None] = lambda _kind, _done, _all: None,
    on_step: OnProgress | None = None,
) -> PacksMade:
    """Make the packs of what may be given away today; nothing when nothing changed.

    Args:
        archive: Open to write.
        on_item: Told the kind, and how many things of how many are packed.
        on_step: Told how far the dump of the catalogue is.

    Raises:
        UnavailableError: The disk failed or is full; run again to go on.
    """
    index, done = archive.index, PacksMade()
    bench = _bench(archive, on_item)
    finish_packs(archive.disk, index)
    counts = archive.config["rights.licence_tags_count"]
    ask_all(index, today(), claims_count=counts)
    with index.transaction():
        index.set_note(_CLAIMS, "yes" if counts else "")
    makers: tuple[Callable[[], PackSource], ...] = (
        lambda: Patches(index),
        lambda: RegisterExtract(index, archive.disk),
    )
    if unread := untold(archive):
        _keep(archive, bench, done)
        done.findings.append(unread)
    else:
        with PictureTaker(archive.root) as take_picture:
            make_kind(bench, Art(index, archive.store, take_picture), done)
        makers = (lambda: Facts(index), lambda: Overlays(index), *makers)
    for make in makers:
        make_kind(bench, make(), done)
    home = archive.root / FOLDER
    snapshot = current_snapshot(home, LocalDisk(home)) if home.is_dir() else None
    if snapshot is not None:
        from phonotheque.catalogue.build.steps import quietly
        from phonotheque.catalogue.database import Machine  # slow to load, and seldom needed
        from phonotheque.publish.packs.metadata import Catalogue, make_metadata

        catalogue = Catalogue(archive.root, snapshot, HOLDINGS, Machine(_JOBS), on_step or quietly)
        make_metadata(bench, catalogue, done)
    else:
        retire_lost(bench, PackKind.METADATA, done)
    return done


_OF_TAGS = (PackKind.ART, PackKind.FACTS, PackKind.OVERLAYS)
"""Packs whose making needs what was read from recordings, and is in no register."""

_UNREAD = """SELECT o.sha256, o.extension FROM temp.shareable AS s
    JOIN object AS o ON o.sha256 = s.sha256 LEFT JOIN tags AS t ON t.sha256 = s.sha256
    WHERE o.role = 'recording' AND o.readability = 'readable' AND t.sha256 IS NULL"""


def untold(archive: Archive) -> str:
    """Why packs would lack what recordings say of themselves; "" when nothing of it is lost.

    `ask_all` was called before.
    """
    rows = archive.index.db.execute(_UNREAD).fetchall()
    if not rows:
        return ""
    names = [ObjectName(Sha256(raw), extension) for raw, extension in rows]
    lost = lost_facts(archive.disk, names)
    return (
        f"Packs of {', '.join(_OF_TAGS)} stay as they are, for new ones would be smaller: "
        f"state/index.sqlite: {lost.wrong}. {lost.todo}"
    )


def _keep(archive: Archive, bench: Bench, done: PacksMade) -> None:
    """Leave packs as they are, but for those of which something may not be given away any more."""
    closed = packs_held_back(archive)
    standing = [one.name for kind in _OF_TAGS for one in offered_packs(archive.index, kind)]
    withdrawn = [name for name in standing if name in closed]
    retire(bench, {WITHDRAWN: withdrawn}, "", done)
    done.kept += len(standing) - len(withdrawn)


def _bench(archive: Archive, on_item: Callable[[PackKind, int, int], None]) -> Bench:
    config = archive.config
    return Bench(
        archive.disk,
        archive.writing,
        archive.index,
        name=config.name,
        archive=archive.index.note("archive"),
        title=config["title"] or config.name,
        trackers=tuple(config["seed.trackers"]),
        web_seeds=tuple(config["seed.web_seeds"]),
        now=archive.now,
        tdm=SENTENCE,
        on_progress=on_item,
    )


def packs_held_back(archive: Archive) -> dict[str, tuple[Sha256, Verdict] | None]:
    """Packs that must not be shared before they are made again, each with one object and why.

    Only three things can close a pack: what was stated about something in it after it was made, a
    removal, and that the archive does not rely on tags any more (None).
    """
    standing = offered_packs(archive.index)
    counts = archive.config["rights.licence_tags_count"]
    if not counts and archive.index.note(_CLAIMS):
        return dict.fromkeys(one.name for one in standing)
    made_by = packed_at(archive.index)
    asked = asker(archive, Door.SEED)
    refused: dict[_Restated, Verdict] = {}
    for restated in _restated(archive, min((made_by[one.name] for one in standing), default=0)):
        held = archive.index.held(restated.sha256)
        if held is not None and not (verdict := asked(held)).allowed:
            refused[restated] = verdict
    closed: dict[str, tuple[Sha256, Verdict] | None] = {}
    for one in standing:
        since = {
            restated.sha256: verdict
            for restated, verdict in refused.items()
            if made_by[one.name] < restated.seq
            and (restated.is_removal or one.kind != PackKind.METADATA)
        }
        if (sha256 := one_held(archive.disk, one, since)) is not None:
            closed[one.name] = (sha256, since[sha256])
    return closed


class _Restated(NamedTuple):
    """An object about which something was decided by this line of the register."""

    sha256: Sha256
    seq: int
    is_removal: bool


def _restated(archive: Archive, since: int) -> list[_Restated]:
    """What was decided or removed after a line of the register, the last word on each object."""
    query = """SELECT sha256, max(seq), max(removal) FROM (
                   SELECT s.sha256, s.seq, 0 AS removal FROM statement AS s
                   JOIN object AS o ON o.sha256 = s.sha256 AND o.first_seq < s.seq
                   WHERE s.seq > :since
                   UNION ALL SELECT sha256, seq, 1 FROM case_line
                   WHERE seq > :since AND length(sha256) = 32)
               GROUP BY sha256 ORDER BY sha256"""
    rows = archive.index.db.execute(query, {"since": since})
    return [_Restated(Sha256(name), seq, bool(removal)) for name, seq, removal in rows]
