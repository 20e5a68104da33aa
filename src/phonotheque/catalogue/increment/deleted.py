"""Keys that have no row any more, each with the reason: nobody has to infer it from an absence.

A row of an entity that went away was *merged* where its gid redirects to another one, *withdrawn*
where a removal says so; else it is *gone*: its source does not have it any more. Other rows are
gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.bulk import batches_of, parts_in, translated
from phonotheque.catalogue.dump.layout import DELETED
from phonotheque.catalogue.dump.ordered import Key, key_of, plain, plain_schema
from phonotheque.catalogue.gids import gid_of_row
from phonotheque.catalogue.snapshot import SourceEntry
from phonotheque.catalogue.tables import ENTITIES

MERGED, WITHDRAWN, GONE = "merged", "withdrawn", "gone"

PLAIN = plain_schema(DELETED.schema)
"""Rows before they are written."""

_AT_ONCE = 1 << 18
"""Keys that are held in memory: what was merged and withdrawn is read once for as many."""


class Deletions:
    """Keys that are deleted, gathered table after table in a file of their own.

    Args:
        writer: Takes rows of `PLAIN`.
        after: Folder of the tables as they are now.

    Attributes:
        counts: How many keys of each table.
    """

    def __init__(self, writer: pa.ipc.RecordBatchStreamWriter, after: Path) -> None:
        self.counts: dict[str, int] = {}
        self._writer = writer
        self._after = after
        self._waiting: list[pa.Table] = []
        self._count = 0

    def add(self, rows: pa.Table, name: str, source: SourceEntry | None) -> None:
        """Take rows of a table: one of each key, as it was."""
        self.counts[name] = self.counts.get(name, 0) + rows.num_rows
        self._waiting.append(rows.select(_said_by(name, source)))
        self._count += rows.num_rows
        if self._count >= _AT_ONCE:
            self.end_table(name, source)

    def end_table(self, name: str, source: SourceEntry | None) -> None:
        """Write what was taken of a table since; rows of another one come next."""
        if self._waiting:
            held = pa.concat_tables(self._waiting)
            self._writer.write_table(deleted_rows(held, name, source, self._after))
        self._waiting, self._count = [], 0


@contextmanager
def gathered(path: Path, after: Path) -> Iterator[Deletions]:
    """Gather keys that are deleted in a file; `rows_gathered` reads it when this has ended.

    Args:
        after: Folder of the tables as they are now, which say what was merged and withdrawn.
    """
    with translated(str(path)), pa.ipc.new_stream(path, PLAIN) as writer:
        yield Deletions(writer, after)


def rows_gathered(path: Path) -> Iterator[pa.Table]:
    """Give the rows that were gathered in a file, a bounded number at a time."""
    with translated(str(path)), pa.ipc.open_stream(path) as reader:
        for batch in reader:
            yield pa.Table.from_batches([batch])


def _said_by(name: str, source: SourceEntry | None) -> list[str]:
    """Return the columns of a table that say which key is deleted, and what gid it had."""
    gid = ("key", "source_id", "mbid") if name in ENTITIES and source is not None else ()
    return [*dict.fromkeys((*key_of(name).columns, *gid))]


def deleted_rows(rows: pa.Table, name: str, source: SourceEntry | None, after: Path) -> pa.Table:
    """Return what is said of keys of a table that are deleted.

    Args:
        rows: One row of each key, as it was.
        after: Folder of the tables as they are now, which say what was merged and withdrawn.
    """
    key, count = key_of(name), rows.num_rows
    said = {field.name: pa.nulls(count, field.type) for field in PLAIN}
    said["table"] = pa.array([name] * count, pa.string())
    if source is not None:
        said["source"] = pa.array([source.id] * count, pa.int32())
    if key.has_word:
        said["entity_type"] = rows["entity_type"]
    if key.number:
        said["id"] = rows[key.number]
    if key.gid:
        said["gid"] = rows[key.gid]
    said["reason"] = pa.array([GONE] * count, pa.string())
    if name in ENTITIES and source is not None:
        gids = _gids(rows, name, source)
        said["gid"] = gids
        said["reason"], said["successor"] = _reasons(gids, name, after)
    return pa.table(said, schema=PLAIN)


def keys_deleted(path: Path, name: str, source: SourceEntry | None) -> Iterator[pa.Table]:
    """Give the keys of one table that `deleted.parquet` names, as the table has them.

    Args:
        path: The file; where there is none, nothing is deleted.
    """
    key = key_of(name)
    for batch in batches_of([path] if path.exists() else []):
        rows = plain(pa.Table.from_batches([batch]))
        is_own = pc.equal(rows["table"], name)
        wanted = pa.scalar(None if source is None else source.id, pa.int32())
        is_of = rows["source"].is_null() if source is None else pc.equal(rows["source"], wanted)
        rows = rows.filter(pc.and_(is_own, is_of.fill_null(False)))
        if rows.num_rows:
            yield _named(rows, key)


def _named(rows: pa.Table, key: Key) -> pa.Table:
    columns = {"entity_type": rows["entity_type"]} if key.has_word else {}
    columns |= {key.number: rows["id"]} if key.number else {key.gid: rows["gid"]}
    return pa.table(columns)


def _gids(rows: pa.Table, name: str, source: SourceEntry) -> pa.Array:
    columns = (rows[column].to_pylist() for column in ("key", "source_id", "mbid"))
    return pa.array(
        [
            gid_of_row(source.name, name, key, text, mbid).bytes
            for key, text, mbid in zip(*columns, strict=True)
        ],
        pa.binary(16),
    )


def _reasons(gids: pa.Array, name: str, after: Path) -> tuple[pa.Array, pa.Array]:
    """Return why each is deleted, and what stands for it."""
    wanted = gids.cast(pa.binary())
    ahead = dict(_pairs(after / "gid_redirect", name, wanted, ("old_gid", "new_gid")))
    withdrawn = dict(_pairs(after / "removal", name, wanted, ("gid", "gid")))
    reasons, successors = [], []
    for gid in gids.to_pylist():
        successors.append(ahead.get(gid))
        is_withdrawn = WITHDRAWN if gid in withdrawn else GONE
        reasons.append(MERGED if gid in ahead else is_withdrawn)
    return pa.array(reasons, pa.string()), pa.array(successors, pa.binary(16))


def _pairs(
    folder: Path, name: str, wanted: pa.Array, columns: Sequence[str]
) -> Iterator[tuple[bytes, bytes]]:
    for batch in batches_of(parts_in(folder), ["entity_type", *dict.fromkeys(columns)]):
        rows = plain(pa.Table.from_batches([batch]))
        is_meant = pc.is_in(rows[columns[0]].cast(pa.binary()), wanted)
        rows = rows.filter(pc.and_(is_meant, pc.equal(rows["entity_type"], name)))
        yield from zip(*(rows[column].to_pylist() for column in columns), strict=True)
