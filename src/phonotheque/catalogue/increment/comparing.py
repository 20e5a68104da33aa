"""Which rows of a table changed between two states, and a table with such changes made in it.

What changes is a *key* with all its rows: rows that are *put* stand for all rows of their key, and
a key that is *deleted* has none any more. So applying is one rule for every table, whether a key
has one row or many: take away the rows of both, then add those that are put.

Laws: `merged(before, *changes(before, after))` is `after`, with the same digest; what is equal is
in neither. Numbers are equal when their bits are, as for the digest: -0.0 is not 0.0, and what is
no number (NaN) is itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.dump.ordered import Key
from phonotheque.catalogue.epoch import Integers
from phonotheque.catalogue.increment.windows import Stretch, windows

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Change:
    """What changed in a stretch of keys.

    Attributes:
        put: All rows of keys that are new or have other rows.
        deleted: The first row that each key had that has none any more.
    """

    put: pa.Table
    deleted: pa.Table


def changes(
    before: Iterator[pa.Table], after: Iterator[pa.Table], schema: pa.Schema, key: Key
) -> Iterator[Change]:
    """Give what changed, in the order of keys.

    Args:
        schema: Columns of both.
    """
    for old, new in windows([before, after], [schema, schema], key):
        if not _as_bits(old.rows).equals(_as_bits(new.rows)):
            found = _change(old, new)
            if found.put.num_rows or found.deleted.num_rows:
                yield found


def merged(
    before: Iterator[pa.Table],
    put: Iterator[pa.Table],
    deleted: Iterator[pa.Table],
    schema: pa.Schema,
    key: Key,
) -> Iterator[pa.Table]:
    """Give a table with changes made in it, in the order of keys.

    Args:
        schema: Columns of the first two; of `deleted` only those of the key are read.
    """
    keys_only = pa.schema([schema.field(name) for name in key.columns])
    deleted_keys = (rows.select(keys_only.names) for rows in deleted)
    for old, new, gone in windows([before, put, deleted_keys], [schema, schema, keys_only], key):
        is_kept = ~(_found(old.keys, new.keys)[1] | _found(old.keys, gone.keys)[1])
        rows = pa.concat_tables([_where(old.rows, is_kept), new.rows])
        if len(new.keys):
            keys = np.concatenate([old.keys[is_kept], new.keys])
            rows = rows.take(pa.array(np.argsort(keys, kind="stable")))
        if rows.num_rows:
            yield rows


def _change(old: Stretch, new: Stretch) -> Change:
    firsts, old_counts = _counts(old.keys)
    news, new_counts = _counts(new.keys)
    places, is_in_both = _found(old.keys[firsts], new.keys[news])
    in_new = places[is_in_both]
    old_alike, new_alike = np.zeros(len(firsts), bool), np.zeros(len(news), bool)
    is_alike = old_counts[is_in_both] == new_counts[in_new]
    old_alike[is_in_both] = is_alike
    new_alike[in_new] = is_alike
    old_is, new_is = np.repeat(old_alike, old_counts), np.repeat(new_alike, new_counts)
    differs = _differs(_where(old.rows, old_is), _where(new.rows, new_is))
    key_of_row = np.repeat(np.arange(len(news)), new_counts)
    new_alike[key_of_row[new_is][differs]] = False
    return Change(
        _where(new.rows, ~np.repeat(new_alike, new_counts)),
        old.rows.take(pa.array(firsts[~is_in_both])),
    )


def _found(keys: Integers, others: Integers) -> tuple[Integers, _Mask]:
    """Return where each key is among others that rise, and whether it is."""
    places = np.searchsorted(others, keys)
    is_there = places < len(others)
    is_there[is_there] = others[places[is_there]] == keys[is_there]
    return places, is_there


def _counts(keys: Integers) -> tuple[Integers, Integers]:
    """Return where each key begins, and how many rows it has."""
    begins = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)])
    return begins, np.diff(np.append(begins, len(keys)))


def _where(rows: pa.Table, mask: _Mask) -> pa.Table:
    return rows if mask.all() else rows.filter(pa.array(mask))


def _as_bits(rows: pa.Table) -> pa.Table:
    """Return rows with the bits of each real number as a whole one."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_floating(field.type):
            form = pa.int64() if field.type.bit_width == 64 else pa.int32()
            chunks = [chunk.view(form) for chunk in rows.column(place).chunks]
            rows = rows.set_column(place, field.name, pa.chunked_array(chunks, form))
    return rows


def _differs(old: pa.Table, new: pa.Table) -> _Mask:
    """Return for rows of the same keys, in the same order, which are not equal."""
    old, new = _as_bits(old), _as_bits(new)
    differs = np.zeros(new.num_rows, bool)
    for name in new.column_names:
        one, other = old[name].combine_chunks(), new[name].combine_chunks()
        if not one.equals(other):
            unequal = pc.not_equal(one, other).fill_null(True)
            both_null = pc.and_(one.is_null(), other.is_null())
            differs |= np.asarray(pc.and_not(unequal, both_null))
    return differs
