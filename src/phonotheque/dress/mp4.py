"""MP4 in other clothes: the list of tags in `moov` written anew, the sound as it is.

Where `moov` stands in front of the sound, the sound moves, and with it go the offsets of its
chunks. What tells of the sound itself (gapless playback) is taken over.

Sources: ISO/IEC 14496-12, 4.2 (boxes), 8.7.5 (chunk offsets); Apple, "QuickTime File Format
Specification", "Metadata"; the names of `ilst` as iTunes writes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from phonotheque.dress.compose import Literal, Piece, Slice
from phonotheque.dress.ilst import boxed, encode_items
from phonotheque.dress.ogg_pages import Bytes
from phonotheque.dress.original import Original, refused
from phonotheque.dress.overlay import Overlay

_MAX_BOXES = 65536
_HANDLER = bytes(8) + b"mdirappl" + bytes(9)
_PATH_TO_OFFSETS = (b"mdia", b"minf", b"stbl")


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its type, and where it, its body and what follows it begin."""

    kind: bytes
    start: int
    body: int
    end: int


def dress_mp4(original: Original, overlay: Overlay) -> list[Piece]:
    """Plan the copy.

    Raises:
        MalformedError: Its boxes cannot be followed, it is in fragments, or an offset of 32 bits
            would be too small.
    """
    boxes = list(_top_boxes(original))
    kinds = [box.kind for box in boxes]
    if kinds.count(b"moov") != 1:
        raise refused("it has not exactly one `moov` box")
    if b"moof" in kinds:
        raise refused("it is in fragments, whose places are counted in ways of their own")
    place = boxes[kinds.index(b"moov")]
    before = original.head(place.start, place.end - place.start)
    body = before[place.body - place.start :]
    moov = bytearray(boxed(b"moov", _with_tags(body, overlay)))
    shift = len(moov) - (place.end - place.start)
    if shift:
        _move_chunks(moov, place.end, shift)
    rest = original.size_bytes - place.end
    return [Slice(0, place.start), Literal(bytes(moov)), Slice(place.end, rest)]


def iter_boxes(data: Bytes, start: int, end: int) -> Iterator[Box]:
    """Walk the boxes in a range, which they fill but for a last piece of less than 8 bytes.

    Raises:
        MalformedError: One is shorter than its header or runs past the end.
    """
    for _ in range(_MAX_BOXES):
        if end - start < 8:
            return
        size, head = int.from_bytes(data[start : start + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < head or size > end - start:
            raise refused("a box in its `moov` runs past the end of the one around it")
        kind = bytes(data[start + 4 : start + 8])
        yield Box(kind, start, start + head, start + size)
        start += size
    raise refused("it has more boxes than any recording")


def _top_boxes(original: Original) -> Iterator[Box]:
    at, end = 0, original.size_bytes
    for _ in range(_MAX_BOXES):
        head = original.peek(at, 16)
        if len(head) < 8:
            return
        size, body = int.from_bytes(head[:4], "big"), 8
        if size == 1 and len(head) == 16:
            size, body = int.from_bytes(head[8:], "big"), 16
        elif size == 0:
            size = end - at
        kind = head[4:8]
        if size > end - at and kind == b"mdat":  # cut off: there is sound up to the end
            size = end - at
        if size < body or size > end - at:
            raise refused(f"the box at byte {at} runs past the end")
        yield Box(kind, at, at + body, at + size)
        at += size
    raise refused("it has more boxes than any recording")


def _with_tags(moov: bytes, overlay: Overlay) -> bytes:
    """The body of `moov` with the list of tags put in; all else stays in its order."""
    parts, is_in = [], False
    for box in iter_boxes(moov, 0, len(moov)):
        if box.kind == b"udta" and not is_in:
            parts.append(boxed(b"udta", _with_meta(moov[box.body : box.end], overlay)))
            is_in = True
        else:
            parts.append(moov[box.start : box.end])
    if not is_in:
        parts.append(boxed(b"udta", _with_meta(b"", overlay)))
    return b"".join(parts)


def _with_meta(udta: bytes, overlay: Overlay) -> bytes:
    """The body of `udta`; QuickTime may end it with four bytes of zero, which stay behind."""
    parts, is_in, end = [], False, 0
    for box in _iter_user_data(udta):
        raw, end = udta[box.start : box.end], box.end
        if box.kind == b"meta" and not is_in:
            raw, is_in = _meta(udta[box.body : box.end], overlay), True
        parts.append(raw)
    if not is_in:
        parts.append(_meta(b"", overlay))
    return b"".join([*parts, udta[end:]])


def _iter_user_data(udta: bytes) -> Iterator[Box]:
    """The boxes of `udta` before its end mark, which looks like a box that fills the rest."""
    for box in iter_boxes(udta, 0, len(udta)):
        if not any(udta[box.start : box.start + 4]):
            return
        yield box


def _meta(before: bytes, overlay: Overlay) -> bytes:
    """A `meta` box in the form of MP4, whatever form it had."""
    # QuickTime's `meta` has no version in front of its boxes.
    start = 0 if before[4:8] == b"hdlr" else 4
    parts, old, handler = [], b"", b""
    for box in iter_boxes(before, start, len(before)) if before else ():
        raw = before[box.start : box.end]
        if box.kind == b"ilst":
            old = old or before[box.body : box.end]
        elif box.kind == b"hdlr" and not handler:
            handler = raw if raw[16:20] == b"mdir" else b""
        else:
            parts.append(raw)
    ilst = boxed(b"ilst", encode_items(overlay, old))
    handler = handler or boxed(b"hdlr", _HANDLER)
    return boxed(b"meta", b"".join([bytes(4), handler, ilst, *parts]))


def _move_chunks(moov: bytearray, sound: int, shift: int) -> None:
    """Add `shift` to all offsets of chunks that lie at `sound` or behind."""
    for track in iter_boxes(moov, 8, len(moov)):
        if track.kind != b"trak":
            continue
        inner = track
        for kind in _PATH_TO_OFFSETS:
            found = [box for box in iter_boxes(moov, inner.body, inner.end) if box.kind == kind]
            if len(found) != 1:
                raise refused("a track in it has no table of its chunks")
            inner = found[0]
        for box in iter_boxes(moov, inner.body, inner.end):
            if box.kind in (b"stco", b"co64"):
                _move(moov, box, sound, shift)


def _move(moov: bytearray, table: Box, sound: int, shift: int) -> None:
    width = 8 if table.kind == b"co64" else 4
    count = int.from_bytes(moov[table.body + 4 : table.body + 8], "big")
    start, end = table.body + 8, table.body + 8 + count * width
    if end > table.end:
        raise refused("a table of chunks in it is longer than its box")
    offsets = np.frombuffer(moov[start:end], f">u{width}").astype(np.uint64)
    moved = offsets + np.where(offsets >= sound, np.uint64(shift % (1 << 64)), np.uint64(0))
    if width == 4 and moved.size and int(moved.max()) >= 1 << 32:
        raise refused("its offsets of 32 bits are too small for the copy")
    moov[start:end] = moved.astype(f">u{width}").tobytes()
