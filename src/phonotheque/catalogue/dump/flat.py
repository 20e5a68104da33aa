"""The flat tables: cards in order of id, with the sources that speak of each.

Cards of a snapshot are in order of rank; in order of id albums are together, so that a row takes a
third less. The order of rank comes back from the column `listens` (`catalogue.ranking`).

Cost: cards are put in order some ids at a time, so that what sorting spills stays below 5 GB; every
time all cards are read, 100 CPU seconds for 256 million.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from phonotheque.catalogue import cards
from phonotheque.catalogue.build.card_making import UNRANKED
from phonotheque.catalogue.build.subjects import CANONICAL_SCHEMA
from phonotheque.catalogue.bulk import parts_in
from phonotheque.catalogue.database import in_parts, number, rows_of, view
from phonotheque.catalogue.dump.excerpt import Excerpt
from phonotheque.catalogue.dump.layout import FLAT, SOURCES
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.packed_columns import pack_isrcs
from phonotheque.catalogue.tables import snapshot_schema

IDS_AT_ONCE = 16_000_000


def flat_rows(db: duckdb.DuckDBPyConnection, made_from: Excerpt, kind: Kind) -> Iterator[pa.Table]:
    """Give the rows of a flat table in order of id, a bounded number at a time.

    Args:
        db: In which sorting may spill; one kind after the other may be asked of it.
    """
    sheet = FLAT[kind]
    fields = [pa.field(f.name, pa.string()) if f.name == "isrc" else f for f in sheet.schema]
    _open(db, made_from, kind)
    last = number(db, "SELECT max(id) FROM card")
    for low in range(0, 0 if last is None else last + 1, IDS_AT_ONCE):
        query = _query(kind, f"BETWEEN {low} AND {low + IDS_AT_ONCE - 1}")
        for rows in rows_of(db, query, pa.schema(fields)):
            yield _packed(rows)


def _open(db: duckdb.DuckDBPyConnection, made_from: Excerpt, kind: Kind) -> None:
    """Make readable what a flat table is made of, and find who else speaks for each row."""
    schema = snapshot_schema(kind)
    is_ranked = bool(made_from.cards[kind]) and "rank" in _names(db, made_from.cards[kind][0])
    view(db, "card", made_from.cards[kind], cards.SCHEMA if is_ranked else UNRANKED)
    view(db, "entity", parts_in(made_from.tables / kind), schema)
    canonical = made_from.tables / "canonical.parquet"
    view(db, "canonical", [canonical] if canonical.exists() else [], CANONICAL_SCHEMA)
    view(db, "sources", [made_from.tables / "sources.parquet"], SOURCES.schema)
    db.execute(
        "CREATE OR REPLACE TEMP TABLE others AS SELECT a.canonical AS id, "
        "string_agg(DISTINCT s.name, '; ' ORDER BY s.name) AS names FROM canonical a "
        "JOIN entity e ON e.id = a.id JOIN entity c ON c.id = a.canonical "
        "JOIN sources s ON s.id = e.source "
        f"WHERE a.entity_type = '{kind}' AND e.source <> c.source GROUP BY 1 ORDER BY 1"
    )


def _names(db: duckdb.DuckDBPyConnection, part: Path) -> list[str]:
    return [row[0] for row in db.execute(f"DESCRIBE FROM {in_parts([part])}").fetchall()]


def _query(kind: Kind, between: str) -> str:
    own = [one.name for one in FLAT[kind].columns if one.name not in ("sources", "mbid")]
    return (
        f"SELECT {', '.join(f'c.{name}' for name in own)}, e.mbid, "
        "s.name || coalesce('; ' || o.names, '') AS sources "
        f"FROM (SELECT * FROM card WHERE id {between}) c "
        f"LEFT JOIN (SELECT id, mbid, source FROM entity WHERE id {between}) e ON e.id = c.id "
        f"LEFT JOIN sources s ON s.id = e.source "
        f"LEFT JOIN (SELECT * FROM others WHERE id {between}) o ON o.id = c.id ORDER BY c.id"
    )


def _packed(rows: pa.Table) -> pa.Table:
    """Turn ISRCs into numbers; a text that is none has none, as in the look-up file."""
    if "isrc" not in rows.column_names:
        return rows
    place = rows.column_names.index("isrc")
    return rows.set_column(place, "isrc", pack_isrcs(rows["isrc"].combine_chunks()))
