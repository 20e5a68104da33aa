"""What the sound of a range is read from: an original, a copy out of the cache, a composed copy.

Laws: an original is proven piece by piece as it is read, an access copy when it is opened, what a
dressed copy is composed of before it is composed. Each says which file it is read from and what
that was like, so that whoever keeps it open sees when it is another one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, Protocol

from phonotheque.archive.listening.open_files import Lease
from phonotheque.archive.listening.proving import Proof, ProvenFile, is_cached, read_cached
from phonotheque.archive.opening import Archive
from phonotheque.derive.cache import FOLDER as COPIES
from phonotheque.derive.derivative import Kept
from phonotheque.disk import refusal
from phonotheque.dress.compose import Dressed
from phonotheque.errors import NotWholeError
from phonotheque.register.holdings import Held
from phonotheque.store.objects import ObjectName

_QUICK_BYTES = 64 << 10

State = tuple[int, ...]
"""What a file system says of a file; () when there is none."""


def state_of(found: os.stat_result) -> State:
    """What a file system says of a file that is open."""
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def state_at(root: Path, path: str) -> State:
    """What it says of a file below the archive's folder; () when there is none."""
    try:
        return state_of(os.stat(f"{root}/{path}", follow_symlinks=False))
    except OSError:
        return ()


class Source(Protocol):
    """Something that bytes are read from, open once for all who read.

    Attributes:
        path: Below the archive's folder, where it is one file; None when it is put together.
        place: Where the file lies that it is read from.
        state: What that was when it was opened.
        is_proven: Whether all of it was found good.
    """

    etag: str
    size_bytes: int
    path: str | None
    place: str
    modified_at: float | None
    state: State

    @property
    def is_proven(self) -> bool:
        """Whether all of it was found good."""

    def read(self, begin: int, end: int) -> bytes:
        """The bytes from `begin` up to `end`. Raises `IntegrityError`, `UnavailableError`."""

    def at_hand(self, begin: int, end: int) -> bytes | bytearray | None:
        """The same, if nothing has to be waited for."""

    def file_at_hand(self, begin: int, end: int) -> BinaryIO | None:
        """The file that these bytes lie in, if nothing has to be waited for."""

    def prove(self) -> None:
        """Prove what was not proven yet. Raises as `read`."""

    def close(self) -> None:
        """Let go of it."""


class Master:
    """An original, proven as it is read."""

    def __init__(self, archive: Archive, held: Held) -> None:
        name = ObjectName(held.sha256, held.extension)
        digests = archive.index.digests(held)
        layer = digests.layer if digests else None
        proof = Proof(held.sha256, held.size_bytes, held.pieces_root, layer)
        file = archive.store.open(name)
        try:
            self.proven = ProvenFile(name.path, file, proof)
        except BaseException:
            file.close()
            raise
        self.etag = held.sha256.hex
        self.size_bytes = held.size_bytes
        self.place = name.path
        self.path: str | None = name.path
        self.modified_at: float | None = self.proven.modified_at
        self.state: State = self.proven.state
        self.read = self.proven.read
        self.at_hand = self.proven.at_hand
        self.file_at_hand = self.proven.file_at_hand
        self.prove = self.proven.prove
        self.close = self.proven.close

    @property
    def is_proven(self) -> bool:
        """Whether all of it was found good."""
        return self.proven.is_proven


class KeptCopy:
    """A copy or picture out of the cache, proven when it was opened."""

    is_proven = True

    def __init__(self, kept: Kept) -> None:
        self.facts = kept.record.facts
        self._file = kept.file
        self._descriptor = kept.file.fileno()
        found = os.fstat(self._descriptor)
        self.etag = kept.record.sha256
        self.size_bytes = kept.record.size_bytes
        self.place = f"{COPIES}/{kept.path}"
        self.path: str | None = self.place
        self.modified_at: float | None = found.st_mtime
        self.state: State = state_of(found)
        self.close = kept.close

    def read(self, begin: int, end: int) -> bytes:
        """The bytes from `begin` up to `end`."""
        try:
            data = os.pread(self._descriptor, end - begin, begin)
        except OSError as error:
            raise refusal(self.place, error) from error
        if len(data) != end - begin:
            raise NotWholeError(self.place, "it ends too early", "Ask again.")
        return data

    def at_hand(self, begin: int, end: int) -> bytes | bytearray | None:
        """The same, if the system has it in memory."""
        return read_cached(self._descriptor, begin, end - begin)

    def prove(self) -> None:
        """It is."""

    def is_there(self, root: Path) -> bool:
        """Whether it lies in the cache still, as it was."""
        return self.state == state_at(root, self.place)

    def file_at_hand(self, begin: int, end: int) -> BinaryIO | None:
        """The file, if it lies in the system's cache."""
        return self._file if is_cached(self._descriptor, begin, end) else None


class Composed:
    """A dressed copy: an original that was proven, with other tags around it."""

    is_proven = True

    def __init__(self, master: Lease[Source], copy: Dressed, etag: str) -> None:
        self._master = master
        self._copy = copy
        self.etag = etag
        self.size_bytes = copy.size_bytes
        self.path: str | None = None
        self.place = master.value.place
        self.modified_at: float | None = None
        self.state: State = master.value.state
        self.close = master.close

    def read(self, begin: int, end: int) -> bytes:
        """The bytes from `begin` up to `end`."""
        return self._copy.read(begin, end - begin)

    def at_hand(self, begin: int, end: int) -> bytes | bytearray | None:
        """The same, if they are few: most come out of the system's cache."""
        return self.read(begin, end) if end - begin <= _QUICK_BYTES else None

    def file_at_hand(self, begin: int, end: int) -> BinaryIO | None:
        """There is none."""

    def prove(self) -> None:
        """It is."""
