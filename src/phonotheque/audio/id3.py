"""ID3v2 from outside: how long a tag is, and where its frames end. Pure.

Law: a size is a claim, and only four bytes of seven bits each are one.

Source: id3.org, "ID3 tag version 2.4.0 - Main Structure", 3.1 (header), 3.4 (footer), 4 (frames),
6.2 (sizes); versions 2.3.0, 3.3 and 2.2.0, 3.2.
Not here: what stands in a tag (`phonotheque.audio.tags`).
"""

from __future__ import annotations

HEADER_BYTES = 10
"""Length of the header, and of the footer that a tag behind the sound ends with."""

MOST_FRAMES = 4096
"""No more frames of a tag are read: whoever takes them one by one pays for each with the rest."""

_PICTURE_WORDS_BYTES = 4096  # a media type, or a description: of 64 letters by the standard
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


def frames_end(body: bytes, version: int) -> int:
    """Return where the last frame ends that is read: its end, or that of the `MOST_FRAMES`th.

    iTunes wrote plain sizes into version 2.4 for years, and readers guess which they are; so both
    are tried, and the nearer end counts.

    Args:
        body: All frames of a tag.
        version: 2, 3 or 4.
    """
    if len(body) <= 6 * MOST_FRAMES:
        return len(body)
    plain = _walked(body, 6 if version == 2 else 10, is_synchsafe=False)
    return min(plain, _walked(body, 10, is_synchsafe=True)) if version == 4 else plain


def picture_begins(body: bytes, *, is_old: bool = False) -> int | None:
    """Return where in the body of a frame its picture begins; None when that is nowhere near.

    Args:
        body: Encoding, media type (three letters in version 2.2), kind, description, picture.
        is_old: The frame is of version 2.2.

    Source: ID3v2.4.0 - Native Frames, 4.14; ID3v2.2.0, 4.15.
    """
    at = 4 if is_old else body.find(b"\0", 1, 1 + _PICTURE_WORDS_BYTES) + 1
    if at == 0 or not body:
        return None
    at += 1  # the kind
    if body[0] not in (1, 2):
        end = body.find(b"\0", at, at + _PICTURE_WORDS_BYTES)
        return end + 1 if end >= 0 else None
    words = body[at : at + _PICTURE_WORDS_BYTES]
    ends = (place for place in range(0, len(words) - 1, 2) if words[place : place + 2] == b"\0\0")
    end = next(ends, -1)
    return at + end + 2 if end >= 0 else None


def _walked(body: bytes, head_bytes: int, *, is_synchsafe: bool) -> int:
    at, name_bytes = 0, 3 if head_bytes == 6 else 4
    for _ in range(MOST_FRAMES):
        head = body[at : at + head_bytes]
        if len(head) < head_bytes or not any(head[:name_bytes]):
            return len(body)
        size = head[name_bytes : 2 * name_bytes]
        at += head_bytes + (read_synchsafe(size) if is_synchsafe else int.from_bytes(size, "big"))
    return min(at, len(body))


def _is_edge(edge: bytes, mark: bytes) -> bool:
    if len(edge) < HEADER_BYTES or edge[:3] != mark or edge[3] == 0xFF:
        return False
    return max(edge[6:HEADER_BYTES]) < 0x80
