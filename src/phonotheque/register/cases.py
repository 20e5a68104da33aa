"""Removals and what was said against them, as the index knows them.

Law: lines come in the order of the register; a removal stays known after its object came back by a
new accession.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from phonotheque.music.digest import Sha256
from phonotheque.register.events import CounterNotice, Removal
from phonotheque.register.index import Index


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One line of a case: its number and instant in the register, and what it says."""

    seq: int
    at: str
    event: Removal | CounterNotice


_QUERY = "SELECT seq, at, body FROM case_line"


def case_lines(index: Index, case: str | None = None) -> list[CaseLine]:
    """Return the lines of one case, or of all."""
    if case is None:
        rows = index.db.execute(f"{_QUERY} ORDER BY seq")
    else:
        rows = index.db.execute(f"{_QUERY} WHERE name = ? ORDER BY seq", (case,))
    return [CaseLine(seq, at, _event(body)) for seq, at, body in rows]


def removals_of(index: Index, sha256: Sha256) -> list[CaseLine]:
    """Return how often and why an object was removed; empty when it never was."""
    rows = index.db.execute(f"{_QUERY} WHERE sha256 = ? ORDER BY seq", (sha256.raw,))
    return [CaseLine(seq, at, _event(body)) for seq, at, body in rows]


def _event(body: bytes) -> Removal | CounterNotice:
    return msgspec.json.decode(body, type=Removal | CounterNotice)
