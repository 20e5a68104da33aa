"""What a snapshot says of itself: rows, cards, digests of its files, and what was left out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from phonotheque.catalogue.bulk import parts_in, rows_of, translated
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.snapshot import DESCRIPTOR, FileEntry, Snapshot
from phonotheque.catalogue.tables import TABLES

PARTS = ("cards", "census", "serving", "tables")
"""Folders of a snapshot."""

_BLOCK = 1 << 20


def rows_of_tables(folder: Path) -> dict[str, int]:
    """Return the rows of each table below `tables`."""
    return {name: sum(map(rows_of, parts_in(folder / "tables" / name))) for name in TABLES}


def rows_of_cards(folder: Path) -> dict[str, int]:
    """Return the cards of each kind below `cards`."""
    return {kind.value: sum(map(rows_of, parts_in(folder / "cards" / kind.value))) for kind in Kind}


def links_of(folder: Path) -> dict[str, int]:
    """Return how many links there are of each kind of entity."""
    types = pq.read_table(folder / "tables" / "links.parquet", columns=["entity_type"])
    counts = pc.value_counts(types["entity_type"].cast(pa.string()).combine_chunks())
    return {one["values"]: one["counts"] for one in counts.to_pylist()}


def digests_of(
    folder: Path, before: Snapshot | None, on_progress: Callable[[float], None]
) -> dict[str, FileEntry]:
    """Return length and digest of every file, by its path.

    A file that the snapshot before has under the same path, being the same file by a second name,
    has the digest that was found then.
    """
    names = sorted(
        Path(below, name).relative_to(folder).as_posix()
        for top in PARTS
        for below, _, names in os.walk(folder / top)
        for name in names
    ) + [path.name for path in sorted(folder.glob("*.json")) if path.name != DESCRIPTOR]
    entries: dict[str, FileEntry] = {}
    with translated(str(folder)):
        for done, name in enumerate(names, 1):
            entries[name] = _known(folder, name, before) or _digested(folder / name)
            on_progress(done / len(names))
    return entries


def _known(folder: Path, name: str, before: Snapshot | None) -> FileEntry | None:
    entries: Mapping[str, FileEntry] = before.descriptor.files if before else {}
    if before is None or name not in entries:
        return None
    try:
        is_same = (folder / name).samefile(before.folder / name)
    except FileNotFoundError:
        return None
    return entries[name] if is_same else None


def _digested(path: Path) -> FileEntry:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return FileEntry(size, digest.hexdigest())
