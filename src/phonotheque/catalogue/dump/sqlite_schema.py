"""The tables of the SQLite file: those of the catalogue, normalised, each column documented inside.

A column of few different texts holds numbers of the table `word`; an ISRC and a GTIN-14 are numbers
of their own; 16 bytes of an identifier are a blob. The views (`sqlite_views`) show all of it as
text. What a list shows of a recording, release, artist or label, and its own rows do not say,
stands in `<kind>_card`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from phonotheque.catalogue.dump.layout import (
    CANONICAL,
    FLAT,
    LINKS,
    SOURCES,
    Described,
    Sheet,
    table_sheet,
)
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.tables import TABLES

NOT_HERE = frozenset({"raw_row", "key"})
"""Columns that only the Parquet files have: evidence, and what `source_id` says here."""

_OF_THE_ENTITY = frozenset({"sources", "mbid", "artist", "release_title", "barcode",
                            "catalog_number", "label", "tracks"})  # fmt: skip
"""Columns of a flat table that other tables say."""

_WHERE_IT_DIFFERS = "{} Null when it is the same as in `{}`."

_SOURCE_ID = (
    "The source's own identifier, of which the gid is made: a number or a text. Null where an MBID "
    "is the gid, and where it is the same as `id`."
)

ABOUT = Sheet(
    "about",
    "What this file is.",
    (
        Described("name", pa.string(), "What is said: snapshot, epoch, made_at ..."),
        Described("value", pa.string(), "What it is."),
    ),
)
DOCUMENTATION = Sheet(
    "documentation",
    "What every table, view and column means.",
    (
        Described("table_name", pa.string(), "A table or view."),
        Described("column_name", pa.string(), "Its column; empty for the table itself."),
        Described("meaning", pa.string(), "What it means."),
    ),
)
WORD = Sheet(
    "word",
    "Texts that many rows share.",
    (
        Described("id", pa.int64(), "Number that stands for the text in other tables."),
        Described("text", pa.string(), "The text."),
    ),
)
SUGGESTED_INDEX = Sheet(
    "suggested_index",
    "Indexes for what you ask often; they are not made, because they would make the file longer.",
    (
        Described("statement", pa.string(), "The statement that makes it."),
        Described("meaning", pa.string(), "What becomes quick by it."),
    ),
)

INDEXES = (
    ("recording_card", "isrc", "Finding recordings by their first ISRC, packed."),
    ("isrc", "isrc", "Finding recordings by another ISRC of theirs, packed."),
    ("recording", "title", "Finding recordings by their title."),
    ("artist_credit", "name", "Finding credits by their words."),
    ("recording", "artist_credit", "The recordings of a credit."),
    ("track", "release, medium_position, position", "The tracks of a release."),
    ("track", "recording", "The releases that a recording is on."),
    ("release", "barcode", "Finding releases by barcode."),
    ("release_label", "release", "Labels and numbers of a release."),
    ("artist_credit_name", "artist_credit", "The artists of a credit."),
    ("external_id", "value", "Finding entities by what others call them."),
    ("popularity", "entity", "Counts of an entity."),
    ("rights", "entity", "Licences of an entity."),
    ("file", "recording", "Files of a recording."),
)
"""Table, columns and use of each suggested index."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A table of the SQLite file.

    Attributes:
        name: Its name.
        sheet: Its columns as they come from the dump's Parquet files.
        keys: Columns of its primary key where it is not `id`: a table without row ids.
    """

    name: str
    sheet: Sheet
    keys: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[Described, ...]:
        """Columns that are stored."""
        return tuple(one for one in self.sheet.columns if one.name not in NOT_HERE)


def card_sheet(kind: Kind) -> Sheet:
    """Return what a list shows of a kind beside what the tables say."""
    texts = {"title": f"{kind}", "credit": "artist_credit", "length": f"{kind}", "year": "date"}
    columns = []
    for one in FLAT[kind].columns:
        if one.name in _OF_THE_ENTITY and not (kind is Kind.RECORDING and one.name == "release"):
            continue
        meaning = one.meaning
        if one.name in texts and not (one.name == "credit" and kind in (Kind.ARTIST, Kind.LABEL)):
            meaning = _WHERE_IT_DIFFERS.format(meaning, texts[one.name])
        type_ = pa.string() if one.name == "genres" else one.type
        if one.name == "genres":
            meaning = "Genres with `; ` between, the most often named first."
        columns.append(Described(one.name, type_, meaning, one.refers))
    meaning = f"What a list shows of each {kind}: rows that speak for themselves and those linked."
    return Sheet(f"{kind}_card", meaning, tuple(columns))


def iter_stored() -> Iterator[Stored]:
    """Yield every table that is filled from the dump's Parquet files, in order of filling."""
    yield Stored("source", SOURCES)
    for name in TABLES:
        keys = ("recording", "isrc") if name == "isrc" else ()
        yield Stored(name, table_sheet(name), keys)
    for kind in Kind:
        yield Stored(f"{kind}_card", card_sheet(kind))
    yield Stored("link", LINKS)
    yield Stored("canonical", CANONICAL, ("entity_type", "id"))


def is_word(column: Described) -> bool:
    """Whether numbers of `word` stand for a column's texts."""
    return bool(pa.types.is_dictionary(column.type))


def create(stored: Stored) -> str:
    """Return the statement that makes a table."""
    columns = [f'"{one.name}" {_type(stored, one)}'.rstrip() for one in stored.columns]
    if stored.keys:
        columns.append(f"PRIMARY KEY ({', '.join(stored.keys)})")
    ending = " WITHOUT ROWID" if stored.keys else ""
    return f'CREATE TABLE "{stored.name}" ({", ".join(columns)}){ending}'


def _type(stored: Stored, column: Described) -> str:
    if column.name == "id" and not stored.keys:
        return "INTEGER PRIMARY KEY"
    if column.name in ("isrc", "barcode", "source_id"):
        return ""  # numbers and texts: a type would turn the text "012" into the number 12
    if is_word(column) or pa.types.is_integer(column.type) or pa.types.is_boolean(column.type):
        return "INTEGER"
    if pa.types.is_floating(column.type):
        return "REAL"
    return "BLOB" if pa.types.is_fixed_size_binary(column.type) else "TEXT"


def meaning_of(column: Described) -> str:
    """Return what a column means here, where numbers may stand for its texts."""
    if is_word(column):
        return f"{column.meaning} A number of `word`."
    if column.name == "source_id":
        return _SOURCE_ID
    if column.name == "isrc":
        return f"{column.meaning} Packed into a number; the views show it as text."
    if column.name == "barcode":
        return f"{column.meaning} A GTIN-14 is a number here."
    return column.meaning
