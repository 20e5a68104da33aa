"""What the listening door is handed: it knows no archive, only these.

Every port is asked by many threads: an implementation opens what it reads once for each thread, and
opens it again when it was replaced, so that no answer is half of one catalogue and half of the
next. All raise `PhonothequeError` and nothing else; nothing is written, but by `Plays`. Who makes a
port closes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO, Protocol
from uuid import UUID

from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.item_values import Copy, Item
from phonotheque.listen.items.values import ReleaseTorrent
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
    SoundForm,
    Suggestions,
)
from phonotheque.music.digest import Sha256
from phonotheque.music.identifiers import Gtin, Isrc
from phonotheque.music.rights import Verdict


class Library(Protocol):
    """What there is to be found: the catalogue, less what was removed since it was built."""

    def version(self) -> str:
        """Name what answers now: while it is the same, every answer is. Part of every ETag."""

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


# -- sound -----------------------------------------------------------------------------------------


class Readable(Protocol):
    """Bytes that can be read from anywhere, by one thread after another."""

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes from `begin` up to, not including, `end`: one read where they lie in
        one file.

        Raises:
            IntegrityError: They are not what they should be.
            UnavailableError: The disk refused.
        """

    def at_hand(self, begin: int, end: int) -> bytes | bytearray | None:
        """Return the same bytes if nothing has to be waited for or computed, else None."""

    def close(self) -> None:
        """Let go of it. Safe to call twice."""


class FileReadable(Readable, Protocol):
    """Bytes that lie in one file, which may be sent as it is."""

    def file_at_hand(self, begin: int, end: int) -> BinaryIO | None:
        """Return the file, if these bytes of it were proven and need not be waited for."""


class PreparedReadable(Readable, Protocol):
    """Bytes before which something has to be computed, step by step, until they are ready."""

    def is_ready(self, begin: int, end: int) -> bool:
        """Whether they can be read now."""

    def prepare(self, begin: int, end: int) -> None:
        """Compute for a while. Raises as `read`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What is sent, open. Whoever gets it closes `data`.

    Attributes:
        etag: Strong, without quotation marks: a digest that stands for these very bytes.
        media_type: As sent.
        file_name: As people save it, without folders.
        path: Below the archive's folder, where all of it is one file there that was proven whole
            (for a proxy to send); None when it is put together of parts.
        modified_at: Seconds since 1970; None when unknown.
        fields: Further headers: its licence, what holds for text and data mining, its loudness.
        still_may: Asked now and then while it is being sent, in a thread: false, and no more of it
            is; by then it was taken down.
    """

    size_bytes: int
    etag: str
    media_type: str
    file_name: str
    data: Readable
    path: str | None = None
    modified_at: float | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    still_may: Callable[[], bool] = lambda: True


Making = Future[None]
"""Something is being made: done when it is there, raising `PhonothequeError` when it cannot be.
Nobody waits for it in a thread."""


class NotAtHandError(Exception):
    """It cannot be said without waiting, for the disk perhaps: ask in a thread."""


class Purpose(StrEnum):
    """What for: to hear it now, or to keep it."""

    HEAR = "hear"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody listens.

    Attributes:
        country: ISO 3166-1 alpha-2; None when nobody said.
        is_premises: In the archive's own rooms.
    """

    country: str | None = None
    is_premises: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about the sound of one recording: in which form, what for, and where."""

    gid: UUID
    form: SoundForm
    purpose: Purpose = Purpose.HEAR
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Offer:
    """One file of a recording, and what the resolver says of it.

    Attributes:
        is_free: Everybody may copy this file: by its licence, not by a contract with this archive.
    """

    sha256: Sha256
    verdict: Verdict
    is_free: bool


class Asking(Protocol):
    """What the gate asks of sounds."""

    def may(self, asked: Asked) -> Offer | None:
        """Ask the resolver now: of several files the one to be given, or else the first and why it
        may not be; None when nothing has the gid, or it is not held.

        Files that are allowed and whole come first, of these the ones that everybody may copy.

        Raises:
            UnavailableError: The register's index cannot be read.
            NotAtHandError: Of `Sounds.at_once` alone.
        """

    def form_for(self, gid: UUID) -> SoundForm:
        """Return the form in which browsers can play it: the original where they can. Raises as
        `may`."""


class Sounds(Asking, Protocol):
    """The bytes of recordings. Only `phonotheque.listen.gate` asks for them."""

    at_once: Asking
    """Answers what was answered a moment ago, and never waits."""

    def length_ms(self, gid: UUID) -> int | None:
        """Return how long it plays; None when it is not held, or has no sound."""

    def gain_db(self, gid: UUID) -> float | None:
        """Return what levels it to -18 LUFS (ReplayGain 2); None when it was not measured."""

    def at_hand(self, asked: Asked, sha256: Sha256, *, is_proven: bool = False) -> Resource | None:
        """Return what `open` would, if it is open already and nothing has to be waited for; None
        when it is not."""

    def open(
        self, asked: Asked, sha256: Sha256, *, is_proven: bool = False, group: str = ""
    ) -> Resource | Making:
        """Open a file that was offered, or have a copy of it made: then open it again.

        Args:
            asked: As `may` was asked.
            sha256: The file that it offered.
            is_proven: Prove all of it before it is returned, so that others may send it; else
                each part is proven when it is read for the first time.
            group: Who asks, as limits count: nobody has all copies made for him.

        Raises:
            NotHeldError: There is no such form of it.
            NotShareableError: It is not allowed any more.
            NotWholeError: It is missing or damaged. It is not offered again while others are.
            UnavailableError: Too many are being made, or the disk refused: wait and ask again.
        """


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
