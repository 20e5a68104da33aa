"""What the listening door shows: frozen values that its pages and its API both speak of.

Laws: a value holds all that is shown, so that what renders it asks nobody; what is unknown is None,
never 0 or ""; a thing is named by its gid, which leads somewhere for ever; nothing here says
whether a byte of sound may leave: that is asked at the moment of leaving (`listen.gate`).

Songs are recordings of the catalogue, albums its releases. Not here: all facts of one recording
(`listen.item_values`), where values come from (`listen.ports`), how they look (`listen.pages`), how
they are written (`listen.api`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import UUID

from phonotheque.catalogue.kinds import Kind
from phonotheque.music.digest import Sha256

# -- what lists show -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mention:
    """A thing that is named beside another one; `gid` is None when the catalogue has no card."""

    name: str
    gid: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One song, album, artist or label, as a list or an answer shows it.

    Attributes:
        title: Title, or name.
        credit: Who is named for it, as printed; of an artist or label what tells it apart.
        artist: Of a song or album: the first who is named.
        album: Of a song: the album it is first on.
        length_ms: Of a song.
        year: Of its first release.
        country: ISO 3166-1.
        licence: Canonical address or SPDX expression; None when it is not known.
        is_held: Whether this archive has it, and it was not removed since.
        is_free: Whether everybody may copy it unchanged.
        genres: In lower case, the most often named first.
        score: Popularity, 0 to 100.
        listens: What the score was made of.
        isrc: Of a song: the first.
        barcode: Of an album: GTIN-14 where it is one, else as written.
        catalog_number: Of an album: the first.
        label: Of an album: the first.
        songs: Of an album: how many.
    """

    kind: Kind
    gid: UUID
    title: str
    credit: str | None = None
    artist: Mention | None = None
    album: Mention | None = None
    length_ms: int | None = None
    year: int | None = None
    country: str | None = None
    licence: str | None = None
    is_held: bool = False
    is_free: bool = False
    genres: tuple[str, ...] = ()
    score: int | None = None
    listens: int | None = None
    isrc: str | None = None
    barcode: str | None = None
    catalog_number: str | None = None
    label: Mention | None = None
    songs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What was withdrawn: its gid stays, with the reason."""

    gid: UUID
    kind: str
    reason: str | None = None
    public_note: str | None = None
    decided_at: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found.

    Attributes:
        hits: In the order of the answer; of one kind, but those of an identifier.
        is_partial: Whether a bound was met: there may be more, and better.
        used: "exact"; "prefix" when the last word was taken for a beginning; "typos" when near
            words were taken; "identifier" when it was looked up.
        instead_of: The kind that was searched for first, in vain; None when these are of it.
    """

    hits: tuple[Hit, ...]
    is_partial: bool = False
    used: str = "exact"
    instead_of: Kind | None = None


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What is shown while somebody types: the best of each kind."""

    songs: Answer
    albums: Answer
    artists: Answer
    labels: Answer


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list.

    Attributes:
        hits: In the order of the list.
        after: Key with which the next page is asked for; None when this is the last.
        is_partial: Whether a bound was met before the page was full: go on with `after`.
    """

    hits: tuple[Hit, ...]
    after: str | None = None
    is_partial: bool = False


