"""Letting go of copies that others have plenty of, so that what is needed more has room.

Laws: what the target needs stays; where many mirrors see the same plenty they do not all let go on
one day: as many may as there are copies too many, and whose turn it is follows from the mirror, the
torrent and the day; nothing goes unless something needier takes its room at once.

Source: the rendezvous hash of `publish.choice`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from phonotheque.mirror import telling
from phonotheque.mirror.asking import AskedTorrent
from phonotheque.mirror.values import PLENTY, MirrorSettings
from phonotheque.publish.choice import rank


def shrink(settings: MirrorSettings, asked: Iterable[AskedTorrent], over_bytes: int) -> None:
    """Let go of what others have enough of until a mirror that holds too much fits its room.

    For when somebody gave less room than is held. What the target needs stays all the same, and
    its reason says so.
    """
    kept = [one for one in asked if one.wanted and one.holding is not None]
    kept.sort(key=lambda one: (not one.unasked, -(one.others or 0), _rank(settings, one)))
    for one in kept:
        if over_bytes <= 0:
            return
        if one.is_counted and (one.others or 0) >= settings.target_copies:
            one.drop(telling.less_room(one.others or 0))
            over_bytes -= one.size_bytes
    for one in kept if over_bytes > 0 else ():
        if one.wanted:
            one.keep(telling.kept_over(one.others, settings.target_copies))


@dataclass(slots=True)
class Room:
    """What is free.

    Attributes:
        free_bytes: On the disk.
        left_bytes: Of the limit of each archive.
        days: The day of each archive, by its own clock.
    """

    free_bytes: int
    left_bytes: dict[str, int]
    days: dict[str, str]


def swap(
    settings: MirrorSettings,
    asked: Iterable[AskedTorrent],
    waiting: Sequence[AskedTorrent],
    room: Room,
) -> None:
    """Let go of what others have plenty of, where something that waits is needed and fits then.

    Args:
        settings: Of the mirror.
        asked: All torrents, decided about but for what waits.
        waiting: Those that had no room, the most needed first.
        room: What is free.
    """
    going = [one for one in asked if _may_go(settings, one, room.days)]
    going.sort(key=lambda one: (-(one.others or 0), _rank(settings, one)))
    for needed in waiting:
        if not going:
            return
        if (needed.others or 0) < settings.target_copies and _make_room(going, needed, room):
            needed.keep(telling.needed(needed.others, settings.target_copies))


def _make_room(going: list[AskedTorrent], needed: AskedTorrent, room: Room) -> bool:
    """Let go of as many as it takes; of nothing when even all would not do."""
    size_bytes, own_bytes = needed.line.size_bytes, room.left_bytes[needed.archive]
    # In an archive that is at its own limit only a copy of the same archive makes room.
    pool = [one for one in going if size_bytes <= own_bytes or one.archive == needed.archive]
    leaving: list[AskedTorrent] = []
    free_bytes = room.free_bytes
    while size_bytes > min(free_bytes, own_bytes):
        if len(leaving) == len(pool):
            return False
        leaving.append(pool[len(leaving)])
        free_bytes += leaving[-1].size_bytes
        own_bytes += leaving[-1].size_bytes if leaving[-1].archive == needed.archive else 0
    for gone in leaving:
        going.remove(gone)
        room.left_bytes[gone.archive] += gone.size_bytes
        gone.drop(telling.plenty(gone.others or 0, needed.line.id))
    room.free_bytes = free_bytes - size_bytes
    room.left_bytes[needed.archive] -= size_bytes
    return True


def _may_go(settings: MirrorSettings, one: AskedTorrent, days: dict[str, str]) -> bool:
    """Whether a copy may make room: plenty of others, or enough where it is not asked for."""
    if not one.wanted or not one.is_complete or one.is_shared:
        return False
    if one.unasked:
        return one.is_counted and (one.others or 0) >= settings.target_copies
    return one.may_go and _is_turn(settings, one, days)


def _is_turn(settings: MirrorSettings, one: AskedTorrent, days: dict[str, str]) -> bool:
    """Whether it is this mirror's turn to let go of a torrent that many have."""
    others = one.others or 0
    surplus = others + 1 - (settings.target_copies + PLENTY)
    draw = rank(settings.id, f"{one.line.id} {days.get(one.archive, '')}")
    return draw * (others + 1) < surplus << 32


def _rank(settings: MirrorSettings, one: AskedTorrent) -> tuple[int, str]:
    return rank(settings.id, one.line.id), one.line.id
