r"""Rows of a replication packet: a change of one row of one table, in the two forms there are.

dbmirror2 writes the row before and after the change as JSON; the form before it wrote
`"column"='value' ` for each column, a null without a value.

Laws: both forms of one change give the same `Change`; a value comes out as COPY text would have it,
so that a row of a packet and the same row of a dump are the same bytes. Whatever is not so is
`UnreadableError`.

Source: musicbrainz-server, `admin/sql/dbmirror2/dbmirror2.sql`,
`lib/MusicBrainz/Server/dbmirror.pm`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from phonotheque.catalogue.sources.gathering import NO_JSON
from phonotheque.catalogue.sources.musicbrainz.copy_text import unescape

Row: TypeAlias = Mapping[str, str | None]
"""A row by column, as text; None is null."""

NOT_A_CHANGE = "it is no change of a row"
NO_ROW = "a change without the row that it makes or takes away"
NO_JSON_ROW = "a row that is no object in JSON"
NO_PAIRS = "a row that is no list of columns and values"

INSERT, UPDATE, DELETE = b"i", b"u", b"d"
_SCHEMAS = ("musicbrainz", "public")


class UnreadableError(ValueError):
    """A row of a packet that cannot be understood; the reader tells where it stands."""


@dataclass(frozen=True, slots=True)
class Entry:
    """That something was changed.

    Attributes:
        number: Rises from change to change.
        table: Name of the table; "" of one that is in no dump.
        operation: `INSERT`, `UPDATE` or `DELETE`.
        transaction: Which transaction it was in.
    """

    number: int
    table: str
    operation: bytes
    transaction: int


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one row.

    Attributes:
        before: The row, or at least its key, as it was; None when it is new.
        after: The row as it is; None when it was deleted.
    """

    table: str
    before: Row | None
    after: Row | None


def entry_of(fields: list[bytes]) -> Entry:
    """Read the first four columns, which both forms have.

    Raises:
        UnreadableError: They are not such.
    """
    number, table, operation, transaction = fields[:4]
    if operation not in (INSERT, UPDATE, DELETE):
        raise UnreadableError(NOT_A_CHANGE)
    return Entry(_number(number), _table(table), operation, _number(transaction))


def _number(text: bytes) -> int:
    if not text.isdigit() or len(text) > 18:
        raise UnreadableError(NOT_A_CHANGE)
    return int(text)


def _table(text: bytes) -> str:
    schema, _, table = text.decode("utf-8", "replace").replace('"', "").rpartition(".")
    return table if not schema or schema in _SCHEMAS else ""


# -- dbmirror2 -----------------------------------------------------------------------------------


def change_of(entry: Entry, before: bytes, after: bytes) -> Change:
    """Read a change of dbmirror2's form.

    Raises:
        UnreadableError: It is none.
    """
    return _sound(entry, _json_row(before), _json_row(after))


_DECODER = msgspec.json.Decoder(dict[str, object])


def _json_row(text: bytes) -> Row | None:
    if text == b"\\N":
        return None
    try:
        found = _DECODER.decode(unescape(text.decode()))
    except NO_JSON as error:
        raise UnreadableError(NO_JSON_ROW) from error
    return {name: _written(name, value) for name, value in found.items()}


def _written(name: str, value: object) -> str | None:
    """A value as COPY has it, but for its escapes."""
    match value:
        case None:
            return None
        case bool():
            return "t" if value else "f"
        case str() if name in ("created", "last_updated"):
            return value.replace("T", " ", 1).removesuffix(":00")
        case str() | int() | float():
            return str(value)
        case _:
            raise UnreadableError(NO_JSON_ROW)


def _sound(entry: Entry, before: Row | None, after: Row | None) -> Change:
    has = (before is not None, after is not None)
    wanted = {INSERT: (False, True), UPDATE: (True, True), DELETE: (True, False)}
    if has != wanted[entry.operation]:
        raise UnreadableError(NO_ROW)
    return Change(entry.table, before, after)


# -- the form before it --------------------------------------------------------------------------


@dataclass(slots=True)
class PairEntry:
    """A change whose rows come apart from it."""

    entry: Entry
    _rows: dict[bool, Row | None] = field(default_factory=dict)

    def add(self, row: Row | None, *, is_key: bool) -> None:
        """Take the key as it was, or the row as it is."""
        if is_key in self._rows:
            raise UnreadableError("a change with two rows of one kind")
        self._rows[is_key] = row

    def row(self, *, is_key: bool) -> Row | None:
        """Return what was taken."""
        return self._rows.get(is_key)


def pair_of(fields: list[bytes]) -> tuple[int, bool, bytes]:
    """Read a row of `dbmirror_pendingdata`: which change, whether it is the key, what it says.

    Raises:
        UnreadableError: It is none.
    """
    if len(fields) != 3 or fields[1] not in (b"t", b"f"):
        raise UnreadableError(NO_PAIRS)
    return _number(fields[0]), fields[1] == b"t", fields[2]


def change_of_pairs(one: PairEntry) -> Change:
    """Put a change of the older form together.

    Raises:
        UnreadableError: A row of it is lacking.
    """
    return _sound(one.entry, one.row(is_key=True), one.row(is_key=False))


_PAIR = re.compile(r"""\"([^"]*)\"=('(?:[^'\\]|\\.|'')*+')? """, re.DOTALL)
_QUOTED = re.compile(r"\\([\\'])|'(')")


def pairs_of(text: bytes) -> Row:
    r"""Read `"column"='value' ` and so on; within a value `\\`, `\'` and `''` are one character.

    Raises:
        UnreadableError: It is none.
    """
    try:
        written = unescape(text.decode())
    except UnicodeDecodeError as error:
        raise UnreadableError(NO_PAIRS) from error
    found: dict[str, str | None] = {}
    place = 0
    while place < len(written):
        match = _PAIR.match(written, place)
        if match is None:
            raise UnreadableError(NO_PAIRS)
        name, value = match.groups()
        found[name] = None if value is None else _QUOTED.sub(_one, value[1:-1])
        place = match.end()
    return found


def _one(match: re.Match[str]) -> str:
    return match[1] or match[2]
