"""The tables of the catalogue: every column with its form and its meaning, said once.

The names are MusicBrainz's, in snake_case; counts are named as ListenBrainz names them. Lengths are
in milliseconds, dates are ISO text of 4, 7 or 10 characters. What is unknown is null, never 0.

Each table has two forms:

- *imported*: as one source gave it. A row of an entity has a `key`, a number that is the source's
  own or is made of its own text (`phonotheque.catalogue.gids.key_of`); references are keys.
- *in a snapshot*: rows of all sources under dense ids. `key` gives way to `id`, references are ids,
  and each row says which source it is from.

The Arrow schemas, the reference page and the description in every dump are made from this.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache

import pyarrow as pa


class Form(Enum):
    """How the values of a column are kept."""

    TEXT = pa.string()
    WORD = pa.dictionary(pa.int32(), pa.string())
    """Text of which there are few different values."""
    NUMBER = pa.int64()
    SMALL = pa.int32()
    FLAG = pa.bool_()
    REAL = pa.float64()
    UUID = pa.binary(16)
    DIGEST = pa.binary(32)


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        refers: Table that its values name rows of; "" for none. References are `NUMBER`.
    """

    name: str
    form: Form
    meaning: str
    refers: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        is_entity: Whether its rows have an identity of their own: key, id, gid.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    is_entity: bool = False


def _text(name: str, meaning: str) -> Column:
    return Column(name, Form.TEXT, meaning)


def _word(name: str, meaning: str) -> Column:
    return Column(name, Form.WORD, meaning)


def _small(name: str, meaning: str) -> Column:
    return Column(name, Form.SMALL, meaning)


def _to(table: str, meaning: str, name: str = "") -> Column:
    return Column(name or table, Form.NUMBER, meaning, table)


_TITLE = _text("title", "Title, in Unicode normal form C.")
_NAME = _text("name", "Name, in Unicode normal form C.")
_CREDIT = _to("artist_credit", "Who is named for it, and how.")
_DISAMBIGUATION = _text("disambiguation", "What tells it apart from others of the same name.")
_LENGTH = _small("length", "Length in ms.")
_LANGUAGE = _word("language", "ISO 639-3 code of its words.")
_ENTITY_TYPE = _word("entity_type", "Table of the entity that is meant.")
_ENTITY = Column("entity", Form.NUMBER, "The entity that is meant: a row of `entity_type`.")

