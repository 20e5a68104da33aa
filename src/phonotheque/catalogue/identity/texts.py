"""Names and titles as keys, for those rows only that may be linked by them.

Each distinct text is folded once, by the thousand; nothing is folded of which only one source has
rows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa

from phonotheque.catalogue.bulk import PartWriter, fresh_folder
from phonotheque.catalogue.database import rows_of, view_of_folder

_TEXT = pa.schema([("text", pa.string())])
_KEYED = pa.schema([("text", pa.string()), ("key", pa.string())])

NOBODY = frozenset({"", "unknown", "unknown artist", "various", "various artists", "va", "n a"})
"""Folded credits that name nobody: two rows of them have nothing in common."""


def map_texts(
    db: duckdb.DuckDBPyConnection, name: str, texts: str, key_of: Callable[[str], str], work: Path
) -> None:
    """Make a view `name` (text, key) of every distinct text of a query with the column `text`.

    Texts without a key are left out.
    """
    folder = fresh_folder(work / name)
    writer = PartWriter(folder)
    for rows in rows_of(db, f"SELECT DISTINCT text FROM ({texts}) WHERE text <> ''", _TEXT):
        keys = [key_of(text) for text in rows["text"].to_pylist()]
        keyed = pa.table({"text": rows["text"], "key": pa.array(keys, pa.string())})
        writer.write(keyed.filter(pa.array([bool(key) for key in keys])).cast(_KEYED))
    writer.close()
    view_of_folder(db, name, folder, _KEYED)
