"""What the sources say of some things, field by field: what a correction stands before.

Laws: of several linked rows each field is the first that is known, the row that speaks for the
others before those of sources in the order in which they are believed, as on a card; values are
text as the register keeps corrections. Nothing here knows of corrections.

Cost: the rows of the things are looked for in the tables; some 0.2 s, and little more for many.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa

from phonotheque.catalogue.corrections.fields import FIELDS, stored_list
from phonotheque.catalogue.database import Machine, database, view, view_of_folder
from phonotheque.catalogue.gids import gid_of_row
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.snapshot import Snapshot
from phonotheque.catalogue.tables import snapshot_schema

_MACHINE = Machine(jobs=2, memory_bytes=512 << 20)
_CANONICAL = pa.schema(
    [("entity_type", pa.string()), ("id", pa.int64()), ("canonical", pa.int64())]
)
_BESIDE = ("credit", "isrcs", "genres")


@dataclass(frozen=True, slots=True)
class Said:
    """What the sources say of one thing.

    Attributes:
        gids: All that lead to it, with the name of the source that each is made of, "" for an
            MBID and for one that was given up; that of the one that speaks for it is the first.
        values: Of each field that anything is known of.
    """

    gids: dict[UUID, str]
    values: dict[str, str]


def said_of(snapshot: Snapshot, kind: Kind, ids: Sequence[int]) -> dict[int, Said]:
    """Return what the sources say of the things on cards.

    Args:
        ids: Those of the cards.

    Raises:
        MalformedError: A table of the snapshot is damaged.
    """
    if not ids:
        return {}
    with (
        tempfile.TemporaryDirectory(prefix="phono-") as work,
        database(Path(work), _MACHINE) as db,
    ):
        db.register("asked", pa.table({"id": pa.array(sorted(set(ids)), pa.int64())}))
        _find_members(db, snapshot, kind)
        said = _rows(db, snapshot, kind)
        _add_given_up(db, snapshot, kind, said)
        if kind is Kind.RECORDING:
            _add_lists(said, "isrcs", _isrcs(db, snapshot))
        _add_lists(said, "genres", _genres(db, snapshot, kind))
    return said


def _find_members(db: duckdb.DuckDBPyConnection, snapshot: Snapshot, kind: Kind) -> None:
    """Make `member` (subject, id): things and those that they speak for."""
    path = snapshot.tables / "canonical.parquet"
    view(db, "canonical", [path] if path.is_file() else [], _CANONICAL)
    db.execute(
        f"""CREATE TEMP TABLE member AS SELECT id AS subject, id FROM asked UNION ALL
        SELECT c.canonical, c.id FROM canonical c JOIN asked a ON a.id = c.canonical
        WHERE c.entity_type = '{kind}'"""
    )


def _rows(db: duckdb.DuckDBPyConnection, snapshot: Snapshot, kind: Kind) -> dict[int, Said]:
    columns = [name for name in FIELDS[kind] if name not in _BESIDE]
    has_credit = "credit" in FIELDS[kind]
    _open(db, snapshot, str(kind))
    if has_credit:
        _open(db, snapshot, "artist_credit")
    credit = "w.name" if has_credit else "NULL"
    joined = "LEFT JOIN artist_credit w ON w.id = e.artist_credit" if has_credit else ""
    found = db.execute(
        f"""SELECT m.subject, e.id, e.source, e.key, e.source_id, e.mbid, {credit} AS credit,
            {", ".join(f'e."{name}"' for name in columns)}
        FROM {kind} e JOIN member m ON m.id = e.id {joined}"""
    ).fetchall()
    names = {one.id: one for one in snapshot.descriptor.sources}
    found.sort(key=lambda row: (row[0], row[0] != row[1], names[row[2]].priority, row[1]))
    said: dict[int, Said] = {}
    for subject, _, source, key, source_id, mbid, *values in found:
        one = said.setdefault(subject, Said({}, {}))
        name = names[source].name
        gid = gid_of_row(name, kind, key, source_id, mbid)
        one.gids.setdefault(gid, "" if mbid else name)
        for field, value in zip(("credit", *columns), values, strict=True):
            if value not in (None, ""):
                one.values.setdefault(field, _text(value))
    return said


def _add_given_up(
    db: duckdb.DuckDBPyConnection, snapshot: Snapshot, kind: Kind, said: dict[int, Said]
) -> None:
    """Add the gids that were given up for those of things, as a build follows them: through
    others, and not what a row still has as its own."""
    things = [(id_, gid.bytes) for id_, one in said.items() for gid in one.gids]
    ids, gids = zip(*things, strict=True) if things else ((), ())
    columns = {"subject": pa.array(ids, pa.int64()), "gid": pa.array(gids, pa.binary(16))}
    db.register("thing", pa.table(columns))
    _open(db, snapshot, "gid_redirect")
    found = db.execute(
        f"""WITH RECURSIVE given_up AS (
            SELECT old_gid AS old, new_gid AS new FROM gid_redirect WHERE entity_type = '{kind}'),
        led (subject, gid) AS (
            SELECT subject, gid FROM thing WHERE gid NOT IN (SELECT old FROM given_up)
            UNION SELECT l.subject, g.old FROM led l JOIN given_up g ON g.new = l.gid)
        SELECT subject, gid FROM led WHERE gid NOT IN (SELECT gid FROM thing)
            AND gid NOT IN (SELECT mbid FROM {kind} WHERE mbid IS NOT NULL) ORDER BY ALL"""
    ).fetchall()
    for subject, gid in found:
        said[subject].gids.setdefault(UUID(bytes=gid), "")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _isrcs(db: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> list[tuple[int, str]]:
    _open(db, snapshot, "isrc")
    return db.execute(
        "SELECT DISTINCT m.subject, t.isrc FROM isrc t JOIN member m ON m.id = t.recording "
        "WHERE t.isrc IS NOT NULL ORDER BY m.subject, t.isrc"
    ).fetchall()


def _genres(db: duckdb.DuckDBPyConnection, snapshot: Snapshot, kind: Kind) -> list[tuple[int, str]]:
    """As on a card: genres before styles, most often named first."""
    _open(db, snapshot, "tag")
    return db.execute(
        f"""SELECT subject, name FROM (
            SELECT m.subject, t.name, sum(coalesce(t."count", 1)) AS votes,
                bool_and(t.kind = 'style') AS is_style
            FROM tag t JOIN member m ON m.id = t.entity AND t.entity_type = '{kind}'
            WHERE t.kind IN ('genre', 'style') AND t.name IS NOT NULL GROUP BY m.subject, t.name)
        ORDER BY subject, is_style, votes DESC, name"""
    ).fetchall()


def _add_lists(said: dict[int, Said], field: str, rows: list[tuple[int, str]]) -> None:
    several: dict[int, list[str]] = {}
    for subject, value in rows:
        several.setdefault(subject, []).append(value)
    for subject, values in several.items():
        if subject in said:
            said[subject].values[field] = stored_list(values)


def _open(db: duckdb.DuckDBPyConnection, snapshot: Snapshot, name: str) -> None:
    view_of_folder(db, name, snapshot.tables / name, snapshot_schema(name))
