"""ISRCs as numbers in a dump, and as text again: 8 bytes that compress to 5.6 instead of 12.

The number is ((first two letters as digits of base 26) * 36**3 + registrant of three digits of base
36) * 10**7 + year and designation, as `phonotheque.catalogue.lookup.packing` has it.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_LETTERS = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)

_DIGITS = "'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'"


def unpack_in_sqlite(column: str) -> str:
    """Return SQLite's words for the text of a packed ISRC."""
    letters = " || ".join(
        f"substr({_DIGITS}, {column} / {10**7 * 36**power} % 36 + 1, 1)" for power in (2, 1, 0)
    )
    country = 10**7 * 36**3
    return (
        f"char(65 + {column} / {26 * country}, 65 + {column} / {country} % 26) || {letters}"
        f" || printf('%07d', {column} % {10**7})"
    )


def unpack_in_duckdb(column: str) -> str:
    """Return DuckDB's words for the text of a packed ISRC."""
    country = 10**7 * 36**3
    first, second = (f"chr(65 + ({column} // {n} % 26)::INT)" for n in (26 * country, country))
    letters = " || ".join(
        f"substr({_DIGITS}, ({column} // {10**7 * 36**power} % 36 + 1)::INT, 1)"
        for power in (2, 1, 0)
    )
    return f"{first} || {second} || {letters} || lpad(({column} % {10**7})::VARCHAR, 7, '0')"


def unpack_isrcs(column: pa.Array) -> pa.Array:
    """Return the ISRC of each number, null where there is none."""
    known = column.drop_null().to_numpy()
    country, registrant, rest = known // 10**7 // 36**3, known // 10**7 % 36**3, known % 10**7
    letters = np.empty((len(known), 12), np.uint8)
    letters[:, 0] = country // 26 + 65
    letters[:, 1] = country % 26 + 65
    for place in (4, 3, 2):
        letters[:, place] = _LETTERS[registrant % 36]
        registrant = registrant // 36
    for place in range(11, 4, -1):
        letters[:, place] = rest % 10 + 48
        rest = rest // 10
    offsets = np.arange(0, 12 * (len(known) + 1), 12, dtype=np.int32)
    texts = pa.StringArray.from_buffers(
        len(known), pa.py_buffer(offsets), pa.py_buffer(letters.tobytes())
    )
    empty = pa.nulls(len(column), pa.string())
    return pc.replace_with_mask(empty, pc.is_valid(column), texts)
