"""Removals and what was said against them, as the index knows them.

Law: lines come in the order of the register; a removal stays known after its object came back by a
new accession.
"""

from __future__ import annotations

from dataclasses import dataclass

from phonotheque.errors import NotHeldError
from phonotheque.music.digest import Sha256
from phonotheque.register.events import CounterNotice, Removal
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index
from phonotheque.register.rows import decode_row


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


def removed_why(index: Index, sha256: Sha256) -> str:
    """Say of an object that was removed when that was, in which case, and why."""
    last = removals_of(index, sha256)[-1]
    case = f", case {last.event.case}" if last.event.case else ""
    why = last.event.reason if isinstance(last.event, Removal) else ""
    return f"removed on {last.at[:10]}{case}: {why}"


def refuse_removed(index: Index, held: Held) -> None:
    """Make sure that an object whose bytes are wanted was not removed.

    Raises:
        NotHeldError: It was; the error says when, in which case and why.
    """
    if held.condition == "removed":
        why = f"it was {removed_why(index, held.sha256)}"
        todo = "Only adding it anew brings it back: `phono add --again`."
        raise NotHeldError(held.sha256.hex, why, todo)


def removed_objects(index: Index, since: int = 0, after: str = "") -> list[Held]:
    """Return the objects that are removed now, in order of name.

    Args:
        index: The index.
        since: Only those of which this line of the register, or a later one, says so.
        after: Only those of which a line written after this instant says so.
    """
    rows = index.db.execute(
        """SELECT DISTINCT sha256 FROM case_line WHERE seq >= ? AND at > ? AND sha256 != x''
           ORDER BY sha256""",
        (since, after),
    ).fetchall()
    found = (index.held(Sha256(name)) for (name,) in rows)
    return [held for held in found if held is not None and held.condition == "removed"]


def _event(body: bytes) -> Removal | CounterNotice:
    return decode_row(body, Removal | CounterNotice)
