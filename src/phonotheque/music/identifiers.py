"""Identifiers of the music world: ISRC, GTIN (barcode), MBID, and the codes of territories.

Laws: an invalid identifier cannot exist; parsing accepts what people and taggers write (hyphens,
spaces, lower case, a leading name or address), formatting gives one form; parse∘format = identity.
Nothing is derived from an ISRC: neither its country nor its year says where or when.

Source: ISO 3901:2019 (ISRC), GS1 General Specifications 7.9 (check digit),
musicbrainz.org/doc/MusicBrainz_Identifier, RFC 9562 (UUID), ISO 3166-1 (territories).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_BETWEEN = re.compile(r"[\s\u00ad\u2010-\u2015\u2212-]+")  # spaces, and hyphens as they are pasted
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MBID_ADDRESS = re.compile(
    r"https?://(?:www\.|beta\.)?musicbrainz\.org/[a-z-]+/([^/?#]+)(?:[/?#].*)?"
)
GTIN_LENGTHS = (8, 12, 13, 14)


@dataclass(frozen=True, slots=True, order=True)
class Isrc:
    """An International Standard Recording Code: 12 characters, capitals, no hyphens."""

    code: str

    def __post_init__(self) -> None:
        if not _ISRC.fullmatch(self.code):
            raise ValueError(f"not an ISRC: {self.code!r}")

    @classmethod
    def parse(cls, text: str) -> Isrc:
        """Read "US-RC1-76-07839", "usrc17607839" or "ISRC US RC1 76 07839".

        Raises:
            ValueError: It is no ISRC.
        """
        code = _BETWEEN.sub("", text)
        if not code.isascii():  # capitals of other letters can become ASCII
            raise ValueError(f"not an ISRC: {text!r}")
        return cls(re.sub(r"^ISRC:?", "", code.upper()))

    @property
    def hyphenated(self) -> str:
        """The form for people: "US-RC1-76-07839"."""
        return f"{self.code[:2]}-{self.code[2:5]}-{self.code[5:7]}-{self.code[7:]}"

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True, order=True)
class Gtin:
    """A barcode number. Two are equal when their 14 digits are.

    Attributes:
        digits: GTIN-14: the number with zeros in front.
        raw: The text it was read from.
    """

    digits: str
    raw: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]{14}", self.digits) or self.digits == "0" * 14:
            raise ValueError(f"not a GTIN of 14 digits: {self.digits!r}")
        if check_digit(self.digits[:-1]) != int(self.digits[-1]):
            raise ValueError(f"the check digit of {self.raw or self.digits!r} is wrong")

    @classmethod
    def parse(cls, text: str) -> Gtin:
        """Read a GTIN-8, -12 (UPC), -13 (EAN) or -14, with or without spaces and hyphens.

        Raises:
            ValueError: It has another length, another character or a wrong check digit.
        """
        digits = _BETWEEN.sub("", text)
        if not (digits.isascii() and digits.isdigit()) or len(digits) not in GTIN_LENGTHS:
            raise ValueError(f"not a barcode of 8, 12, 13 or 14 digits: {text!r}")
        return cls(digits.zfill(14), text)

    def __str__(self) -> str:
        return self.digits


def check_digit(body: str) -> int:
    """The GS1 mod-10 check digit for the digits before it: weights 3, 1, 3 ... from the right."""
    thrice, once = body[-1::-2], body[-2::-2]
    return -(3 * sum(map(int, thrice)) + sum(map(int, once))) % 10


@dataclass(frozen=True, slots=True, order=True)
class Mbid:
    """A MusicBrainz identifier: a UUID in lower case with hyphens."""

    uuid: str

    def __post_init__(self) -> None:
        if not _UUID.fullmatch(self.uuid) or not self.uuid.strip("0-"):
            raise ValueError(f"not a MusicBrainz identifier: {self.uuid!r}")

    @classmethod
    def parse(cls, text: str) -> Mbid:
        """Read a UUID in any case, in braces, as a URN, or the address of a MusicBrainz page.

        Raises:
            ValueError: It is none of these, or the nil UUID.
        """
        plain = text.strip()
        if not plain.isascii():
            raise ValueError(f"not a MusicBrainz identifier: {text!r}")
        plain = plain.lower()
        if match := _MBID_ADDRESS.fullmatch(plain):
            plain = match[1]
        plain = plain.removeprefix("urn:uuid:")
        if plain.startswith("{") and plain.endswith("}"):
            plain = plain[1:-1]
        return cls(plain)

    def __str__(self) -> str:
        return self.uuid


_ASSIGNED = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC
    EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK
    HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB
    LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ
    NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU
    RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN
    TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
TERRITORIES = frozenset(_ASSIGNED.split())
"""The 249 officially assigned codes of ISO 3166-1 alpha-2."""

_MISTAKEN = {"UK": "GB", "EL": "GR"}
_GROUPS = ("EU", "EEA", "WW", "WORLD", "XX", "ZZ")


def parse_territory(text: str) -> str:
    """Read a country code as two capitals.

    Raises:
        ValueError: It is not an officially assigned ISO 3166-1 alpha-2 code. Mistaken codes are
            refused and not corrected, because the same person will write them elsewhere.
    """
    code = text.strip().upper() if text.isascii() else text
    if code in TERRITORIES:
        return code
    if code in _MISTAKEN:
        raise ValueError(f"{text!r} is not a country code; ISO 3166-1 says {_MISTAKEN[code]}")
    if code in _GROUPS:
        raise ValueError(f"{text!r} is not one country; name each country, or none for the world")
    raise ValueError(f"{text!r} is not a country code of two letters (ISO 3166-1)")
