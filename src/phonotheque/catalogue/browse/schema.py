"""The tables of `browse.db`; `docs/reference/browse-file.md` tells what each is for.

A *shelf* is the list of all cards of one kind that have one thing in common: a genre, a year, a
licence, a country, or nothing but that they are cards. It is kept in eight parts that have no card
in common, by what is asked for most: whether this archive has it, whether everybody may copy it,
and whether it is speech. So any choice of these is a union of parts, and each card stands once on
each of its shelves.
"""

from __future__ import annotations

from enum import IntFlag, StrEnum

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.schema import KINDS

VERSION = 1

ENTRIES = 256
"""Ranks of a block. The last of a part may have fewer; so the k-th rank is found by division."""

BLOCK_BITS = 24
"""A block's key is the number of its part, shifted by so much, and its own number from 0."""

LIST_WIDTHS = {1: "B", 2: "H", 4: "I"}
"""Bytes of a rank less the block's first, and what `array` calls them."""


class Facet(StrEnum):
    """What cards of a shelf have in common. ALL: nothing."""

    ALL = "all"
    GENRE = "genre"
    YEAR = "year"
    LICENCE = "licence"
    COUNTRY = "country"


class Mark(IntFlag):
    """In which part of its shelf a card stands."""

    HELD = 1
    FREE = 2
    SPEECH = 4


PARTS = 8
"""Values that marks have."""

FACETS = {
    Kind.RECORDING: tuple(Facet),
    Kind.RELEASE: tuple(Facet),
    Kind.ARTIST: (Facet.ALL,),
    Kind.LABEL: (Facet.ALL,),
}
"""Shelves of each kind of card."""

SPEECH = frozenset(
    (
        "audiobook",
        "audio drama",
        "audio play",
        "hörbuch",
        "hörspiel",
        "interview",
        "lecture",
        "non-music",
        "podcast",
        "radio play",
        "speech",
        "spoken",
        "spoken word",
        "storytelling",
    )
)
"""Genres of what is spoken: MusicBrainz's, Discogs' and those of tags."""

LINKED = (Kind.ARTIST, Kind.LABEL)
"""Kinds whose identifiers elsewhere are kept."""

OWNER_BITS = 32
"""In lists an owner's rank is shifted by so much, with the rank of what is owned behind it."""

DIGEST_BYTES = 32
"""Of a SHA-256."""

TABLES = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;
CREATE TABLE part (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, facet TEXT NOT NULL, name TEXT NOT NULL,
    marks INTEGER NOT NULL, cards INTEGER NOT NULL, firsts BLOB NOT NULL
);
CREATE INDEX part_by_name ON part (kind, facet, name, marks, cards);
CREATE TABLE block (key INTEGER PRIMARY KEY, ranks BLOB NOT NULL);
CREATE TABLE object (recording INTEGER PRIMARY KEY, digests BLOB NOT NULL);
CREATE TABLE recording_release (first INTEGER PRIMARY KEY, ranks BLOB NOT NULL);
CREATE TABLE release_label (first INTEGER PRIMARY KEY, ranks BLOB NOT NULL);
CREATE TABLE link (key INTEGER PRIMARY KEY, body TEXT NOT NULL);
PRAGMA user_version = {VERSION};
"""


def link_key(kind: Kind, rank: int) -> int:
    """Return under which key the addresses of an artist or label stand."""
    return KINDS.index(kind) << OWNER_BITS | rank
