"""Mapping files: what the columns of somebody's spreadsheet mean, said in TOML.

A mapping speaks in tables of the catalogue: of every row of a file it makes one row of each table
that it names (of a list as many as it has items). Names of files are relative to a folder that is
given with the mapping.

Laws: a mapping is read whole or refused with the file and the key that is wrong; an unknown key is
refused, so that a typing mistake is never silently no column; all that can be wrong without looking
at the data is found here.

The format is public: `docs/reference/mapping-files.md` has it, and its examples are read in a test.
Not here: reading one value of it (`keys`), the data themselves (`source`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as Dict
from dataclasses import dataclass

from phonotheque.catalogue.sources.mapped.keys import (
    MEANINGS,
    Keys,
    Value,
    parse_reference,
    parse_value,
)
from phonotheque.catalogue.sources.port import Terms
from phonotheque.catalogue.tables import ENTITIES, TABLES, Column, imported_columns
from phonotheque.errors import BadLicenceError, BadMappingError
from phonotheque.music.licence import parse_licence_strict

MAX_BYTES = 64 << 10
"""Longest mapping that is read: one has some hundred lines, and TOML can be slow beyond that."""

_MOST_DOTS = 200
"""tomllib's time grows with the square of the parts of a dotted key: a key of 30,000 takes 20 s."""

FORMAT = 1
_SEE = "See docs/reference/mapping-files.md."

ENCODINGS = ("utf-8", "iso-8859-1", "iso-8859-15", "windows-1250", "windows-1251", "windows-1252")
"""Encodings of spreadsheets: in all of them ends of lines and delimiters are as in ASCII."""

__all__ = ["MEANINGS", "FileMapping", "Join", "Mapping", "RowMapping", "parse_mapping"]


@dataclass(frozen=True, slots=True)
class RowMapping:
    """One `[[file.rows]]`: the rows of one table that are made of a file.

    Attributes:
        where: Where it stands, for messages.
        table: The table.
        id: What names an entity in the source; None for tables that are none.
        values: What becomes of each column that is named.
        when: Column that must not be blank; "" always.
        is_once: Whether an entity is made of the first row that names it, the others being silent.
    """

    where: str
    table: str
    id: Value | None
    values: Dict[str, Value]
    when: str = ""
    is_once: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """One `[[file.join]]`: another file whose columns are put beside those of this one.

    Attributes:
        path: The other file; it must fit in memory.
        on: Column of this file.
        to: Column of the other one.
        columns: Columns that are taken over; they are called "name.column" here.
        name: How the other file is called in such names: its name without ending.
    """

    path: str
    on: str
    to: str
    columns: tuple[str, ...]
    name: str


