"""What stands behind a field's name, read: years, countries, yes and no, identifiers."""

from __future__ import annotations

import re
from uuid import UUID

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.query.parsed import (
    FIRST_YEAR,
    LAST_YEAR,
    Field,
    Identifier,
    Scheme,
    Years,
)
from phonotheque.catalogue.query.refusals import guess, nearest, refusal
from phonotheque.errors import BadRequestError
from phonotheque.music.folding import words
from phonotheque.music.identifiers import TERRITORIES, Gtin, Isrc, Mbid, parse_territory

_YEARS = re.compile(r"([0-9]{4})?(\.\.)?([0-9]{4})?", re.ASCII)
_BEYOND_ISO = frozenset(("XW", "XE", "XC", "XG", "SU", "YU", "AN", "CS"))
"""Codes of MusicBrainz for the world, Europe and countries that are no more."""
_EXTERNAL = re.compile(r"([a-z0-9][a-z0-9._-]*):(\S.*)")
_LONGEST_IDENTIFIER = 120


def parse_years(text: str) -> Years:
    """Read `1990..1995`, `1990..`, `..1995` or `1990`.

    Raises:
        BadRequestError: It is no such range, or no year that music was recorded in.
    """
    found = _YEARS.fullmatch(text)
    if found is None or not (found[1] or found[3]) or not (found[2] or not found[3]):
        raise _bad_years(text, "it is no year and no range of years")
    first = int(found[1]) if found[1] else None
    last = int(found[3]) if found[3] else None if found[2] else first
    for year in (first, last):
        if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
            raise _bad_years(text, f"years are told apart from {FIRST_YEAR} to {LAST_YEAR}")
    if first is not None and last is not None and first > last:
        raise refusal(
            f"year:{text}", "the range ends before it begins", f"Write year:{last}..{first}."
        )
    return first, last


def _bad_years(text: str, wrong: str) -> BadRequestError:
    return refusal(
        f"year:{text}", wrong, "Write year:1990, year:1990..1995, year:1990.. or year:..1995."
    )


def format_years(years: Years) -> str:
    """Write a range as `parse_years` reads it."""
    first, last = years
    if first == last:
        return str(first)
    return f"{'' if first is None else first}..{'' if last is None else last}"


def parse_country(text: str) -> str:
    """Read a country code; those that MusicBrainz has beside ISO 3166-1 are read, too.

    Raises:
        BadRequestError: It is none.
    """
    code = text.upper() if text.isascii() else text
    if code in _BEYOND_ISO:
        return code
    try:
        return parse_territory(text)
    except ValueError as error:
        near = nearest(code, sorted(TERRITORIES)) if len(code) == 2 else ""
        is_told = "says" in str(error)
        raise refusal(
            f"country:{text}",
            str(error),
            f"{'' if is_told else guess(near)}Write its code of two letters: country:de.",
        ) from error


_ANSWERS = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}


def parse_answer(field: Field, text: str) -> bool:
    """Read yes or no.

    Raises:
        BadRequestError: It is neither.
    """
    answer = _ANSWERS.get(text.lower())
    if answer is None:
        raise refusal(
            f"{field}:{text}", "it is yes or no", f"Write {field}:yes, {field}:no or nothing."
        )
    return answer


def parse_kind(text: str) -> Kind:
    """Read what is searched for.

    Raises:
        BadRequestError: There is no such kind.
    """
    try:
        return Kind(text.lower().removesuffix("s"))
    except ValueError as error:
        near = nearest(text.lower(), Kind)
        kinds = ", ".join(Kind)
        raise refusal(
            f"kind:{text}", "there is no such kind", f"{guess(near)}Kinds: {kinds}."
        ) from error


def parse_words(field: Field, text: str) -> str:
    """Read words that must stand somewhere.

    Raises:
        BadRequestError: There is no letter and no digit in it.
    """
    if not words(text):
        raise refusal(
            f"{field}:{text}", "there is no letter or digit in it", "Search for a word or a number."
        )
    return text


_NIL = str(UUID(int=0))


def parse_identifier(field: Field, text: str) -> Identifier:
    """Read an identifier behind its field's name.

    Raises:
        BadRequestError: It is none of the kind.
    """
    try:
        match field:
            case Field.ISRC:
                return Identifier(Scheme.ISRC, Isrc.parse(text).code)
            case Field.BARCODE:
                return Identifier(Scheme.BARCODE, Gtin.parse(text).digits)
            case Field.GID:
                return Identifier(Scheme.GID, _gid(text))
            case Field.ID:
                return _external(text)
    except ValueError as error:
        raise refusal(
            f"{field}:{text}", f"it is {_FORMS[field][0]}", f"Write {_FORMS[field][1]}."
        ) from error
    return Identifier(Scheme.CATALOGUE, parse_words(field, text))


_FORMS = {
    Field.ISRC: ("no ISRC", "2 letters, 3 letters or digits, 7 digits: isrc:USRC17607839"),
    Field.BARCODE: (
        "no barcode: it has another length or a wrong last digit",
        "8, 12, 13 or 14 digits: barcode:4006381333931",
    ),
    Field.GID: ("no UUID", "32 hexadecimal digits in 5 groups, or the address at MusicBrainz"),
    Field.ID: ("no identifier with its scheme", "the scheme first: id:discogs:249504"),
}


def _gid(text: str) -> str:
    """A UUID; that of zeros, which is nobody's, is one to ask for."""
    return _NIL if text.strip() == _NIL else Mbid.parse(text).uuid


def _external(text: str) -> Identifier:
    scheme, colon, value = text.partition(":")
    if not _EXTERNAL.fullmatch(f"{scheme.lower()}{colon}{value}"):
        raise ValueError(text)
    return Identifier(Scheme.EXTERNAL, f"{scheme.lower()}:{value}")


def recognised(text: str) -> Identifier | None:
    """Return the identifier that a whole text may be: an MBID or gid, an ISRC, a barcode."""
    if len(text) > _LONGEST_IDENTIFIER:
        return None
    for field in (Field.GID, Field.ISRC, Field.BARCODE):
        try:
            return parse_identifier(field, text)
        except BadRequestError:
            continue
    return None
