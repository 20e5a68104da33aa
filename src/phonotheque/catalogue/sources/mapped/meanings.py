"""Columns of a spreadsheet made into ours, by what a mapping says they mean.

Laws: what cannot be meant becomes null and is told with the reason; null stays null and is told
nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.sources import columns, values
from phonotheque.catalogue.sources.columns import Mask
from phonotheque.catalogue.sources.mapped.keys import Value
from phonotheque.catalogue.sources.values import Made
from phonotheque.music.licence import parse_licence

NO_FLAG = "neither true nor false"
NO_LICENCE = "a licence that cannot be named"
NO_DIGEST = "not a SHA-256 in 64 digits"
OFF_SCALE = "a number outside its scale"

Converted: TypeAlias = tuple[pa.Array, Mask, str]
"""A column, where something was dropped, and why."""


def convert(value: Value, column: pa.Array) -> Converted:
    """Make a column of texts what it means.

    Args:
        value: What it means.
        column: Its texts, null where nothing is known.
    """
    return _CONVERTERS[value.meaning](value, column)


def _kept(made: pa.Array) -> Converted:
    return made, np.zeros(len(made), np.bool_), ""


def _text(value: Value, column: pa.Array) -> Converted:
    del value
    return _kept(columns.texts(column))


def _lower(value: Value, column: pa.Array) -> Converted:
    del value
    return _kept(pc.utf8_lower(columns.texts(column)))


def _number(value: Value, column: pa.Array) -> Converted:
    del value
    made, dropped = columns.numbers(column)
    if not dropped.any():
        return made, dropped, ""
    whole, dropped = columns.reals(column)  # "7.0" is how programs write a 7
    is_whole = pc.equal(pc.floor(whole), whole).fill_null(True)
    is_near = pc.less(pc.abs(whole), 2.0**53).fill_null(True)
    good = pc.and_(is_whole, is_near)
    made = pc.if_else(good, whole, pa.scalar(None, pa.float64())).cast(pa.int64())
    dropped |= ~np.asarray(good.to_numpy(zero_copy_only=False), np.bool_)
    return made, dropped, values.NO_NUMBER


def _real(value: Value, column: pa.Array) -> Converted:
    made, dropped = columns.reals(column)
    if not value.out_of:
        return made, dropped, values.NO_NUMBER
    share = pc.divide(made, value.out_of)
    good = pc.and_(pc.greater_equal(share, 0.0), pc.less_equal(share, 1.0)).fill_null(True)
    dropped |= ~np.asarray(good.to_numpy(zero_copy_only=False), np.bool_)
    return pc.if_else(good, share, pa.scalar(None, pa.float64())), dropped, OFF_SCALE


def _length(factor: float) -> Callable[[Value, pa.Array], Converted]:
    def convert_length(value: Value, column: pa.Array) -> Converted:
        del value
        found, is_none = columns.reals(column)
        made, dropped = columns.lengths(pc.multiply(found, factor))
        return made, dropped | is_none, values.BAD_LENGTH

    return convert_length


def _clock(value: Value, column: pa.Array) -> Converted:
    del value
    return *columns.clock_lengths(column), values.BAD_LENGTH


def _date(value: Value, column: pa.Array) -> Converted:
    del value
    return *columns.date_texts(column), values.BAD_DATE


def _isrc(value: Value, column: pa.Array) -> Converted:
    del value
    return *columns.isrcs(column), values.BAD_ISRC


def _barcode(value: Value, column: pa.Array) -> Converted:
    del value
    return _kept(columns.barcodes(column))


def _mbid(value: Value, column: pa.Array) -> Converted:
    del value
    return *columns.mbids(column), values.BAD_MBID


_TRUE = frozenset(("true", "yes", "y", "t", "1"))
_FALSE = frozenset(("false", "no", "n", "f", "0"))


def _flag(value: Value, column: pa.Array) -> Converted:
    del value
    found, dropped = columns.by_distinct(column, _truth)
    return pc.equal(found, "true"), dropped, NO_FLAG


def _truth(text: str | None) -> Made:
    word = (text or "").strip().lower()
    if not word:
        return Made(None)
    if word in _TRUE:
        return Made("true")
    return Made("false") if word in _FALSE else Made(None, NO_FLAG)


def _licence(value: Value, column: pa.Array) -> Converted:
    del value
    return *columns.by_distinct(column, _licence_uri), NO_LICENCE


def _licence_uri(text: str | None) -> Made:
    if text is None or not text.strip():
        return Made(None)
    uri = parse_licence(text).uri
    return Made(uri) if uri else Made(None, NO_LICENCE)


def _sha256(value: Value, column: pa.Array) -> Converted:
    del value
    found, dropped = columns.by_distinct(column, _digits)
    digests = [bytes.fromhex(text) if text else None for text in found.to_pylist()]
    return pa.array(digests, pa.binary(32)), dropped, NO_DIGEST


def _digits(text: str | None) -> Made:
    word = (text or "").strip().lower()
    if not word:
        return Made(None)
    return Made(word) if re.fullmatch(r"[0-9a-f]{64}", word) else Made(None, NO_DIGEST)


_CONVERTERS: Mapping[str, Callable[[Value, pa.Array], Converted]] = {
    "text": _text,
    "lower": _lower,
    "number": _number,
    "real": _real,
    "flag": _flag,
    "date": _date,
    "seconds": _length(1000.0),
    "milliseconds": _length(1.0),
    "clock": _clock,
    "isrc": _isrc,
    "barcode": _barcode,
    "mbid": _mbid,
    "sha256": _sha256,
    "licence": _licence,
}
