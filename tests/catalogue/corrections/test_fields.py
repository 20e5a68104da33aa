"""What a field of the catalogue can hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.catalogue.corrections.fields import (
    FIELDS,
    KindField,
    format_value,
    parse_value,
    readable,
)
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.tables import TABLES
from phonotheque.errors import BadRequestError

PLACES = [KindField(kind, field) for kind, fields in FIELDS.items() for field in fields]
WORDS = ["1999", "1999-02-30", "3:45", "0:59,5", "225000", "DE", "wahr", "eng", "Latn", "a; b", "x",
         "USRC17607839", "", " ", '["a"]', "04006381333931", "[", "2024-13", "-1",
         '["a; b","c"]', "bob@example.org"]  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.kind}-{place.field}")
@given(st.sampled_from(WORDS) | st.text(max_size=20))
def test_what_was_read_is_read_again_as_it_is(place, text):
    """A value goes through twice as once, as the register keeps it and as people are shown it."""
    try:
        stored = parse_value(place, text)
    except BadRequestError:
        return
    assert parse_value(place, stored) == stored
    assert parse_value(place, format_value(place.form, stored)) == stored


@pytest.mark.parametrize(
    ("kind", "field", "text", "stored"),
    [
        ("recording", "length", "3:45", "225000"),
        ("recording", "length", "1:03:45.5", "3825500"),
        ("recording", "length", "3:45,25", "225250"),
        ("recording", "length", "225000,0", "225000"),
        ("recording", "explicit", "WAHR", "true"),
        ("recording", "explicit", "FALSE", "false"),
        ("recording", "isrcs", "us-rc1-76-07839; USRC17607839", '["USRC17607839"]'),
        ("recording", "first_release_date", "1999/02", "1999-02"),
        ("release", "country", "de", "DE"),
        ("release", "country", "xw", "XW"),
        ("release", "barcode", "4006381333931", "04006381333931"),
        ("artist", "genres", "Jazz;; Free  Jazz ", '["jazz","free  jazz"]'),
        ("artist", "name", "Bjo\u0308rk", "Björk"),
        ("label", "area", "", ""),
    ],
)
def test_values_as_people_write_them(kind, field, text, stored):
    """Clocks, decimal commas, flags of other languages, codes and marks come to one form."""
    assert parse_value(KindField(Kind(kind), field), text) == stored


@pytest.mark.parametrize(
    ("kind", "field", "text"),
    [
        ("recording", "title", ""),
        ("recording", "title", "\x00\x01"),
        ("recording", "length", "3:75"),
        ("recording", "length", "1:75:00"),
        ("recording", "length", "long"),
        ("recording", "length", "0"),
        ("recording", "explicit", "maybe"),
        ("recording", "isrcs", "USRC17607839; x"),
        ("recording", "isrcs", "[1]"),
        ("recording", "genres", '["dub; ambient","drone"]'),
        ("recording", "first_release_date", "2001-13"),
        ("recording", "first_release_date", "2001-02-30"),
        ("recording", "first_release_date", "03.02.1999"),
        ("recording", "licence", "CC0-1.0"),
        ("release", "country", "UK"),
        ("release", "language", "english"),
        ("release", "script", "latin"),
        ("artist", "length", "1"),
        ("label", "name", "x" * 3000),
        ("recording", "disambiguation", "call bob@example.org"),
        ("artist", "name", "bob@example.org"),
        ("release", "barcode", "bob@example.org"),
        ("label", "genres", "dub; bob@example.org"),
    ],
)
def test_what_a_field_cannot_hold_is_refused(kind, field, text):
    """Nothing is guessed: the field is named, and what it holds."""
    with pytest.raises(BadRequestError) as refused:
        parse_value(KindField(Kind(kind), field), text)
    assert field in refused.value.thing
    assert refused.value.todo


def test_a_value_is_read_by_its_field():
    """A title that looks like a list is one text; a list is its values."""
    title = '["a","b"]'
    assert readable("title", parse_value(KindField(Kind.RECORDING, "title"), title)) == title
    assert readable("genres", parse_value(KindField(Kind.RECORDING, "genres"), title)) == "a; b"


def test_fields_are_columns_of_their_tables():
    """What is corrected is a column of the kind's table, but for the three that stand beside."""
    for kind, fields in FIELDS.items():
        columns = {column.name for column in TABLES[kind].columns}
        assert set(fields) - columns <= {"credit", "isrcs", "genres"}, kind
