"""What a dump consists of: every file with its columns, said once.

The README, the SQLite table `documentation`, the package descriptions and the metadata inside each
Parquet file are made from this; the tables are those of `phonotheque.catalogue.tables`.

Two kinds of Parquet files: one *flat* table for each kind of card, which says all that a list shows
and needs no join, and the *tables*, one file for each source, which say who said what.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.tables import TABLES, snapshot_columns

FORMAT = 2
"""Version of the dump's layout. 1 had no digests of tables; its states were without next ids."""

PARQUET, SQLITE, JSON_LINES = "parquet", "sqlite", "json"
"""Names of the three forms. Parquet is always there: the others are made from it."""

FORMS = (PARQUET, SQLITE, JSON_LINES)

DATABASE = "catalogue.sqlite.zst"
CONTENTS = "dump.json"
INCREMENT = "increment.json"
SUMS = "SHA256SUMS"
README = "README.txt"
DOCUMENTATION = "documentation.json"
DATA_PACKAGE = "datapackage.json"
CROISSANT = "croissant.json"

WORK = "work"
"""Folder in a dump that is being made, for what is removed before it is whole."""

_WORDS = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True, slots=True)
class Described:
    """A column of a file, with its meaning."""

    name: str
    type: pa.DataType
    meaning: str
    refers: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of a dump: what it is, and its columns."""

    name: str
    meaning: str
    columns: tuple[Described, ...]

    @property
    def schema(self) -> pa.Schema:
        """The columns' names and types."""
        return pa.schema([(one.name, one.type) for one in self.columns])


_ID = Described("id", pa.int64(), "Dense number within the epoch; joins with the tables.")
_SOURCES = Described(
    "sources",
    _WORDS,
    "Names of the sources that speak of it, with `; ` between, the one that has this id first. "
    "Each has its terms: see `sources`.",
)
_MBID = Described("mbid", pa.binary(16), "MusicBrainz identifier, where a source gives one.")
_TITLE = Described("title", pa.string(), "Title.")
_CREDIT = Described("credit", pa.string(), "Who is named for it, as it is printed.")
_ARTIST = Described("artist", pa.int64(), "The first artist named.", "artist")
_LENGTH = Described("length", pa.int32(), "Length in ms.")
_YEAR = Described("year", pa.int16(), "Year of its first release.")
_COUNTRY = Described("country", _WORDS, "ISO 3166-1 code of a country.")
_SHARED = (
    Described("licence", _WORDS, "Canonical address of the licence of the music; null: unknown."),
    Described("is_held", pa.bool_(), "Whether the archive that made this dump has it."),
    Described("is_free", pa.bool_(), "Whether everybody may copy the music unchanged."),
    Described("genres", pa.list_(pa.string()), "Genres, the most often named first."),
    Described("score", pa.int16(), "Popularity, 0 to 100, made of `listens`; null: unknown."),
    Described(
        "listens",
        pa.int64(),
        "What all counts are worth, in listens; the order of rank; null: unknown.",
    ),
)
_TELLING = Described("credit", pa.string(), "What tells it apart from others of the same name.")
_NAME = Described("title", pa.string(), "Name.")

FLAT = {
    Kind.RECORDING: Sheet(
        "recordings",
        "One row for each recording that can be found; what is linked is one row.",
        (
            _ID, _SOURCES, _MBID, _TITLE, _CREDIT, _ARTIST,
            Described("release", pa.int64(), "The release that it is first on.", "release"),
            Described("release_title", pa.string(), "Title of that release: the album."),
            _LENGTH, _YEAR, _COUNTRY, *_SHARED,
            Described(
                "isrc",
                pa.int64(),
                "The first ISRC, packed into a number; the README says how to unpack it.",
            ),
        ),
    ),
    Kind.RELEASE: Sheet(
        "releases",
        "One row for each release that can be found.",
        (
            _ID, _SOURCES, _MBID, _TITLE, _CREDIT, _ARTIST, _LENGTH, _YEAR, _COUNTRY, *_SHARED,
            Described("barcode", pa.string(), "GTIN-14 where it is one, else as written."),
            Described("catalog_number", pa.string(), "The first number that a label gave it."),
            Described("label", pa.string(), "Name of its first label."),
            Described("tracks", pa.int32(), "How many tracks it has."),
        ),
    ),
    Kind.ARTIST: Sheet(
        "artists",
        "One row for each artist that can be found.",
        (
            _ID, _SOURCES, _MBID, _NAME, _TELLING,
            Described("year", pa.int16(), "Year of birth or of foundation."), _COUNTRY, *_SHARED,
        ),
    ),
    Kind.LABEL: Sheet(
        "labels",
        "One row for each label that can be found.",
        (_ID, _SOURCES, _MBID, _NAME, _TELLING, _COUNTRY, *_SHARED),
    ),
}  # fmt: skip
"""The flat tables, by the kind of card that they are made from."""

