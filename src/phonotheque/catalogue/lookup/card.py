"""What look-up answers with: cards, the tracks of a release, tombstones."""

from __future__ import annotations

from uuid import UUID

import msgspec

from phonotheque.catalogue.kinds import Kind


class Card(msgspec.Struct, frozen=True, gc=False):
    """All that is shown of one recording, release, artist or label.

    Attributes:
        rank: 1 is the most popular of its kind.
        id: Its dense number within the catalogue's epoch.
        gid: Its identifier that lasts.
        credit: Who is named for it; of an artist or label what tells it apart.
        artist: Id of the first artist named.
        release: Of a recording: id of the release it is first on.
        length: ms.
        year: Of its first release.
        country: ISO 3166-1.
        licence: Canonical address; None when it is not known.
        is_held: This archive has it.
        is_free: Everybody may copy it unchanged.
        score: Popularity, 0 to 100; None when it is not known.
        listens: What the score was made of.
        isrc: The first; `Lookup.by_isrc` knows all.
        barcode: Of a release: GTIN-14 where it is one, else as written.
        label: Of a release: name of its first label.
        tracks: Of a release: how many.
    """

    kind: Kind
    rank: int
    id: int
    gid: UUID
    title: str
    credit: str | None = None
    artist: int | None = None
    release: int | None = None
    release_title: str | None = None
    length: int | None = None
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
    label: str | None = None
    tracks: int | None = None


class Track(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A recording's place on a release.

    Attributes:
        medium_position: Which medium, from 1.
        position: Place on the medium, from 1.
        number: Place as it is printed; None when it is `position`.
        title: Title as it is printed here; None when it is the recording's.
        recording: None when the catalogue has no card of it.
    """

    medium_position: int
    position: int
    number: str | None = None
    title: str | None = None
    recording: Card | None = None


class Tombstone(msgspec.Struct, frozen=True, kw_only=True):
    """An entity that was withdrawn, and why."""

    gid: UUID
    entity_type: str
    reason: str | None = None
    public_note: str | None = None
    decided_at: str | None = None
