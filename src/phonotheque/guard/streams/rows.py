"""What is sent of an event: 25 bytes, in which a name is a keyed hash; pure.

Law: what is decoded is what was encoded; bytes that are no rows are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from phonotheque.errors import MalformedError
from phonotheque.guard.engine.memory import Events

COPIED, CANARY, PASSED, FAILED = 1, 2, 4, 8
"""Flags: the whole track left; an identifier was asked for that names nothing; a question was
answered as a person does, or not. A row of the last three is no play; of a canary, `track` and
`played_ms` are the halves of a hash of the identifier."""

NO_PLAY = CANARY | PASSED | FAILED

ROW = np.dtype(
    [("account", "<u8"), ("track", "<i4"), ("second", "<i8"), ("played_ms", "<i4"), ("flags", "u1")]
)

Rows = npt.NDArray[Any]
"""Of `ROW`, in order."""

Hashes = npt.NDArray[np.uint64]


def rows_of(events: Events, hashes: Sequence[bytes]) -> Rows:
    """Return events as rows.

    Args:
        events: Their accounts are places in `hashes`.
        hashes: Keyed hashes of names, of which the first 8 bytes count.
    """
    names = np.array([int.from_bytes(one[:8], "big") for one in hashes], np.uint64)
    rows = np.zeros(len(events.account), ROW)
    rows["account"] = names[events.account] if len(names) else 0
    for name in ("track", "second", "played_ms"):
        rows[name] = getattr(events, name)
    rows["flags"] = events.copied * COPIED
    return rows


def put_canaries(rows: Rows, hashes: Sequence[int]) -> None:
    """Write into rows which identifier was asked for, as 64 bits of its hash."""
    halves = np.array(hashes, "<u8").view("<i4").reshape(-1, 2)
    rows["track"], rows["played_ms"] = halves.T


def canary_of(row: Any) -> str:
    """Return which identifier a row of a canary is about: 16 hexadecimal digits of its hash."""
    return f"{int(row['played_ms']) & 0xFFFFFFFF:08x}{int(row['track']) & 0xFFFFFFFF:08x}"


def encode(rows: Rows) -> bytes:
    """Return rows as bytes."""
    return rows.tobytes()


def decode(data: bytes, stream: str) -> Rows:
    """Return the rows that bytes are of.

    Raises:
        MalformedError: They are of none.
    """
    if len(data) % ROW.itemsize:
        todo = "Something else writes there: give the guard a database of its own."
        raise MalformedError(stream, "it holds an entry that is none of the guard's", todo)
    return np.frombuffer(data, ROW)


def part_of(accounts: Hashes, parts: int) -> npt.NDArray[np.int64]:
    """Return in which of so many parts each account is, for ever."""
    return (accounts % np.uint64(parts)).astype(np.int64)


def named(account: int) -> str:
    """Return an account as all of the guard writes it: 16 hexadecimal digits."""
    return f"{account:016x}"
