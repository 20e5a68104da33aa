"""In which order a mirror asks torrents: by need, but not all mirrors alike.

Every missing copy of a torrent draws tickets, and the lowest ticket of all comes first; a torrent
that nobody has draws sixteen where one that lacks a single copy draws one. The tickets follow from
mirror and torrent alone. So each mirror begins with other torrents, most of all with the rarest,
and all of them together take each torrent about as often as copies of it are missing.

Why not simply the rarest first: counts are hours old, and a thousand mirrors that see the same
twenty rarest torrents all fetch these twenty. In the simulation (`bench/mirrors_simulated.py`) that
rule brings 73 of 100 volumes to their target in thirty days; this one brings all in a week.

Law: the same mirror, torrents and counts give the same order, whatever order they come in.

Source: Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates" (1998); that the
lowest of w tickets makes w a weight is the minimum of w uniform draws (Efraimidis and Spirakis,
"Weighted random sampling with a reservoir", 2006). Pure.
"""

from __future__ import annotations

import re

from phonotheque.mirror.asking import AskedTorrent
from phonotheque.publish.choice import Priority, rank

_TIERS = {"all": 0, "50": 0, "90": 1, "99": 2, "996": 3, "rest": 4}
_DAY = re.compile(r"[0-9]{8}")

Key = tuple[int | str, ...]


def tickets(missing: int) -> int:
    """How many tickets a torrent draws of which so many copies are missing."""
    return missing * missing


def lowest_ticket(keeper: str, torrent: str, count: int) -> int:
    """Return the lowest of so many numbers of 32 bits, drawn by mirror and torrent."""
    first = rank(keeper, torrent)
    return min(mixed(first, number) for number in range(count))


def mixed(value: int, number: int) -> int:
    """Return the ticket of a number: another value of 32 bits for each."""
    value = value + number * 0x9E3779B9 & 0xFFFFFFFF
    value = (value ^ value >> 16) * 0x21F0AAAD & 0xFFFFFFFF
    value = (value ^ value >> 15) * 0x735A2D97 & 0xFFFFFFFF
    return value ^ value >> 15


def need(keeper: str, target: int, one: AskedTorrent) -> Key:
    """Return by what torrents are sorted, the most needed first.

    What has enough copies comes after all that has not, the rarest of it first.
    """
    name, others = one.line.id, one.others or 0
    missing = target - others
    if missing > 0:
        return 0, lowest_ticket(keeper, name, tickets(missing)), name
    return 1, others, lowest_ticket(keeper, name, 1), name


def sort_key(order: Priority, keeper: str, target: int, one: AskedTorrent) -> Key:
    """Return by what torrents are sorted in an order that was wished."""
    key = need(keeper, target, one)
    match order:
        case Priority.AT_RISK:
            return key
        case Priority.HEARD:
            return (_TIERS.get(one.line.tier, len(_TIERS)), *key)
        case Priority.NEWEST:
            day = one.line.added[:10].replace("-", "")
            return (-int(day) if _DAY.fullmatch(day) else 0, *key)
