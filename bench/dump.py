"""The dump of a synthetic catalogue: its length for each track, and what making it costs.

Two lengths have floors, and both are of the columns that a list of tracks has (id, ISRC, title,
artist, album, length, year, popularity, licence): the flat Parquet table, which has some more, and
the tables of the SQLite file that say these, compressed as the whole file is. The whole of each
form is told beside them. Peers are the same columns as CSV and as one SQLite table, both compressed
as well as ours. Every row is invented: these are figures of a synthetic catalogue.

`DUMP_TRACKS` takes another number of tracks than the default.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from bench.rows import Row, Sense
from bench.synthetic import Form, make
from bench.synthetic_forms import SOURCE
from bench.synthetic_world import World
from phonotheque.catalogue.bulk import parts_in
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.dump import json_lines, sqlite_file
from phonotheque.catalogue.dump.excerpt import Excerpt, write_sources
from phonotheque.catalogue.dump.layout import DATABASE, FLAT, flat_path
from phonotheque.catalogue.dump.parquet_tables import Origin, write_parquet
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.snapshot import SourceEntry

TRACKS = {"small": 50_000, "default": 100_000, "full": 1_000_000}
MOST_FLAT_BYTES, MOST_SQLITE_BYTES = 35, 50
ARCHIVE_OF_2025 = 143

_ENTRY = SourceEntry(1, SOURCE, "A synthetic catalogue", "000001", 2)
_LISTED = ("about", "word", "source", "recording", "recording_card", "release", "artist_credit")
"""Tables of the SQLite file that say what a list of tracks shows."""

_COLUMNS = "id, isrc, title, credit, release_title, length, year, score, licence"
_MACHINE = Machine(jobs=1)


@dataclass(frozen=True, slots=True)
class _Cost:
    """What a step took: CPU seconds, and bytes of what it made."""

    cpu_s: float
    size_bytes: int


def rows(scale: str) -> Iterator[Row]:
    """Yield the figures of this bench."""
    tracks = int(os.environ.get("DUMP_TRACKS", 0)) or TRACKS.get(scale, TRACKS["default"])
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        yield from _rows(Path(folder), tracks)


def _rows(folder: Path, tracks: int) -> Iterator[Row]:
    source, dump = folder / "snapshot", folder / "dump"
    make(source, World(tracks), Form.SNAPSHOT)
    write_sources(source / "tables" / "sources.parquet", [_ENTRY])
    (dump / "work").mkdir(parents=True)
    name = f"synthetic, {tracks:,} tracks"
    cpu_s = _parquet(source, dump)
    flat = (dump / flat_path(Kind.RECORDING)).stat().st_size / tracks
    csv = _as_csv(dump, folder)
    yield Row(
        f"dump: flat Parquet table, {name}", flat, "B/track", MOST_FLAT_BYTES, sense=Sense.AT_MOST
    )
    yield _against(f"dump: CSV in zstd 19, {name}", flat, csv.size_bytes / tracks, "CSV")
    for column, size in _sizes_of_columns(dump / flat_path(Kind.RECORDING)).items():
        yield Row(f"dump:   column {column}", size / tracks, "B/track")
    parquet_bytes = sum(path.stat().st_size for path in (dump / "parquet").rglob("*.parquet"))
    yield Row(f"dump: all Parquet, {name}", parquet_bytes / tracks, "B/track")
    yield Row("dump: making Parquet", cpu_s * 1e6 / tracks, "CPU s/M")
    yield from _sqlite_rows(dump, folder, tracks, name)
    began = time.process_time()
    json_lines.write_json_lines(dump, [_ENTRY], _MACHINE)
    cpu_s = time.process_time() - began
    json_bytes = sum(path.stat().st_size for path in (dump / "json").rglob("*.zst"))
    yield Row(f"dump: JSON lines, {name}", json_bytes / tracks, "B/track")
    yield Row("dump: making JSON lines", cpu_s * 1e6 / tracks, "CPU s/M")
    yield Row("dump: archive of 2025, as published", ARCHIVE_OF_2025, "B/track")


def _against(name: str, ours: float, theirs: float, peer: str) -> Row:
    return Row(name, theirs, "B/track", peer=f"{peer}; ours {ours:.3g}", ratio=theirs / ours)


def _parquet(source: Path, dump: Path) -> float:
    """Write all Parquet files and return the CPU seconds."""
    cards = {kind: parts_in(source / "cards" / kind.value) for kind in Kind}
    origin = Origin("snapshot-000001", "00000000-0000-0000-0000-000000000000", "2026-01-01")
    began = time.process_time()
    made_from = Excerpt(source / "tables", cards)
    write_parquet(made_from, (_ENTRY,), dump, origin, _MACHINE, lambda _: None)
    return time.process_time() - began


def _sizes_of_columns(path: Path) -> dict[str, int]:
    sizes: dict[str, int] = dict.fromkeys((one.name for one in FLAT[Kind.RECORDING].columns), 0)
    metadata = pq.read_metadata(path)
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            column = metadata.row_group(group).column(place)
            sizes[column.path_in_schema.split(".")[0]] += column.total_compressed_size
    return {name: size for name, size in sizes.items() if size}


def _sqlite_rows(dump: Path, folder: Path, tracks: int, name: str) -> Iterator[Row]:
    plain, listed, one_table = (folder / f"{n}.sqlite" for n in ("plain", "listed", "one"))
    began = time.process_time()
    sqlite_file.write_database(dump, [SOURCE], [("snapshot", "synthetic")], plain, _MACHINE)
    filling_s = time.process_time() - began
    _copy_tables(plain, listed)
    ours = _compressed(listed, folder / "listed.zst")
    whole = _compressed(plain, dump / DATABASE)
    _one_table(dump, one_table)
    flat = _compressed(one_table, folder / "one.zst")
    size = ours.size_bytes / tracks
    yield Row(
        f"dump: SQLite, tables of a list, {name}",
        size,
        "B/track",
        MOST_SQLITE_BYTES,
        sense=Sense.AT_MOST,
    )
    peer = flat.size_bytes / tracks
    yield _against(f"dump: one flat SQLite table, {name}", size, peer, "SQLite, zstd 19")
    yield Row(f"dump: SQLite, all of it, {name}", whole.size_bytes / tracks, "B/track")
    yield Row("dump: SQLite, not compressed", plain.stat().st_size / tracks, "B/track")
    yield Row("dump: filling SQLite", filling_s * 1e6 / tracks, "CPU s/M")
    yield Row("dump: compressing SQLite", whole.cpu_s * 1e6 / tracks, "CPU s/M")


def _compressed(plain: Path, out: Path) -> _Cost:
    began = time.process_time()
    sqlite_file.compress(plain, out, _MACHINE)
    return _Cost(time.process_time() - began, out.stat().st_size)


def _copy_tables(plain: Path, out: Path) -> None:
    """Copy the tables that say what a list of tracks shows."""
    db = sqlite3.connect(out, isolation_level=None)
    db.execute("ATTACH ? AS whole", (str(plain),))
    for table in _LISTED:
        (statement,) = db.execute(
            "SELECT sql FROM whole.sqlite_schema WHERE name = ?", (table,)
        ).fetchone()
        db.execute(statement)
        db.execute(f'INSERT INTO main."{table}" SELECT * FROM whole."{table}"')
    db.close()


def _one_table(dump: Path, out: Path) -> None:
    """Make one table of the columns of a list, as anybody would."""
    db = sqlite3.connect(out, isolation_level=None)
    db.execute("PRAGMA journal_mode = OFF")
    db.execute(
        "CREATE TABLE track (id INTEGER PRIMARY KEY, isrc INTEGER, title TEXT, artist TEXT, "
        "album TEXT, length INTEGER, year INTEGER, popularity INTEGER, licence TEXT)"
    )
    found = duckdb.connect().execute(f"SELECT {_COLUMNS} FROM read_parquet(?)", [_flat(dump)])
    db.execute("BEGIN")
    while some := found.fetchmany(50_000):
        db.executemany("INSERT INTO track VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", some)
    db.execute("COMMIT")
    db.close()


def _as_csv(dump: Path, folder: Path) -> _Cost:
    plain = folder / "tracks.csv"
    duckdb.connect().execute(
        f"COPY (SELECT {_COLUMNS} FROM read_parquet('{_flat(dump)}')) TO '{plain}' (HEADER)"
    )
    return _compressed(plain, folder / "tracks.csv.zst")


def _flat(dump: Path) -> str:
    return str(dump / flat_path(Kind.RECORDING))
