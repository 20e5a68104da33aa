"""Texts become values: parsed where they parse, bounded always."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.audio.tag_names import Field, free_name
from phonotheque.audio.tag_values import (
    MAX_ALL_TEXTS_BYTES,
    MAX_TEXT_BYTES,
    MAX_VALUES,
    TagFindings,
    clean,
    decode_text,
    parse_gain_db,
    parse_isrcs,
    parse_numbers,
    parse_peak,
    parse_r128_gain_db,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", (3, None)),
        ("03/12", (3, 12)),
        (" 3 of 12 ", (3, 12)),
        ("/12", (None, 12)),
        ("3/", (None, None)),
        ("A1", (None, None)),
        ("", (None, None)),
        ("-3", (None, None)),
        ("9999999", (None, None)),
        ("٣", (None, None)),
    ],
)
def test_numbers(text: str, expected: tuple[int | None, int | None]) -> None:
    """A number with or without its total is read; anything else is none."""
    assert parse_numbers(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("US-RC1-76-07839", ("USRC17607839",)),
        ("us rc1 76 07839", ("USRC17607839",)),
        ("ISRC: USRC17607839", ("USRC17607839",)),
        ("ISRCUSRC17607839", ("USRC17607839",)),
        ("USRC17607839;GBAYE0601498", ("USRC17607839", "GBAYE0601498")),
        ("USRC17607839/GBAYE0601498", ("USRC17607839", "GBAYE0601498")),
        ("unknown", ("unknown",)),
        ("USRC17607839;unknown", ("USRC17607839;unknown",)),
        ("ISRC", ("ISRC",)),
    ],
)
def test_isrcs(text: str, expected: tuple[str, ...]) -> None:
    """Recording codes are normalised; a text that is none stands as it was written."""
    assert parse_isrcs(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-7.03 dB", -7.03),
        ("+1,5dB", 1.5),
        (".5", 0.5),
        ("0", 0.0),
        ("nan", None),
        ("inf dB", None),
        ("1e9", None),
        ("-", None),
        ("", None),
        ("loud", None),
    ],
)
def test_gain(text: str, expected: float | None) -> None:
    """A gain is a finite number of at most 100 dB either way."""
    assert parse_gain_db(text) == expected


def test_r128_gain() -> None:
    """A gain towards -23 LUFS in 1/256 dB becomes one towards -18 LUFS."""
    assert parse_r128_gain_db("-2560") == -5.0
    assert parse_r128_gain_db("40000") is None
    assert parse_r128_gain_db("1.5") is None


def test_replaygain_beats_r128() -> None:
    """Where both are written, the one in dB is taken."""
    found = TagFindings()
    found.add(Field.R128_TRACK_GAIN, "0")
    assert found.tags().replaygain.track_gain_db == 5.0
    found.add(Field.TRACK_GAIN, "-3 dB")
    assert found.tags().replaygain.track_gain_db == -3.0


def test_peak() -> None:
    """A peak is not negative."""
    assert parse_peak("0.98") == 0.98
    assert parse_peak("3.05e-05") == 3.05e-05
    assert parse_peak("-0.5") is None


def test_clean() -> None:
    """No NUL, no surrogate, no space around; the bound is in bytes and splits no character."""
    assert clean(" a\0b\udc80\ud800c\n") == "abc"
    assert clean("é" * MAX_TEXT_BYTES) == "é" * (MAX_TEXT_BYTES // 2)
    assert clean("x" + "é" * MAX_TEXT_BYTES) == "x" + "é" * (MAX_TEXT_BYTES // 2 - 1)


def test_decode_text() -> None:
    """UTF-8 where it is, Windows-1252 where it is not, nothing behind a NUL."""
    assert decode_text("Jürgen".encode()) == "Jürgen"
    assert decode_text("Jürgen\0junk".encode("cp1252")) == "Jürgen"
    assert decode_text(b"\x81\xff") == "\ufffdÿ"


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=()), max_size=20), max_size=40))
def test_any_text_is_fit_for_a_record(texts: list[str]) -> None:
    """Whatever is added, what comes out is Unicode that can be encoded, each value once."""
    found = TagFindings()
    for text in texts:
        found.add(Field.GENRE, text)
    genres = found.tags().genres
    assert len(set(genres)) == len(genres)
    for genre in genres:
        assert genre.encode()
        assert "\0" not in genre


def test_bounds() -> None:
    """A hostile file cannot make a record large: values, lists and their sum are capped."""
    found = TagFindings()
    for number in range(1000):
        found.add(Field.COMMENT, f"{number:04}")
        found.add_picture(str(number).encode(), "", 3)
        found.add_broadcast("bext.description", str(number))
    assert len(found.tags().comments) == MAX_VALUES
    assert len(found.tags().pictures) == MAX_VALUES
    assert len(found.tags().broadcast) == MAX_VALUES
    for number in range(MAX_VALUES):
        found.add(Field.GENRE, f"{number}" + "x" * 2 * MAX_TEXT_BYTES)
    genres = found.tags().genres
    assert max(len(genre) for genre in genres) == MAX_TEXT_BYTES
    assert sum(map(len, genres)) <= MAX_ALL_TEXTS_BYTES


def test_artists_are_the_finer_list() -> None:
    """ARTISTS is taken where it tells apart what ARTIST joins, and only there."""
    found = TagFindings()
    found.add(Field.ARTIST, "Ada feat. Bo")
    assert found.tags().artists == ("Ada feat. Bo",)
    found.add(Field.ARTISTS, "Ada")
    assert found.tags().artists == ("Ada feat. Bo",)
    found.add(Field.ARTISTS, "Bo")
    assert found.tags().artists == ("Ada", "Bo")


def test_licence_prefers_the_address() -> None:
    """A URL names one licence; a text only describes it."""
    found = TagFindings()
    found.add(Field.LICENCE, "Some rights reserved")
    assert found.tags().licence == "Some rights reserved"
    found.add(Field.LICENCE, "https://creativecommons.org/licenses/by/4.0/")
    assert found.tags().licence == "https://creativecommons.org/licenses/by/4.0/"


def test_joined_mbids() -> None:
    """Several identifiers joined in one text are told apart; what is none is left out."""
    first, second = (f"{n:08x}-0000-4000-8000-000000000000" for n in (1, 2))
    found = TagFindings()
    found.add(Field.MB_ARTIST, f"{first.upper()}/{second}")
    found.add(Field.MB_WORK, "none")
    assert found.tags().musicbrainz == (("artist", first), ("artist", second))


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("MusicBrainz Album Artist Id", Field.MB_ALBUM_ARTIST),
        ("MUSICBRAINZ_ALBUMARTISTID", Field.MB_ALBUM_ARTIST),
        ("Album Artist", Field.ALBUM_ARTIST),
        ("COPYRIGHT-URL", Field.LICENCE),
        ("LICENCE", Field.LICENCE),
        ("EAN/UPN", Field.BARCODE),
        ("ENCODER", None),
        ("x" * 10_000, None),
    ],
)
def test_free_names(name: str, field: Field | None) -> None:
    """Case, spaces, underscores, hyphens and slashes in a name do not matter."""
    assert free_name(name) is field


def test_picture_kinds_and_types() -> None:
    """The type of a picture is sniffed; a declared one counts only where bytes say nothing."""
    found = TagFindings()
    found.add_picture(b"\xff\xd8\xff\xe0", "image/png", 3)
    found.add_picture(b"??", "image/x-odd", 99)
    found.add_picture(b"!!", "text\n/html;<b>", -1)
    found.add_picture(b"RIFF\0\0\0\0WEBP", "", 0)
    pictures = found.tags().pictures
    assert [p.mime for p in pictures] == ["image/jpeg", "image/x-odd", "", "image/webp"]
    assert [p.kind for p in pictures] == [3, 0, 0, 0]
