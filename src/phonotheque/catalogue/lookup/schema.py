"""The tables of `ids.db`; `docs/reference/lookup-files.md` tells what each is for.

Rows of cards stand under their rank, so that the rows of an answer lie together: what is popular is
read often. What an id is, stands in blocks of 128 ids. All other tables are indexes and lists as
`blocks` has them, whose values are ranks.
"""

from __future__ import annotations

from phonotheque.catalogue.kinds import Kind

VERSION = 1

KINDS = (Kind.RECORDING, Kind.RELEASE, Kind.ARTIST, Kind.LABEL)
"""Kinds by number: 0 is a recording. The numbers stand in values of indexes."""

SHARED = ("rank", "id", "title", "credit", "marks", "listens", "genres")
"""Columns of the cards of every kind."""

OWN = {
    Kind.RECORDING: ("release", "length", "isrc"),
    Kind.RELEASE: ("length", "barcode", "catalog_number", "label", "tracks"),
    Kind.ARTIST: (),
    Kind.LABEL: (),
}
"""Columns that the cards of one kind have beside those."""

INDEXES = ("gid", "isrc", "barcode", "catalog_number", "external_id")
LISTS = ("artist_recording", "artist_release", "label_release")

OWNER_BITS = 32
"""In lists an owner's rank is shifted by so much, with the rank of what is owned behind it."""

_TEXT = {"title": "TEXT NOT NULL", "catalog_number": "TEXT", "barcode": ""}


def columns(kind: Kind) -> tuple[str, ...]:
    """Return the columns of the table of a kind."""
    return SHARED + OWN[kind]


def _card_table(kind: Kind) -> str:
    forms = {"rank": "INTEGER PRIMARY KEY", **_TEXT}
    named = ", ".join(f"{name} {forms.get(name, 'INTEGER')}".strip() for name in columns(kind))
    ids = "block INTEGER PRIMARY KEY, ranks BLOB, source INTEGER, first INTEGER, origins BLOB"
    return f"CREATE TABLE {kind} ({named}); CREATE TABLE {kind}_id ({ids});"


_TOMBSTONE = (
    "gid BLOB PRIMARY KEY, entity_type TEXT, reason TEXT, public_note TEXT, decided_at TEXT"
)
TABLES = "\n".join(
    [
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;",
        "CREATE TABLE source (number INTEGER PRIMARY KEY, name TEXT NOT NULL);",
        "CREATE TABLE word (number INTEGER PRIMARY KEY, text TEXT NOT NULL);",
        "CREATE TABLE text (number INTEGER PRIMARY KEY, text TEXT NOT NULL, artist INTEGER);",
        *map(_card_table, KINDS),
        *(f"CREATE TABLE {name} (first INTEGER PRIMARY KEY, entries BLOB);" for name in INDEXES),
        *(f"CREATE TABLE {name} (first INTEGER PRIMARY KEY, ranks BLOB);" for name in LISTS),
        "CREATE TABLE release_track (release INTEGER PRIMARY KEY, recordings BLOB, places TEXT);",
        "CREATE TABLE redirect (old BLOB PRIMARY KEY, new BLOB NOT NULL) WITHOUT ROWID;",
        f"CREATE TABLE tombstone ({_TOMBSTONE}) WITHOUT ROWID;",
        f"PRAGMA user_version = {VERSION};",
    ]
)
