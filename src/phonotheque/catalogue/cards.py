"""Cards: one row for each thing that a list or an answer shows, with all that is shown of it.

A card is to the tables what the card in a drawer is to the books: made from them, in the order in
which answers are given (the most popular first), and made anew with every snapshot. Search, look-up
and the dump are made from cards alone, so that none of them joins anything.
"""

from __future__ import annotations

import pyarrow as pa

SCHEMA = pa.schema(
    [
        ("rank", pa.int64()),  # 1 is the most popular; without gaps; rows are in this order
        ("id", pa.int64()),  # of the entity, in the snapshot's tables
        ("title", pa.string()),  # title or name
        ("credit", pa.string()),  # who is named for it; of an artist or label what tells it apart
        ("artist", pa.int64()),  # id of the first artist named; null for artists and labels
        ("release", pa.int64()),  # of a recording: id of the release it is first on
        ("release_title", pa.string()),
        ("length", pa.int32()),  # ms
        ("year", pa.int16()),  # of its first release
        ("country", pa.dictionary(pa.int32(), pa.string())),  # ISO 3166-1
        ("licence", pa.dictionary(pa.int32(), pa.string())),  # canonical address; null: unknown
        ("is_held", pa.bool_()),  # this archive has it
        ("is_free", pa.bool_()),  # everybody may copy it unchanged
        ("genres", pa.list_(pa.string())),  # in lower case, the most often named first
        ("score", pa.int16()),  # popularity, 0 to 100; null: unknown
        ("listens", pa.int64()),  # what the score was made of, in listens; null: unknown
        ("isrc", pa.string()),  # the first one; all are in the table `isrc`
        ("barcode", pa.string()),  # of a release
        ("catalog_number", pa.string()),  # of a release: the first
        ("label", pa.string()),  # of a release: name of its first label
        ("tracks", pa.int32()),  # of a release: how many
    ]
)
"""Columns of a card of any kind."""
