"""What `packing` does with one value, done with whole columns when a look-up file is made."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.lookup import packing

Integers = npt.NDArray[np.int64]

_ISRC = "^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$"
_GTIN = "^[0-9]{14}$"


def pack_isrcs(column: pa.Array) -> pa.Array:
    """Return `packing.pack_isrc` of each row, null where the text is none."""
    is_one = pc.fill_null(pc.match_substring_regex(column, _ISRC), False)  # a value
    codes = column.filter(is_one)
    data = b"".join(pc.cast(codes, pa.binary()).to_pylist())
    letters = np.frombuffer(data, np.uint8).reshape(-1, 12).astype(np.int64)
    digits = np.where(letters >= 65, letters - 55, letters - 48)
    numbers = (digits[:, 0] - 10) * 26 + digits[:, 1] - 10
    for place in (2, 3, 4):
        numbers = numbers * 36 + digits[:, place]
    for place in range(5, 12):
        numbers = numbers * 10 + digits[:, place]
    empty = pa.nulls(len(column), pa.int64())
    return pc.replace_with_mask(empty, is_one, pa.array(numbers, pa.int64()))


def pack_gtins(column: pa.Array) -> pa.Array:
    """Return the number of each GTIN-14, null for any other text."""
    is_one = pc.fill_null(pc.match_substring_regex(column, _GTIN), False)  # a value
    numbers = column.filter(is_one).cast(pa.int64())
    return pc.replace_with_mask(pa.nulls(len(column), pa.int64()), is_one, numbers)


def pack_marks(facts: dict[str, Integers]) -> Integers:
    """Return `packing.pack_marks` of each row.

    Args:
        facts: The fields of `packing.Marks`; -1 is an unknown score or year.
    """
    years = np.where(facts["year"] > packing.LAST_YEAR, -1, facts["year"])
    scores = np.where(facts["score"] > packing.MOST_SCORE, -1, facts["score"])
    number = facts["licence"] << packing.COUNTRY_BITS | facts["country"]
    number = number << packing.YEAR_BITS | np.maximum(years + 1, 0)
    number = number << packing.SCORE_BITS | np.maximum(scores + 1, 0)
    marks: Integers = number << 2 | facts["is_free"] << 1 | facts["is_held"]
    return marks
