"""Who runs the queries that cards are made by: DuckDB on this machine, or another engine.

Laws: an engine is a place for work, never a source of meaning: the same queries over the same
tables give the same rows on each. Queries are written once, in DuckDB's SQL, in the part of it that
Ibis says in other engines' SQL with the same meaning: what is null, first or last is written out.

Not here: Spark (`spark`), the queries (`subjects`, `cards_sql`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from phonotheque.catalogue.bulk import ROWS_IN_PART
from phonotheque.catalogue.database import Machine, database, rows_of, view


class Engine(Protocol):
    """Tables and queries by name, until it is closed by whoever opened it."""

    def view(self, name: str, parts: Sequence[Path], schema: pa.Schema) -> None:
        """Make parts readable under a name; without parts it has the columns and no rows."""

    def give(self, name: str, rows: pa.Table) -> None:
        """Make rows readable under a name; few."""

    def define(self, name: str, query: str) -> None:
        """Make what a query gives readable under a name; it is run by whoever reads it."""

    def keep(self, name: str, query: str) -> None:
        """Run a query once and make its rows readable under a name. A second time replaces it."""

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query; few."""

    def rows(self, query: str, lows: Sequence[int], schema: pa.Schema) -> Iterator[pa.Table]:
        """Run a query about ids, `$low` to `$high`, for some ranges of `ROWS_IN_PART` ids each.

        Args:
            lows: First id of each range, rising.
            schema: Columns that are wanted, in their form; `id` among them.

        Yields:
            The rows of each range, at most one for an id, in order of it.
        """


Opens = Callable[[Path, Machine], AbstractContextManager[Engine]]
"""Opens an engine that may work in a folder."""


@contextmanager
def on_one_machine(work: Path, machine: Machine) -> Iterator[Engine]:
    """Open DuckDB in this process; it spills below `work`."""
    with database(work, machine) as db:
        yield OneMachine(db)


class OneMachine:
    """DuckDB: one range of ids after the other, so that memory does not grow with the tables."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db
        db.execute("SET parquet_metadata_cache = true")

    def view(self, name: str, parts: Sequence[Path], schema: pa.Schema) -> None:
        """See `Engine.view`."""
        view(self._db, name, parts, schema)

    def give(self, name: str, rows: pa.Table) -> None:
        """See `Engine.give`."""
        self._db.register(name, rows)

    def define(self, name: str, query: str) -> None:
        """See `Engine.define`."""
        self._db.execute(f"CREATE OR REPLACE VIEW {name} AS {query}")

    def keep(self, name: str, query: str) -> None:
        """See `Engine.keep`."""
        self._db.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        """See `Engine.fetch`."""
        return self._db.execute(query).fetchall()

    def rows(self, query: str, lows: Sequence[int], schema: pa.Schema) -> Iterator[pa.Table]:
        """See `Engine.rows`."""
        for low in lows:
            yield self._range(in_range(query, low, low + ROWS_IN_PART - 1), schema)

    def _range(self, query: str, schema: pa.Schema) -> pa.Table:
        found = list(rows_of(self._db, query, schema))
        return pa.concat_tables(found) if found else schema.empty_table()


def in_range(query: str, low: int, high: int) -> str:
    """Fill in the range of ids. Written out, so that parts outside are not read."""
    return query.replace("$low", str(low)).replace("$high", str(high))
