"""Rows that are needed for the length of one run: temporary tables beside the index.

Law: nothing of the index itself is written, and nobody is kept waiting.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from phonotheque.register.index import Index

_AT_ONCE = 10_000


def fill(index: Index, table: str, columns: str, rows: Iterable[tuple[object, ...]]) -> int:
    """Make a temporary table anew and put rows into it; return how many there are.

    Args:
        table: Its name.
        columns: Its columns, as SQL.
        rows: Read bit by bit. A query of the index must not begin before the first is asked for:
            SQLite ends those that are under way when a table is made.
    """
    db = index.db
    db.execute(f"DROP TABLE IF EXISTS temp.{table}")
    db.execute(f"CREATE TEMP TABLE {table} ({columns})")
    places = ", ".join("?" * (columns.count(",") + 1))
    left = iter(rows)
    while batch := list(islice(left, _AT_ONCE)):
        db.execute("BEGIN")
        try:
            db.executemany(f"INSERT OR IGNORE INTO temp.{table} VALUES ({places})", batch)
        finally:
            db.execute("COMMIT")
    return int(db.execute(f"SELECT count(*) FROM temp.{table}").fetchone()[0])
