"""Columns of values made good: `phonotheque.catalogue.sources.values` for many rows at once.

Laws: each function gives for each value what the law of the same name gives; nulls stay null; the
mask that comes with a column is true where something was dropped. Work for each value is Arrow's or
numpy's; the law itself is called for what is unusual, or once for each distinct value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.sources import values
from phonotheque.music.identifiers import Mbid

Mask: TypeAlias = npt.NDArray[np.bool_]
"""One truth for each row."""

Offsets: TypeAlias = npt.NDArray[np.int64]

_SPACE = 0x20
_DELETE = 0x7F


def texts(column: pa.Array) -> pa.Array:
    """Clean every text (`values.clean`)."""
    offsets, data = _text_buffers(column)
    has_text = np.diff(offsets) > 0
    odd = _is_odd(offsets[:-1][has_text], offsets[1:][has_text], data)
    if not has_text.all():
        whole: Mask = np.zeros(len(column), np.bool_)
        whole[has_text] = odd
        odd = whole
        column = pc.if_else(pa.array(has_text), column, pa.scalar(None, pa.string()))
    return _with(column, odd, values.clean) if odd.any() else column


def _is_odd(begins: Offsets, ends: Offsets, data: npt.NDArray[np.uint8]) -> Mask:
    """Where a text may not stay as it is: anything but printable ASCII without outer spaces."""
    odd: Mask = np.zeros(len(begins), np.bool_)
    if len(begins):
        odd |= (data[begins] == _SPACE) | (data[ends - 1] == _SPACE)
        # Bytes that need a look are few, so their texts are found from their places.
        places = np.flatnonzero((data < _SPACE) | (data >= _DELETE))
        odd[np.searchsorted(begins, places, side="right") - 1] = True
    return odd


def _text_buffers(column: pa.Array) -> tuple[Offsets, npt.NDArray[np.uint8]]:
    """Offsets of the texts of a column, from 0, and their bytes."""
    if column.type != pa.string():
        raise TypeError(f"a column of texts is wanted, this is of {column.type}")
    _, offsets, data = column.buffers()
    count = len(column)
    starts = np.frombuffer(offsets, np.int32, count + 1, column.offset * 4).astype(np.int64)
    size = int(starts[-1] - starts[0])
    if data is None or not size:
        return starts - starts[0], np.empty(0, np.uint8)
    return starts - starts[0], np.frombuffer(data, np.uint8, size, int(starts[0]))


def _nulls(column: pa.Array) -> Mask:
    if not column.null_count:
        return np.zeros(len(column), np.bool_)
    return np.asarray(column.is_null().to_numpy(zero_copy_only=False), np.bool_)


def _with(column: pa.Array, chosen: Mask, law: Callable[[Any], Any]) -> pa.Array:
    """Put what a law makes of the chosen values in their places."""
    mask = pa.array(chosen)
    made = [law(value) for value in column.filter(mask).to_pylist()]
    return pc.replace_with_mask(column, mask, pa.array(made, column.type))


def by_distinct(column: pa.Array, law: Callable[[Any], values.Made]) -> tuple[pa.Array, Mask]:
    """Apply a law once for each distinct value.

    Returns:
        Texts, and where something was dropped.
    """
    encoded = column.dictionary_encode()
    made = [law(value) for value in encoded.dictionary.to_pylist()]
    made.append(values.Made(None))  # for nulls
    which = encoded.indices.fill_null(len(made) - 1).to_numpy(zero_copy_only=False)
    dropped: Mask = np.array([bool(one.dropped) for one in made], np.bool_)[which]
    return pa.array([one.value for one in made], pa.string()).take(pa.array(which)), dropped


def date_texts(column: pa.Array) -> tuple[pa.Array, Mask]:
    """Read dates from texts (`values.parse_date`)."""
    return by_distinct(column, values.parse_date)


_NONE = -1
"""Stands for null among numbers that are never negative."""


def dates(year: pa.Array, month: pa.Array, day: pa.Array) -> tuple[pa.Array, Mask]:
    """Make dates of columns of their parts (`values.partial_date`)."""
    parts = [_whole(part) for part in (year, month, day)]
    low, high = _NONE, 99_999
    packed = np.zeros(len(year), np.int64)
    for part in parts:
        packed = packed * 200_000 + np.clip(part, low - 1, high) + 2
    if not len(packed):
        return pa.array([], pa.string()), np.zeros(0, np.bool_)
    first, which = np.unique(packed, return_index=True, return_inverse=True)[1:]
    made = [values.partial_date(*(_part(part[place]) for part in parts)) for place in first]
    dropped: Mask = np.array([bool(one.dropped) for one in made], np.bool_)[which]
    return pa.array([one.value for one in made], pa.string()).take(pa.array(which)), dropped


def _whole(column: pa.Array) -> npt.NDArray[np.int64]:
    """Integers with nulls as -1; what is -1 itself becomes -2, which is as wrong."""
    numbers = column.cast(pa.int64()).fill_null(np.iinfo(np.int64).min).to_numpy()
    wrong = np.where(numbers == _NONE, _NONE - 1, numbers)
    return np.where(numbers == np.iinfo(np.int64).min, _NONE, wrong)


def _part(number: int) -> int | None:
    return None if number == _NONE else int(number)


def lengths(column: pa.Array) -> tuple[pa.Array, Mask]:
    """Make lengths in ms of numbers (`values.length_ms`)."""
    numbers = column.cast(pa.float64())
    known = ~_nulls(numbers)
    plain = numbers.fill_null(1.0).to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        dropped: Mask = known & ~((plain >= 1) & (plain <= values.MOST_LENGTH_MS))
    whole = np.rint(np.where(dropped | ~known, 0, plain)).astype(np.int32)
    return pa.array(whole, mask=dropped | ~known), dropped


def clock_lengths(column: pa.Array) -> tuple[pa.Array, Mask]:
    """Make lengths in ms of clocks (`values.clock_ms`, then `values.length_ms`)."""
    found, dropped = by_distinct(column, values.clock_ms)
    made, is_none = lengths(found.cast(pa.float64()))
    return made, dropped | is_none


def numbers(column: pa.Array) -> tuple[pa.Array, Mask]:
    """Read whole numbers of at most 18 digits from texts; blank is null."""
    try:
        return column.cast(pa.int64()), np.zeros(len(column), np.bool_)
    except pa.ArrowInvalid:
        trimmed = pc.utf8_trim_whitespace(column)
    is_number = pc.match_substring_regex(trimmed, r"^[+-]?[0-9]{1,18}$").fill_null(False)
    plain = pc.replace_substring_regex(trimmed, r"^\+", "")
    found = pc.if_else(is_number, plain, pa.scalar(None, pa.string())).cast(pa.int64())
    blank = pc.equal(trimmed, "").fill_null(True)
    dropped = pc.invert(pc.or_(is_number, blank))
    return found, np.asarray(dropped.to_numpy(zero_copy_only=False), np.bool_)


def reals(column: pa.Array) -> tuple[pa.Array, Mask]:
    """Read finite numbers, with a point or without, from texts; blank is null."""
    try:
        found, blank = column.cast(pa.float64()), column.is_null()
    except pa.ArrowInvalid:  # not all are numbers
        trimmed = pc.utf8_trim_whitespace(column)
        is_number = pc.match_substring_regex(trimmed, _REAL).fill_null(False)
        found = pc.if_else(is_number, trimmed, pa.scalar(None, pa.string())).cast(pa.float64())
        blank = pc.equal(trimmed, "").fill_null(True)
    is_finite = pc.is_finite(found).fill_null(False)  # Arrow reads "nan" and "1e999", too
    found = pc.if_else(is_finite, found, pa.scalar(None, pa.float64()))
    dropped = pc.invert(pc.or_(is_finite, blank))
    return found, np.asarray(dropped.to_numpy(zero_copy_only=False), np.bool_)


_REAL = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"


def barcodes(column: pa.Array) -> pa.Array:
    """Make GTIN-14 of barcodes that are (`values.barcode`)."""
    return by_distinct(column, lambda text: values.Made(values.barcode(text)))[0]


_ISRC = r"^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$"


def isrcs(column: pa.Array) -> tuple[pa.Array, Mask]:
    """Read ISRCs (`values.isrc`)."""
    dropped: Mask = np.zeros(len(column), np.bool_)
    good = pc.match_substring_regex(column, _ISRC).fill_null(True)
    odd: Mask = ~np.asarray(good.to_numpy(zero_copy_only=False), np.bool_)
    if not odd.any():
        return column, dropped
    made = [values.isrc(text) for text in column.filter(pa.array(odd)).to_pylist()]
    dropped[odd] = [bool(one.dropped) for one in made]
    written = pa.array([one.value for one in made], pa.string())
    return pc.replace_with_mask(column, pa.array(odd), written), dropped


_DIGEST_BYTES = 32
_UUID_CHARACTERS = 36
_HYPHENS = (8, 13, 18, 23)
_DIGITS = [place for place in range(_UUID_CHARACTERS) if place not in _HYPHENS]
_HEX = np.full(256, 0xFF, np.uint8)
_HEX[[ord(c) for c in "0123456789abcdef"]] = range(16)
_HEX[[ord(c) for c in "ABCDEF"]] = range(10, 16)


def mbids(column: pa.Array) -> tuple[pa.Array, Mask]:
    """Read MusicBrainz identifiers as their 16 bytes; what is none becomes null."""
    offsets, data = _text_buffers(column)
    good: Mask = (np.diff(offsets) == _UUID_CHARACTERS) & ~_nulls(column)
    letters = data[offsets[:-1][good][:, None] + np.arange(_UUID_CHARACTERS)]
    digits = _HEX[letters[:, _DIGITS]]
    sound = (digits < 16).all(axis=1) & (letters[:, _HYPHENS] == ord("-")).all(axis=1)
    sound &= digits.any(axis=1)  # the nil UUID names nothing
    packed = np.where(sound[:, None], digits[:, ::2] << 4 | digits[:, 1::2] & 15, 0)
    found: npt.NDArray[np.uint8] = np.zeros((len(column), 16), np.uint8)
    found[good] = packed
    good[np.flatnonzero(good)[~sound]] = False
    odd = ~good & ~_nulls(column)
    dropped: Mask = odd.copy()
    for place in np.flatnonzero(odd):
        read = _mbid(column[int(place)].as_py())
        if read is not None:
            found[place] = np.frombuffer(read, np.uint8)
            good[place], dropped[place] = True, False
    return _uuid_array(found, good), dropped


def _mbid(text: str) -> bytes | None:
    try:
        return bytes.fromhex(Mbid.parse(text).uuid.replace("-", ""))
    except ValueError:
        return None


def _uuid_array(rows: npt.NDArray[np.uint8], known: Mask) -> pa.Array:
    validity = pa.array(known).buffers()[1]
    buffers = [validity, pa.py_buffer(np.ascontiguousarray(rows))]
    return pa.Array.from_buffers(pa.binary(16), len(rows), buffers)


def keys(column: pa.Array) -> pa.Array:
    """Make keys of the source's own texts (`phonotheque.catalogue.gids.key_of`)."""
    encoded = column.dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    digests = b"".join([hashlib.sha256(text.encode()).digest() for text in texts])
    # The first 63 bits of each digest: a step of Python less for each text than `key_of`.
    made = np.frombuffer(digests, ">u8")[:: _DIGEST_BYTES // 8] >> np.uint64(1)
    return pa.array(made.astype(np.int64)).take(encoded.indices)


def words(column: pa.Array) -> pa.Array:
    """Put texts into the form of columns with few different values."""
    return column.cast(pa.string()).dictionary_encode()
