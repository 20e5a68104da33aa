"""WavPack in other clothes: an APEv2 tag behind the sound.

Source: APEv2 specification (Hydrogenaudio): header and footer of 32 bytes, items in little endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from phonotheque.audio.tag_names import APE_PICTURES
from phonotheque.dress.compose import Literal, Piece, Slice
from phonotheque.dress.names import NAMINGS, texts_of
from phonotheque.dress.original import MAX_HEADER_BYTES, Original
from phonotheque.dress.overlay import Cover, Overlay, found_cover
from phonotheque.dress.tails import sound_end

_EDGE_BYTES = 32
_VERSION = 2000
_HAS_HEADER, _IS_HEADER, _IS_BINARY = 1 << 31, 1 << 29, 1 << 1
_MAX_ITEMS = 4096
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}


def dress_wavpack(original: Original, overlay: Overlay) -> list[Piece]:
    """Plan the copy: blocks of sound, then one tag."""
    end = sound_end(original, 0, ("id3v1", "ape"))
    kept: list[bytes] = []
    if overlay.cover is None and original.size_bytes - end <= MAX_HEADER_BYTES:
        kept = list(_pictures(original.read(end, original.size_bytes - end)))
    return [Slice(0, end), Literal(encode_ape(overlay, kept))]


def encode_ape(overlay: Overlay, kept: list[bytes]) -> bytes:
    """Return an overlay as an APEv2 tag with header and footer; b"" when it says nothing.

    Args:
        kept: Items taken over from the original, whole.
    """
    texts = texts_of(overlay.tags)
    items = [
        _item(naming.ape, "\0".join(texts[naming.idea]).encode(), 0)
        for naming in NAMINGS
        if naming.ape and naming.idea in texts
    ]
    if overlay.cover is not None:
        items.append(_picture(overlay.cover))
    items += kept
    if not items:
        return b""
    body = b"".join(items)
    sizes = struct.pack("<III", _VERSION, len(body) + _EDGE_BYTES, len(items))
    head, foot = (
        b"APETAGEX" + sizes + struct.pack("<I", flags) + bytes(8)
        for flags in (_HAS_HEADER | _IS_HEADER, _HAS_HEADER)
    )
    return head + body + foot


def ape_covers(tail: bytes) -> Iterator[Cover]:
    """The pictures in the APEv2 tag that ends with `tail` or in front of ID3v1 there."""
    for item in _pictures(tail):
        key, _, value = item[8:].partition(b"\0")
        kind = APE_PICTURES[key.decode("ascii").lower()]
        cover = found_cover(value.partition(b"\0")[2], kind)
        if cover is not None:
            yield cover


def _item(key: str, value: bytes, flags: int) -> bytes:
    return struct.pack("<II", len(value), flags) + key.encode("ascii") + b"\0" + value


def _picture(cover: Cover) -> bytes:
    """A picture stands behind the name of a file. The key says which kind it is."""
    key = next(key for key, kind in APE_PICTURES.items() if kind == cover.kind)
    name = f"cover.{_ENDINGS.get(cover.mime, 'img')}".encode()
    return _item(key.title(), name + b"\0" + cover.data, _IS_BINARY)


def _pictures(tail: bytes) -> Iterator[bytes]:
    """The picture items of the first APEv2 tag in `tail`, as far as they can be read."""
    footer = tail.rfind(b"APETAGEX")
    if footer < 0 or len(tail) < footer + _EDGE_BYTES:
        return
    size, count = struct.unpack_from("<II", tail, footer + 12)
    at = footer + _EDGE_BYTES - size
    for _ in range(min(count, _MAX_ITEMS)):
        if not 0 <= at <= footer - 8:
            return
        (length,) = struct.unpack_from("<I", tail, at)
        key_end = tail.find(b"\0", at + 8, footer)
        if key_end < 0 or key_end + 1 + length > footer:
            return
        key = tail[at + 8 : key_end].decode("ascii", "replace").lower()
        if key in APE_PICTURES:
            yield tail[at : key_end + 1 + length]
        at = key_end + 1 + length
