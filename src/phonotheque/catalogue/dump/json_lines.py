"""The JSON lines of a dump: one entity a line, one file for each kind and source.

Made from the dump's Parquet files, a range of ids at a time; a file that is there is whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from phonotheque.catalogue.build.engines import in_range
from phonotheque.catalogue.bulk import sync_file, translated
from phonotheque.catalogue.database import Machine, database, number, view
from phonotheque.catalogue.dump.json_keys import CREDITS, LINES, Lines, macros
from phonotheque.catalogue.dump.layout import SOURCES, WORK, lines_path, single_path, table_path
from phonotheque.catalogue.dump.seekable import SeekableWriter
from phonotheque.catalogue.snapshot import SourceEntry
from phonotheque.catalogue.tables import TABLES, snapshot_schema

LEVEL = 9
"""Of Zstandard: level 19 takes ten times as long and saves an eighth."""

IDS_AT_ONCE = 250_000
_LINES_AT_ONCE = 1 << 14


def write_json_lines(
    dump: Path,
    sources: Sequence[SourceEntry],
    machine: Machine,
    on_progress: Callable[[float], None] = lambda _: None,
) -> None:
    """Write what each source says of each kind of entity.

    Args:
        dump: Folder of the dump; `work` below it is used.

    Raises:
        DiskFullError: No room is left; no file is cut off.
    """
    with database(dump / WORK, machine) as db:
        for place, source in enumerate(sources):
            _open(db, dump, source)
            for done, lines in enumerate(LINES):
                out = dump / lines_path(lines.table, source.name)
                if (dump / table_path(lines.table, source.name)).exists() and not out.exists():
                    _write(db, lines, out, machine)
                on_progress((place + (done + 1) / len(LINES)) / len(sources))


def _open(db: duckdb.DuckDBPyConnection, dump: Path, source: SourceEntry) -> None:
    for name in TABLES:
        path = dump / table_path(name, source.name)
        view(db, name, [path] if path.exists() else [], snapshot_schema(name))
    view(db, "sources", [dump / single_path(SOURCES)], SOURCES.schema)
    for macro in macros(source.name):
        db.execute(macro)
    db.execute(CREDITS)


def _write(db: duckdb.DuckDBPyConnection, lines: Lines, out: Path, machine: Machine) -> None:
    unfinished = out.with_name(f".{out.name}.new")
    first = number(db, f"SELECT min(id) FROM {lines.table}")
    last = number(db, f"SELECT max(id) FROM {lines.table}")
    with translated(str(out)):
        out.parent.mkdir(parents=True, exist_ok=True)
        with (
            unfinished.open("wb") as file,
            SeekableWriter(file.write, level=LEVEL, jobs=machine.jobs) as writer,
        ):
            if first is not None and last is not None:
                for low in range(first, last + 1, IDS_AT_ONCE):
                    query = in_range(lines.query, low, low + IDS_AT_ONCE - 1)
                    for batch in db.sql(query).to_arrow_reader(_LINES_AT_ONCE):
                        writer.write("".join(batch["line"].to_pylist()).encode())
        sync_file(unfinished)
        os.replace(unfinished, out)
