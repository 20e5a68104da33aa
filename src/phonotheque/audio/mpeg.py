"""MPEG audio frames: their four-byte headers, and the length an MP3 states in its first frame.

Laws: a header is believed only when no field of it is reserved; layers II and III only: the sync
word of layer I is also the byte order mark of UTF-16 text, and no deposit has been seen in it.

Sources: ISO/IEC 11172-3, 2.4.1.3; ISO/IEC 13818-3, 2.4; "Xing VBR header" and "LAME tag" rev. 1.
Not here: walking all frames and checking the LAME checksum (integrity).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

_BIT_RATES_KBPS = {
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES_HZ = (44100, 48000, 32000)
_XING_FRAMES = 0x1
_XING_FIELDS = (
    (0x1, 4),
    (0x2, 4),
    (0x4, 100),
    (0x8, 4),
)  # flag, bytes: frames, bytes, table, quality


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


def read_declared_ms(file: BinaryIO, start: int) -> int | None:
    """Return the length that the Xing or Info header of an MP3 states, without encoder padding.

    FFmpeg's own figure falls back to a guess when tags behind the sound are long.

    Args:
        file: Seekable; its position is moved.
        start: Where the first frame begins, behind ID3v2.
    """
    file.seek(start)
    frame = file.read(2048)
    header = parse_header(frame)
    if header is None:
        return None
    wide = header.samples == 1152
    side_bytes = {(True, 2): 32, (True, 1): 17, (False, 2): 17, (False, 1): 9}[
        wide, header.channels
    ]
    at = 4 + side_bytes
    if frame[at : at + 4] not in (b"Xing", b"Info"):
        return None
    flags = int.from_bytes(frame[at + 4 : at + 8], "big")
    frames = int.from_bytes(frame[at + 8 : at + 12], "big")
    if not flags & _XING_FRAMES or not frames:
        return None
    lame = at + 8 + sum(size for flag, size in _XING_FIELDS if flags & flag)
    pad = (
        int.from_bytes(frame[lame + 21 : lame + 24], "big") if frame[lame : lame + 1] > b" " else 0
    )
    samples = frames * header.samples - (pad >> 12) - (pad & 0xFFF)
    return samples * 1000 // header.sample_rate_hz if samples > 0 else None
