"""WAV, RF64, Wave64, AIFF and DSF in other clothes: an ID3v2 chunk behind the sound.

Chunks of text that say what the overlay says are dropped, wherever they stand, because readers
take from them what the ID3 chunk leaves open; `bext` and iXML belong to the broadcast master and
stay. WAV also gets an INFO list, for players that read no ID3.

Sources: Microsoft/IBM "Multimedia Programming Interface" (RIFF, INFO); EBU Tech 3306 (RF64);
Sonic Foundry "Wave64"; Apple "AIFF-C"; Sony "DSF File Format 1.01".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from phonotheque.audio.tag_names import AIFF_TEXTS
from phonotheque.dress.compose import Literal, Piece, Slice
from phonotheque.dress.id3 import encode_id3
from phonotheque.dress.id3_pictures import kept_frames
from phonotheque.dress.names import texts_of
from phonotheque.dress.original import Original, refused
from phonotheque.dress.overlay import Overlay

_MAX_CHUNKS = 4096
_UNKNOWN_32 = 0xFFFFFFFF  # RF64: see `ds64`; elsewhere a length that was never filled in
_DS64_BYTES = 28
_ID3_NAMES = (b"id3 ", b"ID3 ")
_W64_HEAD_BYTES = 40
_W64_LIST = bytes.fromhex("6c6973742f91cf11a5d628db04c10000")
_W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_W64_SUMMARY = bytes.fromhex("bc945f925a52d21186dc00c04f8edb8a")
_DSF_HEAD_BYTES = 28
_INFO = {
    b"INAM": "title",
    b"IART": "artists",
    b"IPRD": "album",
    b"ITRK": "track",
    b"ICRD": "date",
    b"IGNR": "genres",
    b"ICMT": "comments",
    b"ICOP": "copyright",
}


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk: its name, where it and its body begin, its length, and what follows it."""

    name: bytes
    start: int
    body: int
    size_bytes: int
    end: int


def dress_iff(original: Original, overlay: Overlay) -> list[Piece]:
    """Plan the copy of a WAV, RF64 or AIFF file.

    Raises:
        MalformedError: Its chunks cannot be followed, or the copy would be too long for a length
            of 32 bits.
    """
    head = original.read(0, 12)
    is_aiff, is_64 = head[:4] == b"FORM", head[:4] in (b"RF64", b"BW64")
    order = ">" if head[:4] in (b"FORM", b"RIFX") else "<"
    texts = tuple(name.encode() for name in AIFF_TEXTS) if is_aiff else ()
    kept: list[Piece] = []
    frames: list[bytes] = []
    end = 12
    for chunk in _iter_iff(original, order, is_64=is_64):
        end = chunk.end
        if chunk.name in _ID3_NAMES:
            frames = frames or _frames(original, chunk, overlay)
        elif chunk.name not in texts and not _is_info(original, chunk, is_aiff=is_aiff):
            kept += [Slice(chunk.start, chunk.end - chunk.start)]
            if chunk.end - chunk.body < chunk.size_bytes + (chunk.size_bytes & 1):
                kept.append(Literal(bytes(1)))  # the file ended without its padding
    new = b"" if order == ">" else _info_list(overlay)
    tag = encode_id3(overlay, frames)
    if tag:
        new += _chunk(b"ID3 " if is_aiff else b"id3 ", tag, order)
    total = 12 + sum(piece.size_bytes for piece in kept) + len(new)
    rest = Slice(end, original.size_bytes - end)
    if is_64:
        return [Literal(head), *_with_ds64(original, kept, total), Literal(new), rest]
    if total - 8 >= _UNKNOWN_32:
        raise refused("with tags it is longer than its format can say")
    size = struct.pack(order + "I", total - 8)
    return [Literal(head[:4] + size + head[8:]), *kept, Literal(new), rest]


def _iter_iff(original: Original, order: str, *, is_64: bool) -> Iterator[Chunk]:
    sizes_64: dict[bytes, int] = {}
    at, end = 12, original.size_bytes
    for _ in range(_MAX_CHUNKS):
        if end - at < 8:
            return
        head = original.read(at, 8)
        name, size = head[:4], int(struct.unpack(order + "I", head[4:])[0])
        if size == _UNKNOWN_32:
            size = sizes_64.get(name, size) if is_64 else size
        if size > end - at - 8:
            raise refused(f"its chunk at byte {at} runs past the end")
        if name == b"ds64" and is_64 and size >= _DS64_BYTES:
            sizes_64 = {b"data": int.from_bytes(original.read(at + 16, 8), "little")}
        after = min(end, at + 8 + size + (size & 1))
        yield Chunk(name, at, at + 8, size, after)
        at = after
    raise refused("it has more chunks than any recording")


