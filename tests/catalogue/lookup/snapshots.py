"""Snapshots to look things up in: small ones written by hand, and one of the synthetic world."""

from __future__ import annotations

import uuid
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from bench.synthetic import Form, make
from bench.synthetic_world import World

from phonotheque.catalogue import cards, tables
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.ranking import rank_cards

SOURCES = {1: "alpha", 2: "beta"}


def mbid(number):
    """An MBID for a test."""
    return uuid.UUID(int=number << 64 | 0x4 << 76 | number)


def write_rows(path, schema, rows):
    """Write rows, given as dictionaries, with null in every column that is not named."""
    path.parent.mkdir(parents=True, exist_ok=True)
    filled = [{name: row.get(name) for name in schema.names} for row in rows]
    pq.write_table(pa.Table.from_pylist(filled, schema), path)


def write_snapshot(folder, cards_of, tables_of, canonical=()):
    """Write a snapshot.

    Args:
        cards_of: Cards by kind, the most popular first; ranks are put in.
        tables_of: Rows by table; those of one source are to be in order of id.
        canonical: entity_type, id, canonical of members of groups.
    """
    for kind in Kind:
        rows = [
            {"rank": rank, "is_held": False, "is_free": False, **row}
            for rank, row in enumerate(cards_of.get(kind, ()), start=1)
        ]
        write_rows(folder / "cards" / kind / "part-00001.parquet", cards.SCHEMA, rows)
    for name, rows in tables_of.items():
        for source in SOURCES:
            mine = [row for row in rows if row.get("source", 1) == source]
            part = folder / "tables" / name / f"part-{source:03d}-00001.parquet"
            schema = tables.snapshot_schema(name)
            write_rows(part, schema, [{"source": source, **row} for row in mine])
    named = [{"id": number, "name": name} for number, name in SOURCES.items()]
    schema = pa.schema([("id", pa.int32()), ("name", pa.string())])
    write_rows(folder / "tables/sources.parquet", schema, named)
    schema = pa.schema(
        [("entity_type", pa.string()), ("id", pa.int64()), ("canonical", pa.int64())]
    )
    rows = [dict(zip(schema.names, row, strict=True)) for row in canonical]
    write_rows(folder / "tables/canonical.parquet", schema, rows)


def write_synthetic(folder: Path, tracks: int) -> None:
    """Write a synthetic snapshot with ranked cards."""
    make(folder, World(tracks), Form.SNAPSHOT)
    for kind in Kind:
        unranked = folder / "unranked" / kind
        unranked.parent.mkdir(exist_ok=True)
        (folder / "cards" / kind).rename(unranked)
        rank_cards(sorted(unranked.glob("part-*.parquet")), folder / "cards" / kind)
