"""Pictures inside tags: what type the bytes are, and how FLAC and Ogg wrap them. Pure.

Laws: the bytes decide the type, a declaration only where they say nothing; a wrapping that cannot
be read is no picture. Source: RFC 9639, 8.8 (picture block).
"""

from __future__ import annotations

import base64
import binascii
import re
import struct

_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,100}")


def sniff_mime(data: bytes, declared: str) -> str:
    """Return the media type of a picture by its bytes, else as declared if that is one, else ""."""
    for magic, mime in _MAGIC:
        if data.startswith(magic):
            return mime
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    return declared.lower() if _MEDIA_TYPE.fullmatch(declared.lower()) else ""


def decode_base64(text: str) -> bytes:
    """Decode what a Vorbis comment holds; junk is nothing."""
    try:
        return base64.b64decode(text.encode("ascii", "ignore"))
    except binascii.Error:
        return b""


def parse_block(block: bytes) -> tuple[bytes, str, int] | None:
    """Read a FLAC picture block as (bytes, declared type, APIC kind); None when it is none."""
    try:
        kind, mime_bytes = struct.unpack_from(">II", block)
        (text_bytes,) = struct.unpack_from(">I", block, 8 + mime_bytes)
        at = 12 + mime_bytes + text_bytes + 16  # width, height, depth, colours
        (size,) = struct.unpack_from(">I", block, at)
    except struct.error:
        return None
    return block[at + 4 : at + 4 + size], block[8 : 8 + mime_bytes].decode("latin-1"), kind
