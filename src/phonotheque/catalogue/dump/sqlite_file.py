"""The SQLite file of a dump: filled from its Parquet files, compressed so that it stays readable.

The plain file stands beside the dump while it is made: some 150 bytes for each recording. It is
removed when its compressed form is whole. Rows come in order of their ids, so that pages are
filled once.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.bulk import Progress, batches_of, rows_of, sync_file, translated
from phonotheque.catalogue.database import Machine, database
from phonotheque.catalogue.dump import sqlite_schema as schema
from phonotheque.catalogue.dump.differences import card_differences, further_isrcs
from phonotheque.catalogue.dump.layout import (
    WORK,
    Described,
    flat_path,
    single_path,
    table_path,
)
from phonotheque.catalogue.dump.seekable import SeekableWriter
from phonotheque.catalogue.dump.sqlite_schema import Stored
from phonotheque.catalogue.dump.sqlite_views import VIEWS
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.packed_columns import pack_gtins, pack_isrcs
from phonotheque.catalogue.sqlite_making import filling
from phonotheque.catalogue.tables import TABLES

LEVEL = 19
"""Of Zstandard: 3 MB a CPU second; a dump is made once and fetched often."""

_ROWS_AT_ONCE = 1 << 16
_BLOCK = 1 << 20


def write_database(
    dump: Path,
    sources: Sequence[str],
    about: Iterable[tuple[str, str]],
    out: Path,
    machine: Machine,
    on_progress: Progress = lambda _: None,
) -> None:
    """Fill an SQLite file from the Parquet files of a dump.

    Args:
        dump: Folder of the dump; `work` below it may be used.
        sources: Names of the sources whose tables are read.
        about: What is said of the dump as a whole, names and texts.
        out: Path of the file; one that stands there is replaced.

    Raises:
        DiskFullError: No room is left.
    """
    with translated(str(out)):
        out.unlink(missing_ok=True)
    with filling(out) as db, database(dump / WORK, machine) as joins:
        _describe(db, about)
        work = _Filling(dump, tuple(sources), db, joins)
        stored = list(schema.iter_stored())
        total, done = max(sum(map(work.rows, stored)), 1), 0
        for one in stored:
            work.fill(one)
            done += work.rows(one)
            on_progress(done / total)
        work.finish()
        for view in VIEWS:
            db.execute(view.statement)


def compress(
    plain: Path, out: Path, machine: Machine, on_progress: Progress = lambda _: None
) -> None:
    """Compress a file in frames, so that any place in it can be read; whole or not there."""
    unfinished = out.with_name(f".{out.name}.new")
    with translated(str(out)), plain.open("rb") as source, unfinished.open("wb") as file:
        size, done = max(plain.stat().st_size, 1), 0
        with SeekableWriter(file.write, level=LEVEL, jobs=machine.jobs) as writer:
            while block := source.read(_BLOCK):
                writer.write(block)
                done += len(block)
                on_progress(done / size)
        file.flush()
        sync_file(unfinished)
        os.replace(unfinished, out)


def _describe(db: sqlite3.Connection, about: Iterable[tuple[str, str]]) -> None:
    """Write first what the file is and what everything in it means."""
    for sheet in (schema.ABOUT, schema.DOCUMENTATION, schema.WORD, schema.SUGGESTED_INDEX):
        db.execute(schema.create(Stored(sheet.name, sheet)))
    db.executemany("INSERT INTO about VALUES (?, ?)", about)
    db.executemany("INSERT INTO documentation VALUES (?, ?, ?)", documentation())
    for table, columns, meaning in schema.INDEXES:
        name = f"{table}_by_{columns.replace(', ', '_')}"
        statement = f'CREATE INDEX "{name}" ON "{table}" ({columns})'
        db.execute("INSERT INTO suggested_index VALUES (?, ?)", (statement, meaning))


def documentation() -> Iterator[tuple[str, str, str]]:
    """Yield what every table, view and column of the file means: (table, column, meaning)."""
    for sheet in (schema.ABOUT, schema.DOCUMENTATION, schema.WORD, schema.SUGGESTED_INDEX):
        yield sheet.name, "", sheet.meaning
        yield from ((sheet.name, one.name, one.meaning) for one in sheet.columns)
    for stored in schema.iter_stored():
        yield stored.name, "", stored.sheet.meaning
        yield from ((stored.name, one.name, schema.meaning_of(one)) for one in stored.columns)
    for view in VIEWS:
        yield view.name, "", view.meaning
        yield from ((view.name, one.name, one.meaning) for one in view.columns)


@dataclass
class _Filling:
    """One file being filled: words get their numbers as they come."""

    dump: Path
    sources: tuple[str, ...]
    db: sqlite3.Connection
    joins: duckdb.DuckDBPyConnection
    words: dict[str, int] = field(default_factory=dict)

    def rows(self, stored: Stored) -> int:
        """Return how many rows a table will have, or a few more."""
        return sum(map(rows_of, self._parts(stored)))

    def fill(self, stored: Stored) -> None:
        """Make a table and put its rows in."""
        self.db.execute(schema.create(stored))
        places = ", ".join("?" * len(stored.columns))
        insert = "INSERT OR IGNORE" if stored.keys else "INSERT"
        statement = f'{insert} INTO "{stored.name}" VALUES ({places})'
        for rows in self._batches(stored):
            columns = [self._values(stored, one, rows) for one in stored.columns]
            self.db.executemany(statement, zip(*columns, strict=True))

    def finish(self) -> None:
        """Write the words."""
        self.db.executemany("INSERT INTO word VALUES (?, ?)", _numbered(self.words))

    def _parts(self, stored: Stored) -> list[Path]:
        name = stored.sheet.name
        if name in TABLES:
            paths = [self.dump / table_path(name, source) for source in self.sources]
        elif (kind := _kind_of(stored)) is not None:
            paths = [self.dump / flat_path(kind)]
        else:
            paths = [self.dump / single_path(stored.sheet)]
        return [path for path in paths if path.exists()]

    def _batches(self, stored: Stored) -> Iterator[pa.RecordBatch]:
        kind = _kind_of(stored)
        if kind is not None:
            tables = card_differences(self.joins, self.dump, self.sources, kind)
        elif stored.name == "isrc":
            tables = further_isrcs(self.joins, self.dump, self.sources)
        else:
            yield from batches_of(self._parts(stored), rows=_ROWS_AT_ONCE)
            return
        for rows in tables:
            yield from rows.to_batches(_ROWS_AT_ONCE)

    def _values(self, stored: Stored, column: Described, rows: pa.RecordBatch) -> Sequence[object]:
        values = rows[column.name]
        if column.name == "source_id":
            return _own_ids(rows)
        if schema.is_word(column):
            return self._numbers(values)
        if column.name == "isrc" and stored.name == "isrc":
            return _numbers_or_texts(pack_isrcs(values), values)
        if column.name == "barcode":
            return _numbers_or_texts(pack_gtins(values), values)
        found: list[object] = values.to_pylist()
        return found

    def _numbers(self, values: pa.Array) -> list[int | None]:
        """Return the number of each text's word, giving numbers to those that are new."""
        coded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        own = [
            None if text is None else self._number(text) for text in coded.dictionary.to_pylist()
        ]
        numbers: list[int | None] = pa.array(own, pa.int64()).take(coded.indices).to_pylist()
        return numbers

    def _number(self, text: str) -> int:
        return self.words.setdefault(text, len(self.words) + 1)


def _kind_of(stored: Stored) -> Kind | None:
    """Return of which kind a table holds what lists show, if it does."""
    return next((kind for kind in Kind if stored.name == f"{kind}_card"), None)


def _own_ids(rows: pa.RecordBatch) -> list[object]:
    """Return of each row what its gid is made of: a number, a text, or null where that is known."""
    is_known = pc.or_(rows["mbid"].is_valid(), pc.equal(rows["id"], rows["key"]))
    found: list[object] = pc.if_else(is_known, None, rows["key"]).to_pylist()
    texts = pc.if_else(rows["mbid"].is_valid(), None, rows["source_id"])
    for row in np.flatnonzero(np.asarray(texts.is_valid())):
        found[row] = texts[int(row)].as_py()
    return found


def _numbered(words: dict[str, int]) -> Iterator[tuple[int, str]]:
    for text, number in words.items():
        yield number, text


def _numbers_or_texts(numbers: pa.Array, texts: pa.Array) -> list[object]:
    """Return the number of each row, else its text, as it came."""
    found: list[object] = numbers.to_pylist()
    for row in np.flatnonzero(np.asarray(numbers.is_null()) & np.asarray(texts.is_valid())):
        found[row] = texts[int(row)].as_py()
    return found
