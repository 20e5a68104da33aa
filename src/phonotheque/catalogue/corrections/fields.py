"""What may be corrected of a thing in the catalogue, and what each field can hold.

Laws: a value that a field cannot hold is refused and never guessed, and so is one with an e-mail
address, for the register keeps it for ever; what `parse_value` gives stays as it is when it goes
through again; "" is nothing: the field is taken away.

In the register a value is text: a length is a number of ms, a flag "true" or "false", a list JSON.

Not here: licences and statements of rights (`phono rights set`, with evidence), counts of listens,
which things are one (`phonotheque.catalogue.identity.decisions`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import msgspec

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.sources import values
from phonotheque.errors import BadRequestError
from phonotheque.music.email_addresses import has_email_address
from phonotheque.music.identifiers import Isrc, parse_territory


class Form(Enum):
    """What a field holds; its value says it to people."""

    NAME = "a text that is not empty"
    TEXT = "a text"
    DATE = "a date: 1999, 1999-02 or 1999-02-03"
    LENGTH = "a length: ms as a number, or 3:45, or 1:03:45"
    COUNTRY = "a country code of two letters (ISO 3166-1), or XW for worldwide"
    BARCODE = "a barcode"
    LANGUAGE = "a language code of three letters (ISO 639-3)"
    SCRIPT = "a script code of four letters (ISO 15924)"
    FLAG = "true or false"
    ISRCS = "ISRCs, with `;` between several"
    WORDS = "words, with `;` between several"


LISTS = (Form.ISRCS, Form.WORDS)
"""Forms that hold several values."""

_TITLE = {"title": Form.NAME, "credit": Form.NAME}
_OTHER = {"disambiguation": Form.TEXT, "genres": Form.WORDS}

FIELDS: dict[Kind, dict[str, Form]] = {
    Kind.RECORDING: {
        **_TITLE,
        "length": Form.LENGTH,
        "first_release_date": Form.DATE,
        "language": Form.LANGUAGE,
        "explicit": Form.FLAG,
        "isrcs": Form.ISRCS,
        **_OTHER,
    },
    Kind.RELEASE: {
        **_TITLE,
        "date": Form.DATE,
        "country": Form.COUNTRY,
        "status": Form.TEXT,
        "barcode": Form.BARCODE,
        "language": Form.LANGUAGE,
        "script": Form.SCRIPT,
        **_OTHER,
    },
    Kind.ARTIST: {
        "name": Form.NAME,
        "sort_name": Form.TEXT,
        "type": Form.TEXT,
        "area": Form.TEXT,
        "begin_date": Form.DATE,
        "end_date": Form.DATE,
        **_OTHER,
    },
    Kind.LABEL: {"name": Form.NAME, "area": Form.TEXT, **_OTHER},
}
"""The fields of each kind of thing, in the order in which people read them. They are columns of the
kind's table, but for `credit`, `isrcs` and `genres`."""

ALL_FIELDS = tuple(dict.fromkeys(name for fields in FIELDS.values() for name in fields))
"""Every field of any kind, each once."""

LIST_FIELDS = frozenset(
    name for fields in FIELDS.values() for name, form in fields.items() if form in LISTS
)
"""Fields that hold several values, of whichever kind of thing."""

_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2})(?:[.,](\d{1,3}))?")
_MS = re.compile(r"(\d{1,12})(?:[.,]0+)?")
_YES = frozenset(("true", "yes", "1", "wahr", "vrai", "verdadero", "vero", "waar", "ja"))
_NO = frozenset(("false", "no", "0", "falsch", "faux", "falso", "onwaar", "nein"))
_AREAS = ("XW", "XE")
"""Codes of MusicBrainz that are no country: the whole world, Europe."""
_LONGEST = 2_000
"""Letters of a value: titles are shorter, and a line of the register must hold it."""


@dataclass(frozen=True, slots=True)
class KindField:
    """A field of a kind of thing."""

    kind: Kind
    field: str

    @property
    def form(self) -> Form:
        """What it holds.

        Raises:
            BadRequestError: Things of this kind have no such field.
        """
        try:
            return FIELDS[self.kind][self.field]
        except KeyError:
            todo = f"It has {', '.join(FIELDS[self.kind])}."
            wrong = f"no field of a {self.kind} that can be corrected"
            raise BadRequestError(self.field, wrong, todo) from None


