"""Ogg in other clothes: Vorbis, Opus, FLAC and Speex.

The header pages behind the first are written anew, because a packet of comments that grows pushes
all that follows; pages of sound keep every byte but their number and checksum, and only when the
number of header pages changes. Of chained streams the first is dressed.

Sources: RFC 3533 (pages); "Ogg Vorbis I", 4.2; RFC 7845, 5 (Opus); RFC 9639, 10.1 (FLAC in Ogg);
the Speex manual, 8 (header).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from phonotheque.dress.comments import Comments, dressed_comments, parse_comments
from phonotheque.dress.compose import Literal, Piece, Slice, renumber_stream
from phonotheque.dress.ogg_pages import FIRST, HEADER_BYTES, Page, lay_out, parse_page
from phonotheque.dress.original import MAX_HEADER_BYTES, Original, refused
from phonotheque.dress.overlay import Overlay

_MAX_HEADER_PACKETS = 1024
_FLAC_COMMENTS, _FLAC_PICTURE = 4, 6  # RFC 9639, 8.1
_FLAC_LAST = 0x80


@dataclass(frozen=True, slots=True)
class OggHead:
    """The headers of an Ogg file's first stream.

    Attributes:
        first: The packet on the first page: which codec it is.
        packets: The header packets behind it.
        begun: Packets of sound that stand on the last page of headers, where they should not.
        opening: The second page.
        closing: The last page of headers.
        pages: Number of header pages behind the first.
    """

    first: bytes
    packets: tuple[bytes, ...]
    begun: tuple[bytes, ...]
    opening: Page
    closing: Page
    pages: int


def dress_ogg(original: Original, overlay: Overlay) -> list[Piece]:
    """Plan the copy.

    Raises:
        MalformedError: The headers cannot be followed, or streams are interleaved in them.
    """
    head = read_head(original)
    packets = _dressed_packets(head, overlay)
    opening = replace(head.opening, flags=0)
    pages = list(lay_out([*packets, *head.begun], opening, granule=head.closing.granule))
    shift = len(pages) - head.pages
    return [
        _first_page(head, packets),
        Literal(b"".join(pages)),
        *renumber_stream(original, head.closing.end, opening.serial, shift),
    ]


def read_head(original: Original) -> OggHead:
    """Read the header packets of the first stream.

    Raises:
        MalformedError: As `dress_ogg`.
    """
    page = _page_at(original, 0)
    if not page.flags & FIRST:
        raise refused("its first page does not begin a stream")
    first = original.read(page.body, page.end - page.body)
    if not page.segments or page.segments[-1] == 255 or min(page.segments[:-1], default=255) < 255:
        raise refused("its first page is not one packet")
    opening, pages, packet = _page_at(original, page.end), 0, bytearray()
    packets: list[bytes] = []
    begun: list[bytes] = []
    while not _is_whole(first, packets):
        following = _page_at(original, page.end)
        if following.serial != page.serial or following.flags & FIRST:
            raise refused("several streams are interleaved in it")
        page, pages = following, pages + 1
        if page.end > MAX_HEADER_BYTES:
            raise refused(f"its headers are longer than {MAX_HEADER_BYTES} bytes")
        data, at = original.read(page.body, page.end - page.body), 0
        for segment in page.segments:
            packet += data[at : at + segment]
            at += segment
            if segment < 255:
                (begun if _is_whole(first, packets) else packets).append(bytes(packet))
                packet.clear()
    if packet:
        raise refused("a packet of sound begins on a page of headers and ends on another")
    return OggHead(first, tuple(packets), tuple(begun), opening, page, pages)


def _page_at(original: Original, at: int) -> Page:
    page = parse_page(original.peek(at, HEADER_BYTES + 255), 0, at)
    if page is None or page.end > original.size_bytes:
        raise refused(f"there is no whole page of Ogg at byte {at}, among its headers")
    return page


def _is_whole(first: bytes, packets: Sequence[bytes]) -> bool:
    """Whether all header packets behind the first are there."""
    if len(packets) > _MAX_HEADER_PACKETS:
        raise refused("it has more headers than any codec")
    match first[:5]:
        case b"\x01vorb":
            return len(packets) == 2
        case b"OpusH":
            return len(packets) == 1
        case b"\x7fFLAC":
            return bool(packets) and packets[-1][:1] >= b"\x80"
        case b"Speex" if len(first) >= 72:
            return len(packets) == 1 + int(struct.unpack_from("<I", first, 68)[0])
    raise refused("its codec is none that is known here")


def _dressed_packets(head: OggHead, overlay: Overlay) -> list[bytes]:
    comments, *others = head.packets
    match head.first[:5]:
        case b"\x01vorb":
            return [b"\x03vorbis" + _dress(comments, b"\x03vorbis", overlay) + b"\x01", *others]
        case b"OpusH":
            return [b"OpusTags" + _dress(comments, b"OpusTags", overlay)]
        case b"Speex":
            return [_dress(comments, b"", overlay), *others]
    return _flac_packets(head.packets, overlay)


def _dress(packet: bytes, magic: bytes, overlay: Overlay) -> bytes:
    if not packet.startswith(magic):
        raise refused("its second header does not hold comments")
    before = parse_comments(packet[len(magic) :])
    is_opus = magic == b"OpusTags"
    after = dressed_comments(before, overlay, is_opus=is_opus)
    # RFC 7845, 5.2: what follows the comments is kept when its first bit says so.
    rest = before.rest if is_opus and before.rest[:1] and before.rest[0] & 1 else b""
    return Comments(after.vendor, after.lines, rest).encode()


def _flac_packets(packets: Sequence[bytes], overlay: Overlay) -> list[bytes]:
    """FLAC's metadata blocks, one in a packet, the comments first."""
    blocks = [(packet[0] & ~_FLAC_LAST, packet[4:]) for packet in packets if len(packet) >= 4]
    if len(blocks) != len(packets) or blocks[0][0] != _FLAC_COMMENTS:
        raise refused("its second header does not hold comments")
    comments = dressed_comments(parse_comments(blocks[0][1]), overlay, has_blocks=True)
    after = [(_FLAC_COMMENTS, comments.encode())]
    is_kept = overlay.cover is None
    after += [one for one in blocks[1:] if is_kept or one[0] != _FLAC_PICTURE]
    if overlay.cover is not None:
        after.append((_FLAC_PICTURE, overlay.cover.block()))
    if max(len(body) for _, body in after) >= 1 << 24:
        raise refused("its tags do not fit into a block of FLAC")
    heads = [kind | _FLAC_LAST * (n == len(after)) for n, (kind, _) in enumerate(after, 1)]
    return [
        bytes([head]) + struct.pack(">I", len(body))[1:] + body
        for head, (_, body) in zip(heads, after, strict=True)
    ]


def _first_page(head: OggHead, packets: Sequence[bytes]) -> Piece:
    """The first page as it is; in FLAC it counts the headers that follow."""
    if not head.first.startswith(b"\x7fFLAC") or len(packets) == len(head.packets):
        return Slice(0, head.opening.start)
    first = bytearray(head.first)
    if first[7:9] != bytes(2):  # zero says "not counted"
        first[7:9] = struct.pack(">H", len(packets))
    like = replace(head.opening, flags=FIRST, number=(head.opening.number - 1) % (1 << 32))
    return Literal(b"".join(lay_out([bytes(first)], like)))
