"""What the gate and whatever sends sound are handed: bytes, who asks for them, and who may.

As for all ports (`phonotheque.listen.ports`): asked by many threads, they raise `PhonothequeError`
and nothing else, and whoever makes a port closes it. Not here: anything that reads bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO, Protocol
from uuid import UUID

from phonotheque.listen.values import SoundForm
from phonotheque.music.digest import Sha256
from phonotheque.music.rights import Verdict


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