def _is_info(original: Original, chunk: Chunk, *, is_aiff: bool) -> bool:
    if is_aiff or chunk.name != b"LIST":
        return False
    return original.peek(chunk.body, min(4, chunk.size_bytes)) == b"INFO"


def _frames(original: Original, chunk: Chunk, overlay: Overlay) -> list[bytes]:
    tag = original.head(chunk.body, chunk.size_bytes)
    return kept_frames(tag, with_pictures=overlay.cover is None)


def _chunk(name: bytes, body: bytes, order: str) -> bytes:
    return name + struct.pack(order + "I", len(body)) + body + bytes(len(body) & 1)


def _info_list(overlay: Overlay) -> bytes:
    """An INFO list; several values are joined, because it can hold one of each kind."""
    texts = texts_of(overlay.tags)
    entries = [
        _chunk(name, "; ".join(texts[idea]).encode() + b"\0", "<")
        for name, idea in _INFO.items()
        if idea in texts
    ]
    return _chunk(b"LIST", b"INFO" + b"".join(entries), "<") if entries else b""


def _with_ds64(original: Original, kept: list[Piece], total: int) -> list[Piece]:
    """The chunks of an RF64 file with its whole length in the first. Source: EBU Tech 3306, 3."""
    first = kept[0] if kept else None
    if not isinstance(first, Slice) or first.size_bytes < 8 + _DS64_BYTES:
        raise refused("its first chunk does not hold its lengths")
    head = original.read(first.start, 8)
    if head[:4] != b"ds64":
        raise refused("its first chunk does not hold its lengths")
    lengths = Literal(head + struct.pack("<Q", total - 8))
    return [lengths, Slice(first.start + 16, first.size_bytes - 16), *kept[1:]]


def dress_w64(original: Original, overlay: Overlay) -> list[Piece]:
    """Plan the copy of a Wave64 file, whose chunks have GUIDs and lengths of 64 bits.

    Raises:
        MalformedError: Its chunks cannot be followed.
    """
    head = original.read(0, _W64_HEAD_BYTES)
    kept: list[Piece] = []
    frames: list[bytes] = []
    end = _W64_HEAD_BYTES
    for chunk in _iter_w64(original):
        end = chunk.end
        is_list = chunk.name == _W64_LIST and original.peek(chunk.body, 4) == b"INFO"
        if chunk.name[4:] == _W64_TAIL and chunk.name[:4] in _ID3_NAMES:
            frames = frames or _frames(original, chunk, overlay)
        elif chunk.name != _W64_SUMMARY and not is_list:
            kept.append(Slice(chunk.start, chunk.end - chunk.start))
            missing = -chunk.end % 8
            kept.append(Literal(bytes(missing)))
    tag, new = encode_id3(overlay, frames), b""
    if tag:
        new = b"id3 " + _W64_TAIL + struct.pack("<Q", 24 + len(tag)) + tag + bytes(-len(tag) % 8)
    total = _W64_HEAD_BYTES + sum(piece.size_bytes for piece in kept) + len(new)
    sized = head[:16] + struct.pack("<Q", total) + head[24:]
    return [Literal(sized), *kept, Literal(new), Slice(end, original.size_bytes - end)]


def _iter_w64(original: Original) -> Iterator[Chunk]:
    at, end = _W64_HEAD_BYTES, original.size_bytes
    for _ in range(_MAX_CHUNKS):
        if end - at < 24:
            return
        head = original.read(at, 24)
        size = int.from_bytes(head[16:], "little")
        if size < 24 or size > end - at:
            raise refused(f"its chunk at byte {at} runs past the end")
        after = min(end, at + size + -size % 8)
        yield Chunk(head[:16], at, at + 24, size - 24, after)
        at = after
    raise refused("it has more chunks than any recording")


def dress_dsf(original: Original, overlay: Overlay) -> list[Piece]:
    """Plan the copy of a DSF file: its header points at an ID3v2 tag that ends it.

    Raises:
        MalformedError: The header points at no place in the file.
    """
    head = original.read(0, _DSF_HEAD_BYTES)
    pointer = int.from_bytes(head[20:28], "little")
    end = pointer or original.size_bytes
    if not _DSF_HEAD_BYTES <= end <= original.size_bytes:
        raise refused("its header points behind its end")
    before = original.head(end, original.size_bytes - end)
    frames = kept_frames(before, with_pictures=overlay.cover is None)
    tag = encode_id3(overlay, frames)
    lengths = struct.pack("<QQ", end + len(tag), end if tag else 0)
    return [Literal(head[:12] + lengths), Slice(_DSF_HEAD_BYTES, end - 28), Literal(tag)]
