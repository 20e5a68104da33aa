"""A whole album as a zip that is never stored: read at any place, like a file.

Laws: what is in it is decided when it is asked for, song by song at the gate; its length is known
before any sound is sent, and so it can be gone on with after a break; the same songs in the same
form are the same bytes; a song that turns out to be damaged breaks it off: nobody takes half of it
for an album.
"""

from __future__ import annotations

import hashlib
import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from threading import Lock
from typing import Protocol

from phonotheque.listen.sound.ports import Resource
from phonotheque.listen.sound.zip_form import (
    END_BYTES,
    Member,
    encode_directory,
    encode_head,
    size_of,
)

_BLOCK_BYTES = 1 << 20
_STEP_BLOCKS = 16
"""Read in one step of preparing, some 20 ms: whoever went away meanwhile is noticed behind it."""
_MOST_CHECKSUMS = 100_000


class Source(Protocol):
    """What a member is read from.

    Attributes:
        still_may: Whether it may be read on: it may have been taken down.
    """

    still_may: Callable[[], bool]

    def read(self, begin: int, end: int) -> bytes:
        """Its bytes from `begin` up to `end`."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True, slots=True)
class Packed:
    """One file of the zip.

    Attributes:
        member: Its name and length.
        etag: Stands for its bytes.
        open: Opens it.
    """

    member: Member
    etag: str
    open: Callable[[], Source]


class Checksums:
    """CRC-32 of what was read once; they need no second reading. Threads may share it."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, int] = OrderedDict()
        self._lock = Lock()

    def known(self, packed: Packed) -> int | None:
        """The checksum of a member; None when nobody has read it yet."""
        with self._lock:
            if packed.etag in self._known:
                self._known.move_to_end(packed.etag)
            return self._known.get(packed.etag)

    def of(self, packed: Packed) -> int:
        """The checksum of a member; all of it is read when nobody has yet."""
        crc32 = self.known(packed)
        if crc32 is not None:
            return crc32
        summing = Summing(packed)
        try:
            while not summing.step():
                pass
        finally:
            summing.source.close()
        return self.keep(summing)

    def keep(self, summing: Summing) -> int:
        """Remember what was computed."""
        with self._lock:
            self._known[summing.packed.etag] = summing.crc32
            while len(self._known) > _MOST_CHECKSUMS:
                self._known.popitem(last=False)
        return summing.crc32


class Summing:
    """A checksum that is being computed. Whoever made it closes `source`.

    Attributes:
        crc32: Of what was read so far.
    """

    def __init__(self, packed: Packed) -> None:
        self.packed = packed
        self.source = packed.open()
        self.crc32 = 0
        self._at = 0

    def step(self) -> bool:
        """Read on for a while; whether all was read."""
        end = min(self._at + _STEP_BLOCKS * _BLOCK_BYTES, self.packed.member.size_bytes)
        for at in range(self._at, end, _BLOCK_BYTES):
            self.crc32 = zlib.crc32(self.source.read(at, min(at + _BLOCK_BYTES, end)), self.crc32)
        self._at = end
        return end == self.packed.member.size_bytes


