"""Small catalogues for tests: sources from rows, and a build that makes no serving files."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phonotheque.catalogue.build.building import Choices, build
from phonotheque.catalogue.bulk import parts_in
from phonotheque.catalogue.sources.port import Terms
from phonotheque.catalogue.tables import imported_schema
from phonotheque.disk import LocalDisk

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def write_source(root, name, rows, generation=1, licence="", parts=1):
    """Write a generation of a source: rows by table, each a dict of what is known."""
    base = Path(root) / "sources" / name
    folder = base / f"{generation:06}"
    folder.mkdir(parents=True)
    for table, some in rows.items():
        (folder / table).mkdir()
        schema = imported_schema(table)
        whole = pa.table(
            [pa.array([row.get(f.name) for row in some], f.type) for f in schema], schema=schema
        )
        size = -(-len(some) // parts) or 1
        for number in range(parts):
            piece = whole.slice(number * size, size)
            pq.write_table(piece, folder / table / f"part-{number + 1:05d}.parquet")
    terms = Terms(name, name.title(), licence, as_of="2024-01-02")
    (folder / "terms.json").write_text(json.dumps(asdict(terms)))
    (folder / "report.json").write_text("{}")
    (base / "current").write_text(f"{generation:06}\n")
    return folder


def song(key, title, artist=1, **more):
    """A recording of a credit."""
    return {"key": key, "title": title, "artist_credit": artist, **more}


def by(key, name, **more):
    """An artist with a credit of his own: rows of three tables."""
    return {
        "artist": [{"key": key, "name": name, **more}],
        "artist_credit": [{"key": key, "name": name}],
        "artist_credit_name": [
            {"artist_credit": key, "position": 0, "artist": key, "name": name, "join_phrase": ""}
        ],
    }


def together(*parts):
    """Rows of several, table by table."""
    rows = {}
    for part in parts:
        for table, some in part.items():
            rows.setdefault(table, []).extend(some)
    return rows


def make_search(parts, folder, *, jobs, on_progress):
    folder.mkdir()
    (folder / "search.json").write_text(str(len(parts)))
    on_progress(1, 1)


def make_lookup(snapshot, out, on_progress):
    out.write_bytes(b"ids")


def make_browse(snapshot, out, on_progress):
    out.write_bytes(b"browse")


def make_match(snapshot, out, on_progress):
    out.write_bytes(b"match")


CHOICES = Choices(make_search, make_lookup, make_browse, make_match, now=lambda: NOW)


def build_small(root, choices=CHOICES, **more):
    return build(Path(root), LocalDisk(Path(root)), choices, **more)


class _LinkedError(Exception):
    """A build has come as far as was asked for."""


def link_small(root):
    """Build as far as the links: folder and tables of a snapshot that gets no cards."""

    def stop(progress):
        if progress.step == "making cards":
            raise _LinkedError

    with pytest.raises(_LinkedError):
        build_small(root, on_progress=stop)
    building = Path(root) / "building"
    return SimpleNamespace(folder=building, tables=building / "tables")


def read(folder):
    """All rows of a folder of parts."""
    found = []
    for part in parts_in(folder):
        with pq.ParquetFile(part) as file:
            found += file.read(use_threads=False).to_pylist()
    return found


def cards(snapshot, kind="recording"):
    return read(snapshot.cards(kind))


def table(snapshot, name):
    return read(snapshot.tables / name)


def links(snapshot):
    return pq.read_table(snapshot.tables / "links.parquet").to_pylist()
