"""Rows of a table put in order, few of them or many."""

import random

import pyarrow as pa
import pytest

from catalogue.build.small import read
from phonotheque.catalogue.build import ordering
from phonotheque.catalogue.bulk import PartWriter, parts_in, write_part
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.tables import TABLES, snapshot_schema

ABOUT = {
    "recording": ("id",),
    "isrc": ("recording",),
    "track": ("recording",),
    "tag": ("entity_type", "entity"),
    "artist_credit_name": ("artist_credit",),
}


def rows_of(table, count):
    """Rows that are about a few things in any order, some about nothing; told by a number."""
    rng = random.Random(table)
    schema = snapshot_schema(table)
    columns = {field.name: [None] * count for field in schema}
    columns["source"] = list(range(count))
    for name in ABOUT[table]:
        few = ("release", "artist", "recording") if name == "entity_type" else (*range(9), None)
        columns[name] = [rng.choice(few) for _ in range(count)]
    return pa.table([pa.array(columns[f.name], f.type) for f in schema], schema=schema)


@pytest.mark.parametrize("table", ABOUT)
def test_few_and_many_stand_in_one_order(tmp_path, monkeypatch, table):
    """Put in order in memory or by DuckDB, in one part or several, rows stand by what they are
    about, unknown ones last, and those about the same in the order in which they came."""
    rows = rows_of(table, 200)
    assert ordering.order_column(TABLES[table]) == ABOUT[table][-1]
    told = []
    for name, few in (("few", 1000), ("many", 0)):
        folder = tmp_path / name
        folder.mkdir()
        for number in range(4):
            write_part(folder / f"part-001-{number + 1:05d}.parquet", rows.slice(50 * number, 50))
        monkeypatch.setattr(ordering, "_FEW", few)
        ordering.put_in_order(folder, TABLES[table], 1, Machine(1, 1 << 28))
        assert [one.name for one in parts_in(folder)] == ["part-001-00001.parquet"]
        told.append(read(folder))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["few", "many"]
    wanted = sorted(rows.to_pylist(), key=lambda row: (*key_of(row, ABOUT[table]), row["source"]))
    assert told[0] == told[1] == wanted


def key_of(row, names):
    return [(row[name] is None, "" if row[name] is None else row[name]) for name in names]


def test_no_rows_are_in_order(tmp_path):
    """A table of which all rows were left out stays empty."""
    (tmp_path / "isrc").mkdir()
    PartWriter(tmp_path / "isrc", source=1).close()
    ordering.put_in_order(tmp_path / "isrc", TABLES["isrc"], 1, Machine(1, 1 << 28))
    assert read(tmp_path / "isrc") == []
