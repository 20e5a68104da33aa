"""What may be given away today, asked of the one resolver once for all kinds of packs.

Laws: an object that was removed, or for which nothing allows copies everywhere and for good, is not
among them; the answer is that of `Door.PACK` for this very day. It stands in a temporary table of
the index, so that memory does not grow with the archive.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter

import msgspec

from phonotheque.music.doors import Door, ask
from phonotheque.music.rights import RightsStatement
from phonotheque.publish.packs.temporary import fill
from phonotheque.register.index import Index

_STATED = """SELECT o.sha256, s.body FROM object AS o JOIN statement AS s ON s.sha256 = o.sha256
    WHERE o.condition != 'removed' ORDER BY o.sha256, s.seq, s.position"""

_MOST_REMEMBERED = 1 << 16
"""Answers kept: most objects of a deposit have the very same statements."""


def ask_all(index: Index, on: date, *, claims_count: bool) -> int:
    """Fill the table `temp.shareable` of an index: names of objects, and their licences.

    Returns:
        How many there are.
    """
    rows = _allowed(index, on, claims_count=claims_count)
    return fill(index, "shareable", "sha256 BLOB PRIMARY KEY, licence TEXT NOT NULL", rows)


def _allowed(index: Index, on: date, *, claims_count: bool) -> Iterator[tuple[bytes, str]]:
    remembered: dict[tuple[bytes, ...], str | None] = {}
    rows = index.db.cursor().execute(_STATED)
    for sha256, group in groupby(rows, key=itemgetter(0)):
        bodies = tuple(body for _, body in group)
        if bodies not in remembered:
            if len(remembered) == _MOST_REMEMBERED:
                remembered.clear()
            remembered[bodies] = _licence(bodies, on, claims_count=claims_count)
        licence = remembered[bodies]
        if licence is not None:
            yield sha256, licence


def _licence(bodies: tuple[bytes, ...], on: date, *, claims_count: bool) -> str | None:
    """The licence under which copies may be given away; None when they may not."""
    statements = [msgspec.json.decode(body, type=RightsStatement) for body in bodies]
    verdict = ask(Door.PACK, statements, on, claims_count=claims_count)
    if not verdict.allowed or verdict.statement is None:
        return None
    return verdict.statement.licence
