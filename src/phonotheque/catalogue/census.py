"""The census: a row for each recording, with all that recordings are told apart and counted by.

Made once with a snapshot, where tables and cards are in order of id and joins are cheap, so that a
count of 256 million recordings is one scan of a few columns and joins nothing.

A *holder* is this archive, or the host of the address at which a source says that a file can be
had; where a source gives no address, the source itself.

Not here: how it is made (`build.census_making`), what is counted (`coverage.expressions`).
"""

from __future__ import annotations

import pyarrow as pa

FOLDER = "census"
"""Folder of its parts in a snapshot."""

VERSION = 1
"""Of its columns and what they mean: a snapshot with another one is built again."""

HERE = "here"
"""The holder that this archive is."""

ISRCS_OF_A_REGISTRANT = 10**7
"""A packed ISRC is its registrant times this, plus year and designation."""

_WORD = pa.dictionary(pa.int32(), pa.string())

SCHEMA = pa.schema(
    [
        ("id", pa.int64()),  # of the recording that speaks; rows are in this order
        ("release", pa.int64()),  # as on its card
        ("label", pa.string()),  # of that release's card
        ("registrant", pa.int32()),  # of its first ISRC, packed and divided
        ("year", pa.int16()),
        ("country", _WORD),
        ("licence", _WORD),
        ("sources", _WORD),  # numbers of all that know it, the lowest first, a blank between
        ("first_holder", _WORD),  # by name; null: nobody is known to have it
        ("last_holder", _WORD),  # the same as the first where there is one alone
        ("is_held", pa.bool_()),
        ("is_free", pa.bool_()),
        ("listens", pa.int64()),
    ]
)
