"""What the listening door is handed: it knows no archive, only these, and `listen.sound.ports`.

Every port is asked by many threads: an implementation opens what it reads once for each thread, and
opens it again when it was replaced, so that no answer is half of one catalogue and half of the
next. All raise `PhonothequeError` and nothing else; nothing is written, but by `Plays`. Who makes a
port closes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.item_values import Copy, Item
from phonotheque.listen.items.values import ReleaseTorrent
from phonotheque.listen.sound.ports import Making, Resource, Sounds
from phonotheque.listen.values import (
    Album,
    Answer,
    Artist,
    Choice,
    Counts,
    CoverSize,
    Drawn,
    Facet,
    Gone,
    Hit,
    Label,
    Listing,
    Pool,
    Shelf,
    Song,
    Suggestions,
)
from phonotheque.music.digest import Sha256
from phonotheque.music.identifiers import Gtin, Isrc


class Library(Protocol):
    """What there is to be found: the catalogue, less what was removed since it was built."""

    def version(self) -> str:
        """Name what answers now: while it is the same, every answer is."""

    def counts(self) -> Counts:
        """Return how much there is."""

    def search(
        self,
        text: str,
        kind: Kind | None = None,
        *,
        limit: int = 20,
        is_typing: bool = False,
    ) -> Answer:
        """Answer a query of the query language (`docs/reference/query-language.md`).

        Args:
            kind: What is searched for, unless the query says it.
            limit: 1 to 1,000.
            is_typing: Whether the last word may go on.

        Raises:
            BadRequestError: The query cannot be meant.
        """

    def suggest(self, text: str, *, limit: int = 6) -> Suggestions:
        """Answer what somebody is typing with the best of each kind."""

    def by_gids(self, gids: Sequence[UUID]) -> list[Hit | Gone | None]:
        """Return what each gid stands for, in the order asked for; an MBID is a gid.

        A gid that was given up for another is answered by what stands for it now: its `gid` is
        another one then.
        """

    def by_isrcs(self, codes: Sequence[Isrc]) -> list[list[Hit]]:
        """Return the songs of each ISRC, the most popular first, at most 100 of each."""

    def by_barcodes(self, codes: Sequence[Gtin]) -> list[list[Hit]]:
        """Return the albums of each barcode, the most popular first, at most 100 of each."""

    def song(self, gid: UUID) -> Song | Gone | None:
        """Return a song; None when nothing, or another kind of thing, has the gid."""

    def album(self, gid: UUID) -> Album | Gone | None:
        """Return an album with its songs; None likewise."""

    def artist(self, gid: UUID) -> Artist | Gone | None:
        """Return an artist; None likewise."""

    def label(self, gid: UUID) -> Label | Gone | None:
        """Return a label; None likewise."""

    def listing(self, choice: Choice, *, after: str | None = None, limit: int = 50) -> Listing:
        """Return a page of a list. Costs the same on every page.

        Args:
            after: `Listing.after` of the page before; None for the first.
            limit: 1 to 200.

        Raises:
            BadRequestError: The choice cannot be meant, or `after` is no key of this list.
            BadReferenceError: It names an artist or label that nothing has.
        """

    def shelves(self, facet: Facet) -> tuple[Shelf, ...]:
        """Return by what one can browse: genres, years, licences or collections of which this
        archive has songs; the fullest first, years in order."""

    def draw(self, pool: Pool, *, seed: str = "", after: int = 0, limit: int = 20) -> Drawn:
        """Draw songs, uniformly and without scanning.

        Args:
            seed: "" for a new one.
            after: `Drawn.after` of the draw before.
        """

    def objects(self, gid: UUID) -> tuple[Sha256, ...]:
        """Return the files of a song that are here, the one to be heard first: the way to bytes."""

    def song_of(self, sha256: Sha256) -> Hit | None:
        """Return the song that a file holds."""

    def formerly(self, name: str) -> tuple[Hit, ...]:
        """Return songs here whose title, artist or album had a name before it was corrected."""


class Pictures(Protocol):
    """Covers and waveforms."""

    def cover(self, gid: UUID, size: CoverSize, group: str = "") -> Resource | Making | None:
        """Return the cover of a song or album, or have it made for a group of listeners; None when
        there is none.

        Raises:
            UnavailableError: Too many are being made.
        """

    def hue(self, gid: UUID) -> int | None:
        """Return the hue of a cover in 24 steps; None when there is none, or it is grey."""

    def points(self, gid: UUID) -> bytes | None:
        """Return the waveform of a song: 400 points of 4 bytes, peak and mean of the left channel,
        of the right one; None when there is none."""

    def wave(self, gid: UUID) -> bytes | None:
        """Return the waveform as SVG; None likewise."""


class Copies(Protocol):
    """Where the bulk door has a recording, and what it gives for one item."""

    def copies(self, gid: UUID) -> tuple[Copy, ...]:
        """Return the volumes that hold a song, with the magnet for its file alone."""

    def release(self, gid: UUID) -> ReleaseTorrent | None:
        """Return the torrent of one album, made of what is known: no sound is read. None when the
        album has no song that may be shared, or nothing has the gid.

        Raises:
            UnavailableError: The register's index cannot be read.
        """

    def release_file(self, gid: UUID, path: tuple[str, ...]) -> Resource | None:
        """Open a file of the torrent of an album, as a web seed gives it (BEP 19); None when it is
        none of its files, or may not be given any more.

        Args:
            path: The torrent's folder, and what is below it.

        Raises:
            IntegrityError: It is damaged.
            UnavailableError: The disk refused.
        """


class Items(Protocol):
    """All facts of one recording."""

    def item(self, gid: UUID) -> Item | Gone | None:
        """Return the facts of a song; None when nothing has the gid."""


class Plays(Protocol):
    """Who heard what is not kept; that it was heard is."""

    def heard(self, play: UUID, gid: UUID, played_ms: int, listener: str) -> bool:
        """Count one play, durable when this returns, if it was half of the song or 4 minutes.

        Args:
            play: What tells it from others. The same one may be reported again and again, also
                after an error: it counts once.
            listener: Who, as nobody else may know it; never written down.

        Returns:
            Whether it counts: now, or since it was reported before.

        Raises:
            UnavailableError: The disk refused; report it again.
        """

    def most_heard(self, days: int, limit: int) -> tuple[tuple[UUID, int, int], ...]:
        """Return what was heard most in the last days: gid, plays, listeners; the most listeners
        first. What was counted some seconds ago may be missing.

        Raises:
            UnavailableError: It cannot be said now.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All that the door is handed."""

    library: Library
    sounds: Sounds
    pictures: Pictures
    copies: Copies
    items: Items
    plays: Plays
