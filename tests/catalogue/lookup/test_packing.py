"""Identifiers and facts as numbers: the way there and back, one by one and by the million."""

# ruff: noqa: RUF001  letters that look like others are meant

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.catalogue.gids import gid_of
from phonotheque.catalogue.lookup import packed_columns, packing

ISRCS = st.from_regex(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", fullmatch=True)
MARKS = st.builds(
    packing.Marks,
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(0, 100),
    st.none() | st.integers(1, 9999),
    st.integers(0, packing.MOST_COUNTRIES),
    st.integers(0, 100_000),
)


@given(ISRCS)
def test_an_isrc_is_its_number(code):
    """Unpacking gives the ISRC that was packed."""
    assert packing.unpack_isrc(packing.pack_isrc(code)) == code


@given(st.lists(st.none() | ISRCS | st.sampled_from(["", "US-RC1-76-07839", "usrc17607839", "１"])))
def test_a_column_of_isrcs_is_packed_as_each_of_them(codes):
    """Rows are packed as `pack_isrc` packs them; what is no ISRC of 12 characters becomes null."""
    packed = packed_columns.pack_isrcs(pa.array(codes, pa.string())).to_pylist()
    is_one = [code is not None and len(code) == 12 and code.isupper() for code in codes]
    assert packed == [
        packing.pack_isrc(code) if good else None for code, good in zip(codes, is_one, strict=True)
    ]


@given(MARKS)
def test_marks_come_back_as_they_were(marks):
    """Unpacking gives the small facts that were packed; what is unknown stays unknown."""
    assert packing.unpack_marks(packing.pack_marks(marks)) == marks


@given(st.lists(MARKS, min_size=1))
def test_a_column_of_marks_is_packed_as_each_of_them(rows):
    """Columns are packed as `pack_marks` packs a row."""
    facts = {
        name: np.array([-1 if (x := getattr(row, name)) is None else int(x) for row in rows])
        for name in packing.Marks._fields
    }
    assert packed_columns.pack_marks(facts).tolist() == [packing.pack_marks(row) for row in rows]


@given(st.text(max_size=20), st.integers(0, 2**63 - 1))
def test_a_gid_made_fast_is_the_gid(source, key):
    """`made_gid` returns what `gids.gid_of` says a numbered entity's gid is."""
    head = packing.gid_head(source, "recording")
    assert packing.made_gid(head, key) == gid_of(source, "recording", str(key)).int


@pytest.mark.parametrize(
    ("one", "other"),
    [("KLM 123", "klm-123"), ("kompakt cd 1", "KOMPAKTCD1"), ("ＡＢＣ－１", "abc1")],
)
def test_a_catalogue_number_has_one_key_however_it_is_written(one, other):
    """Case, spaces, hyphens and width do not count."""
    assert packing.catalog_number_key(one) == packing.catalog_number_key(other) is not None


@pytest.mark.parametrize("text", ["", "-", "[none]", "None", "n/a", "???"])
def test_no_catalogue_number_has_no_key(text):
    """What says that there is none is not looked for."""
    assert packing.catalog_number_key(text) is None


@given(st.text(), st.text(), st.text())
def test_keys_of_external_identifiers_tell_schemes_apart(scheme, value, other):
    """Any text has a key; the same value of another scheme has another."""
    key = packing.external_key(scheme, value)
    assert 0 <= key < 1 << 8 * packing.TEXT_KEY_BYTES
    if other.casefold() != scheme.casefold() and "\x00" not in other + scheme:
        assert packing.external_key(other, value) != key
