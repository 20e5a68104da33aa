"""Names of bytes: what one reading of a file says about its identity.

Laws: a digest is never a bare string; `Sha256` names the bytes; a pieces root alone names nothing,
because leaves and inner nodes are not domain-separated, so a root always stands with its size.

Not here: computing them (`phonotheque.store.digests`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

LEAF_BYTES = 16 * 1024
"""A block of BitTorrent v2, the leaf of its trees. Source: BEP 52, "File tree"."""

PIECE_BYTES = 1024 * 1024
"""Length of a piece, frozen for ever: SHA-1s of another length cannot be derived from these."""

_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class Sha256:
    """The SHA-256 of a whole file: its name in the archive. `raw` is 32 bytes."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != 32:
            raise ValueError(f"a SHA-256 has 32 bytes, not {len(self.raw)}")

    @classmethod
    def parse(cls, text: str) -> Sha256:
        """Read 64 lower-case hexadecimal digits.

        Raises:
            ValueError: `text` is anything else.
        """
        if not _HEX.fullmatch(text):
            raise ValueError(f"not 64 lower-case hexadecimal digits: {text!r}")
        return cls(bytes.fromhex(text))

    @property
    def hex(self) -> str:
        """The digest as 64 lower-case hexadecimal digits."""
        return self.raw.hex()

    def __str__(self) -> str:
        return self.hex


class Digests(msgspec.Struct, frozen=True, gc=False):
    """Everything that one reading of a file says about its bytes.

    Attributes:
        size_bytes: Length of the file, 1 or more (an empty file has no root and is refused before).
        sha256: The file's name.
        pieces_root: 32 bytes, root of the file's BitTorrent v2 tree (BEP 52).
        layer: 32 bytes for each 1 MiB piece, empty when the file is not longer than one piece.
        sha1s: 20 bytes for each 1 MiB piece, the last piece padded with zeros (BEP 47 padding).
    """

    size_bytes: int
    sha256: Sha256
    pieces_root: bytes
    layer: bytes
    sha1s: bytes

    def __post_init__(self) -> None:
        pieces = -(-self.size_bytes // PIECE_BYTES)
        layer_nodes = pieces if pieces > 1 else 0
        if self.size_bytes < 1 or len(self.pieces_root) != 32:
            raise ValueError("digests name at least one byte and have a root of 32 bytes")
        if len(self.layer) != 32 * layer_nodes or len(self.sha1s) != 20 * pieces:
            raise ValueError(f"digests of {self.size_bytes} bytes need {pieces} pieces")
