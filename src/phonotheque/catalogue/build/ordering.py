"""The order in which rows of a snapshot's tables stand, and parts written anew in it.

Laws: entities stand by id, other rows by what they are about, unknown ones last; rows that are
about the same thing stay in the order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.bulk import (
    PartWriter,
    batches_of,
    fresh_folder,
    parts_in,
    remove_tree,
    rows_of,
)
from phonotheque.catalogue.database import Machine, database, in_parts
from phonotheque.catalogue.database import rows_of as rows_of_query
from phonotheque.catalogue.tables import Table, snapshot_columns, snapshot_schema

_FEW = 1 << 18
"""Rows that are put in order in memory: opening a database takes longer."""


def order_column(table: Table) -> str:
    """Return the column by which a table's rows are ordered; "" where they stand as they came."""
    if table.is_entity:
        return "id"
    names = [one.name for one in table.columns if one.refers or one.name == "entity"]
    return names[0] if names else ""


def put_in_order(folder: Path, table: Table, source: int, machine: Machine) -> None:
    """Write the parts of a source's rows of a table anew, in order.

    Args:
        folder: Of the parts, in the form of a snapshot. A run that was stopped here makes them
            again: they are not whole until the table is.
        source: The source's number.
    """
    sorted_folder = fresh_folder(folder.with_name(f"{folder.name}-in-order"))
    writer = PartWriter(sorted_folder, source=source)
    parts = parts_in(folder)
    is_few = sum(map(rows_of, parts)) <= _FEW
    rows_in_order = _few(parts, table) if is_few else _many(parts, table, sorted_folder, machine)
    for rows in rows_in_order:
        writer.write(rows)
    writer.close()
    for part in parts:
        part.unlink()
    for part in parts_in(sorted_folder):
        part.rename(folder / part.name)
    remove_tree(sorted_folder)


def _order_of(table: Table) -> tuple[str, ...]:
    name = order_column(table)
    return ("entity_type", name) if name == "entity" else (name,)


def _few(parts: list[Path], table: Table) -> Iterator[pa.Table]:
    rows = pa.Table.from_batches(list(batches_of(parts)), snapshot_schema(table.name))
    keys = {
        name: rows[name].cast(pa.string()) if name == "entity_type" else rows[name]
        for name in _order_of(table)
    }
    # A stable sort, nulls at the end unless it is told otherwise.
    yield rows.take(pc.sort_indices(pa.table(keys), [(name, "ascending") for name in keys]))


def _many(parts: list[Path], table: Table, work: Path, machine: Machine) -> Iterator[pa.Table]:
    """Give rows in order; the sorting is DuckDB's, which spills what is too much."""
    order = ", ".join(f"{name} NULLS LAST" for name in _order_of(table))
    query = (
        f"SELECT {', '.join(one.name for one in snapshot_columns(table.name))} "
        f"FROM {in_parts(parts)} ORDER BY {order}, file_index, file_row_number"
    )
    with database(work, machine) as db:
        yield from rows_of_query(db, query, snapshot_schema(table.name))
