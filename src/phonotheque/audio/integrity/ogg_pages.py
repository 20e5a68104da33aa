"""The pages of an Ogg stream, each one proven by its checksum, and what stands between them.

Laws: every byte of the file is in a page that was yielded, or in a `Spoiled` stretch, in order;
a page is yielded only when its checksum agrees; work is linear: false starts of pages are tried
until they have cost four times the file, then they are stepped over by the length they claim.

Source: RFC 3533, 6. Not here: what pages mean to each other (`ogg`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from phonotheque.audio.integrity.crc import MIRROR, page_agrees
from phonotheque.audio.integrity.window import Window

_CAPTURE = b"OggS"
_HEADER_BYTES = 27
_MOST_PAGE_BYTES = _HEADER_BYTES + 255 + 255 * 255
_FIELDS = struct.Struct("<qII")  # granule position, serial, number: bytes 6 to 22
_HEAD_BYTES = 64
_FREE_TRIES_BYTES = 16 << 20

CONTINUED, FIRST, LAST = 1, 2, 4
"""Flags of a page."""


class Page(NamedTuple):
    """A page whose checksum agrees.

    Attributes:
        at: Where it begins.
        size: Its length.
        flags: `CONTINUED`, `FIRST`, `LAST`.
        granule: Granule position, -1 when no packet ends here.
        serial: Of its logical stream.
        number: Its number in that stream.
        head: The first bytes of its body on a `FIRST` page, else empty.
    """

    at: int
    size: int
    flags: int
    granule: int
    serial: int
    number: int
    head: bytes


class Spoiled(NamedTuple):
    """A stretch that is no page. `what` says how it begins; `has_pages` that it holds a start."""

    at: int
    until: int
    what: str
    has_pages: bool


CUT = "the file ends inside a page"
DIFFERS = "the checksum of a page differs"
FOREIGN = "bytes that are no page"


class _Mirrored(Window):
    """A window that holds its bytes mirrored, too: translating at once is cheaper than by page."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.mirrored = memoryview(b"")

    def _move(self, at: int, count: int) -> None:
        super()._move(at, count)
        self.mirrored = memoryview(self.data.translate(MIRROR))


class Pages:
    """A walk over the pages of a file.

    Attributes:
        tries_bytes: What was read in vain, at false starts.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._window = _Mirrored(file)
        self.size = self._window.size
        self.tries_bytes = 0

    def __iter__(self) -> Iterator[Page | Spoiled]:
        at = 0
        while at < self._window.size:
            found = self._page(at)
            if isinstance(found, Page):
                yield found
                at += found.size
                continue
            until, has_pages = self._next_page(at, found[1], found[0] is not FOREIGN)
            yield Spoiled(at, until, found[0], has_pages)
            at = until

    def _next_page(self, at: int, claimed: int, has_pages: bool) -> tuple[int, bool]:  # noqa: FBT001
        """Return where the next true page begins (the end if none does), and whether any seemed."""
        window = self._window
        while True:
            is_spent = self.tries_bytes > 4 * window.size + _FREE_TRIES_BYTES
            at = window.find(_CAPTURE, at + max(1, claimed if is_spent else 1))
            if at < 0:
                return window.size, has_pages
            has_pages = True
            found = self._page(at)
            if isinstance(found, Page):
                return at, has_pages
            claimed = found[1]

    def _page(self, at: int) -> Page | tuple[str, int]:
        """The page at `at`, or what is wrong and how long it claims to be."""
        window = self._window
        index = window.reach(at, _MOST_PAGE_BYTES)
        data = window.data
        if data[index : index + 4] != _CAPTURE:
            return FOREIGN, 0
        if index + _HEADER_BYTES > len(data):
            return CUT, 0
        body = index + _HEADER_BYTES + data[index + 26]
        stop = body + sum(data[index + _HEADER_BYTES : body])
        if stop > len(data):
            return CUT, stop - index
        if not page_agrees(window.mirrored, index, stop):
            self.tries_bytes += stop - index
            return DIFFERS, stop - index
        granule, serial, number = _FIELDS.unpack_from(data, index + 6)
        flags = data[index + 5]
        head = data[body : min(stop, body + _HEAD_BYTES)] if flags & FIRST else b""
        return Page(at, stop - index, flags, granule, serial, number, head)
