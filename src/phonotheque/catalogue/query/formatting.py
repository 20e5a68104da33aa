"""From what a query means to one way of writing it: the one that links and messages show.

Law: what is written here is parsed to the same meaning again.
"""

from __future__ import annotations

from phonotheque.catalogue.query.parsed import Field, Parsed
from phonotheque.catalogue.query.values import format_years, recognised


def format_query(parsed: Parsed) -> str:
    """Write a query as `parsing.parse` reads it."""
    return " ".join((*_fields(parsed), *_text(parsed)))


def _fields(parsed: Parsed) -> list[str]:
    values: list[tuple[Field, str]] = [
        (Field.ARTIST, parsed.artist),
        (Field.TITLE, parsed.title),
        (Field.RELEASE, parsed.release),
        (Field.LABEL, parsed.label),
        (Field.YEAR, format_years(parsed.years) if parsed.years else ""),
        *((Field.LICENCE, name) for name in parsed.licences),
        *((Field.COUNTRY, code) for code in parsed.countries),
        *((Field.GENRE, name) for name in parsed.genres),
        (Field.HELD, _answer(parsed.is_held)),
        (Field.FREE, _answer(parsed.is_free)),
        (Field.KIND, parsed.kind or ""),
    ]
    if parsed.identifier is not None and not parsed.text:
        values.append((Field(parsed.identifier.scheme), parsed.identifier.value))
    return [f"{field}:{_value(value)}" for field, value in values if value]


def _answer(answer: bool | None) -> str:  # noqa: FBT001 (it is the value that is written)
    return "" if answer is None else "yes" if answer else "no"


def _value(value: str) -> str:
    return _quoted(value) if " " in value or value.startswith('"') else value


def _text(parsed: Parsed) -> list[str]:
    """Write the words; those that would be read otherwise stand in quotes."""
    if parsed.text and parsed.identifier is None and recognised(parsed.text) is not None:
        return [_quoted(parsed.text)]
    return [
        word if word[0] not in '"-!' and (":" not in word or "://" in word) else _quoted(word)
        for word in parsed.text.split()
    ]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
