"""Parquet files of a dump: small, documented inside, whole or not there.

Identifiers in order are delta-coded; numbers of which each differs are split by byte; texts of
which each differs stand length by length; the rest is coded by dictionaries. On a synthetic million
of recordings a row of the flat table takes 27 bytes so, and 40 with a writer's defaults.

Level 19 of Zstandard takes 20 CPU seconds for a million rows of that table and saves 5 % against
level 12, which takes 3: a dump is made once and fetched often.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.bulk import sync_file, translated
from phonotheque.catalogue.dump.layout import Sheet

LEVEL = 19
"""Of Zstandard."""

ROWS_IN_GROUP = 250_000
"""Rows that are compressed together, and that a reader of a few rows has to unpack; four times as
many save 3 % and take four times the memory."""

_DICTIONARY_BYTES = 32 << 20
"""No dictionary of a group of rows is given up for being too long: texts would be written plain."""

_VARIOUS = frozenset({
    "address", "barcode", "catalog_number", "isrc", "name", "raw_row", "sort_name", "source_id",
    "title", "value",
})  # fmt: skip
"""Texts of which nearly each differs: a dictionary of them would only make a detour."""

_FEW = frozenset({
    "bit_errors", "confidence", "count", "medium_position", "position", "priority", "rating",
    "score", "source", "tracks", "year",
})  # fmt: skip
"""Numbers of which there are few different ones."""


def write_sheet(
    path: Path, sheet: Sheet, rows: Iterable[pa.Table], facts: Mapping[str, str]
) -> int:
    """Write a table as one file and return how many rows it has.

    Args:
        rows: Rows in the sheet's columns, any number at a time.
        facts: What is said of the file inside it, beside its own description: whose rows they
            are, and on what terms.

    Raises:
        DiskFullError: No room is left; nothing has this name that had not before.
    """
    unfinished = path.with_name(f".{path.name}.new")
    count = 0
    with translated(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        schema = _documented(sheet, facts)
        with pq.ParquetWriter(unfinished, schema, **_coding(sheet)) as writer:
            for group in _grouped(rows):
                writer.write_table(group.cast(sheet.schema).cast(schema), ROWS_IN_GROUP)
                count += group.num_rows
        sync_file(unfinished)
        os.replace(unfinished, path)
    return count


def _documented(sheet: Sheet, facts: Mapping[str, str]) -> pa.Schema:
    """Return the schema with every meaning in it: for Arrow at each field, for others as JSON."""
    meanings = {one.name: one.meaning for one in sheet.columns}
    said = {
        "title": sheet.name,
        "description": sheet.meaning,
        **facts,
        "columns": json.dumps(meanings, ensure_ascii=False),
    }
    fields = [
        pa.field(one.name, one.type, metadata={"description": one.meaning}) for one in sheet.columns
    ]
    return pa.schema(fields, metadata=said)


def _coding(sheet: Sheet) -> dict[str, object]:
    encodings: dict[str, str] = {}
    repeated: list[str] = []
    for place, column in enumerate(sheet.columns):
        if pa.types.is_list(column.type):
            repeated.append(f"{column.name}.list.element")
        elif pa.types.is_string(column.type) and column.name in _VARIOUS:
            encodings[column.name] = "DELTA_LENGTH_BYTE_ARRAY"
        elif pa.types.is_integer(column.type) and column.name not in _FEW:
            is_rising = column.name in ("id", "key") or _is_first_reference(sheet, place)
            encodings[column.name] = "DELTA_BINARY_PACKED" if is_rising else "BYTE_STREAM_SPLIT"
        elif not pa.types.is_boolean(column.type) and not pa.types.is_fixed_size_binary(
            column.type
        ):
            repeated.append(column.name)
    return {
        "compression": "zstd",
        "compression_level": LEVEL,
        "use_dictionary": repeated,
        "column_encoding": encodings,
        "dictionary_pagesize_limit": _DICTIONARY_BYTES,
    }


def _is_first_reference(sheet: Sheet, place: int) -> bool:
    """Whether a column is the first that names another row: tables without ids are in its order."""
    named = [at for at, one in enumerate(sheet.columns) if one.refers or one.name == "entity"]
    has_id = any(one.name == "id" for one in sheet.columns)
    return not has_id and named[:1] == [place]


def _grouped(rows: Iterable[pa.Table]) -> Iterable[pa.Table]:
    """Give rows in groups of `ROWS_IN_GROUP`, the last one smaller."""
    waiting: list[pa.Table] = []
    count = 0
    for some in rows:
        waiting.append(some)
        count += some.num_rows
        if count >= ROWS_IN_GROUP:
            everything = pa.concat_tables(waiting)
            full = count - count % ROWS_IN_GROUP
            for low in range(0, full, ROWS_IN_GROUP):
                yield everything.slice(low, ROWS_IN_GROUP)
            waiting, count = [everything.slice(full)], count - full
    if count:
        yield pa.concat_tables(waiting)
