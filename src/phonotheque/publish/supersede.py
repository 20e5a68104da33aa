"""New volumes in the place of old ones: corrections, and small volumes folded into bigger ones.

A volume never changes, so one that holds what it may not hold any more gets a successor without it,
and is retired. Small archives publish often: their small volumes are folded into bigger ones.

Laws: no audio is read, everything comes from stored layers, for the bytes were proven when they
were sealed; the resolver is asked again for every recording; a recording that stays in the archive
is in exactly one live volume, or waits for the next run. A file that is damaged here stays in its
volume: mirrors have it whole, and from them it comes back.

Not here: taking files of the retired ones away (`sealed.withdraw`, after an index without them is
published).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from phonotheque.disk import Disk
from phonotheque.music.digest import Sha256
from phonotheque.music.permissions import LicenceClass
from phonotheque.music.rights import Verdict
from phonotheque.publish.mint import Press, Succession, mint, record
from phonotheque.publish.names import last_numbers, stem_of, tier_of, volume_name
from phonotheque.publish.plan import Candidate, Filled, Limits, Member, PlannedVolume, member_of
from phonotheque.publish.sealed import finish, members
from phonotheque.publish.torrent import Torrent
from phonotheque.register.events import Retirement, Volume
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index

Asked = Callable[[Held], Verdict]
"""What the resolver says of a recording now. A removed one is left out without being asked."""


@dataclass(frozen=True, slots=True)
class Succeeded:
    """What took the place of volumes.

    Attributes:
        retired: Names of the old ones.
        planned: The new one; None when nothing was left to be in it.
        torrent: Of the new one.
        left_out: What is in none of them any more.
    """

    retired: tuple[str, ...]
    planned: PlannedVolume | None
    torrent: Torrent | None
    left_out: tuple[Sha256, ...]


@dataclass(frozen=True, slots=True)
class Succeeding:
    """What is to take the place of volumes; nothing is written for it.

    Attributes:
        retired: Names of the old ones.
        planned: The new one; None when nothing is left to be in it.
        kept: What is in the new one.
        left_out: What will be in none of them any more.
        freed: Of these, what is held and in no volume then: a plan decides what becomes of it.
    """

    retired: tuple[str, ...]
    planned: PlannedVolume | None
    kept: tuple[Member, ...]
    left_out: tuple[Sha256, ...]
    freed: tuple[Sha256, ...]


def plan_succession(
    index: Index, disk: Disk, old: Sequence[Volume], asked: Asked, names: Iterable[str] = ()
) -> Succeeding:
    """Decide what takes the place of volumes of one class and tier.

    Args:
        index: The register's.
        disk: The archive's.
        old: The volumes.
        asked: The resolver.
        names: Of volumes that are to be made before; those of the index are known.

    Raises:
        ListLostError: It is not known what one of them holds.
    """
    licence_class = LicenceClass(old[0].licence_class)
    kept: list[Member] = []
    left_out: list[Sha256] = []
    freed: list[Sha256] = []
    for volume in old:
        for name in members(disk, volume):
            held = index.held(name.sha256)
            if held is None or held.condition == "removed" or held.volume != volume.name:
                left_out.append(name.sha256)
                continue
            verdict = asked(held)
            if verdict.allowed and verdict.licence_class is licence_class:
                kept.append(member_of(Candidate(held, verdict)))
            else:
                left_out.append(name.sha256)
                freed.append(name.sha256)
    sealed = (volume.name for volume in index.volumes())
    planned = _planned(chain(sealed, names), old[0], kept) if kept else None
    retired = tuple(volume.name for volume in old)
    return Succeeding(retired, planned, tuple(kept), tuple(left_out), tuple(freed))


def correct(press: Press, volume: Volume, reason: str, asked: Asked) -> Succeeded:
    """Give a live volume a successor without what may not be in it, and retire it.

    Args:
        press: The archive's parts.
        volume: The volume; its licence class and tier stay.
        reason: Why, as everybody may read it.
        asked: The resolver. What it allows under another licence class is left out, too, and goes
            into a volume of that class with the next run.

    Raises:
        ListLostError: It is not known what the volume holds.
        UnavailableError: Stored layers or tags are missing; nothing was changed.
    """
    return _succeed(press, (volume,), reason, asked, supersedes=volume.name)


def plan_folds(volumes: Sequence[Volume], limits: Limits) -> Iterator[tuple[Volume, ...]]:
    """Choose which small volumes become one.

    Only volumes whose names differ by the number alone are put together, and only when what they
    become is at least twice as large as the largest of them: so however often one folds, nobody
    fetches the lists of a recording anew more often than a volume's limit can be halved.

    Yields:
        Groups of two or more that fit into one volume, each in the order of sealing.
    """
    by_stem: dict[str, list[Volume]] = {}
    for volume in volumes:
        by_stem.setdefault(stem_of(volume.name), []).append(volume)
    for of_stem in by_stem.values():
        smallest_first = sorted(of_stem, key=lambda volume: volume.objects)
        while smallest_first:
            count = _foldable(smallest_first, limits)
            group = set(smallest_first[:count])
            if count > 1:
                yield tuple(volume for volume in of_stem if volume in group)
            del smallest_first[:count]


def _foldable(smallest_first: Sequence[Volume], limits: Limits) -> int:
    """How many of the first ones become one volume; 1 when the first stays as it is."""
    found, objects, size_bytes = 1, 0, 0
    for count, volume in enumerate(smallest_first, 1):
        objects += volume.objects
        size_bytes += volume.size_bytes
        if objects > limits.objects or size_bytes > limits.size_bytes:
            break
        if volume.objects * 2 <= objects:
            found = count
    return found


def fold(press: Press, group: Sequence[Volume], asked: Asked) -> Succeeded:
    """Make one volume of a group that `plan_folds` chose, and retire them.

    Raises:
        ListLostError: It is not known what one of them holds.
        UnavailableError: Stored layers or tags are missing; nothing was changed.
    """
    return _succeed(press, tuple(group), "It was folded into a bigger volume.", asked)


def _succeed(
    press: Press, old: tuple[Volume, ...], reason: str, asked: Asked, supersedes: str = ""
) -> Succeeded:
    meant = plan_succession(press.index, press.disk, old, asked)
    names, planned = meant.retired, meant.planned
    if planned is None:
        _retire(press, old, reason)
        return Succeeded(names, None, None, meant.left_out)
    most = [volume.most_listens for volume in old if volume.most_listens is not None]
    least = [volume.least_listens for volume in old if volume.least_listens is not None]
    succession = Succession(
        supersedes,
        tuple(Retirement(name, reason, planned.name) for name in names),
        max(most, default=None),
        min(least, default=None),
    )
    finish(press.disk, names)  # the lists of one that a crash left half-pointed are whole, too
    torrent = mint(press, Filled(planned, meant.kept), succession)
    return Succeeded(names, planned, torrent, meant.left_out)


def _planned(names: Iterable[str], first: Volume, kept: Sequence[Member]) -> PlannedVolume:
    stem = stem_of(first.name)
    number = last_numbers(names)[stem] + 1
    size_bytes = sum(member.size_bytes for member in kept)
    licence_class = LicenceClass(first.licence_class)
    return PlannedVolume(
        volume_name(stem, number), licence_class, tier_of(first.name), len(kept), size_bytes
    )


def _retire(press: Press, old: Sequence[Volume], reason: str) -> None:
    record(press, [Retirement(volume.name, reason) for volume in old])
