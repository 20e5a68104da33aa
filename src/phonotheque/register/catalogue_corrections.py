"""What was corrected of the catalogue, thing by thing: which corrections stand, and their history.

Law: of each field of a thing the newest line counts; where that undoes, nothing is corrected.

Not here: which fields there are and what they may hold (`phonotheque.catalogue.corrections`), what
is corrected of held objects (`corrections`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from phonotheque.register.index import Index
from phonotheque.register.provenance import OF_CORRECTION, Corrected

_NEWEST = "seq IN (SELECT max(seq) FROM correction GROUP BY gid, field) AND NOT is_undone"
_AT_ONCE = 500
"""Gids of one query: SQLite takes 999 values in its oldest forms."""


class StandingCorrection(NamedTuple):
    """A correction that counts.

    Attributes:
        entity_type: Table of the thing.
        gid: Its identifier.
        source: Name of the source that the gid is made of; "" for an MBID.
        made: The line.
    """

    entity_type: str
    gid: UUID
    source: str
    made: Corrected


def standing_corrections(index: Index) -> list[StandingCorrection]:
    """Return the corrections that count, in the order in which they were made."""
    return _asked(index, f"WHERE {_NEWEST}", ())


def corrections_since(index: Index, at: str) -> list[StandingCorrection]:
    """Return what was corrected and taken back after an instant, in the order in which it was."""
    return _asked(index, "WHERE at > ?", (at,))


def corrections_of_gids(index: Index, gids: Iterable[UUID]) -> list[StandingCorrection]:
    """Return all that was ever corrected of things, in the order in which it was."""
    wanted = [gid.bytes for gid in dict.fromkeys(gids)]
    found = []
    for begin in range(0, len(wanted), _AT_ONCE):
        some = wanted[begin : begin + _AT_ONCE]
        marks = ", ".join("?" for _ in some)
        found += _asked(index, f"WHERE gid IN ({marks})", some)
    return sorted(found, key=lambda one: one.made.seq)


def still_standing(history: Iterable[StandingCorrection]) -> dict[str, StandingCorrection]:
    """Return of the history of one thing what counts, by field: the newest line of each."""
    newest = {one.made.field: one for one in history}
    return {field: one for field, one in newest.items() if not one.made.is_undone}


def _asked(index: Index, where: str, values: Iterable[bytes | str]) -> list[StandingCorrection]:
    query = f"SELECT entity_type, gid, source, {OF_CORRECTION} FROM correction {where} ORDER BY seq"
    return [
        StandingCorrection(
            row[0], UUID(bytes=row[1]), row[2], Corrected._make((*row[3:-1], bool(row[-1])))
        )
        for row in index.db.execute(query, tuple(values))
    ]