@dataclass(frozen=True, slots=True)
class FileMapping:
    """One `[[file]]`.

    Attributes:
        path: Its path in the folder of the data.
        form: "csv" or "json-lines".
        delimiter: What stands between values.
        encoding: One of `ENCODINGS`.
        unknown: Texts that mean that nothing is known.
        columns: Names of the columns, when the file has no line of them.
        has_raw: Whether rows are kept as written where not all of them was read.
        joins: Other files that are looked into.
        rows: What is made of each row.
    """

    path: str
    form: str
    delimiter: str
    encoding: str
    unknown: tuple[str, ...]
    columns: tuple[str, ...]
    has_raw: bool
    joins: tuple[Join, ...]
    rows: tuple[RowMapping, ...]

    def wanted(self) -> tuple[str, ...]:
        """Columns of the file itself that are read."""
        joined = {f"{join.name}.{column}" for join in self.joins for column in join.columns}
        names = {join.on for join in self.joins}
        for rows in self.rows:
            values = [*rows.values.values(), *([rows.id] if rows.id else [])]
            names |= {column for value in values for column in value.columns}
            names |= {rows.when} - {""}
        return tuple(sorted(names - joined))


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping file."""

    terms: Terms
    files: tuple[FileMapping, ...]


def parse_mapping(data: bytes, where: str) -> Mapping:
    """Read a mapping file.

    Args:
        data: Its bytes, UTF-8; a byte order mark is passed over.
        where: Its name, for messages.

    Raises:
        BadMappingError: It is too long, not TOML, or a key cannot be meant; `thing` names the file
            and the key.
    """
    if len(data) > MAX_BYTES:
        raise BadMappingError(where, f"it has {len(data):,} bytes, more than {MAX_BYTES:,}", _SEE)
    if any(line.count(b".") > _MOST_DOTS for line in data.splitlines()):
        raise BadMappingError(where, f"a line has more than {_MOST_DOTS} points", _SEE)
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except RecursionError as error:
        raise BadMappingError(where, "it is nested too deeply", _SEE) from error
    except ValueError as error:
        raise BadMappingError(where, f"it is not TOML in UTF-8: {error}", _SEE) from error
    keys = Keys(where, table)
    if keys.number("format", FORMAT) != FORMAT:
        raise keys.bad("format", f"this program knows format {FORMAT}", "Take a newer program.")
    terms = _terms(keys)
    listed = keys.tables("file")
    if not listed:
        raise keys.bad("file", "there is none", f"Write [[file]]. {_SEE}")
    files = tuple(_file(Keys(f"{where}, file {n}", item)) for n, item in enumerate(listed, 1))
    keys.finish()
    return Mapping(terms, files)


def _terms(keys: Keys) -> Terms:
    licence = keys.text("licence")
    try:
        uri = parse_licence_strict(licence).uri if licence else ""
    except BadLicenceError as error:
        raise keys.bad("licence", f"{error.thing}: {error.wrong}", error.todo) from error
    name = keys.slug("name")
    return Terms(
        name=name,
        title=keys.text("title") or name,
        licence=uri,
        attribution=keys.text("attribution"),
        origin=keys.text("origin"),
        as_of=keys.text("as_of"),
    )


def _file(keys: Keys) -> FileMapping:
    path = keys.path("path")
    made = FileMapping(
        path=path,
        form=keys.choice("format", ("csv", "json-lines")),
        delimiter=keys.text("delimiter", ",", is_kept=True),
        encoding=keys.choice("encoding", ENCODINGS),
        unknown=keys.texts("unknown"),
        columns=keys.texts("columns"),
        has_raw=keys.flag("raw", default=True),
        joins=tuple(
            _join(Keys(f"{keys.where}, join {n}", item))
            for n, item in enumerate(keys.tables("join"), 1)
        ),
        rows=tuple(
            _rows(Keys(f"{keys.where}, rows {n}", item))
            for n, item in enumerate(keys.tables("rows"), 1)
        ),
    )
    keys.finish()
    is_sign = len(made.delimiter) == 1 and made.delimiter.isascii()
    if not is_sign or made.delimiter in '"\r\n':
        raise keys.bad("delimiter", "it is not one sign", r'Write ",", ";", "|" or "\t".')
    if not made.rows:
        raise keys.bad("rows", "nothing is made of it", f"Write [[file.rows]]. {_SEE}")
    if made.columns and len(set(made.columns)) != len(made.columns):
        raise keys.bad("columns", "a name stands there twice", "Give each column its own name.")
    return made


def _join(keys: Keys) -> Join:
    path, on = keys.path("path"), keys.needed("on")
    columns = keys.texts("columns")
    if not columns:
        raise keys.bad("columns", "nothing is taken over", 'Write columns = ["year"].')
    name = path.rpartition("/")[2].partition(".")[0]
    made = Join(path, on, keys.text("to") or on, columns, name)
    keys.finish()
    return made


def _rows(keys: Keys) -> RowMapping:
    table = keys.choice("table", tuple(TABLES), is_needed=True)
    identity = None
    if table in ENTITIES:
        identity = parse_reference(keys, "id")
        if identity is None:
            raise keys.bad("id", "there is none", f"Name what tells one {table} from another.")
    when, is_once = keys.text("when"), keys.flag("once", default=False)
    if is_once and identity is None:
        raise keys.bad("once", "only entities can be made once", f"Leave it out for {table}.")
    known = {column.name: column for column in imported_columns(table)}
    values: dict[str, Value] = {}
    for name in keys.left():
        if name not in known or name in ("key", "source_id", "raw_row"):
            raise keys.bad(name, f"table {table} has no such column", _columns_of(known))
        values[name] = parse_value(keys, known[name])
    made = RowMapping(keys.where, table, identity, values, when, is_once)
    _check(keys, made)
    return made


def _columns_of(known: Dict[str, Column]) -> str:
    names = [name for name in known if name not in ("key", "source_id", "raw_row")]
    return f"Its columns: {', '.join(names)}."


def _check(keys: Keys, rows: RowMapping) -> None:
    """Find what cannot be meant of a whole row."""
    if not rows.values:
        raise keys.bad("table", "no column is given", _SEE)
    columns = TABLES[rows.table].columns
    if "entity" in {column.name for column in columns}:
        kind = rows.values.get("entity_type")
        if kind is None or kind.constant not in ENTITIES:
            todo = (
                f'Write entity_type = {{ constant = "recording" }}; one of {", ".join(ENTITIES)}.'
            )
            raise keys.bad("entity_type", "it does not name a table of entities", todo)
    needed = [column for column in columns if column.refers or column.name == "entity"]
    if rows.table not in ENTITIES and needed and needed[0].name not in rows.values:
        raise keys.bad(needed[0].name, "it is needed here", f"{needed[0].meaning}")
    if sum(bool(value.split) for value in rows.values.values()) > 1:
        raise keys.bad("split", "two columns are split", "Make two [[file.rows]] of them.")
