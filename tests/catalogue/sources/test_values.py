"""Values made good, and columns of them: the column does what the law does."""

from __future__ import annotations

import math
import re
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.catalogue.gids import key_of
from phonotheque.catalogue.sources import columns, values
from phonotheque.music.identifiers import Gtin, Isrc, Mbid

numbers = st.none() | st.integers(-3, 40) | st.integers(-(10**12), 10**12)
texts = st.none() | st.text(max_size=12) | st.text("ab \t\n\x00\x85\u3000e\u0301", max_size=6)
isrc_like = st.from_regex(
    r"(ISRC:? ?)?[A-Za-z]{2}-?[A-Z0-9]{3}-?[0-9]{2}[- ]?[0-9]{5}", fullmatch=True
)
barcode_like = st.from_regex(r"[0-9]{7,15}|[0-9 -]{8,18}", fullmatch=True)
date_like = st.from_regex(r"[0-9?]{4}([-/.][0-9?]{1,2}){0,2}(T[0-9:]{4})?", fullmatch=True)
uuid_like = st.uuids().map(str)


def split(made):
    return [one.value for one in made], [bool(one.dropped) for one in made]


@given(st.lists(st.tuples(numbers, numbers, numbers), max_size=20))
def test_dates_of_parts(rows):
    """A column of dates gives what the law gives for each, and marks what the law drops."""
    parts = [pa.array([row[n] for row in rows], pa.int64()) for n in range(3)]
    made, dropped = columns.dates(*parts)
    wanted, marks = split([values.partial_date(*row) for row in rows])
    assert (made.to_pylist(), dropped.tolist()) == (wanted, marks)


@given(st.lists(date_like | texts, max_size=20))
def test_dates_of_texts(written):
    """A column of dates as text gives what the law gives; what comes out stays as it is."""
    made, dropped = columns.date_texts(pa.array(written, pa.string()))
    wanted, marks = split([values.parse_date(text) for text in written])
    assert (made.to_pylist(), dropped.tolist()) == (wanted, marks)
    for text in made.to_pylist():
        assert values.parse_date(text) == (text, "")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2001-3-9", "2001-03-09"),
        ("2001/03/09", "2001-03-09"),
        ("2001-03-09T10:00:00Z", "2001-03-09"),
        ("2001-??-??", "2001"),
        ("????-03-09", None),
        ("9 March 2001", None),
        ("2001-03/09", None),
        ("20010309", None),
        ("0000", None),
        ("12345", None),
        ("\uff12\uff10\uff10\uff11", None),
    ],
)
def test_dates_as_people_write_them(written, kept):
    """Dates in the order of ISO 8601 are read; an order that could be another is not guessed."""
    made = values.parse_date(written)
    assert made.value == kept
    assert bool(made.dropped) == (kept is None)


@given(st.lists(st.none() | st.floats() | st.integers(-10, 10**13).map(float), max_size=20))
def test_lengths(rows):
    """A column of lengths gives what the law gives, whatever floats there are."""
    made, dropped = columns.lengths(pa.array(rows, pa.float64()))
    wanted = [values.length_ms(value) for value in rows]
    assert made.to_pylist() == [length for length, _ in wanted]
    assert dropped.tolist() == [bool(reason) for _, reason in wanted]


@given(st.lists(texts, max_size=20))
def test_texts(written):
    """A column of texts is cleaned as the law says, and stays as it is the second time."""
    made = columns.texts(pa.array(written, pa.string()))
    assert made.to_pylist() == [values.clean(text) for text in written]
    assert columns.texts(made).equals(made)


@given(st.text())
def test_clean_texts_have_no_controls(text):
    """A clean text is in normal form C, not blank, without control characters."""
    made = values.clean(text)
    if made is not None:
        assert made == unicodedata.normalize("NFC", made) == made.strip()
        assert not any(unicodedata.category(letter) == "Cc" for letter in made)


@given(st.lists(texts, max_size=20), st.integers(0, 5))
def test_texts_of_a_slice(written, start):
    """A part of a column gives the same part of what the column gives."""
    whole = pa.array(written, pa.string())
    assert columns.texts(whole.slice(start)).equals(columns.texts(whole).slice(start))


@given(st.lists(isrc_like | texts, max_size=20))
def test_isrcs(written):
    """A column of ISRCs gives what the law gives: 12 capitals or null."""
    made, dropped = columns.isrcs(pa.array(written, pa.string()))
    wanted, marks = split([values.isrc(text) for text in written])
    assert (made.to_pylist(), dropped.tolist()) == (wanted, marks)
    assert all(Isrc(code) for code in wanted if code)


@given(st.lists(barcode_like | texts, max_size=20))
def test_barcodes(written):
    """A column of barcodes gives a GTIN-14, or what is written, cleaned."""
    made = columns.barcodes(pa.array(written, pa.string())).to_pylist()
    assert made == [values.barcode(text) for text in written]
    for text, code in zip(written, made, strict=True):
        try:
            assert code == Gtin.parse((text or "").strip()).digits
        except ValueError:
            assert code == values.clean(text)


@given(st.lists(uuid_like | uuid_like.map(str.upper) | texts, max_size=20))
def test_mbids(written):
    """A column of MBIDs gives their bytes, and marks what is none."""
    made, dropped = columns.mbids(pa.array(written, pa.string()))
    for text, packed, is_dropped in zip(written, made.to_pylist(), dropped, strict=True):
        try:
            wanted = bytes.fromhex(Mbid.parse(text).uuid.replace("-", "")) if text else None
        except ValueError:
            wanted = None
        assert packed == wanted
        assert is_dropped == (text is not None and wanted is None)


@given(st.lists(texts, max_size=20))
def test_keys(written):
    """A column of keys gives the key that identifiers are made of."""
    made = columns.keys(pa.array(written, pa.string())).to_pylist()
    assert made == [None if text is None else key_of(text) for text in written]


@given(st.lists(st.none() | st.integers(-(10**18) + 1, 10**18 - 1).map(str) | texts, max_size=20))
def test_numbers(written):
    """A column of numbers reads those of up to 18 digits, takes blank as null, drops the rest."""
    made, dropped = columns.numbers(pa.array(written, pa.string()))
    for text, number, is_dropped in zip(written, made.to_pylist(), dropped, strict=True):
        plain = (text or "").strip()
        is_number = plain.isascii() and plain.lstrip("+-").isdigit() and len(plain) <= 19
        assert number == (int(plain) if is_number and not is_dropped else None)
        assert bool(is_dropped) == (bool(plain) and number is None)


@given(
    st.lists(
        st.none()
        | st.floats(allow_nan=False, allow_infinity=False).map(repr)
        | st.sampled_from(("", " 7 ", "+1.5", ".5", "1.", "nan", "inf", "1e999", "1_0", "0x1", "x"))
    )
)
def test_reals(written):
    """A column of numbers reads what is finite, takes blank as null, and drops the rest."""
    made, dropped = columns.reals(pa.array(written, pa.string()))
    for text, value, is_dropped in zip(written, made.to_pylist(), dropped, strict=True):
        word = (text or "").strip()
        is_number = bool(re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", word))
        if is_number and math.isfinite(float(word)):
            assert value == float(word)
            assert not is_dropped
        else:
            assert value is None
            assert is_dropped is np.bool_(bool(word))
