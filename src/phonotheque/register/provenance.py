"""What the index knows of one object's history: the lines of the register that speak of it.

Law: rows come in the order of the register. Not here: removals (`cases`), accessions and statements
without their lines (`index`).
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby
from typing import NamedTuple

from phonotheque.music.digest import PIECE_BYTES, Sha256
from phonotheque.music.rights import RightsStatement
from phonotheque.register.events import Link
from phonotheque.register.index import Index, read_statement
from phonotheque.register.rows import decode_row
from phonotheque.register.schema import IN_VOLUME


class Corrected(NamedTuple):
    """A correction.

    Attributes:
        seq: Number of its line.
        at: Instant of its line.
        value: What the field has had since; "" nothing.
        reason: Why; "" when nothing was said.
        decided_by: Local id of who decided; "" when nobody was named.
        is_undone: Whether it only takes earlier ones back.
    """

    seq: int
    at: str
    field: str
    value: str
    reason: str
    decided_by: str
    is_undone: bool


OF_CORRECTION = ", ".join(Corrected._fields)
"""Columns of a correction, in the order of `Corrected`."""


class Sealed(NamedTuple):
    """A volume that was sealed: number and instant of its line, its name."""

    seq: int
    at: str
    volume: str


def statements_about(index: Index, sha256: Sha256) -> list[tuple[int, RightsStatement]]:
    """Return what was stated about an object's rights, with the number of its line."""
    query = "SELECT seq, body FROM statement WHERE sha256 = ? ORDER BY seq, position"
    rows = index.db.execute(query, (sha256.raw,))
    return [(seq, read_statement(body)) for seq, body in rows]


class Standing(NamedTuple):
    """How an object stands: its condition, and all that was stated about its rights, in order."""

    condition: str
    statements: tuple[RightsStatement, ...]


def standings_of(index: Index, names: Collection[Sha256]) -> dict[Sha256, Standing]:
    """Return how objects stand; what is not held is left out. Costs one question for them all."""
    marks = ", ".join("?" * len(names))
    rows = index.db.execute(_STANDINGS.format(marks), [name.raw for name in names])
    return {
        Sha256(name): Standing(condition, tuple(read_statement(row[2]) for row in some if row[2]))
        for (name, condition), some in groupby(rows, key=lambda row: (row[0], row[1]))
    }


_STANDINGS = """SELECT o.sha256, o.condition, s.body FROM object AS o
                LEFT JOIN statement AS s ON s.sha256 = o.sha256 WHERE o.sha256 IN ({})
                ORDER BY o.sha256, s.seq, s.position"""


def corrections_of(index: Index, sha256: Sha256) -> list[Corrected]:
    """Return what was corrected of what is said about an object."""
    query = f"SELECT {OF_CORRECTION} FROM edit WHERE sha256 = ? ORDER BY seq"
    return [
        Corrected._make((*row[:-1], bool(row[-1])))
        for row in index.db.execute(query, (sha256.raw,))
    ]


def links_of(index: Index, sha256: Sha256) -> list[tuple[int, Link]]:
    """Return the links of a recording with others, with the number of the line."""
    rows = index.db.execute(
        "SELECT seq, body FROM link WHERE one = ?1 OR other = ?1 ORDER BY seq, other",
        (sha256.raw,),
    )
    return [(seq, decode_row(body, Link)) for seq, body in rows]


def sealing_of(index: Index, volume: str) -> Sealed | None:
    """Return when a volume was sealed; None when there is none of this name."""
    row = index.db.execute("SELECT seq, at, name FROM volume WHERE name = ?", (volume,)).fetchone()
    return Sealed(*row) if row else None


def checking_at(index: Index, instant: str) -> int | None:
    """Return the number of the fixity run that ended at this instant; None when none did."""
    row = index.db.execute("SELECT seq FROM fixity_run WHERE at = ?", (instant,)).fetchone()
    return row[0] if row else None


def place_in_volume(index: Index, volume: str, sha256: Sha256) -> tuple[int, int]:
    """Return how many objects of a volume stand before one, and how many of these end inside a
    piece of 1 MiB. Costs a range of an index for each state that its objects are in."""
    row = index.db.execute(_BEFORE, (volume, sha256.raw)).fetchone()
    return row[0], row[1]


_BEFORE = f"""SELECT count(*), coalesce(sum(size_bytes % {PIECE_BYTES} != 0), 0) FROM object
              WHERE {IN_VOLUME} AND sha256 < ?"""
