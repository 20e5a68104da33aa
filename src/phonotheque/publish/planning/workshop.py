"""DuckDB for a plan: as the catalogue is built with, and a damaged table is named as damage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from phonotheque.catalogue.database import Machine, database
from phonotheque.errors import MalformedError

MEMORY_BYTES = 5 << 30
"""What sorting may hold before it spills: the smallest with which 256 million rows are quick."""


@contextmanager
def workshop(work: Path, machine: Machine) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database that spills below `work`, while a plan is made or read.

    Raises:
        MalformedError: A table that it was given cannot be read.
        UnavailableError: The disk refused.
    """
    try:
        with database(work, machine) as db:
            yield db
    except duckdb.InvalidInputException as error:
        wrong = f"a table cannot be read: {' '.join(str(error).split())[:200]}"
        raise MalformedError("the catalogue", wrong, "Run `phono catalogue build`.") from error
