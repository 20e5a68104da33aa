"""What is said twice in a dump, said once in its SQLite file.

A card's title, credit, length and year are nearly always those of the row that speaks for the
thing; where they are, the column is null, and a view puts the row's own in its place. Nearly every
recording has one ISRC: it stands on the card, and in a table of its own only what is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from phonotheque.catalogue.database import number, rows_of, view
from phonotheque.catalogue.dump.isrcs import unpack_in_duckdb
from phonotheque.catalogue.dump.layout import FLAT, flat_path, table_path
from phonotheque.catalogue.dump.sqlite_schema import card_sheet
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.tables import snapshot_schema

_IDS_AT_ONCE = 4_000_000

_OWN = {
    Kind.RECORDING: {
        "title": "e.title",
        "credit": "a.name",
        "length": "e.length",
        "year": "try_cast(e.first_release_date[1:4] AS SMALLINT)",
    },
    Kind.RELEASE: {
        "title": "e.title",
        "credit": "a.name",
        "year": "try_cast(e.date[1:4] AS SMALLINT)",
    },
    Kind.ARTIST: {"title": "e.name"},
    Kind.LABEL: {"title": "e.name"},
}
"""For each column that is left out where the tables say it: what they say."""


def card_differences(
    db: duckdb.DuckDBPyConnection, dump: Path, sources: Sequence[str], kind: Kind
) -> Iterator[pa.Table]:
    """Give the rows of the SQLite table `<kind>_card` in order of id, a bounded number at a time.

    Args:
        db: In which sorting may spill; one table after the other may be asked of it.
        dump: Folder of the dump.
        sources: Names of the sources whose tables are read.
    """
    wanted = card_sheet(kind).schema
    view(db, "card", [dump / flat_path(kind)], FLAT[kind].schema)
    for table in {str(kind), "artist_credit"}:
        files = [dump / table_path(table, source) for source in sources]
        view(db, table, [file for file in files if file.exists()], snapshot_schema(table))
    last = number(db, "SELECT max(id) FROM card")
    for low in range(0, 0 if last is None else last + 1, _IDS_AT_ONCE):
        between = f"BETWEEN {low} AND {low + _IDS_AT_ONCE - 1}"
        yield from rows_of(db, _query(kind, wanted.names, between), wanted)


def further_isrcs(
    db: duckdb.DuckDBPyConnection, dump: Path, sources: Sequence[str]
) -> Iterator[pa.Table]:
    """Give the rows of the table `isrc` that no card says, a bounded number at a time."""
    schema = snapshot_schema("isrc")
    view(db, "card", [dump / flat_path(Kind.RECORDING)], FLAT[Kind.RECORDING].schema)
    files = [dump / table_path("isrc", source) for source in sources]
    view(db, "isrc", [file for file in files if file.exists()], schema)
    last = number(db, "SELECT max(recording) FROM isrc")
    for low in range(0, 0 if last is None else last + 1, _IDS_AT_ONCE):
        between = f"BETWEEN {low} AND {low + _IDS_AT_ONCE - 1}"
        query = (
            f"SELECT i.* FROM (SELECT * FROM isrc WHERE recording {between}) i "
            f"LEFT JOIN (SELECT id, isrc FROM card WHERE id {between}) c ON c.id = i.recording "
            f"WHERE i.isrc IS DISTINCT FROM {unpack_in_duckdb('c.isrc')} "
            "ORDER BY i.recording, i.isrc"
        )
        yield from rows_of(db, query, schema)


def _query(kind: Kind, names: Sequence[str], between: str) -> str:
    columns = []
    for name in names:
        own = _OWN[kind].get(name)
        if name == "genres":
            columns.append("array_to_string(c.genres, '; ') AS genres")
        elif own is not None:
            columns.append(f"CASE WHEN c.{name} IS DISTINCT FROM {own} THEN c.{name} END AS {name}")
        else:
            columns.append(f"c.{name}")
    credit = "LEFT JOIN artist_credit a ON a.id = e.artist_credit"
    return (
        f"SELECT {', '.join(columns)} FROM (SELECT * FROM card WHERE id {between}) c "
        f"LEFT JOIN (SELECT * FROM {kind} WHERE id {between}) e ON e.id = c.id "
        f"{credit if 'a.name' in _OWN[kind].values() else ''} ORDER BY c.id"
    )
