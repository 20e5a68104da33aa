"""MPEG audio frames: their four-byte headers.

Laws: a header is believed only when no field of it is reserved; layers II and III only: the sync
word of layer I is also the byte order mark of UTF-16 text, and no deposit has been seen in it.

Sources: ISO/IEC 11172-3, 2.4.1.3; ISO/IEC 13818-3, 2.4. Not here: what the first frame of an MP3
promises (`integrity.mp3_header`), walking all frames (`integrity.mp3_frames`).
"""

from __future__ import annotations

from dataclasses import dataclass

_BIT_RATES_KBPS = {
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES_HZ = (44100, 48000, 32000)


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """One frame of MPEG audio: 1,152 or 576 samples of `channels` channels in `size_bytes`."""

    size_bytes: int
    samples: int
    sample_rate_hz: int
    channels: int
    has_checksum: bool


def parse_header(head: bytes) -> FrameHeader | None:
    """Read the frame header in the first four bytes; None when they are none.

    Free format (a bit rate of zero) states no length and is not recognised.
    """
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version_bits, layer_bits = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate_index, hz_index = head[2] >> 4, head[2] >> 2 & 3
    if version_bits == 1 or layer_bits not in (1, 2) or rate_index in (0, 15) or hz_index == 3:
        return None
    layer = 4 - layer_bits
    version = 1 if version_bits == 3 else 2
    hz = _SAMPLE_RATES_HZ[hz_index] >> {3: 0, 2: 1, 0: 2}[version_bits]
    bits_per_s = _BIT_RATES_KBPS[version, layer][rate_index - 1] * 1000
    samples = 576 if layer == 3 and version == 2 else 1152
    return FrameHeader(
        size_bytes=samples // 8 * bits_per_s // hz + (head[2] >> 1 & 1),
        samples=samples,
        sample_rate_hz=hz,
        channels=1 if head[3] >> 6 == 3 else 2,
        has_checksum=not head[1] & 1,
    )


def has_frames(head: bytes, in_a_row: int) -> bool:
    """Say whether so many frames follow one another anywhere in `head`."""
    at = head.find(b"\xff")
    while at >= 0:
        place, count = at, 0
        while count < in_a_row and (header := parse_header(head[place : place + 4])):
            place, count = place + header.size_bytes, count + 1
        if count == in_a_row:
            return True
        at = head.find(b"\xff", at + 1)
    return False
