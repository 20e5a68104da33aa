"""Logs that hold the same rows, found before they are read: packed and unpacked ones lie together.

Laws: a log is left out only when another begins with all of it, byte for byte; what can be read but
once (a pipe) is not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path
from typing import BinaryIO

from phonotheque.guard.score.opening import DAMAGE, opened_unpacked

_FIRST_BYTES = 4_096
_READ_BYTES = 1 << 16


def without_same(logs: Sequence[str], *, keep_last: bool) -> tuple[list[str], list[str]]:
    """Return the logs to read, and what must be said about those that hold the same rows.

    Args:
        keep_last: Whether the last one is read in any case, as it is followed.
    """
    begins = {log: _first_bytes(log) for log in logs if Path(log).is_file()}
    left_out: set[str] = set()
    notes = []
    for one, other in combinations(begins, 2):
        if {one, other} & left_out or not _are_alike(begins[one], begins[other]):
            continue
        if _is_beginning_of(one, other):
            short, whole = one, other
        elif _is_beginning_of(other, one) and not (keep_last and other == logs[-1]):
            short, whole = other, one
        else:
            notes.append(f"{other} begins as {one} does: rows that stand in both count twice.")
            continue
        left_out.add(short)
        notes.append(f"{short}: {whole} begins with all that it holds, so it was left out.")
    return [log for log in logs if log not in left_out], notes


def _are_alike(one: bytes, other: bytes) -> bool:
    length = min(len(one), len(other))
    return length > 0 and one[:length] == other[:length]


def _first_bytes(log: str) -> bytes:
    with ExitStack() as files:
        return _read(opened_unpacked(log, files), _FIRST_BYTES)


def _is_beginning_of(one: str, other: str) -> bool:
    with ExitStack() as files:
        shorter, longer = opened_unpacked(one, files), opened_unpacked(other, files)
        while part := _read(shorter, _READ_BYTES):
            there = _read(longer, _READ_BYTES)
            if there != part:
                return there.startswith(part) and not _read(shorter, 1)
    return True


def _read(file: BinaryIO | None, size: int) -> bytes:
    """What can be read, as far as there is no damage."""
    try:
        return file.read(size) if file is not None else b""
    except DAMAGE:
        return b""