def parse_value(place: KindField, text: str) -> str:
    """Read the value of a field as people write it.

    Returns:
        The text that the register keeps; "" for nothing.

    Raises:
        BadRequestError: There is no such field, it cannot hold the value, or the value has an
            e-mail address in it.
    """
    form, given = place.form, values.clean(text) or ""
    if not given and form is not Form.NAME:
        return ""
    if has_email_address(given):
        todo = "Leave it out: everybody can read a correction, and it cannot be taken back."
        raise BadRequestError(place.field, "there is an e-mail address in it", todo)
    try:
        if not given or len(given) > _LONGEST:
            raise ValueError
        return _PARSERS[form](given)
    except ValueError:
        thing = f"{place.field}={given[:80]}"
        raise BadRequestError(thing, "the field cannot hold it", f"Write {form.value}.") from None


def format_value(form: Form, stored: str) -> str:
    """Return a value as people write it; `parse_value` reads it back."""
    if form in LISTS and stored:
        return "; ".join(list_of(stored))
    return stored


def readable(field: str, stored: str) -> str:
    """Return what the register keeps of a field as people read it, of whichever kind of thing."""
    return "; ".join(list_of(stored)) if field in LIST_FIELDS else stored


def list_of(stored: str) -> list[str]:
    """Return the values of a field that holds several, from what the register keeps."""
    return msgspec.json.decode(stored, type=list[str]) if stored else []


def stored_list(several: list[str]) -> str:
    """Return what the register keeps of several values; "" for none."""
    return msgspec.json.encode(several).decode() if several else ""


def _date(text: str) -> str:
    made = values.parse_date(text)
    if made.dropped or made.value is None:
        raise ValueError
    return made.value


def _length(text: str) -> str:
    clock, number = _CLOCK.fullmatch(text), _MS.fullmatch(text)
    if clock:
        hours, minutes, seconds, rest = (clock[1] or "0", clock[2], clock[3], clock[4] or "0")
        if int(seconds) > 59 or (clock[1] and int(minutes) > 59):
            raise ValueError
        whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
        made = whole * 1000 + int(rest.ljust(3, "0"))
    elif number:
        made = int(number[1])
    else:
        raise ValueError
    length, dropped = values.length_ms(made)
    if dropped:
        raise ValueError
    return str(length)


def _country(text: str) -> str:
    code = text.upper()
    return code if code in _AREAS else parse_territory(text)


def _barcode(text: str) -> str:
    found = values.barcode(text)
    if not found:
        raise ValueError
    return found


def _language(text: str) -> str:
    if not re.fullmatch("[A-Za-z]{3}", text):
        raise ValueError
    return text.lower()


def _script(text: str) -> str:
    if not re.fullmatch("[A-Za-z]{4}", text):
        raise ValueError
    return text.title()


def _flag(text: str) -> str:
    word = text.casefold()
    if word in _YES:
        return "true"
    if word in _NO:
        return "false"
    raise ValueError


def _several(text: str) -> list[str]:
    if text.startswith("["):
        try:
            return msgspec.json.decode(text, type=list[str])
        except msgspec.DecodeError as error:
            raise ValueError from error
    return [one.strip() for one in text.split(";") if one.strip()]


def _isrcs(text: str) -> str:
    return stored_list(list(dict.fromkeys(Isrc.parse(one).code for one in _several(text))))


def _words(text: str) -> str:
    words = list(dict.fromkeys(filter(None, (values.clean(one.lower()) for one in _several(text)))))
    if any(";" in word for word in words):  # in a JSON list; shown to people it would be two words
        raise ValueError
    return stored_list(words)


_PARSERS: dict[Form, Callable[[str], str]] = {
    Form.NAME: str,
    Form.TEXT: str,
    Form.DATE: _date,
    Form.LENGTH: _length,
    Form.COUNTRY: _country,
    Form.BARCODE: _barcode,
    Form.LANGUAGE: _language,
    Form.SCRIPT: _script,
    Form.FLAG: _flag,
    Form.ISRCS: _isrcs,
    Form.WORDS: _words,
}
