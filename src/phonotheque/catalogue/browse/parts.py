"""Which cards stand in which part of which shelf.

For each kind a pass over the cards for their marks, which decodes what is long, their genres; then
one for each facet, over that facet's column alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.browse.coding import encode, encode_firsts
from phonotheque.catalogue.browse.schema import (
    BLOCK_BITS,
    ENTRIES,
    PARTS,
    SPEECH,
    Facet,
    Mark,
)
from phonotheque.catalogue.bulk import batches_of, parts_in, translated
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.block_writer import lists
from phonotheque.catalogue.lookup.pairs import Pairs

Integers = npt.NDArray[np.int64]

_COLUMNS = {
    Facet.GENRE: ("genres",),
    Facet.YEAR: ("year",),
    Facet.LICENCE: ("licence",),
    Facet.COUNTRY: ("country",),
}
_SPEECH = pa.array(sorted(SPEECH))


class Names:
    """Numbers of the names of one facet, from 0, in the order in which they are met."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def of(self, names: pa.Array) -> Integers:
        """Return the number of each name; -1 for none."""
        coded = pc.dictionary_encode(names) if not pa.types.is_dictionary(names.type) else names
        known = [
            -1 if name in (None, "") else self.numbers.setdefault(str(name), len(self.numbers))
            for name in coded.dictionary.to_pylist()
        ]
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        numbers: Integers = np.array([*known, -1], np.int64)[codes]
        return numbers


def write_marks(snapshot: Path, kind: Kind, path: Path) -> None:
    """Write the marks of each card of a kind into a file: a byte each, in the cards' order."""
    columns = ["is_held", "is_free", "genres"]
    with translated(str(path)), path.open("wb") as file:
        for batch in batches_of(parts_in(snapshot / "cards" / kind), columns):
            _marks(batch).astype(np.uint8).tofile(file)


def gather(
    snapshot: Path, kind: Kind, facet: Facet, marks: Path, names: Names, taken: Pairs
) -> None:
    """Take each card of a kind for the parts of its shelves: number of the name and marks, rank.

    Args:
        marks: As `write_marks` wrote it.
    """
    columns = ["rank", *_COLUMNS.get(facet, ())]
    with translated(str(marks)), marks.open("rb") as file:
        for batch in batches_of(parts_in(snapshot / "cards" / kind), columns):
            ranks = batch["rank"].to_numpy(zero_copy_only=False).astype(np.int64)
            rows, numbers = _named(batch, facet, names)
            marked = np.fromfile(file, np.uint8, batch.num_rows).astype(np.int64)
            if len(rows):
                taken.add(numbers * PARTS + marked[rows], ranks[rows])


def _named(batch: pa.RecordBatch, facet: Facet, names: Names) -> tuple[Integers, Integers]:
    """Rows, and the numbers of the names they have."""
    match facet:
        case Facet.ALL:
            names.numbers.setdefault("", 0)
            return np.arange(batch.num_rows), np.zeros(batch.num_rows, np.int64)
        case Facet.GENRE:
            rows, genres = _genres(batch)
            return rows, names.of(genres)
        case Facet.YEAR:
            numbers = names.of(batch["year"].cast(pa.string()))
        case _:
            numbers = names.of(batch[_COLUMNS[facet][0]])
    rows = np.flatnonzero(numbers >= 0)
    return rows, numbers[rows]


def _marks(batch: pa.RecordBatch) -> Integers:
    rows, genres = _genres(batch)
    is_speech = np.zeros(batch.num_rows, np.int64)
    is_speech[rows[_flags(pc.is_in(genres, _SPEECH)) > 0]] = 1
    marks: Integers = (
        Mark.HELD * _flags(batch["is_held"])
        + Mark.FREE * _flags(batch["is_free"])
        + Mark.SPEECH * is_speech
    )
    return marks


def _genres(batch: pa.RecordBatch) -> tuple[Integers, pa.Array]:
    """Rows and genres, one entry for each genre of each card."""
    lists_of = pc.fill_null(batch["genres"], [])
    counts = pc.list_value_length(lists_of).to_numpy(zero_copy_only=False)
    rows = np.repeat(np.arange(batch.num_rows), counts)
    genres = lists_of.flatten().cast(pa.string())
    is_named = _flags(pc.not_equal(genres, "")) > 0
    return rows[is_named], genres.filter(pa.array(is_named))


def _flags(column: pa.Array) -> Integers:
    flags: Integers = pc.fill_null(column, False).to_numpy(zero_copy_only=False).astype(np.int64)
    return flags


Row = tuple[Any, ...]


class PartRows:
    """Turns cards in order of name, marks and rank into rows of `part` and `block`."""

    def __init__(self) -> None:
        self._number = 0

    def rows(
        self, kind: Kind, facet: Facet, names: Names, taken: Pairs
    ) -> Iterator[tuple[Row | None, Row | None]]:
        """Give rows of `part` and of `block`: one of them, each time."""
        of_number = {number: name for name, number in names.numbers.items()}
        part, cards, firsts = -1, 0, list[int]()

        def head() -> Row:
            name, marks = of_number[part // PARTS], part % PARTS
            return (self._number, str(kind), str(facet), name, marks, cards, encode_firsts(firsts))

        for owner, first, raw in lists(taken.in_order(), longest=ENTRIES):
            if owner != part:
                if cards:
                    yield head(), None
                self._number += 1
                part, cards, firsts = owner, 0, []
            ranks = np.frombuffer(raw, ">u4").tolist()
            yield None, (self._number << BLOCK_BITS | len(firsts), encode(ranks))
            firsts.append(first)
            cards += len(ranks)
        if cards:
            yield head(), None
