"""Counting listens and listeners exactly, however many there are, with little memory.

Listens are boiled down a stretch at a time to (entity, month, veiled user, count), and to the names
that entities were heard under. Both are sorted on disk by entity; then one range of entities after
the other is counted, so that nothing but the sort is ever larger than memory.

Laws: counts of listeners are exact; what is on disk meanwhile names nobody (`Veil`), and is gone at
the end, or when the next run begins; the same listens give the same rows.
Cost: about 100 bytes of disk for each listen while it runs. Sketches (HyperLogLog) would do
with less, and be wrong by 1 to 2 percent.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from phonotheque.errors import DiskFailedError, DiskFullError, UnavailableError

RECORDING, ARTIST, RELEASE, CREDIT = range(4)
"""Kinds of entities, as numbers in the tables here."""

HEARD = pa.schema(
    [("kind", pa.int8()), ("key", pa.int64()), ("month", pa.int32()), ("user", pa.int64())]
)
"""One row for each listen and entity."""

NAMED = pa.schema(
    [
        ("kind", pa.int8()),
        ("key", pa.int64()),
        ("source_id", pa.string()),
        ("mbid", pa.binary(16)),
        ("name", pa.string()),
        ("credit", pa.int64()),  # key of a recording's credit
        ("mbids", pa.string()),  # of a credit: MBIDs of its artists with spaces between
    ]
)
"""One row for each listen and entity: what it was called there."""

_KEYS = 1 << 63
_TABLES = """
CREATE TABLE heard (kind TINYINT, key BIGINT, month INTEGER, "user" BIGINT, n BIGINT);
CREATE TABLE named (kind TINYINT, key BIGINT, source_id VARCHAR, mbid BLOB, name VARCHAR,
                    credit BIGINT, mbids VARCHAR, n BIGINT);
"""
_ADD_HEARD = """INSERT INTO heard SELECT kind, key, month, "user", count(*) FROM given_heard
                GROUP BY ALL"""
_ADD_NAMED = "INSERT INTO named SELECT *, count(*) FROM given_named GROUP BY ALL"
_SORT = """
CREATE TABLE heard_sorted AS SELECT * FROM heard ORDER BY key;
DROP TABLE heard;
CREATE TABLE named_sorted AS SELECT * FROM named ORDER BY key;
DROP TABLE named;
"""
_COUNTS = """
WITH here AS (SELECT * FROM heard_sorted WHERE key >= $low AND key <= $high),
     by_user AS (SELECT kind, key, month, "user", sum(n) AS n FROM here GROUP BY ALL),
     of_all AS (SELECT kind, key, "user", sum(n) AS n FROM by_user GROUP BY ALL)
SELECT kind, key, NULL AS month, sum(n)::BIGINT AS listens, count("user") AS users
FROM of_all GROUP BY kind, key
UNION ALL
SELECT kind, key, month, sum(n)::BIGINT, count("user")
FROM by_user WHERE month IS NOT NULL AND $has_months GROUP BY kind, key, month
ORDER BY kind, key, month NULLS FIRST
"""
_NAMES = """
WITH here AS (SELECT kind, key, source_id, mbid, name, credit, mbids, sum(n) AS n
              FROM named_sorted WHERE key >= $low AND key <= $high GROUP BY ALL)
SELECT kind, key, source_id, mbid, name, credit, mbids FROM here
QUALIFY row_number() OVER (PARTITION BY kind, key
                           ORDER BY name IS NULL, n DESC, name, credit, mbid, source_id, mbids) = 1
ORDER BY kind, key
"""


class Counter:
    """Counts what it is given. Use it in a `with`: its folder is emptied before and after.

    Args:
        folder: A folder of its own; it is removed in the end, with those that were made for it.
        memory_bytes: How much memory DuckDB may use.

    Raises:
        UnavailableError: The disk is full, or refuses.
    """

    def __init__(self, folder: Path, memory_bytes: int) -> None:
        self._folder = folder
        self._made = [one for one in folder.parents if not one.exists()]
        with _said(folder):
            _empty(folder)
            folder.mkdir(parents=True, exist_ok=True)
            try:
                self._db = _opened(folder, memory_bytes)
            except duckdb.Error:
                _empty(folder)
                raise

    def __enter__(self) -> Counter:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        with _said(self._folder):
            _empty(self._folder)
        for one in self._made:
            with suppress(OSError):  # something else lies in it by now
                one.rmdir()

    def add(self, heard: pa.Table, named: pa.Table) -> None:
        """Take in listens: rows of `HEARD`, and of `NAMED`."""
        with _said(self._folder):
            for name, rows, query in (
                ("given_heard", heard, _ADD_HEARD),
                ("given_named", named, _ADD_NAMED),
            ):
                self._db.register(name, rows)
                self._db.execute(query)
                self._db.unregister(name)

    def sort(self) -> int:
        """Bring all that was taken in into order; return how many rows are to be counted."""
        with _said(self._folder):
            for query in _SORT.split(";"):
                self._db.execute(query)
            rows = self._db.execute("SELECT count(*) FROM heard_sorted").fetchall()
        return int(rows[0][0])

    def ranges(
        self, count: int, *, first: int = 0, has_months: bool = True
    ) -> Iterator[tuple[int, pa.Table, pa.Table]]:
        """Count one range of keys after the other.

        Args:
            count: How many ranges.
            first: Number of the first that is wanted.
            has_months: Whether months are counted beside the whole.

        Yields:
            Number of the range; counts (kind, key, month, listens, users; null month: of all time);
            names (columns of `NAMED`), the most frequent of each entity; both in order of key.
        """
        for number in range(first, count):
            bounds = {
                "low": _KEYS * number // count,
                "high": _KEYS * (number + 1) // count - 1,
            }
            with _said(self._folder):
                counts = self._table(_COUNTS, bounds | {"has_months": has_months})
                names = self._table(_NAMES, bounds)
            yield number, counts, names

    def _table(self, query: str, values: dict[str, Any]) -> pa.Table:
        found: pa.Table = self._db.sql(query, params=values).to_arrow_table()
        return found


def _opened(folder: Path, memory_bytes: int) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": f"{memory_bytes // 1_000_000}MB",
        "temp_directory": str(folder / "spill"),
        "preserve_insertion_order": False,
    }
    db = duckdb.connect(str(folder / "counts.duckdb"), config=config)
    try:
        db.execute(_TABLES)
    except duckdb.Error:
        db.close()
        raise
    return db


@contextmanager
def _said(folder: Path) -> Iterator[None]:
    """Say in our words what DuckDB or the system refuses."""
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
        free_bytes = 0
        with suppress(OSError):
            free_bytes = shutil.disk_usage(folder).free
        if free_bytes < _NEEDED_BYTES or "No space left" in str(error):
            raise DiskFullError(
                str(folder),
                "no room is left on the disk for counting",
                "Free some space (about 100 bytes for each listen), then run again.",
            ) from error
        if isinstance(error, duckdb.OutOfMemoryException):
            raise UnavailableError(
                str(folder), "counting needs more memory than it may use", "Allow it more."
            ) from error
        raise DiskFailedError(
            str(folder), f"the disk refused: {error}", "Check it and its permissions."
        ) from error


_NEEDED_BYTES = 1 << 20


def _empty(folder: Path) -> None:
    """Remove a folder that this module made, with all that is in it."""
    if folder.exists():
        shutil.rmtree(folder)