_ALL = (
    Table(
        "artist",
        "A person, a group, an orchestra, a character.",
        (
            _NAME,
            _text("sort_name", "Name as it is sorted."),
            _word("type", "Person, Group, Orchestra, Choir, Character or Other."),
            _word("area", "ISO 3166-1 code of the country it is of, or a name of a place."),
            _text("begin_date", "Born, or founded."),
            _text("end_date", "Died, or dissolved."),
            _DISAMBIGUATION,
        ),
        is_entity=True,
    ),
    Table("artist_credit", "Who is named together, as it is printed.", (_NAME,), is_entity=True),
    Table(
        "artist_credit_name",
        "One artist within a credit.",
        (
            _to("artist_credit", "The credit."),
            _small("position", "Place in the credit, from 0."),
            _to("artist", "The artist."),
            _text("name", "Name as it is printed here."),
            _text("join_phrase", "What stands between this name and the next."),
        ),
    ),
    Table(
        "release_group",
        "All editions of one album, single or the like.",
        (
            _TITLE,
            _CREDIT,
            _word("primary_type", "Album, Single, EP, Broadcast or Other."),
            _word("secondary_types", "Compilation, Live, Remix ...; several with `; ` between."),
            _text("first_release_date", "Date of its earliest release."),
            _DISAMBIGUATION,
        ),
        is_entity=True,
    ),
    Table(
        "release",
        "One edition: this CD, that download.",
        (
            _TITLE,
            _CREDIT,
            _to("release_group", "What it is an edition of."),
            _text("date", "When it was issued."),
            _word("country", "ISO 3166-1 code of the country where it was issued; XW: worldwide."),
            _word("status", "Official, Promotion, Bootleg, Pseudo-Release, Withdrawn, Cancelled."),
            _text("barcode", "GTIN-14 where it is one, else as written."),
            _LANGUAGE,
            _word("script", "ISO 15924 code of its titles."),
            _DISAMBIGUATION,
        ),
        is_entity=True,
    ),
    Table(
        "medium",
        "One disc, side or file set of a release.",
        (
            _to("release", "The release."),
            _small("position", "Place in the release, from 1."),
            _word("format", 'CD, Digital Media, 12" Vinyl ...'),
            _text("title", "Title of this medium."),
        ),
    ),
    Table(
        "recording",
        "Sound that was captured once.",
        (
            _TITLE,
            _CREDIT,
            _LENGTH,
            _text("first_release_date", "Date of its earliest release."),
            _LANGUAGE,
            Column("explicit", Form.FLAG, "Whether its words are marked as explicit."),
            _DISAMBIGUATION,
        ),
        is_entity=True,
    ),
    Table(
        "track",
        "A recording's place on a release.",
        (
            _to("recording", "The recording."),
            _to("release", "The release."),
            _small("medium_position", "Which medium, from 1."),
            _small("position", "Place on the medium, from 1."),
            _text("number", "Place as it is printed: A1, 7."),
            _text("title", "Title as it is printed here; null when it is the recording's."),
            _to("artist_credit", "Credit as printed here; null when it is the recording's."),
            _LENGTH,
        ),
    ),
    Table(
        "isrc",
        "A recording's ISRC. A recording may have several, and one ISRC several recordings.",
        (_to("recording", "The recording."), _text("isrc", "12 characters, capitals.")),
    ),
    Table(
        "label",
        "A label or imprint.",
        (
            _NAME,
            _word("area", "ISO 3166-1 code of its country, or a name of a place."),
            _DISAMBIGUATION,
        ),
        is_entity=True,
    ),
    Table(
        "release_label",
        "A label that issued a release, and the number it gave.",
        (
            _to("release", "The release."),
            _to("label", "The label."),
            _text("catalog_number", "Its number, as printed."),
        ),
    ),
    Table(
        "external_id",
        "What others call an entity.",
        (
            _ENTITY_TYPE,
            _ENTITY,
            _word(
                "scheme", "Whose identifier: discogs, archive.org, acoustid, wikidata, sha256 ..."
            ),
            _text("value", "The identifier."),
        ),
    ),
    Table(
        "popularity",
        "How much an entity was heard, as one source counted it.",
        (
            _ENTITY_TYPE,
            _ENTITY,
            _word("measure", "What was counted: listens, plays, radio plays, rating."),
            _word("period", "all, or the year or month (2024, 2024-05) it was counted in."),
            Column("total_listen_count", Form.NUMBER, "How often it was heard."),
            Column("total_user_count", Form.NUMBER, "By how many."),
            Column("rating", Form.REAL, "Mean rating, 0 to 1."),
            _text("as_of", "Date of the count."),
        ),
    ),
    Table(
        "tag",
        "A word that somebody put on an entity.",
        (
            _ENTITY_TYPE,
            _ENTITY,
            _word("name", "The word, in lower case."),
            _word("kind", "genre, style, mood, collection or other."),
            _small("count", "How many put it there."),
        ),
    ),
    Table(
        "rights",
        "What a source says may be done with an entity.",
        (
            _ENTITY_TYPE,
            _ENTITY,
            _word("licence", "Canonical address of the licence; null when it was not understood."),
            _word("raw", "The licence as the source writes it: the evidence."),
        ),
    ),
    Table(
        "file",
        "A file that holds a recording.",
        (
            _to("recording", "The recording."),
            Column("sha256", Form.DIGEST, "Digest of the file, where it is known."),
            _text("address", "Where the source says it can be had."),
            _word("codec", "FFmpeg's name of its codec."),
            Column("size_bytes", Form.NUMBER, "Its length."),
            _LENGTH,
            _word(
                "state",
                "held, removed, elsewhere, or what a check found: missing, truncated, changed ...",
            ),
            Column("is_free", Form.FLAG, "Whether this archive may share it with everybody."),
        ),
    ),
    Table(
        "artwork",
        "A picture of an entity that lies elsewhere; none is held for being named here.",
        (
            _ENTITY_TYPE,
            _ENTITY,
            _small("position", "Place among the pictures of the entity, from 1."),
            _word("types", "Front, Back, Booklet, Medium ...; several with `; ` between."),
            Column("is_front", Form.FLAG, "Whether it is the one that stands for the entity."),
            Column("is_approved", Form.FLAG, "Whether people of the source looked at it."),
            _text("comment", "What was said about it."),
            _text("number", "The source's own number of it."),
            _text("address", "Where the source says it can be had."),
            _text("thumbnail_250", "The same for a small one, of 250 pixels at most."),
            _text("thumbnail_500", "Of 500 pixels at most."),
            _text("thumbnail_1200", "Of 1,200 pixels at most."),
        ),
    ),
    Table(
        "likeness",
        "Two recordings of one source whose fingerprints are alike.",
        (
            _to("recording", "The one.", name="one"),
            _to("recording", "The other.", name="other"),
            _word("likeness", "same, likely or related."),
            Column("bit_errors", Form.REAL, "Share of fingerprint bits that differ, 0 to 1."),
        ),
    ),
    Table(
        "gid_redirect",
        "An identifier that was given up for another: entities were merged.",
        (
            _ENTITY_TYPE,
            Column("old_gid", Form.UUID, "The identifier that was given up."),
            Column("new_gid", Form.UUID, "The one that stands for it."),
        ),
    ),
    Table(
        "removal",
        "A tombstone: an entity that was withdrawn, and why.",
        (
            _ENTITY_TYPE,
            Column("gid", Form.UUID, "Identifier of what was withdrawn."),
            _word("reason", "Why, in a word or two."),
            _text("public_note", "What is said about it in public."),
            _text("decided_at", "When it was decided."),
        ),
    ),
)

