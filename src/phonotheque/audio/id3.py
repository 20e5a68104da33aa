"""ID3v2 from outside: how long a tag is. Pure.

Law: a size is a claim, and only four bytes of seven bits each are one.

Source: id3.org, "ID3 tag version 2.4.0 - Main Structure", 3.1 (header), 3.4 (footer), 6.2 (sizes).
Not here: what stands in a tag (`phonotheque.audio.tags`).
"""

from __future__ import annotations

HEADER_BYTES = 10
"""Length of the header, and of the footer that a tag behind the sound ends with."""

_HAS_FOOTER = 0x10


def read_synchsafe(raw: bytes) -> int:
    """Return the size in four bytes of seven bits; eighth bits are not looked at."""
    first, second, third, fourth = (byte & 0x7F for byte in raw[:4])
    return first << 21 | second << 14 | third << 7 | fourth


def tag_bytes(header: bytes) -> int:
    """Return the length of the whole tag that begins with this header; 0 when it is none."""
    if not _is_edge(header, b"ID3"):
        return 0
    edges = 2 if header[5] & _HAS_FOOTER else 1
    return edges * HEADER_BYTES + read_synchsafe(header[6:])


def tag_bytes_before(footer: bytes) -> int:
    """Return the length of the whole tag that ends with this footer; 0 when it is none."""
    return 2 * HEADER_BYTES + read_synchsafe(footer[6:]) if _is_edge(footer, b"3DI") else 0


def _is_edge(edge: bytes, mark: bytes) -> bool:
    if len(edge) < HEADER_BYTES or edge[:3] != mark or edge[3] == 0xFF:
        return False
    return max(edge[6:HEADER_BYTES]) < 0x80
