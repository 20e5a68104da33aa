"""Rows gathered one by one, for sources whose records are nested: made into tables at the end.

Laws: a row names only columns that its table has; what a value cannot mean is noted and left out.
Not here: sources that are tables already; they stay columns from end to end.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pyarrow as pa

from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.port import Batch
from phonotheque.catalogue.sources.shaping import table_of
from phonotheque.catalogue.sources.values import BAD_MBID, Made, isrc, length_ms, parse_date
from phonotheque.catalogue.tables import imported_schema
from phonotheque.music.identifiers import Mbid

NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises of text that is no JSON, or not of the wanted shape, or nested too deep."""


class Gathering:
    """The rows of one batch.

    Args:
        where: What they are read from, for places: "mbdump/release".

    Attributes:
        read: Rows of the source that were read for it.
        count: Rows that were made of them.
    """

    def __init__(self, where: str) -> None:
        self.refusals = Refusals(where)
        self.read = 0
        self.count = 0
        self._rows: dict[str, list[dict[str, Any]]] = {}

    def add(self, table: str, **row: Any) -> None:
        """Add a row of a table; columns that are not named are null."""
        self._rows.setdefault(table, []).append(row)
        self.count += 1

    def date(self, line: int, text: str | None) -> str | None:
        """Return a date that can be kept; what is dropped is noted."""
        return self._kept(line, text, parse_date(text))

    def isrc(self, line: int, text: str | None) -> str | None:
        """Return an ISRC in 12 capitals; what is none is noted."""
        return self._kept(line, text, isrc(text))

    def length(self, line: int, value: float | None) -> int | None:
        """Return a length in ms that can be believed; what cannot be is noted."""
        length, dropped = length_ms(value)
        if dropped:
            self.refusals.value(line, dropped, value)
        return length

    def mbid(self, line: int, text: str | None) -> Mbid | None:
        """Return an MBID; what is none is noted."""
        if not text:
            return None
        try:
            return Mbid.parse(text)
        except ValueError:
            self.refusals.value(line, BAD_MBID, text)
            return None

    def _kept(self, line: int, text: str | None, made: Made) -> str | None:
        if made.dropped:
            self.refusals.value(line, made.dropped, text)
        return made.value

    def batch(self, place: str, done_bytes: int = 0) -> Batch:
        """Return all that was gathered, as tables in their imported form."""
        tables = {name: _table(name, rows) for name, rows in self._rows.items()}
        return self.refusals.batch(tables, read=self.read, place=place, done_bytes=done_bytes)


def _table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    forms = set(map(tuple, rows))  # the names of their columns: mostly the same of all
    named = dict.fromkeys(column for form in forms for column in form)
    if len(forms) == 1:
        values = zip(*map(dict.values, rows), strict=True)
    else:
        values = zip(*([row.get(column) for column in named] for row in rows), strict=True)
    types = {one.name: one.type for one in imported_schema(name)}
    if unknown := set(named) - set(types):
        raise ValueError(f"{name} has no columns {sorted(unknown)}")
    made = zip(named, values, strict=True)
    return table_of(
        name, {column: pa.array(column_of, types[column]) for column, column_of in made}
    )
