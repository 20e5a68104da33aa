"""ISRC, barcodes, MBIDs and territories as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.music.identifiers import (
    GTIN_LENGTHS,
    TERRITORIES,
    Gtin,
    Isrc,
    Mbid,
    check_digit,
    parse_territory,
)

ISRCS = st.from_regex(r"\A[A-Z]{2}[A-Z0-9]{3}[0-9]{7}\Z")


@pytest.mark.parametrize(
    "text",
    [
        "USRC17607839",
        "US-RC1-76-07839",
        "us rc1 76 07839",
        "ISRC US-RC1-76-07839",
        "isrc:USRC17607839",
        "US\u2010RC1\u201376\u201307839",
        " USRC17607839\n",
    ],
)
def test_isrc_forms(text: str) -> None:
    """Hyphens, spaces, lower case and a leading name make no difference."""
    assert Isrc.parse(text) == Isrc("USRC17607839")


@given(ISRCS)
def test_isrc_round_trip(code: str) -> None:
    """Parsing either format gives the same code back."""
    isrc = Isrc(code)
    assert Isrc.parse(str(isrc)) == Isrc.parse(isrc.hyphenated) == isrc


@pytest.mark.parametrize(
    "text",
    ["", "USRC1760783", "USRC176078399", "1SRC17607839", "USRC1760783X", "ﬀRC17607839", "ISRC"],
)
def test_what_is_no_isrc(text: str) -> None:
    """Another length or character is refused; no letter is turned into two others."""
    with pytest.raises(ValueError, match="not an ISRC"):
        Isrc.parse(text)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("4006381333931", "04006381333931"),
        ("4 006381 333931", "04006381333931"),
        ("0-36000-29145-2", "00036000291452"),
        ("96385074", "00000096385074"),
        ("10614141000415", "10614141000415"),
    ],
)
def test_barcode_forms(text: str, digits: str) -> None:
    """A barcode of each length is read, spaces and hyphens aside, and its text is kept."""
    gtin = Gtin.parse(text)
    assert (gtin.digits, gtin.raw) == (digits, text)


@given(st.sampled_from(GTIN_LENGTHS), st.data())
def test_barcodes_have_one_check_digit(length: int, data: st.DataObject) -> None:
    """Of ten possible last digits exactly one is right, and zeros in front change nothing."""
    body = data.draw(st.from_regex(rf"\A[1-9][0-9]{{{length - 2}}}\Z"))
    right = check_digit(body)
    for last in range(10):
        text = f"{body}{last}"
        if last == right:
            assert Gtin.parse(text) == Gtin.parse(text.zfill(14))
        else:
            with pytest.raises(ValueError, match="check digit"):
                Gtin.parse(text)


@given(st.from_regex(r"\A[0-9]{12}\Z"), st.integers(0, 11), st.integers(1, 9))
def test_a_wrong_digit_is_found(body: str, place: int, by: int) -> None:
    """Any single digit that is changed makes the barcode wrong."""
    changed = body[:place] + str((int(body[place]) + by) % 10) + body[place + 1 :]
    assert check_digit(changed) != check_digit(body)


@pytest.mark.parametrize(
    "text",
    ["", "36000291452", "00000000", "0000000000000", "400638133393X", "٤٠٠٦٣٨١٣٣٣٩٣١", "none"],
)
def test_what_is_no_barcode(text: str) -> None:
    """Other lengths, other digits and rows of zeros are refused."""
    with pytest.raises(ValueError, match="not a"):
        Gtin.parse(text)


MBID = "b10bbbfc-cf9e-42e0-be17-e2c3e1d2600d"


@pytest.mark.parametrize(
    "text",
    [
        MBID,
        MBID.upper(),
        f" {MBID}\n",
        f"{{{MBID}}}",
        f"urn:uuid:{MBID}",
        f"https://musicbrainz.org/artist/{MBID}",
        f"http://musicbrainz.org/release-group/{MBID}/details?tport=8000",
    ],
)
def test_mbid_forms(text: str) -> None:
    """Case, braces, URN and page address lead to the same identifier."""
    assert str(Mbid.parse(text)) == MBID


@given(st.uuids())
def test_mbid_round_trip(uuid: object) -> None:
    """Every UUID but the nil one is read as itself."""
    if str(uuid).strip("0-"):
        assert str(Mbid.parse(str(uuid))) == str(uuid)


@pytest.mark.parametrize(
    "text",
    [
        "",
        MBID[:-1],
        MBID.replace("-", ""),
        f"{{{MBID}",
        "00000000-0000-0000-0000-000000000000",
        f"{MBID}; {MBID}",
        f"https://evil.example/artist/{MBID}",
        f"{MBID[:-1]}\N{SMALL ROMAN NUMERAL FIVE HUNDRED}",
    ],
)
def test_what_is_no_mbid(text: str) -> None:
    """Several identifiers, other sites, other letters and the nil UUID are refused."""
    with pytest.raises(ValueError, match="not a MusicBrainz identifier"):
        Mbid.parse(text)


def test_territories() -> None:
    """The 249 assigned codes are read in any case, and nothing else is."""
    assert len(TERRITORIES) == 249
    assert parse_territory(" de ") == "DE"
    for code in TERRITORIES:
        assert parse_territory(code.lower()) == code


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("UK", "GB"),
        ("el", "GR"),
        ("EU", "each country"),
        ("Germany", "two letters"),
        ("ßE", "two letters"),
        ("", "two letters"),
    ],
)
def test_what_is_no_territory(text: str, hint: str) -> None:
    """A code that is not a country's is refused with what to write."""
    with pytest.raises(ValueError, match=hint):
        parse_territory(text)
