"""Documents of MusicBrainz's JSON dumps: of each only what is read.

What a document has beside is passed over without being looked at. Among that are annotations,
ratings, tags and genres: they stand under CC BY-NC-SA, all else under CC0.

Source: musicbrainz.org/doc/Development/JSON_Data_Dumps and /doc/MusicBrainz_API (the dumps have the
documents of the web service).
"""

from __future__ import annotations

import msgspec


class _Document(msgspec.Struct, rename="kebab"):
    """Names with hyphens, as in `sort-name`."""


class Area(_Document):
    """A country or another place."""

    name: str | None = None
    iso_3166_1_codes: list[str] | None = msgspec.field(default=None, name="iso-3166-1-codes")


class Span(_Document):
    """When somebody lived, or something existed."""

    begin: str | None = None
    end: str | None = None


class Artist(_Document):
    """An artist; within a credit only with names and type."""

    id: str
    name: str
    sort_name: str | None = None
    disambiguation: str | None = None
    type: str | None = None
    country: str | None = None
    area: Area | None = None
    life_span: Span | None = None


class Credited(_Document):
    """An artist within a credit."""

    artist: Artist
    name: str
    joinphrase: str | None = None


class Label(_Document):
    """A label."""

    id: str
    name: str
    disambiguation: str | None = None
    country: str | None = None
    area: Area | None = None


class LabelInfo(_Document):
    """A label that issued a release, and the number it gave; either may be unknown."""

    label: Label | None = None
    catalog_number: str | None = None


class ReleaseGroup(_Document):
    """All editions of an album."""

    id: str
    title: str
    artist_credit: list[Credited] | None = None
    primary_type: str | None = None
    secondary_types: list[str] | None = None
    first_release_date: str | None = None
    disambiguation: str | None = None


class Recording(_Document):
    """A recording. The dump of recordings has those that are on no release."""

    id: str
    title: str
    artist_credit: list[Credited] | None = None
    length: int | float | None = None
    disambiguation: str | None = None
    isrcs: list[str] | None = None
    first_release_date: str | None = None


class Track(_Document):
    """A recording's place on a medium."""

    title: str | None = None
    number: str | None = None
    position: int | None = None
    length: int | float | None = None
    artist_credit: list[Credited] | None = None
    recording: Recording | None = None


class Medium(_Document):
    """A disc or side. A track before the first, and data tracks, stand apart."""

    position: int | None = None
    format: str | None = None
    title: str | None = None
    tracks: list[Track] | None = None
    pregap: Track | None = None
    data_tracks: list[Track] | None = None


class Words(_Document):
    """How the words of a release are written."""

    language: str | None = None
    script: str | None = None


class Release(_Document):
    """An edition, with all that is on it."""

    id: str
    title: str
    artist_credit: list[Credited] | None = None
    release_group: ReleaseGroup | None = None
    date: str | None = None
    country: str | None = None
    status: str | None = None
    barcode: str | None = None
    disambiguation: str | None = None
    text_representation: Words | None = None
    label_info: list[LabelInfo] | None = None
    media: list[Medium] | None = None


Document = Artist | Label | ReleaseGroup | Recording | Release

DECODERS: dict[str, msgspec.json.Decoder[Document]] = {
    "artist": msgspec.json.Decoder(Artist),
    "label": msgspec.json.Decoder(Label),
    "release-group": msgspec.json.Decoder(ReleaseGroup),
    "recording": msgspec.json.Decoder(Recording),
    "release": msgspec.json.Decoder(Release),
}
"""What reads each kind, in the order in which they are read: a document within another says less
than its own, so each kind is read before those it stands in."""
