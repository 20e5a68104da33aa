"""Keys of a mapping file, read one by one; every refusal names the file and the key.

A value says where it comes from and what it means. Which meanings a column can have follows from
the column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from phonotheque.catalogue.tables import Column, Form
from phonotheque.errors import BadMappingError
from phonotheque.music.foreign_text import one_line

_SEE = "See docs/reference/mapping-files.md."
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")

MEANINGS: Mapping[str, str] = {
    "text": "the text itself",
    "lower": "the text in lower case",
    "number": "a whole number",
    "real": "a number; with `out_of`, a share of that",
    "flag": "true, yes, y, t or 1; false, no, n, f or 0",
    "date": "a date: 2001-03-09, 2001-03 or 2001",
    "seconds": "a length in seconds",
    "milliseconds": "a length in milliseconds",
    "clock": "a length as 4:05 or 1:02:03",
    "isrc": "an ISRC, however it is written",
    "barcode": "a barcode: made a GTIN-14 where it is one",
    "mbid": "a MusicBrainz identifier",
    "sha256": "64 hexadecimal digits",
    "licence": "a licence by address, SPDX identifier or name",
}
"""What a value can mean (`as`), with its explanation."""

_DATES = ("date", "begin_date", "end_date", "first_release_date", "as_of", "decided_at")
_BY_FORM: Mapping[Form, tuple[str, ...]] = {
    Form.TEXT: ("text", "lower"),
    Form.WORD: ("text", "lower"),
    Form.NUMBER: ("number",),
    Form.SMALL: ("number",),
    Form.FLAG: ("flag",),
    Form.REAL: ("real",),
    Form.UUID: ("mbid",),
    Form.DIGEST: ("sha256",),
}
_BY_NAME: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_DATES, ("date",)),
    "isrc": ("isrc",),
    "barcode": ("barcode",),
    "licence": ("licence",),
    "length": ("seconds", "milliseconds", "clock"),
}

MAKEABLE = ("artist", "artist_credit", "label")
"""Entities that have nothing but a name, so that they can be made of it."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a column of ours is made of.

    Attributes:
        columns: Columns of the file; several are joined with "/". Empty for a constant.
        constant: The same for every row.
        meaning: One of `MEANINGS`, or "reference".
        split: What stands between the items of a list; "" when it is none.
        out_of: Highest number of a scale; 0 when it is none.
        refers: Table that it names a row of; "" for none, "*" for the row's own `entity_type`.
        is_made: Whether the row that it names is made of its text.
    """

    columns: tuple[str, ...] = ()
    constant: Any = None
    meaning: str = "text"
    split: str = ""
    out_of: float = 0.0
    refers: str = ""
    is_made: bool = False


class Keys:
    """The keys of one table of a mapping file."""

    def __init__(self, where: str, table: Mapping[str, Any]) -> None:
        self.where = where
        self._table = table
        self._read: set[str] = set()

    def bad(self, key: str, wrong: str, todo: str) -> BadMappingError:
        """Return an error that names the key."""
        return BadMappingError(f"{self.where}, key `{one_line(key)}`", wrong, todo)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value as TOML has it, and note that it was read."""
        self._read.add(key)
        return self._table.get(key, default)

    def left(self) -> list[str]:
        """Names of the keys that were not read yet, in their order."""
        return [key for key in self._table if key not in self._read]

    def finish(self) -> None:
        """Refuse a key that nobody read."""
        for key in self.left():
            near = get_close_matches(key, sorted(self._read), n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise self.bad(key, "there is no such key", f"{hint}{_SEE}")

    def text(self, key: str, default: str = "", *, is_kept: bool = False) -> str:
        """Return a text; its outer spaces are taken off unless they are to be kept."""
        value = self.get(key, default)
        if not isinstance(value, str):
            raise self.bad(key, "it is not a text", f'Write {key} = "...".')
        return value if is_kept else value.strip()

    def needed(self, key: str) -> str:
        """Return a text that must be there."""
        value = self.text(key)
        if not value:
            raise self.bad(key, "it is not there", f'Write {key} = "...". {_SEE}')
        return value

    def slug(self, key: str) -> str:
        """Return a short name."""
        value = self.needed(key)
        if not _SLUG.fullmatch(value):
            wrong = f"{one_line(value)!r} is no short name"
            raise self.bad(key, wrong, "Use 1 to 64 of a-z, 0-9, -.")
        return value

    def path(self, key: str) -> str:
        """Return a path that stays within its folder."""
        value = self.needed(key)
        parts = value.split("/")
        if value.startswith("/") or "\0" in value or not all(parts) or {".", ".."} & set(parts):
            raise self.bad(
                key, "it leads out of the folder of the data", 'Write a name: "tracks.csv".'
            )
        return value

    def choice(self, key: str, choices: Sequence[str], *, is_needed: bool = False) -> str:
        """Return one of some texts; the first when it is not there and need not be."""
        value = self.needed(key) if is_needed else self.text(key, choices[0])
        if value not in choices:
            near = get_close_matches(value, choices, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise self.bad(
                key, f"{one_line(value)!r} is not known", f"{hint}One of {', '.join(choices)}."
            )
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self.get(key, default)
        if not isinstance(value, bool):
            raise self.bad(key, "it is neither true nor false", f"Write {key} = true.")
        return value

    def number(self, key: str, default: float) -> float:
        """Return a number."""
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.bad(key, "it is not a number", f"Write {key} = {default:g}.")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.bad(key, "it is not a list of texts", f'Write {key} = ["...", "..."].')
        return tuple(value)

    def tables(self, key: str) -> list[dict[str, Any]]:
        """Return a list of tables."""
        value = self.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.bad(key, "it is not a list of tables", f"Write [[{key}]]. {_SEE}")
        return value


def parse_reference(keys: Keys, key: str) -> Value | None:
    """Read what names an entity: a column, or several that do so together; None when absent."""
    given = keys.get(key)
    if given is None:
        return None
    columns = (given,) if isinstance(given, str) else tuple(given) if _are_texts(given) else ()
    if not columns or not all(columns):
        raise keys.bad(
            key, "it names no column", f'Write {key} = "column", or {key} = ["one", "other"].'
        )
    return Value(columns, meaning="reference")


def parse_value(keys: Keys, column: Column) -> Value:
    """Read what a column is made of.

    Raises:
        BadMappingError: It is nothing that the column can be made of.
    """
    given = keys.get(column.name)
    refers = "*" if column.name == "entity" else column.refers
    if isinstance(given, str | list):
        given = {"columns" if isinstance(given, list) else "column": given}
    if not isinstance(given, dict):
        raise keys.bad(column.name, "it is no column", 'Write "column", or { constant = ... }.')
    inner = Keys(f"{keys.where}, key `{column.name}`", given)
    constant = inner.get("constant")
    columns = inner.texts("columns") + ((inner.text("column"),) if "column" in given else ())
    if (constant is None) is (not columns) or not all(columns):
        raise inner.bad("column", "either a column or a constant is needed", _SEE)
    if refers:
        value = Value(columns, constant, "reference", refers=refers, is_made=_made(inner, column))
    else:
        value = _plain(inner, column, columns, constant)
    inner.finish()
    if len(columns) > 1 and not refers:
        raise inner.bad("columns", "only identifiers are joined of several", _SEE)
    return value


def _made(keys: Keys, column: Column) -> bool:
    is_made = keys.flag("make", default=False)
    if is_made and column.refers not in MAKEABLE:
        raise keys.bad(
            "make", "it has more than a name", f"Only {', '.join(MAKEABLE)} are made of a name."
        )
    return is_made


def _plain(keys: Keys, column: Column, columns: tuple[str, ...], constant: Any) -> Value:
    meanings = _BY_NAME.get(column.name, _BY_FORM[column.form])
    meaning = keys.text("as")
    if not meaning and len(meanings) > 1 and meanings[0] != "text" and constant is None:
        raise keys.bad("as", "it does not say in what it is written", f"One of {_or(meanings)}.")
    if meaning and meaning not in meanings:
        raise keys.bad("as", f"{one_line(meaning)!r} cannot be meant", f"One of {_or(meanings)}.")
    out_of = keys.number("out_of", 0)
    if out_of and (column.form is not Form.REAL or not 0 < out_of < 1e9):
        raise keys.bad("out_of", "there is no scale here", "It goes with ratings, above 0.")
    if constant is not None and not _fits(constant, column.form):
        raise keys.bad("constant", f"{one_line(str(constant))!r} does not fit", column.meaning)
    split = keys.text("split", is_kept=True)
    return Value(columns, constant, meaning or meanings[0], split, float(out_of))


def _or(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _fits(constant: Any, form: Form) -> bool:
    match form:
        case Form.TEXT | Form.WORD:
            return isinstance(constant, str)
        case Form.NUMBER | Form.SMALL:
            return isinstance(constant, int) and not isinstance(constant, bool)
        case Form.FLAG:
            return isinstance(constant, bool)
        case Form.REAL:
            return isinstance(constant, int | float)
        case _:
            return False


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
