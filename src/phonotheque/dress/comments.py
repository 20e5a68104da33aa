"""Vorbis comments: the tags of FLAC, Ogg Vorbis, Opus and Speex.

Source: Xiph, "Ogg Vorbis I format specification: comment field and header specification".
"""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass

from phonotheque.dress.names import NAMINGS, r128_texts, texts_of
from phonotheque.dress.original import refused
from phonotheque.dress.overlay import Overlay

_PICTURE_NAMES = (b"metadata_block_picture", b"coverart", b"coverartmime")


@dataclass(frozen=True, slots=True)
class Comments:
    """A comment header.

    Attributes:
        vendor: Which encoder made the sound; kept, for it tells of the sound.
        lines: `NAME=text` each, in UTF-8 when all is well.
        rest: What stands behind the comments.
    """

    vendor: bytes
    lines: tuple[bytes, ...] = ()
    rest: bytes = b""

    def encode(self) -> bytes:
        """The header without what codecs put around it."""
        parts = [self.vendor, *self.lines]
        fields = [struct.pack("<I", len(part)) + part for part in parts]
        return b"".join([fields[0], struct.pack("<I", len(self.lines)), *fields[1:], self.rest])

    @property
    def pictures(self) -> tuple[bytes, ...]:
        """The lines that hold pictures."""
        return tuple(
            line for line in self.lines if line.partition(b"=")[0].lower() in _PICTURE_NAMES
        )


def parse_comments(body: bytes) -> Comments:
    """Read a comment header.

    Raises:
        MalformedError: A length in it points behind its end.
    """
    at, fields = 0, []
    try:
        (size,) = struct.unpack_from("<I", body, at)
        vendor, at = body[at + 4 : at + 4 + size], at + 4 + size
        (count,) = struct.unpack_from("<I", body, at)
        at += 4
        for _ in range(count):
            (size,) = struct.unpack_from("<I", body, at)
            fields.append(body[at + 4 : at + 4 + size])
            at += 4 + size
    except struct.error as error:
        raise refused("its comments end before they should") from error
    if at > len(body):
        raise refused("its comments end before they should")
    return Comments(vendor, tuple(fields), body[at:])


def dressed_comments(
    before: Comments, overlay: Overlay, *, is_opus: bool = False, has_blocks: bool = False
) -> Comments:
    """Put an overlay in place of comments.

    Args:
        is_opus: Also write gains under the names that Opus has for them.
        has_blocks: Pictures have blocks of their own, as in FLAC, and are no comments.
    """
    texts = texts_of(overlay.tags)
    lines = [
        f"{naming.vorbis}={text}".encode()
        for naming in NAMINGS
        if naming.vorbis
        for text in texts.get(naming.idea, ())
    ]
    if is_opus:
        gains = r128_texts(overlay.tags.replaygain)
        lines += [f"{name}={text}".encode() for name, text in gains]
    if overlay.cover is None:
        lines += before.pictures
    elif not has_blocks:
        lines.append(b"METADATA_BLOCK_PICTURE=" + base64.b64encode(overlay.cover.block()))
    return Comments(before.vendor, tuple(lines))
