"""An increment of a synthetic catalogue against its full dump: bytes and CPU seconds.

Of every table each hundredth row is changed, and of each thousandth key the rows go: spread as
widely as can be, so that no table and no group of rows is passed over. Lengths are compared with
the Parquet files of the full dump alone, CPU seconds with all of it, and with those alone beside
it. Every row is invented.

`INCREMENT_TRACKS` takes another number of tracks than the default.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.rows import Row, Sense
from bench.synthetic import Form, make
from bench.synthetic_forms import SOURCE
from bench.synthetic_world import World
from phonotheque.catalogue import snapshot as snapshots
from phonotheque.catalogue.build.steps import BuildProgress
from phonotheque.catalogue.bulk import PartWriter, parts_in, write_part
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.dump.choosing import DECISIONS
from phonotheque.catalogue.dump.dumping import dump
from phonotheque.catalogue.dump.excerpt import write_sources
from phonotheque.catalogue.dump.frame import Wish
from phonotheque.catalogue.dump.ordered import in_order, key_of, numbers_of, plain
from phonotheque.catalogue.dump.state import tables_digests
from phonotheque.catalogue.increment.contents import read_increment
from phonotheque.catalogue.increment.making import Steps, make_tables
from phonotheque.catalogue.increment.writing import write_increment
from phonotheque.catalogue.snapshot import Descriptor, SourceEntry
from phonotheque.catalogue.tables import TABLES
from phonotheque.disk import LocalDisk

TRACKS = {"small": 50_000, "default": 200_000, "full": 1_000_000}
MOST_BYTES, MOST_CPU = 0.02, 0.10
"""Floors: shares of the full dump."""

_ENTRY = SourceEntry(1, SOURCE, "A synthetic catalogue", "000001", 2)
_WISH = Wish(forms=(), machine=Machine(jobs=1))
_CHANGED, _GONE = 100, 1000
"""One row of so many is changed, one key of so many goes."""

_TEXTS = ("title", "name", "isrc", "value", "address", "join_phrase")


def rows(scale: str) -> Iterator[Row]:
    """Yield the figures of this bench."""
    tracks = int(os.environ.get("INCREMENT_TRACKS", 0)) or TRACKS.get(scale, TRACKS["default"])
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        yield from _rows(Path(folder), tracks)


def _rows(folder: Path, tracks: int) -> Iterator[Row]:
    root, whole, increment = folder / "catalogue", folder / "dump", folder / "increment"
    disk, name = LocalDisk(root), f"synthetic, {tracks:,} tracks"
    make(root / "snapshot-000001", World(tracks), Form.SNAPSHOT)
    _put_in_order(root / "snapshot-000001" / "tables")
    _serve(root, "snapshot-000001")
    parquet_s, full_s = _full_dump(root, whole)
    changed, all_rows = _change(root / "snapshot-000001" / "tables", root / "snapshot-000002")
    _serve(root, "snapshot-000002")
    increment_s = _cpu(lambda: write_increment(root, disk, increment, _WISH, 1))
    made = read_increment(increment)
    yield Row(f"increments: rows changed, {name}", changed / all_rows, "of rows")
    yield Row(f"increments: keys deleted, {name}", sum(made.deleted.values()), "keys")
    sizes = _bytes_in(increment), _bytes_in(whole / "parquet")
    yield Row("increments: length", sizes[0], "B")
    yield _share(f"increments: length, {name}, of all Parquet", sizes[0] / sizes[1], MOST_BYTES)
    yield Row("increments: writing", increment_s * 1e6 / tracks, "CPU s/M")
    yield Row("increments: writing the full dump", full_s * 1e6 / tracks, "CPU s/M")
    share = increment_s / full_s
    yield _share(f"increments: CPU of writing, {name}, of the full dump", share, MOST_CPU)
    share = increment_s / parquet_s
    yield Row("increments: CPU of writing, of the full dump's Parquet alone", share, "share")
    tables = root / "snapshot-000001" / "tables"
    steps = Steps(tables, (increment,), (made,))
    applied_s = _cpu(lambda: make_tables(steps, folder / "tables", lambda _: None))
    yield Row("increments: applying to the tables", applied_s * 1e6 / tracks, "CPU s/M")
    began = time.process_time()
    found = tables_digests(folder / "tables", (_ENTRY,))
    yield Row("increments: proving", (time.process_time() - began) * 1e6 / tracks, "CPU s/M")
    is_same = float(found == made.result.tables)
    yield Row("increments: applied it is the next state", is_same, "share", 1.0)


def _share(name: str, share: float, most: float) -> Row:
    return Row(name, share, "share", most, sense=Sense.AT_MOST)


def _full_dump(root: Path, out: Path) -> tuple[float, float]:
    """Write a full dump; return the CPU seconds of its Parquet files, and of all of it."""
    ends: dict[str, float] = {}

    def at(made: BuildProgress) -> None:
        ends.setdefault(made.step, time.process_time())

    began = time.process_time()
    dump(root, LocalDisk(root), out, Wish(machine=_WISH.machine), at)
    return ends["taking the state"] - began, time.process_time() - began


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _put_in_order(tables: Path) -> None:
    """Let rows stand as a build has them; these were written as they were made up."""
    for name in TABLES:
        parts = parts_in(tables / name)
        if parts:
            rows = pa.concat_tables([pq.read_table(part) for part in parts])
            for part in parts:
                part.unlink()
            writer = PartWriter(tables / name, source=_ENTRY.id)
            writer.write(in_order(plain(rows), key_of(name)).cast(rows.schema))
            writer.close()


def _serve(root: Path, name: str) -> None:
    """Let a folder of tables and cards be a snapshot that serves."""
    disk = LocalDisk(root)
    write_sources(root / name / "tables" / "sources.parquet", (DECISIONS, _ENTRY))
    made = Descriptor(name, "2026-01-01T00:00:00Z", "an epoch", {}, name, (_ENTRY,), {}, {}, {}, {})
    snapshots.write_descriptor(disk, name, made)
    snapshots.switch_to(disk, name)


def _change(tables: Path, snapshot: Path) -> tuple[int, int]:
    """Write the tables of a snapshot with rows changed; return how many, and of how many."""
    changed = count = 0
    for name in TABLES:
        out = snapshot / "tables" / name
        out.mkdir(parents=True)
        for part in parts_in(tables / name):
            table = pq.read_table(part)
            after, some = _changed(table, name)
            write_part(out / part.name, after)
            changed, count = changed + some, count + table.num_rows
    for single in tables.glob("*.parquet"):
        (snapshot / "tables" / single.name).write_bytes(single.read_bytes())
    return changed, count


def _changed(table: pa.Table, name: str) -> tuple[pa.Table, int]:
    is_changed = pa.array(np.arange(table.num_rows) % _CHANGED == 0)
    for column in table.column_names:
        form, place = table.schema.field(column).type, table.column_names.index(column)
        if column in _TEXTS and pa.types.is_string(form):
            other = pc.binary_join_element_wise(table[column], "changed", " ")
        elif column in ("total_listen_count", "length", "position", "count"):
            other = pc.add(table[column], pa.scalar(1, form))
        else:
            continue
        table = table.set_column(place, column, pc.if_else(is_changed, other, table[column]))
    keys = numbers_of(plain(table), key_of(name)) if key_of(name).number else None
    if keys is not None:
        table = table.filter(pa.array((keys + 1) % _GONE != 0))
    return table, int(pc.sum(is_changed).as_py() or 0)
