"""What is taken over from an original's ID3v2 tag: its pictures, and how long the sound is.

Frames are taken over as frames of version 2.4, whatever their version was. A frame that cannot be
read is left out: a damaged picture is no reason not to dress a recording, and the original has it.

Sources: id3.org, ID3v2.2.0 4.15 (PIC), ID3v2.3.0 3.3, ID3v2.4.0 4 and 4.14 (APIC).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from phonotheque.audio.id3 import HEADER_BYTES, read_synchsafe, tag_bytes
from phonotheque.dress.id3 import frame
from phonotheque.dress.original import MAX_HEADER_BYTES, Original, refused
from phonotheque.dress.overlay import Cover, found_cover

_MAX_TAGS = 8  # as in `phonotheque.audio.containers`
_MAX_FRAMES = 4096
_IMAGE_TYPES = {b"JPG": b"image/jpeg", b"PNG": b"image/png"}
_SYNC = re.compile(rb"\xff[\xe0-\xff]")  # what unsynchronisation leaves none of
_GAPLESS = b"iTunSMPB"  # where iTunes says how much silence its encoder put around the sound


def id3_end(original: Original, start: int = 0) -> int:
    """Return where the ID3v2 tags end that stand at `start`, `start` when there are none."""
    for _ in range(_MAX_TAGS):
        header = original.peek(start, HEADER_BYTES)
        size = tag_bytes(header)
        if not size:
            break
        start += size
    if start > original.size_bytes:
        raise refused("its ID3v2 tag is longer than the file")
    return start


def kept_frames(tag: bytes, *, with_pictures: bool) -> list[bytes]:
    """Return the frames of ID3v2 tags that a new tag takes over.

    Compressed frames unpack to `MAX_HEADER_BYTES` in all; those beyond are left out.
    """
    kept, at, unpacker = [], 0, _Unpacker()
    while size := tag_bytes(tag[at : at + HEADER_BYTES]):
        for name, body in _iter_frames(tag[at : at + size], unpacker):
            if name in ("APIC", "PIC") and with_pictures:
                kept += [frame("APIC", body if name == "APIC" else _modern_picture(body))]
            elif name in ("COMM", "COM") and _GAPLESS in body[:32]:
                kept.append(frame("COMM", body))
        at += size
    return kept


def id3_covers(tag: bytes) -> Iterator[Cover]:
    """The pictures in ID3v2 tags, as far as they can be read."""
    for kept in kept_frames(tag, with_pictures=True):
        cover = _cover(kept[HEADER_BYTES:]) if kept[:4] == b"APIC" else None
        if cover is not None:
            yield cover


def _cover(body: bytes) -> Cover | None:
    """A picture frame: encoding, media type, kind, description in that encoding, picture."""
    text = body[1:].partition(b"\0")[2]
    end, width = text.find(b"\0", 1), 1
    if body[:1] in (b"\1", b"\2"):  # UTF-16: the description ends with two zeros at an even place
        end, width = text.find(b"\0\0", 1), 2
        while end >= 0 and end % 2 == 0:
            end = text.find(b"\0\0", end + 1)
    return found_cover(text[end + width :], text[0]) if end > 0 else None


class _Unpacker:
    """Unpacks compressed frames as long as there is room: 64 KiB can stand for 64 MiB."""

    def __init__(self) -> None:
        self._room_bytes = MAX_HEADER_BYTES

    def unpack(self, packed: bytes) -> bytes | None:
        """Return what was packed; None when it is damaged or too long."""
        try:
            body = zlib.decompressobj().decompress(packed, self._room_bytes + 1)
        except zlib.error:
            return None
        if len(body) > self._room_bytes:
            return None
        self._room_bytes -= len(body)
        return body


def _iter_frames(tag: bytes, unpacker: _Unpacker) -> Iterator[tuple[str, bytes]]:
    """Names and plain bodies of the frames of one tag, as far as they can be read."""
    version, flags = tag[3], tag[5]
    body = tag[HEADER_BYTES:]
    if version not in (2, 3, 4) or len(tag) > MAX_HEADER_BYTES:
        return
    if flags & 0x80 and version < 4:
        body = _desynchronised(body)
    at = 0
    if flags & 0x40 and version > 2:
        length = body[:4].ljust(4, b"\0")
        at = int.from_bytes(length, "big") + 4 if version == 3 else read_synchsafe(length)
    head_bytes, name_bytes = (6, 3) if version == 2 else (10, 4)
    for _ in range(_MAX_FRAMES):
        head = body[at : at + head_bytes]
        if len(head) < head_bytes or not head[:name_bytes].isalnum():
            return
        size = _frame_bytes(version, head, body, at)
        whole, at = body[at + head_bytes : at + head_bytes + size], at + head_bytes + size
        if at > len(body):
            return
        if version == 4 and flags & 0x80:  # says it of all frames, which may not say it themselves
            head = head[:9] + bytes([head[9] | 0x02])
        plain = _plain(version, head, whole, unpacker)
        if plain is not None:
            yield head[:name_bytes].decode("ascii", "replace"), plain


def _frame_bytes(version: int, head: bytes, body: bytes, at: int) -> int:
    """Length of a frame's body. iTunes wrote plain sizes into version 2.4 for years."""
    plain = int.from_bytes(head[3:6] if version == 2 else head[4:8], "big")
    if version < 4 or max(head[4:8]) > 0x7F:
        return plain
    safe = read_synchsafe(head[4:8])
    following = body[at + 10 + safe : at + 14 + safe]
    after_plain = body[at + 10 + plain : at + 14 + plain]
    is_plain = not _is_name(following) and _is_name(after_plain)
    return plain if is_plain else safe


def _is_name(raw: bytes) -> bool:
    """Whether a frame, padding or the tag's end can stand here."""
    return not raw.strip(b"\0") or (len(raw) == 4 and raw.isalnum() and raw.isupper())


def _plain(version: int, head: bytes, body: bytes, unpacker: _Unpacker) -> bytes | None:
    """A frame's body without grouping, compression and unsynchronisation; None if encrypted."""
    if version == 2:
        return body
    flags = head[9]
    if version == 3:
        is_packed, is_encrypted, is_grouped = flags & 0x80, flags & 0x40, flags & 0x20
        skip, is_unsynchronised = (4 if is_packed else 0) + (1 if is_grouped else 0), 0
    else:
        is_packed, is_encrypted, is_grouped = flags & 0x08, flags & 0x04, flags & 0x40
        skip = (4 if flags & 0x01 else 0) + (1 if is_grouped else 0)
        is_unsynchronised = flags & 0x02
    if is_encrypted:
        return None
    if is_unsynchronised:
        body = _desynchronised(body)
    body = body[skip:]
    return unpacker.unpack(body) if is_packed else body


def _desynchronised(body: bytes) -> bytes:
    """Undo unsynchronisation where it was done: some writers only say so. Source: 2.4.0, 6.1."""
    return body if _SYNC.search(body) else body.replace(b"\xff\0", b"\xff")


def _modern_picture(body: bytes) -> bytes:
    """A picture frame of version 2.2, which names its type in three letters, as one of 2.4."""
    mime = _IMAGE_TYPES.get(body[1:4].upper(), b"")
    return body[:1] + mime + b"\0" + body[4:]
