"""DuckDB within bounds: joins and sorts of what is larger than memory, in a file's time.

Nothing durable is kept in DuckDB: it reads parts, spills into a folder that is removed afterwards,
and gives rows back in batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from phonotheque.catalogue.bulk import fresh_folder, parts_in, remove_tree, translated

_ROWS_AT_ONCE = 1 << 17

_SQL_TYPES = {
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.string(): "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class Machine:
    """What a build may use.

    Attributes:
        jobs: Processes or threads at work at once.
        memory_bytes: What joins and sorts may hold before they spill; ranking takes up to four
            times as much at 256 million rows.
    """

    jobs: int = 2
    memory_bytes: int = 2 << 30

    @property
    def rows_in_memory(self) -> int:
        """How many cards may be held at once."""
        return max(self.memory_bytes // 256, 1)


@contextmanager
def database(work: Path, machine: Machine) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database in memory that spills into a folder below `work`."""
    spill = fresh_folder(work / "spill")
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": machine.jobs,
        "memory_limit": f"{machine.memory_bytes}B",
        "temp_directory": str(spill),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with translated(str(work)):
        try:
            with duckdb.connect(config=config) as db:
                db.execute("SET enable_progress_bar = false")
                yield db
        finally:
            remove_tree(spill)


def rows_of(db: duckdb.DuckDBPyConnection, query: str, schema: pa.Schema) -> Iterator[pa.Table]:
    """Give the rows of a query in the form of a schema, a bounded number at a time."""
    for batch in db.sql(query).to_arrow_reader(_ROWS_AT_ONCE):
        yield pa.Table.from_batches([batch]).select(schema.names).cast(schema)


def view(
    db: duckdb.DuckDBPyConnection, name: str, parts: Sequence[Path], schema: pa.Schema
) -> None:
    """Make parts readable under a name; without parts it has the columns and no rows."""
    if parts:
        db.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {in_parts(parts)}")
        return
    # Not an empty Arrow table: of this DuckDB knows that nothing joins with it, and plans nothing.
    columns = ", ".join(f'NULL::{_sql_type(one.type)} AS "{one.name}"' for one in schema)
    db.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT {columns} WHERE false")


def _sql_type(kind: pa.DataType) -> str:
    """Return what DuckDB calls the type of a column, as it reads it from a part."""
    if pa.types.is_dictionary(kind):
        return _sql_type(kind.value_type)
    if pa.types.is_list(kind):
        return f"{_sql_type(kind.value_type)}[]"
    return "BLOB" if pa.types.is_fixed_size_binary(kind) else _SQL_TYPES[kind]


def view_of_folder(
    db: duckdb.DuckDBPyConnection, name: str, folder: Path, schema: pa.Schema
) -> None:
    """Make the parts of a folder readable under a name."""
    view(db, name, parts_in(folder), schema)


def in_parts(parts: Sequence[Path]) -> str:
    """Return the rows of parts as SQL names them, whatever their folders are called.

    DuckDB takes a path for a pattern: in an archive called "What?" it would find files twice.
    """
    names = ("".join(f"[{one}]" if one in "*?[" else one for one in str(part)) for part in parts)
    return f"read_parquet([{', '.join(map(quoted, names))}])"


def quoted(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def number(db: duckdb.DuckDBPyConnection, query: str) -> int | None:
    """Return the one number that a query gives."""
    ((found,),) = db.execute(query).fetchall()
    return None if found is None else int(found)
