"""Taking turns: which torrents are shared now when memory does not allow all of them.

A torrent that is loaded costs about a kilobyte for each of its files, whether anybody asks for it
or not: a mirror of 100 TB would need 30 GB. So they take turns. Laws: never more is loaded than
fits, but for one torrent that is larger than all the room; whoever waited longest comes next; those
that somebody is fetching right now may stay on, in half of the room at most, so that nobody waits
for ever. Pure, and the same for the same turns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_PER_FILE_BYTES = 1_150
"""Measured with libtorrent 2.1: 9.2 MB for 8,192 files of a hybrid torrent."""

_PER_TORRENT_BYTES = 100_000


def cost_bytes(files: int) -> int:
    """How much memory sharing a torrent of so many files takes."""
    return _PER_TORRENT_BYTES + files * _PER_FILE_BYTES


@dataclass(frozen=True, slots=True)
class Turn:
    """A torrent that takes turns.

    Attributes:
        torrent: Its name.
        cost_bytes: Memory that it takes while it is shared.
        shared_last: Number of the turn in which it was shared last; 0 for never.
        is_busy: Whether somebody is fetching it now.
        need: The lower, the more it is needed: of those that waited equally long it comes first.
    """

    torrent: str
    cost_bytes: int
    shared_last: int = 0
    is_busy: bool = False
    need: int = 0


def next_turn(turns: Iterable[Turn], room_bytes: int) -> list[str]:
    """Return which torrents are shared in the next turn, those that stay on first."""
    turns = list(turns)
    if sum(one.cost_bytes for one in turns) <= room_bytes:
        return [one.torrent for one in turns]
    chosen: list[Turn] = []
    busy = [one for one in turns if one.is_busy]
    left = _fill(chosen, sorted(busy, key=lambda one: (one.need, one.torrent)), room_bytes // 2)
    left += room_bytes - room_bytes // 2
    staying = {one.torrent for one in chosen}
    waiting = sorted(
        (one for one in turns if one.torrent not in staying),
        key=lambda one: (one.shared_last, one.need, one.torrent),
    )
    if waiting and waiting[0].cost_bytes > left:  # it would wait for ever: it goes first, alone
        chosen, left = [], room_bytes
    for one in waiting:
        if one.cost_bytes > left and chosen:
            break  # nobody overtakes who waited longer
        chosen.append(one)
        left -= one.cost_bytes
    return [one.torrent for one in chosen]


def _fill(chosen: list[Turn], turns: Iterable[Turn], room_bytes: int) -> int:
    """Take those that fit; returns the room that is left."""
    for one in turns:
        if one.cost_bytes <= room_bytes:
            chosen.append(one)
            room_bytes -= one.cost_bytes
    return room_bytes
