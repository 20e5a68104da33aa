"""Rows of a catalogue's tables in the order of their keys: what digests and increments rest on.

A *key* names the rows that are about one thing: the id of an entity, the recording of an ISRC, the
identifier that was given up. Rows of one key stand together and stay in the order in which they
came; a table has them so (`catalogue.build.ordering`), or is put in order here, where it is short.

Words of which there are few stand as plain texts here: which number a file gives to a word means
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from phonotheque.catalogue.build.ordering import order_column
from phonotheque.catalogue.bulk import translated
from phonotheque.catalogue.dump.checks import check_ids
from phonotheque.catalogue.dump.excerpt import rows_of_source
from phonotheque.catalogue.dump.layout import CANONICAL, CORRECTIONS, LINKS, Sheet
from phonotheque.catalogue.epoch import END_OF_IDS, Integers
from phonotheque.catalogue.snapshot import SourceEntry
from phonotheque.catalogue.tables import TABLES
from phonotheque.errors import MalformedError

_WORD = "entity_type"
_WORDS = tuple(sorted(TABLES))
"""What may stand in the column `entity_type`, in order."""

_WORD_BITS = 56
"""A key is one number: the place of its word, and below it an id; what is unknown comes last."""


@dataclass(frozen=True, slots=True)
class Key:
    """The columns that name what a row is about.

    Attributes:
        number: Column of an id; "" where the key is an identifier.
        gid: Column of an identifier of 16 bytes; "" where the key is an id.
        has_word: Whether `entity_type` is part of it.
    """

    number: str = ""
    gid: str = ""
    has_word: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, the first one first in order."""
        return (*((_WORD,) if self.has_word else ()), self.number or self.gid)


_SINGLE_KEYS = {
    LINKS.name: Key(number="one", has_word=True),
    CANONICAL.name: Key(number="id", has_word=True),
    CORRECTIONS.name: Key(number="entity", has_word=True),
}
ACROSS = (LINKS, CANONICAL, CORRECTIONS)
"""Tables of one file whose rows are of no source."""

_GID_KEYS = {
    "gid_redirect": Key(gid="old_gid", has_word=True),
    "removal": Key(gid="gid", has_word=True),
}


def key_of(name: str) -> Key:
    """Return the key of a table of the sources, of `links` or of those in `ACROSS`."""
    if name in _SINGLE_KEYS:
        return _SINGLE_KEYS[name]
    if name in _GID_KEYS:
        return _GID_KEYS[name]
    column = order_column(TABLES[name])
    return Key(number=column, has_word=column == "entity")


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return a schema with texts where it has dictionaries of them."""
    return pa.schema(
        [(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in schema]
    )


def plain(rows: pa.Table) -> pa.Table:
    """Return rows with texts where they have dictionaries of them."""
    return rows.cast(plain_schema(rows.schema))


def numbers_of(rows: pa.Table, key: Key) -> Integers:
    """Return the key of each row as one number, in the order in which rows of a table stand.

    Raises:
        MalformedError: An entity is of no table, or an id is none.
    """
    ids = rows[key.number].combine_chunks()
    check_ids(key.number, ids, END_OF_IDS)
    found: Integers = np.asarray(ids.fill_null(END_OF_IDS)).astype(np.int64)
    if not key.has_word:
        return found
    words = rows[_WORD].combine_chunks()
    places = pc.index_in(words, pa.array(_WORDS, pa.string()))
    if places.null_count > words.null_count:
        raise MalformedError(_WORD, "an entity is of no table that is known", "Build it again.")
    codes = np.asarray(places.fill_null(len(_WORDS))).astype(np.int64)
    return found + (codes << _WORD_BITS)


def ranks_of(several: Sequence[pa.Table], key: Key) -> list[Integers]:
    """Return for rows whose keys are identifiers the place of each key among all of them."""
    names = key.columns
    keys = pa.concat_tables([one.select(names) for one in several]).combine_chunks()
    order = np.asarray(pc.sort_indices(keys, [(name, "ascending") for name in names]))
    is_new = np.zeros(len(order), bool)
    for name in names:
        column = keys[name].combine_chunks()
        column = column.cast(pa.binary()) if name == key.gid else column
        values = np.asarray(column.dictionary_encode().indices.fill_null(-1))[order]
        is_new[1:] |= values[1:] != values[:-1]
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.cumsum(is_new)
    ends = np.cumsum([one.num_rows for one in several])
    return [np.asarray(part) for part in np.split(ranks, ends[:-1])]


def in_order(rows: pa.Table, key: Key) -> pa.Table:
    """Return rows in the order of their keys; those of one key stay as they stand."""
    numbers = ranks_of([rows], key)[0] if key.gid else numbers_of(rows, key)
    is_risen = bool((numbers[1:] >= numbers[:-1]).all())
    return rows if is_risen else rows.take(pa.array(np.argsort(numbers, kind="stable")))


def rows_in_order(tables: Path, name: str, source: SourceEntry | None) -> Iterator[pa.Table]:
    """Give rows of a table in the order of their keys, plain.

    Args:
        tables: Folder of the tables, as in a snapshot.
        source: Whose rows; None: of tables in `ACROSS`.

    Cost: identifiers that were given up, withdrawals and links are held at once, 100 bytes each.
    """
    key = key_of(name)
    if source is None:
        sheet = next(one for one in ACROSS if one.name == name)
        yield in_order(_single(tables / f"{name}.parquet", sheet), key)
        return
    rows = (plain(some) for some in rows_of_source(tables / name, source))
    if not key.gid:
        yield from rows
        return
    held = list(rows)
    if held:
        yield in_order(pa.concat_tables(held), key)


def _single(path: Path, sheet: Sheet) -> pa.Table:
    if not path.exists():
        return plain(sheet.schema.empty_table())
    with translated(str(path)):
        return plain(pq.read_table(path, columns=list(sheet.schema.names)))
