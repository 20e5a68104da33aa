"""Columns put into the imported form of a table."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from phonotheque.catalogue.tables import imported_schema


def table_of(name: str, columns: Mapping[str, pa.Array]) -> pa.Table:
    """Make a table of some of its columns; the others are null.

    Args:
        name: Name of the table.
        columns: Columns by name, at least one; each is cast to its form.
    """
    schema = imported_schema(name)
    if unknown := set(columns) - set(schema.names):
        raise ValueError(f"table {name} has no column {', '.join(sorted(unknown))}")
    count = len(next(iter(columns.values())))
    made = [
        _cast(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(count, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(made, schema=schema)


def constant(value: object, count: int, form: pa.DataType) -> pa.Array:
    """Return a column of one value."""
    if pa.types.is_dictionary(form):
        indices = pa.repeat(pa.scalar(0, form.index_type), count)
        return pa.DictionaryArray.from_arrays(indices, pa.array([value], form.value_type))
    return pa.repeat(pa.scalar(value, form), count)


def _cast(column: pa.Array, form: pa.DataType) -> pa.Array:
    if column.type == form:
        return column
    if pa.types.is_dictionary(form) and not pa.types.is_dictionary(column.type):
        column = column.cast(form.value_type).dictionary_encode()
    return column.cast(form)
