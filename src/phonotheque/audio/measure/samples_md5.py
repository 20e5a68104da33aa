"""MD5 of the samples as FLAC keeps it in its STREAMINFO.

Law: the digest is over what went into the encoder: channels interleaved, each sample signed and
little-endian in as many whole bytes as its bits need. FFmpeg hands samples of odd widths shifted up
to the top of 16 or 32 bits; they are shifted back.

Source: RFC 9639, 8.2.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from phonotheque.audio.measure.planes import values_of

STREAMINFO_BYTES = 34
_WIDTHS: dict[str, tuple[int, type[np.signedinteger[Any]]]] = {
    "s16": (16, np.int16),
    "s32": (32, np.int32),
}


def bits_of_streaminfo(extra: bytes) -> int | None:
    """Return the bits per sample that a STREAMINFO block states; None when it is cut short."""
    if len(extra) < STREAMINFO_BYTES:
        return None
    return ((extra[12] & 1) << 4 | extra[13] >> 4) + 1


class SamplesMd5:
    """Takes blocks as the decoder gave them.

    Args:
        bits: Of a sample, 4 to 32.
    """

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._digest = hashlib.md5(usedforsecurity=False)
        self._is_spoilt = False

    def add(self, block: AudioFrame) -> None:
        """Digest a block."""
        found = _WIDTHS.get(block.format.packed.name)
        if found is None or not block.format.is_packed or self._bits > found[0]:
            self._is_spoilt = True  # not what a decoder of FLAC gives
        if self._is_spoilt or found is None:
            return
        width, kind = found
        count = block.samples * block.layout.nb_channels
        samples = values_of(block.planes[0], kind, count)
        self._digest.update(_own_bytes(samples, width, self._bits).data)

    def result(self) -> bytes | None:
        """Return the 16 bytes; None when no digest can be had."""
        return None if self._is_spoilt else self._digest.digest()


def _own_bytes(samples: NDArray[Any], width: int, bits: int) -> NDArray[Any]:
    """Bring samples of `bits`, at the top of `width`, to the bytes that were encoded."""
    kept = (bits + 7) // 8
    if kept * 8 != bits:
        samples = samples >> (width - bits)  # the sign fills what is left of the highest byte
    if not np.little_endian:
        samples = samples.byteswap()
    if kept * 8 == width:
        return samples
    first = 0 if kept * 8 != bits else width // 8 - kept
    given = samples.view(np.uint8).reshape(-1, width // 8)
    own = np.empty((len(given), kept), np.uint8)
    for at in range(kept):  # a byte at a time: numpy is seven times slower on rows of three
        own[:, at] = given[:, first + at]
    return own
