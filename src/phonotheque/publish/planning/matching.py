"""Which recording of the catalogue each copy is of, and who else has it.

Laws: a copy that came in after the catalogue was built is of the recording of its first copy with
the same sound, if the catalogue has that; else it is a recording of its own, or of that copy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from phonotheque.catalogue.bulk import PartWriter, fresh_folder, parts_in
from phonotheque.catalogue.database import Machine, rows_of, view, view_of_folder
from phonotheque.catalogue.tables import snapshot_schema
from phonotheque.music.preference import COMPLETE, FULL_SHARE
from phonotheque.publish.planning.shelf import SHELF
from phonotheque.publish.planning.tables import HELD, KNOWN, UNCATALOGUED
from phonotheque.publish.planning.workshop import workshop

CANONICAL = pa.schema([("entity_type", pa.string()), ("id", pa.int64()), ("canonical", pa.int64())])


@dataclass(frozen=True, slots=True)
class CatalogueParts:
    """The parts of a catalogue that are needed; none of each where there is no catalogue.

    Attributes:
        known: Cards of recordings.
        files: The table `file`.
        canonical: The table of those for which others speak.
    """

    known: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()
    canonical: tuple[Path, ...] = ()

    @staticmethod
    def of(cards: Path, tables: Path) -> CatalogueParts:
        """Return the parts of a snapshot.

        Args:
            cards: Folder of the cards of recordings.
            tables: Folder of the tables.
        """
        linked = tables / "canonical.parquet"
        canonical = (linked,) if linked.exists() else ()
        return CatalogueParts(tuple(parts_in(cards)), tuple(parts_in(tables / "file")), canonical)


def match(
    shelf: Iterable[pa.Table], catalogue: CatalogueParts, out: Path, machine: Machine
) -> list[Path]:
    """Write the copies with their recordings (`tables.HELD`) into a fresh folder; return its parts.

    Raises:
        UnavailableError: The disk refused.
        MalformedError: A part of the catalogue cannot be read.
    """
    fresh_folder(out)
    copies = fresh_folder(out / "shelf")
    _write(shelf, copies)
    with workshop(out / "work", machine) as db:
        view_of_folder(db, "shelf", copies, SHELF)
        view(db, "known", catalogue.known, KNOWN)
        view(db, "file", catalogue.files, snapshot_schema("file"))
        view(db, "canonical", catalogue.canonical, CANONICAL)
        _find_recordings(db)
        _write(rows_of(db, _HELD, HELD), out)
    return parts_in(out)


def _write(tables: Iterable[pa.Table], folder: Path) -> None:
    writer = PartWriter(folder)
    for table in tables:
        writer.write(table)
    writer.close()


def _find_recordings(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(
        """CREATE TEMP TABLE of_file AS
        SELECT coalesce(c.canonical, f.recording) AS id, f.sha256, f.state FROM file f
        LEFT JOIN canonical c ON c.id = f.recording AND c.entity_type = 'recording'"""
    )
    db.execute(
        """CREATE TEMP TABLE named AS SELECT s.object, min(f.id) AS id FROM shelf s
        JOIN of_file f ON f.sha256 = s.sha256 WHERE f.id IN (SELECT id FROM known)
        GROUP BY s.object"""
    )
    db.execute(
        """CREATE TEMP TABLE others AS SELECT id, count(*)::INTEGER AS copies
        FROM of_file WHERE state = 'elsewhere' GROUP BY id"""
    )


_HELD = f"""
    WITH found AS (
        SELECT coalesce(n.id, t.id, {UNCATALOGUED} + s.first) AS recording, s.*,
            coalesce(o.copies, 0) AS elsewhere FROM shelf s
        LEFT JOIN named n ON n.object = s.object LEFT JOIN named t ON t.object = s.first
        LEFT JOIN others o ON o.id = coalesce(n.id, t.id))
    SELECT recording, object, size_bytes, status, reason,
        quality + CASE WHEN length_ms >= {FULL_SHARE} * max(length_ms) OVER of_recording
            THEN {COMPLETE} ELSE 0 END AS quality,
        is_decaying, seeders, elsewhere, copy_bytes, is_copy_shared
    FROM found WINDOW of_recording AS (PARTITION BY recording) ORDER BY object"""