class AlbumZip:
    """The bytes of a zip; the port's `Readable`.

    Args:
        packed: What is in it, in order.
        checksums: Shared by all zips.
    """

    def __init__(self, packed: Sequence[Packed], checksums: Checksums) -> None:
        self._packed = tuple(packed)
        self._members = tuple(one.member for one in packed)
        self._checksums = checksums
        sizes = [size for one in self._members for size in (one.head_bytes, one.size_bytes)]
        sizes.append(sum(one.entry_bytes for one in self._members) + END_BYTES)
        self._ends = list(accumulate(sizes))
        self._open: tuple[int, Source] | None = None
        self._summing: Summing | None = None

    @property
    def size_bytes(self) -> int:
        """The whole length."""
        return size_of(self._members)

    @property
    def etag(self) -> str:
        """Stands for the bytes."""
        said = "".join(f"{one.etag} {one.member.name}\n" for one in self._packed)
        return hashlib.sha256(said.encode()).hexdigest()

    def at_hand(self, begin: int, end: int) -> bytes | bytearray | None:  # noqa: ARG002
        """Nothing is: sound is read, and its checksum computed."""
        return None

    def is_ready(self, begin: int, end: int) -> bool:
        """Whether all checksums are known that stand in some bytes."""
        return next(self._unknown(begin, end), None) is None

    def prepare(self, begin: int, end: int) -> None:
        """Read on for a while for a checksum that is not known. Raises as `read`."""
        packed = next(self._unknown(begin, end), None)
        if packed is None:
            return
        if self._summing is None or self._summing.packed is not packed:
            self._stop_summing()
            self._summing = Summing(packed)
        if self._summing.step():
            self._checksums.keep(self._summing)
            self._stop_summing()

    def _unknown(self, begin: int, end: int) -> Iterator[Packed]:
        """Songs whose checksums stand in some bytes, in their heads or all of them in the
        directory, and are not known."""
        first, last = bisect_right(self._ends, begin), bisect_right(self._ends, end - 1)
        if last == len(self._ends) - 1:
            numbers = range(len(self._packed))
        else:  # of a song without its head nothing has to be known
            numbers = range((first + 1) // 2, last // 2 + 1)
        of_these = (self._packed[number] for number in numbers)
        return (one for one in of_these if self._checksums.known(one) is None)

    def _stop_summing(self) -> None:
        if self._summing is not None:
            self._summing.source.close()
            self._summing = None

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes from `begin` up to `end`.

        Raises:
            IntegrityError: A song is damaged.
            NotShareableError: A song was taken down meanwhile.
            UnavailableError: The disk refused.
        """
        parts = []
        number = bisect_right(self._ends, begin)
        while begin < end:
            start = self._ends[number - 1] if number else 0
            until = min(end, self._ends[number])
            parts.append(self._part(number, begin - start, until - start))
            begin, number = until, number + 1
        return b"".join(parts)

    def still_may(self) -> bool:
        """Whether the song that is being read may be read on."""
        opened, summing = self._open, self._summing
        if summing is not None and not summing.source.still_may():
            return False
        return opened is None or opened[1].still_may()

    def close(self) -> None:
        """Let go of the song that was read last."""
        self._stop_summing()
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _part(self, number: int, begin: int, end: int) -> bytes:
        """A stretch of a head (even numbers), of a song, or of the directory (the last)."""
        if number == len(self._ends) - 1:
            crc32s = [self._checksums.of(one) for one in self._packed]
            return encode_directory(self._members, crc32s)[begin:end]
        packed = self._packed[number // 2]
        if number % 2 == 0:
            return encode_head(packed.member, self._checksums.of(packed))[begin:end]
        if self._open is None or self._open[0] != number:
            self.close()
            self._open = (number, packed.open())
        return self._open[1].read(begin, end)


class Paper:
    """A text in a zip."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.still_may = lambda: True

    def read(self, begin: int, end: int) -> bytes:
        """Its bytes from `begin` up to `end`."""
        return self._data[begin:end]

    def close(self) -> None:
        """Do nothing."""


def packed_paper(name: str, text: str) -> Packed:
    """A text as a file of a zip."""
    data = text.encode()
    etag = hashlib.sha256(data).hexdigest()
    return Packed(Member(name, len(data)), etag, lambda: Paper(data))


def zip_resource(title: str, packed: Sequence[Packed], checksums: Checksums) -> Resource:
    """A zip, ready to be sent."""
    zipped = AlbumZip(packed, checksums)
    return Resource(
        size_bytes=zipped.size_bytes,
        etag=zipped.etag,
        media_type="application/zip",
        file_name=f"{title}.zip",
        data=zipped,
        still_may=zipped.still_may,
    )