class Order(StrEnum):
    """In which order a list stands.

    HEARD: the most heard first. NEW: what came into this archive last first.
    """

    HEARD = "heard"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which list is meant. All that is given must hold; what cannot be asked together is refused.

    Attributes:
        kind: What is listed.
        artist: Songs or albums that name this artist, by gid.
        label: Albums of this label, by gid.
        genre: In lower case.
        years: First and last, both included; None is an open end.
        licence: Canonical address, or a family such as "by-sa", "cc0".
        country: ISO 3166-1.
        collection: Songs or albums that were deposited in this collection.
        is_held: Only what this archive has; None for whatever the catalogue knows.
        is_free: Only what everybody may copy.
    """

    kind: Kind = Kind.RECORDING
    order: Order = Order.HEARD
    artist: UUID | None = None
    label: UUID | None = None
    genre: str | None = None
    years: tuple[int | None, int | None] | None = None
    licence: str | None = None
    country: str | None = None
    collection: str | None = None
    is_held: bool | None = None
    is_free: bool | None = None


class Facet(StrEnum):
    """By what one can browse; each has its shelves."""

    GENRE = "genre"
    YEAR = "year"
    LICENCE = "licence"
    COLLECTION = "collection"


@dataclass(frozen=True, slots=True)
class Shelf:
    """One value that one can browse by: a genre, a year, a licence, a collection.

    Attributes:
        name: As `Choice` takes it.
        title: As people call it.
        songs: How many songs of it this archive has.
    """

    name: str
    title: str
    songs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much there is.

    Attributes:
        songs: Known to the catalogue.
        held: Songs that this archive has.
        free: Of these, those that everybody may copy.
        as_of: When the catalogue was built, ISO 8601 in UTC.
    """

    songs: int
    albums: int
    artists: int
    labels: int
    held: int
    free: int
    as_of: str


# -- the fair draw -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What is drawn from: songs of this archive, each once however many copies there are.

    Attributes:
        licence: As in `Choice`.
        is_free: Only what everybody may copy.
        min_score: Only what is at least so popular, 0 to 100.
        is_never_heard: Only what nobody is known to have heard.
        with_spoken_word: Whether readings, plays for voices, lectures and interviews are in it.
    """

    licence: str | None = None
    is_free: bool = True
    min_score: int | None = None
    is_never_heard: bool = False
    with_spoken_word: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """Songs that were drawn: each of the pool equally likely, and none twice under one seed.

    Attributes:
        hits: In the order of the draw.
        count: How many songs are in the pool.
        seed: The same seed draws the same songs in the same order, from the same snapshot.
        after: How many of the pool were drawn by now: the next draw goes on there; None at its end.
    """

    hits: tuple[Hit, ...]
    count: int
    seed: str
    after: int | None


# -- what pages of one thing show ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """A recording, and where it stands.

    Attributes:
        objects: Digests of its files that this archive has, the one to be heard first.
        albums: On which it is, the most popular first.
    """

    hit: Hit
    objects: tuple[Sha256, ...] = ()
    albums: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumTrack:
    """A song's place on an album.

    Attributes:
        medium: Which disc or side, from 1.
        position: Place on it, from 1.
        number: As printed: "A1", "7".
        title: As printed here.
        song: None when the catalogue has no card of it.
    """

    medium: int
    position: int
    number: str
    title: str
    song: Hit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Album:
    """A release with its songs, in order.

    Attributes:
        length_ms: Of all its songs; None when one is not known.
        labels: That issued it.
    """

    hit: Hit
    tracks: tuple[AlbumTrack, ...] = ()
    length_ms: int | None = None
    labels: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An address elsewhere.

    Attributes:
        scheme: Whose: "musicbrainz", "discogs", "wikidata", "archive.org" ...; "support" is a page
            on which people are paid.
        address: http or https, checked; None where only the identifier is known.
    """

    scheme: str
    value: str
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Artist:
    """An artist with the first page of his albums and songs, the most heard first."""

    hit: Hit
    albums: Listing
    songs: Listing
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label with the first page of its albums, the most heard first."""

    hit: Hit
    albums: Listing
    links: tuple[Link, ...] = ()


# -- sound and pictures --------------------------------------------------------------------------


class SoundForm(StrEnum):
    """In which form a recording is given.

    ORIGINAL: the bytes as received. DRESSED: those with current tags and cover. OPUS: a small copy
    for listening. PREVIEW: 30 seconds of that.
    """

    ORIGINAL = "original"
    DRESSED = "dressed"
    OPUS = "opus"
    PREVIEW = "preview"


CoverSize = Literal[250, 500, 1200]
"""Longest side of a cover's thumbnail in pixels, as in the Cover Art Archive."""