SOURCES = Sheet(
    "sources",
    "Who says all this, and on what terms it may be passed on.",
    (
        Described("id", pa.int32(), "What stands in the column `source` of every table."),
        Described("name", pa.string(), "Short name; gids are made of it."),
        Described("title", pa.string(), "Name for people."),
        Described("generation", pa.string(), "Which import of it this is."),
        Described("priority", pa.int32(), "How early it is believed, 0 first."),
        Described("licence", pa.string(), "Address of the licence of its data; empty: unknown."),
        Described("attribution", pa.string(), "Whom to name."),
        Described("origin", pa.string(), "Where its data came from."),
        Described("as_of", pa.string(), "Date of its data."),
    ),
)

LINKS = Sheet(
    "links",
    "Entities that are one or may be: never merged, with the reason and how sure it is.",
    (
        Described("entity_type", _WORDS, "Table of both."),
        Described("one", pa.int64(), "The lower id."),
        Described("other", pa.int64(), "The higher id."),
        Described("reason", _WORDS, "Why they are linked."),
        Described("confidence", pa.float64(), "How sure that is, 0 to 1."),
        Described("is_joined", pa.bool_(), "Whether both are one row of a flat table."),
    ),
)

CANONICAL = Sheet(
    "canonical",
    "Entities for which a linked one speaks: that one is in the flat table.",
    (
        Described("entity_type", _WORDS, "Table of both."),
        Described("id", pa.int64(), "An entity that has no row of its own in the flat table."),
        Described("canonical", pa.int64(), "The one that speaks for it."),
    ),
)

CORRECTIONS = Sheet(
    "corrections",
    "What the archive says in place of the sources; not there where nothing is corrected. The flat "
    "tables say what holds, the tables what the sources say.",
    (
        Described("entity_type", _WORDS, "Table of the entity."),
        Described("entity", pa.int64(), "Its id."),
        Described("gid", pa.binary(16), "The identifier by which it was named."),
        Described("field", _WORDS, "What is corrected: title, length, isrcs ..."),
        Described("value", pa.string(), "What holds; null: nothing is said."),
        Described("at", pa.string(), "When that was said."),
        Described("seq", pa.int64(), "Rises: of two corrections of one field the last counts."),
    ),
)

SINGLE = (SOURCES, LINKS, CANONICAL, CORRECTIONS)
"""Tables that are one file, whatever the sources."""

DELETED = Sheet(
    "deleted",
    "In an increment alone: keys that have no row any more, each with the reason.",
    (
        Described("table", _WORDS, "Table that the rows are taken from."),
        Described("source", pa.int32(), "Whose rows; null: of `links` or `canonical`."),
        Described("entity_type", _WORDS, "Where it is part of the table's key."),
        Described("id", pa.int64(), "The key, where it is a number; null: rows of no number."),
        Described("gid", pa.binary(16), "The key, where it is an identifier; else the entity's."),
        Described(
            "reason",
            _WORDS,
            "merged: `successor` stands for it. withdrawn: see `removal`. gone: its source has it "
            "no more.",
        ),
        Described("successor", pa.binary(16), "Identifier of what it was merged into."),
    ),
)
"""What an increment takes away."""


def table_sheet(name: str) -> Sheet:
    """Return a table of the catalogue as it stands in a dump."""
    columns = (
        Described(one.name, one.form.value, one.meaning, one.refers)
        for one in snapshot_columns(name)
    )
    return Sheet(name, TABLES[name].meaning, tuple(columns))


def flat_path(kind: Kind) -> str:
    """Return where the flat table of a kind stands in a dump."""
    return f"parquet/{FLAT[kind].name}.parquet"


def single_path(sheet: Sheet) -> str:
    """Return where a table of one file stands in a dump."""
    return f"parquet/{sheet.name}.parquet"


def table_path(table: str, source: str) -> str:
    """Return where the rows of one source of a table stand in a dump."""
    return f"parquet/tables/{table}/{source}.parquet"


def lines_path(name: str, source: str) -> str:
    """Return where the entities of one source stand in a dump as JSON lines."""
    return f"json/{name}/{source}.jsonl.zst"
