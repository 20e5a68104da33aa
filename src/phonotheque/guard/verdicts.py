"""The verdict map: what holds for which account now, in a form that is asked in microseconds.

Laws: an account that is not in it may do what all may; a verdict ends at its instant whether or
not anybody makes the map again; a map that cannot be read says nothing about anybody: nobody is
suspended because a file is damaged.

The form, all numbers big-endian: 8 bytes `PHGUARD1`, the number of rows in 8 bytes; then rows of 40
bytes in order of account: account (8), rung (1), factor of the budget (2), number of the case (5),
until (8), from when on a suspension is a challenge, 0 for never (8), until when the factor counts
(8). It is looked up where it lies.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from phonotheque.guard.rungs import Rung

MAGIC = b"PHGUARD1"
_HEAD_BYTES = 16
_ROW = struct.Struct(">8sBH5sQQQ")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow:
    """What holds for one account.

    Attributes:
        account: 16 hexadecimal digits.
        rung: What happens to it.
        factor: Its budget is so many times the ordinary one.
        case: Number of its case; 0 when it has none.
        until: Second at which the rung ends.
        asked_from: Second from which on a suspension is a challenge; 0: never.
        factor_until: Second at which the factor ends.
    """

    account: str
    rung: Rung
    factor: int = 1
    case: int = 0
    until: int = 0
    asked_from: int = 0
    factor_until: int = 0

    def rung_at(self, second: int) -> Rung:
        """What happens to it at an instant."""
        if second >= self.until:
            return Rung.NONE
        if self.rung is Rung.SUSPEND and 0 < self.asked_from <= second:
            return Rung.CHALLENGE
        return self.rung

    def factor_at(self, second: int) -> int:
        """By how much its budget is larger at an instant."""
        return self.factor if second < self.factor_until else 1


def encode_rows(rows: Iterable[VerdictRow]) -> bytes:
    """Write a map."""
    packed = sorted(
        _ROW.pack(
            bytes.fromhex(row.account), row.rung, row.factor, row.case.to_bytes(5, "big"),
            row.until, row.asked_from, row.factor_until,
        )
        for row in rows
    )  # fmt: skip
    return MAGIC + len(packed).to_bytes(8, "big") + b"".join(packed)


def is_map(data: bytes | memoryview) -> bool:
    """Whether some bytes are a whole map."""
    return (
        len(data) >= _HEAD_BYTES
        and bytes(data[:8]) == MAGIC
        and len(data) == _HEAD_BYTES + _ROW.size * int.from_bytes(data[8:16], "big")
    )


def look_up(data: bytes | memoryview, account: str) -> VerdictRow | None:
    """Return what a map says about an account; None when nothing.

    Cost: about 20 comparisons where there are a million rows; nothing is copied.
    """
    wanted = bytes.fromhex(account)
    low, high = 0, (len(data) - _HEAD_BYTES) // _ROW.size
    while low < high:
        middle = (low + high) // 2
        place = _HEAD_BYTES + middle * _ROW.size
        found = bytes(data[place : place + 8])
        if found < wanted:
            low = middle + 1
        elif found > wanted:
            high = middle
        else:
            return _row(data, place)
    return None


def _row(data: bytes | memoryview, place: int) -> VerdictRow | None:
    account, rung, factor, case, until, asked_from, factor_until = _ROW.unpack_from(data, place)
    if rung > Rung.SUSPEND:
        return None
    return VerdictRow(
        account=account.hex(),
        rung=Rung(rung),
        factor=max(1, factor),
        case=int.from_bytes(case, "big"),
        until=until,
        asked_from=asked_from,
        factor_until=factor_until,
    )
