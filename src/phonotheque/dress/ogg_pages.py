"""Pages of Ogg: where they lie, how packets are laid into them, how they get other numbers.

Laws: where pages lie follows from the bytes alone, never from how they were cut into blocks; a
renumbering changes eight bytes of a page (its number and checksum) and nothing by which pages are
found, so renumbering back by the same amount gives the bytes from which it started, whatever these
were: damage, junk between pages and other streams included.

Source: RFC 3533, 6.
"""

from __future__ import annotations

import mmap
import struct
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phonotheque.audio.integrity.crc import page_checksum
from phonotheque.dress.ogg_checksum import advance

CAPTURE = b"OggS"
HEADER_BYTES = 27
MAX_PAGE_BYTES = HEADER_BYTES + 255 + 255 * 255
CONTINUED, FIRST, LAST = 1, 2, 4
NO_GRANULE = b"\xff" * 8  # no packet ends on the page
_HEADER = struct.Struct("<4sBB8sIIIB")
_MAX_SEGMENTS = 255

Positions = npt.NDArray[np.int64]
Bytes = bytes | bytearray | mmap.mmap
"""A whole file in memory, or mapped into it."""


@dataclass(frozen=True, slots=True)
class Page:
    """The header of one page and the sizes of its segments."""

    start: int
    flags: int
    granule: bytes
    serial: int
    number: int
    segments: bytes

    @property
    def body(self) -> int:
        """Where its segments begin."""
        return self.start + HEADER_BYTES + len(self.segments)

    @property
    def end(self) -> int:
        """Where the next page can begin."""
        return self.body + sum(self.segments)


def parse_page(data: bytes, at: int, offset: int = 0) -> Page | None:
    """Read the page header at `at`, or None when there is none or it is cut off.

    Args:
        offset: Where `data` begins in its file; the page's `start` counts from there.
    """
    if len(data) < at + HEADER_BYTES:
        return None
    capture, version, flags, granule, serial, number, _, count = _HEADER.unpack_from(data, at)
    segments = data[at + HEADER_BYTES : at + HEADER_BYTES + count]
    if capture != CAPTURE or version or len(segments) < count:
        return None
    return Page(offset + at, flags, granule, serial, number, segments)


@dataclass(frozen=True, slots=True)
class PageTable:
    """Where whole pages begin and end in some bytes, in order."""

    starts: Positions
    ends: Positions

    def moved(self, by: int) -> PageTable:
        """The same pages, told from another beginning."""
        return PageTable(self.starts + by, self.ends + by)


def find_pages(data: Bytes, start: int, end: int, *, is_last: bool = True) -> tuple[PageTable, int]:
    """Find the pages of a range that begins at a page or at junk.

    Where no whole page begins, the next `OggS` is looked for.

    Args:
        is_last: Whether the range ends where its stream does. If not, pages that begin in the last
            `MAX_PAGE_BYTES` are left for the next range, which sees all of them.

    Returns:
        The pages, and the place at which the next range must begin.
    """
    starts, ends = array("q"), array("q")
    at, limit = start, end if is_last else end - MAX_PAGE_BYTES
    while at < limit:
        body = at + HEADER_BYTES
        if body <= end and data[at : at + 5] == b"OggS\0":
            body += data[at + 26]
            after = body + sum(data[at + HEADER_BYTES : body])
            if after <= end:
                starts.append(at)
                ends.append(after)
                at = after
                continue
        following = data.find(CAPTURE, at + 1, end)
        at = following if following >= 0 else max(at + 1, end - len(CAPTURE) + 1)
    table = PageTable(np.array(starts, np.int64), np.array(ends, np.int64))
    return table, end if is_last else at


@dataclass(frozen=True, slots=True)
class Numbers:
    """What tells pages apart, for many pages: serial number of the stream, number in it, CRC."""

    serial: npt.NDArray[np.uint32]
    number: npt.NDArray[np.uint32]
    crc: npt.NDArray[np.uint32]


def numbers_of(data: Bytes, positions: Positions) -> Numbers:
    """Gather serials, numbers and checksums of pages."""
    octets = np.frombuffer(data, np.uint8)
    fields = octets[positions[:, None] + np.arange(14, 26)].view("<u4")
    return Numbers(fields[:, 0], fields[:, 1], fields[:, 2])


def renumber(data: bytearray, pages: PageTable, shift: int, serial: int) -> None:
    """Add `shift` to the numbers of the pages of one stream, and correct their checksums.

    Args:
        data: Changed in place.
        pages: The whole pages in `data`.
        shift: Modulo 2**32.
        serial: The stream; pages of others are left as they are.
    """
    if not shift % (1 << 32) or not pages.starts.size:
        return
    numbers = numbers_of(data, pages.starts)
    mine = np.flatnonzero(numbers.serial == serial)
    starts, before = pages.starts[mine], np.ascontiguousarray(numbers.number[mine])
    after = before + np.uint32(shift % (1 << 32))
    # The four changed bytes as the checksum meets them, moved on over the rest of the page.
    crc = numbers.crc[mine] ^ advance((before ^ after).byteswap(), pages.ends[mine] - starts - 18)
    fields = np.stack([after, crc], axis=1).astype("<u4").view(np.uint8)
    np.frombuffer(data, np.uint8)[starts[:, None] + np.arange(18, 26)] = fields.reshape(-1, 8)


def lay_out(packets: Iterable[bytes], like: Page, *, granule: bytes = bytes(8)) -> Iterator[bytes]:
    """Lay packets of headers into pages, the last packet ending the last page.

    Args:
        like: Serial number, and number and flags of the first page.
        granule: Position of the last page, 8 bytes; headers stand at position 0.
    """
    packets = list(packets)
    segments = b"".join(b"\xff" * (len(p) // 255) + bytes([len(p) % 255]) for p in packets)
    body, at, number, flags = b"".join(packets), 0, like.number, like.flags
    for first in range(0, len(segments), _MAX_SEGMENTS):
        table = segments[first : first + _MAX_SEGMENTS]
        size, is_last = sum(table), first + _MAX_SEGMENTS >= len(segments)
        position = bytes(8) if min(table) < 255 else NO_GRANULE
        position = granule if is_last else position
        fields = (CAPTURE, 0, flags, position, like.serial, number, 0, len(table))
        page = _HEADER.pack(*fields) + table + body[at : at + size]
        yield page[:22] + struct.pack("<I", page_checksum(page)) + page[26:]
        at, number, flags = at + size, (number + 1) % (1 << 32), int(table[-1] == 255) * CONTINUED
