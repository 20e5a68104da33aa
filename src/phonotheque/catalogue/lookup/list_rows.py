"""Lists: the tracks of a release, the recordings and releases of an artist, those of a label."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from phonotheque.catalogue import tables
from phonotheque.catalogue.bulk import batches_of, parts_in
from phonotheque.catalogue.database import rows_of, view_of_folder
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.block_writer import lists
from phonotheque.catalogue.lookup.blocks import LIST_WIDTH
from phonotheque.catalogue.lookup.rank_maps import RankMap
from phonotheque.catalogue.lookup.schema import OWNER_BITS

Integers = npt.NDArray[np.int64]
Batches = Iterator[tuple[Integers, Integers]]
Ranks = dict[Kind, RankMap]

_TRACKS = pa.schema(
    [
        ("release", pa.int64()),
        ("medium_position", pa.int32()),
        ("position", pa.int32()),
        ("recording", pa.int64()),
        ("number", pa.string()),
        ("title", pa.string()),
    ]
)


def credited_pairs(
    db: duckdb.DuckDBPyConnection, snapshot: Path, kind: Kind, ranks: Ranks
) -> Batches:
    """Give each artist that a recording or release names, with it: ranks as one number, and 0.

    Args:
        db: Whoever reads on must have read all before it asks the database anything else.
    """
    schema = pa.schema([("artist", pa.int64()), ("id", pa.int64())])
    query = f"SELECT artist, id FROM {kind} JOIN artist_credit_name USING (artist_credit)"
    for name in (str(kind), "artist_credit_name"):
        view_of_folder(db, name, snapshot / "tables" / name, tables.snapshot_schema(name))
    for rows in rows_of(db, query, schema):
        artists = ranks[Kind.ARTIST].of(_numbers(rows["artist"]))
        yield _owned(artists, ranks[kind].of(_numbers(rows["id"])))


def label_pairs(snapshot: Path, ranks: Ranks) -> Batches:
    """Give each label with each of its releases: ranks as one number, and 0."""
    parts = parts_in(snapshot / "tables" / "release_label")
    for batch in batches_of(parts, ["release", "label"]):
        labels = ranks[Kind.LABEL].of(_numbers(batch["label"]))
        yield _owned(labels, ranks[Kind.RELEASE].of(_numbers(batch["release"])))


def list_rows(pairs: Batches) -> Iterator[tuple[int, bytes]]:
    """Give the rows of a table of lists, from pairs in order."""
    split = ((keys >> OWNER_BITS, keys & (1 << OWNER_BITS) - 1) for keys, _ in pairs)
    for owner, first, ranks in lists(split):
        yield owner << OWNER_BITS | first, ranks


def track_rows(
    db: duckdb.DuckDBPyConnection, snapshot: Path, ranks: Ranks
) -> Iterator[tuple[int, bytes, str | None]]:
    """Give the tracks of each release, by its id: ranks of recordings, and places that say more.

    Args:
        db: Whoever reads on must have read all before it asks the database anything else.
    """
    names = ", ".join(_TRACKS.names)
    query = (
        f"SELECT {names} FROM track WHERE release IS NOT NULL"
        " ORDER BY release, medium_position, position, number, recording"
    )
    view_of_folder(db, "track", snapshot / "tables" / "track", tables.snapshot_schema("track"))
    left: pa.Table | None = None
    for more in rows_of(db, query, _TRACKS):
        rows = more if left is None else pa.concat_tables([left, more])
        releases = _numbers(rows["release"])
        count = int(np.searchsorted(releases, releases[-1])) if len(releases) else 0
        yield from _of_releases(rows.slice(0, count), ranks[Kind.RECORDING])
        left = rows.slice(count)
    if left is not None:
        yield from _of_releases(left, ranks[Kind.RECORDING])


def _of_releases(rows: pa.Table, ranks: RankMap) -> Iterator[tuple[int, bytes, str | None]]:
    if not len(rows):
        return
    releases = _numbers(rows["release"])
    begins = np.flatnonzero(np.diff(releases, prepend=-1))
    lengths = np.diff(np.append(begins, len(releases)))
    plain = np.arange(len(releases)) - np.repeat(begins, lengths) + 1
    is_plain = (_numbers(rows["position"]) == plain) & (_numbers(rows["medium_position"]) <= 1)
    for name in ("number", "title"):
        is_plain &= rows[name].is_null().to_numpy()
    of_release = np.logical_and.reduceat(is_plain, begins).tolist()
    found = ranks.of(_numbers(rows["recording"])).astype(">u4").tobytes()
    for owner, begin, end, is_simple in zip(
        releases[begins].tolist(),
        begins.tolist(),
        (begins + lengths).tolist(),
        of_release,
        strict=True,
    ):
        places = None if is_simple else _places(rows.slice(begin, end - begin))
        yield owner, found[begin * LIST_WIDTH : end * LIST_WIDTH], places


def _places(rows: pa.Table) -> str:
    """Return medium, position, number and title of each track as JSON, without nulls at ends."""
    names = ("medium_position", "position", "number", "title")
    written: list[list[Any]] = []
    for row in zip(*(rows[name].to_pylist() for name in names), strict=True):
        values = list(row)
        while values and values[-1] is None:
            values.pop()
        written.append(values)
    return json.dumps(written, ensure_ascii=False, separators=(",", ":"))


def _owned(owners: Integers, ranks: Integers) -> tuple[Integers, Integers]:
    is_one = (owners > 0) & (ranks > 0)
    keys = owners[is_one] << OWNER_BITS | ranks[is_one]
    return keys, np.zeros(len(keys), np.int64)


def _numbers(column: pa.Array | pa.ChunkedArray) -> Integers:
    """Return the numbers of a column, -1 where there is none."""
    filled = column.fill_null(-1)
    if isinstance(filled, pa.ChunkedArray):
        filled = filled.combine_chunks()
    numbers: Integers = filled.to_numpy(zero_copy_only=False).astype(np.int64)
    return numbers
