"""What is put in place of an original's own tags and pictures.

Law: an overlay is a value: two that are equal dress an original in the same bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from phonotheque.audio.pictures import sniff_mime
from phonotheque.errors import BadRequestError
from phonotheque.music.facts import Tags

FRONT_COVER = 3
_MAX_COVER_BYTES = (1 << 24) - 4096  # FLAC's blocks have 24 bits for their length. RFC 9639, 8.1


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture to put into a file.

    Attributes:
        data: The picture as it is stored.
        kind: ID3v2 APIC picture type, 0 to 20 (3 is the front cover).
    """

    data: bytes
    kind: int = FRONT_COVER

    def __post_init__(self) -> None:
        if not 0 <= self.kind <= 20:
            raise ValueError(f"not a type of picture: {self.kind}")
        if not sniff_mime(self.data, ""):
            raise BadRequestError(
                "the cover",
                "it is no picture that players know",
                "Give a JPEG or PNG file.",
            )
        if len(self.data) > _MAX_COVER_BYTES:
            raise BadRequestError(
                "the cover",
                f"it has {len(self.data)} bytes, and not every format can carry that",
                f"Give a smaller one, at most {_MAX_COVER_BYTES} bytes.",
            )

    @property
    def mime(self) -> str:
        """Its media type, by its bytes."""
        return sniff_mime(self.data, "")

    def block(self) -> bytes:
        """It as a FLAC picture block, which Ogg carries too. Source: RFC 9639, 8.8."""
        mime = self.mime.encode()
        unknown = bytes(16)  # width, height, depth, colours: zero says "not stated"
        text = struct.pack(">II", self.kind, len(mime)) + mime + bytes(4)
        return text + unknown + struct.pack(">I", len(self.data)) + self.data


def found_cover(data: bytes, kind: int) -> Cover | None:
    """A picture found in an original, or None when it is none that can be put into a copy."""
    try:
        return Cover(data, kind if 0 <= kind <= 20 else 0)
    except BadRequestError:
        return None


@dataclass(frozen=True, slots=True)
class Overlay:
    """Tags to write, and a picture.

    Attributes:
        tags: All that is to stand in the copy. `pictures` and `broadcast` in it are not written:
            pictures come from `cover`, and `bext` and iXML of a broadcast file stay as they are.
        cover: In place of all pictures of the original; None keeps those.
    """

    tags: Tags
    cover: Cover | None = None
