"""The tables that a plan is made of, and the plan itself: columns, said once."""

from __future__ import annotations

import pyarrow as pa

UNCATALOGUED = 1 << 62
"""Recordings that the catalogue does not know are numbered from here on, in order of accession."""

KNOWN = pa.schema(
    [
        ("rank", pa.int64()),  # 1 is the most heard, without gaps; uncounted ones come last
        ("id", pa.int64()),  # of the recording, in the catalogue's epoch
        ("listens", pa.int64()),  # null: nobody counted
        ("release", pa.int64()),  # id of the release it is first on; null: none
        ("year", pa.int16()),  # of its first release; null: unknown
    ]
)
"""Every recording that the catalogue knows: columns of its cards."""

HELD = pa.schema(
    [
        ("recording", pa.int64()),  # id of its recording, or `UNCATALOGUED` + its first object
        ("object", pa.int64()),  # number of the register's line that took it in first
        ("size_bytes", pa.int64()),
        ("status", pa.int8()),  # `words.Status.number`, the copy looked at alone
        ("reason", pa.int32()),  # row of the list of reasons
        ("quality", pa.int64()),  # higher is better: `preference.merit` with COMPLETE
        ("is_decaying", pa.bool_()),  # its bytes or its sound were found damaged
        ("seeders", pa.int32()),  # of its volume, as last counted; null: in none, or not counted
        ("elsewhere", pa.int32()),  # copies of its recording that others are known to have
        ("copy_bytes", pa.int64()),  # of its access copy, as it is or as it would be about
        ("is_copy_shared", pa.bool_()),  # its access copy is in a volume that is offered
    ]
)
"""Every copy that is or was held."""

_WORD = pa.dictionary(pa.int32(), pa.string())

PLAN = pa.schema(
    [
        ("place", pa.int64()),  # 1 is first; without gaps; rows are in this order
        ("recording", pa.int64()),  # from `UNCATALOGUED` on: the catalogue does not know it
        ("object", pa.int64()),  # of the copy; null where none is held
        ("is_first", pa.bool_()),  # the row that speaks for its recording
        ("status", _WORD),
        ("reason", _WORD),
        ("tier", _WORD),
        ("form", _WORD),
        ("size_bytes", pa.int64()),
        ("listens", pa.int64()),
        ("share", pa.float64()),  # of all listens, up to here and those heard as often
        ("release", pa.int64()),
    ]
)
"""A plan: a row for each copy, and for each recording without one."""
