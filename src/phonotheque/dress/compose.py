"""A file that is never stored: ranges of an original and a few bytes of our own, in order.

Laws: `read(a, n)` is `whole[a : a + n]`, whatever was read before; the length is known before the
first byte is read; the same original and pieces give the same bytes for ever.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from phonotheque.dress.ogg_pages import LAST, PageTable, find_pages, numbers_of, renumber
from phonotheque.dress.original import Original

BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes of our own."""

    data: bytes

    @property
    def size_bytes(self) -> int:
        """Their number."""
        return len(self.data)


@dataclass(frozen=True, slots=True)
class Slice:
    """A range of the original as it is."""

    start: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Renumbered:
    """A range of an original in Ogg, the pages of one stream in it with other numbers.

    Attributes:
        serial: The stream.
        shift: Added to the number of each of its pages, modulo 2**32.
        stops: Places in the original at which a block begins: the first is `start`, each one is
            where a page or junk begins, so that any block can be made without those before it.
    """

    start: int
    size_bytes: int
    serial: int
    shift: int
    stops: tuple[int, ...]


Piece = Literal | Slice | Renumbered


class Dressed:
    """A composition of pieces that can be read like a file.

    Args:
        original: What slices are taken from; must stay open while this is read.
        pieces: In order. Empty ones are left out.
    """

    def __init__(self, original: Original, pieces: Sequence[Piece]) -> None:
        self._original = original
        self._pieces = tuple(piece for piece in pieces if piece.size_bytes)
        self._ends = tuple(accumulate(piece.size_bytes for piece in self._pieces))

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What it is made of."""
        return self._pieces

    @property
    def size_bytes(self) -> int:
        """The whole length."""
        return self._ends[-1] if self._ends else 0

    def read(self, start: int, size_bytes: int) -> bytes:
        """Return a range; shorter, or empty, where the file ends before.

        Raises:
            TruncatedError: The original is shorter than it was.
            UnavailableError: The disk failed.
        """
        if start < 0 or size_bytes < 0:
            raise ValueError(f"no such range: {size_bytes} bytes from {start}")
        return b"".join(self.iter_blocks(start, start + size_bytes))

    def iter_blocks(self, start: int = 0, end: int | None = None) -> Iterator[bytes | bytearray]:
        """Yield the range in blocks of at most 1 MiB and a page, in order.

        Cost: 0.5 GB/s where pages of Ogg get other numbers, else what the disk gives.

        Raises:
            TruncatedError: The original is shorter than it was.
            UnavailableError: The disk failed.
        """
        end = self.size_bytes if end is None else min(end, self.size_bytes)
        number = bisect_right(self._ends, start)
        while start < end:
            piece = self._pieces[number]
            offset = self._ends[number] - piece.size_bytes
            until = min(end, self._ends[number]) - offset
            yield from self._of(piece, start - offset, until)
            start, number = self._ends[number], number + 1

    def _of(self, piece: Piece, start: int, end: int) -> Iterator[bytes | bytearray]:
        match piece:
            case Literal(data):
                for at in range(start, end, BLOCK_BYTES):
                    yield data[at : min(at + BLOCK_BYTES, end)]
            case Slice(offset):
                for at in range(start, end, BLOCK_BYTES):
                    yield self._original.read(offset + at, min(BLOCK_BYTES, end - at))
            case Renumbered():
                yield from self._renumbered(piece, piece.start + start, piece.start + end)

    def _renumbered(self, piece: Renumbered, start: int, end: int) -> Iterator[bytearray]:
        """Blocks of a renumbered range, told by places in the original."""
        limit = piece.start + piece.size_bytes
        number = bisect_right(piece.stops, start) - 1
        while start < end:
            at = piece.stops[number]
            is_last = number + 1 == len(piece.stops)
            until = limit if is_last else piece.stops[number + 1]
            raw = self._original.read(at, until - at)
            pages, _ = find_pages(raw, 0, len(raw))
            block = bytearray(raw)
            renumber(block, pages, piece.shift, piece.serial)
            whole = start == at and end >= until
            yield block if whole else block[start - at : min(end, until) - at]
            start, number = until, number + 1


def renumber_stream(original: Original, start: int, serial: int, shift: int) -> list[Piece]:
    """Plan the rest of an Ogg file whose first stream gets other numbers from `start` on.

    The stream ends with its page that says so, or with the file. What follows, a chained stream
    with numbers of its own, stays as it is.
    """
    if not shift % (1 << 32):
        return [Slice(start, original.size_bytes - start)]
    stops, at, end = [], start, original.size_bytes
    while at < end:
        stops.append(at)
        block = original.peek(at, BLOCK_BYTES)
        is_last = at + len(block) == end
        pages, size = find_pages(block, 0, len(block), is_last=is_last)
        stop = _end_of_stream(block, pages, serial)
        if stop is not None:
            return [
                Renumbered(start, at + stop - start, serial, shift, tuple(stops)),
                Slice(at + stop, end - at - stop),
            ]
        at += size
    return [Renumbered(start, end - start, serial, shift, tuple(stops))]


def _end_of_stream(block: bytes, pages: PageTable, serial: int) -> int | None:
    """Where the page ends that says it is the stream's last, if it is among these."""
    if not pages.starts.size:
        return None
    flags = np.frombuffer(block, np.uint8)[pages.starts + 5]
    is_end = (flags & LAST > 0) & (numbers_of(block, pages.starts).serial == serial)
    return int(pages.ends[np.argmax(is_end)]) if is_end.any() else None