TABLES = {table.name: table for table in _ALL}
"""Every table by name, those that are referred to before those that refer to them, nearly."""

ENTITIES = tuple(table.name for table in _ALL if table.is_entity)
"""Names of the tables whose rows have an identity of their own."""

_SOURCE_ID = _text(
    "source_id", "The source's own identifier as text; null when it is `key` in decimal."
)
_MBID = Column("mbid", Form.UUID, "MusicBrainz identifier, when the source gives one.")
_RAW = _text("raw_row", "The source's row, where it says more than was read.")
_KEY = Column("key", Form.NUMBER, "The source's own number of it.")
_ID = Column("id", Form.NUMBER, "Dense number within the catalogue's epoch.")
_SOURCE = _small("source", "Which source the row is from: a row of `sources`.")


def imported_columns(name: str) -> tuple[Column, ...]:
    """Return the columns of a table as a source gives it."""
    table = TABLES[name]
    head = (_KEY, _SOURCE_ID, _MBID) if table.is_entity else ()
    return (*head, *table.columns, _RAW)


def snapshot_columns(name: str) -> tuple[Column, ...]:
    """Return the columns of a table as it stands in a snapshot."""
    table = TABLES[name]
    head = (_ID, _SOURCE, _KEY, _SOURCE_ID, _MBID) if table.is_entity else (_SOURCE,)
    return (*head, *table.columns, _RAW)


@cache
def imported_schema(name: str) -> pa.Schema:
    """Return the Arrow schema of a table as a source gives it."""
    return _schema(imported_columns(name))


@cache
def snapshot_schema(name: str) -> pa.Schema:
    """Return the Arrow schema of a table as it stands in a snapshot."""
    return _schema(snapshot_columns(name))


def _schema(columns: tuple[Column, ...]) -> pa.Schema:
    return pa.schema([(column.name, column.form.value) for column in columns])
