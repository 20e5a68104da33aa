"""Which torrents to keep, for somebody with so much room: the list that helps most.

Laws: the same torrents and the same wish give the same list, in whatever order the torrents come;
a list never needs more than the room that was named; whoever has another name begins with other
torrents of the same need, so that keepers spread. The page in the browser chooses by the very same
rule (`pages/assets/torrents.js`), and a test compares the two.

Source: Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates" (1998), for the
rendezvous hash; FNV-1a (draft-eastlake-fnv) and the finalizer of MurmurHash3, both in the public
domain, for the numbers: a browser on plain HTTP has no SHA-256 of its own.
Not here: what a torrent is, who counted its seeders, fetching anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

TARGET_COPIES = 11
"""The fewest seeders that are called safe."""

FILL_PERCENT = 95
"""Share of the room that a list fills: the rest is left for partial pieces and file systems."""

_TIERS = {"all": 0, "50": 0, "90": 1, "99": 2, "996": 3, "rest": 4}
"""The more often listened to, the earlier; what has no tier comes with the first."""


class Priority(StrEnum):
    """What is asked first of two torrents."""

    AT_RISK = "at-risk"
    HEARD = "heard"
    NEWEST = "newest"


class Freedom(StrEnum):
    """What the keeper wants to be free to do with what is kept."""

    ANY = "any"
    COMMERCIAL = "commercial"
    CHANGE = "change"
    OPEN = "open"


_ALWAYS = frozenset({"metadata", "facts", "patches", "register", "index"})
"""What the archive itself says; no licence of a recording binds it. Art and overlays hold pictures
of others, so they come only with every licence."""

KINDS_OF: dict[Freedom, frozenset[str]] = {
    Freedom.ANY: _ALWAYS | {"open", "nc", "nd", "nc-nd", "art", "overlays"},
    Freedom.COMMERCIAL: _ALWAYS | {"open", "nd"},
    Freedom.CHANGE: _ALWAYS | {"open", "nc"},
    Freedom.OPEN: _ALWAYS | {"open"},
}
"""Which kinds of torrents each wish takes."""


@dataclass(frozen=True, slots=True)
class OfferedTorrent:
    """A torrent that is offered.

    Attributes:
        id: Its name.
        kind: Licence class or kind of pack.
        tier: As in the index.
        size_bytes: Of its files.
        added: When it was sealed, UTC, in a form that sorts.
        seeders: Who has all of it, as counted last; None when nobody counted, which is taken for
            nobody: better one copy too many.
        collections: From which collections its recordings are.
    """

    id: str
    kind: str
    tier: str
    size_bytes: int
    added: str
    seeders: int | None = None
    collections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeeperWish:
    """What somebody has and wants.

    Attributes:
        space_bytes: Room on the disk; `ordered` does not look at it.
        keeper: Any name that stays the same for one keeper.
        licence: See `Freedom`.
        collection: Only torrents with something from it; "" for all.
        order: See `Priority`.
    """

    space_bytes: int
    keeper: str = ""
    licence: Freedom = Freedom.ANY
    collection: str = ""
    order: Priority = Priority.AT_RISK


def rank(keeper: str, torrent: str) -> int:
    """Return a number of 32 bits by which this keeper orders torrents of equal need."""
    value = 0x811C9DC5
    for byte in f"{keeper}\0{torrent}".encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    # FNV alone leaves the high bits of short texts alike.
    value = (value ^ value >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    value = (value ^ value >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return value ^ value >> 16


def choose(candidates: Iterable[OfferedTorrent], wish: KeeperWish) -> list[OfferedTorrent]:
    """Return the torrents that help most, the most needed first.

    They are asked in order; each one that still fits into 95 % of the room is taken, so a large
    one that does not fit holds nothing up.

    Cost: about 50 ms for 10,500 torrents, nearly all of it for the order.
    """
    return fitting(ordered(candidates, wish), wish.space_bytes)


def ordered(candidates: Iterable[OfferedTorrent], wish: KeeperWish) -> list[OfferedTorrent]:
    """Return all torrents that a wish takes, the most needed first, whatever room there is."""
    kinds = KINDS_OF[wish.licence]
    asked = [
        one
        for one in candidates
        if one.kind in kinds and (not wish.collection or wish.collection in one.collections)
    ]
    asked.sort(key=_key(wish))
    return asked


def fitting(asked: Iterable[OfferedTorrent], space_bytes: int) -> list[OfferedTorrent]:
    """Return of torrents in order each one that still fits into 95 % of the room."""
    left_bytes = space_bytes // 100 * FILL_PERCENT
    chosen = []
    for one in asked:
        if one.size_bytes <= left_bytes:
            chosen.append(one)
            left_bytes -= one.size_bytes
    return chosen


_Key = tuple[int | str, ...]
_DAY = re.compile(r"[0-9]{8}")


def _key(wish: KeeperWish) -> Callable[[OfferedTorrent], _Key]:
    def missing(one: OfferedTorrent) -> int:
        return TARGET_COPIES - (one.seeders or 0)

    def tier(one: OfferedTorrent) -> int:
        return _TIERS.get(one.tier, len(_TIERS))

    def at_risk(one: OfferedTorrent) -> _Key:
        return (-missing(one), tier(one), rank(wish.keeper, one.id), one.id)

    def heard(one: OfferedTorrent) -> _Key:
        return (tier(one), -missing(one), rank(wish.keeper, one.id), one.id)

    def newest(one: OfferedTorrent) -> _Key:
        day = one.added[:10].replace("-", "")
        return (-int(day) if _DAY.fullmatch(day) else 0, *at_risk(one))

    return {Priority.AT_RISK: at_risk, Priority.HEARD: heard, Priority.NEWEST: newest}[wish.order]
