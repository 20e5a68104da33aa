"""What the first frame of an MP3 promises: how many frames follow, how many bytes, what checksum.

Laws: a field that is zero or out of reach promises nothing; a version of LAME that wrote no
checksum has none, whatever stands in its place.

Sources: "Xing VBR header"; "LAME tag" rev. 1 (checksums, music length); Fraunhofer "VBRI header".
Not here: comparing (`mp3`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from phonotheque.audio.integrity.crc import CRC16_MIRRORED
from phonotheque.audio.mpeg import FrameHeader

_SIDE_BYTES = {(True, 2): 32, (True, 1): 17, (False, 2): 17, (False, 1): 9}
_VBRI_AT = 36
_TABLE_BYTES = 100
_TAG_BYTES = 36  # the LAME extension, its own checksum in the last two
_CHECKED_BYTES = 190  # what FFmpeg's muxer sums up, whatever the size of the side information
_BEFORE_CHECKSUMS = re.compile(rb"LAME(?:[12]|3\.[0-8])")  # LAME 3.90 brought the extension
_ENCODER = re.compile(rb"[A-Za-z][\x20-\x7e]{2,8}")

HEADER_BYTES = 2 * _CHECKED_BYTES
"""As many bytes of the first frame as `read_promise` may want."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a header frame says about the frames behind it; None where it is silent.

    Attributes:
        kind: "Xing", "Info" or "VBRI".
        frames: Frames of sound, most often without the header frame itself.
        size_bytes: From the header frame to the end of the sound.
        declared_ms: Length without the padding of the encoder.
        music_bytes: From the header frame to the end of what `music_crc` covers.
        music_crc: CRC-16 of all behind the header frame.
        header_agrees: Whether the header's own checksum does; None when it has none.
    """

    kind: str
    frames: int | None = None
    size_bytes: int | None = None
    declared_ms: int | None = None
    music_bytes: int | None = None
    music_crc: int | None = None
    header_agrees: bool | None = None


def read_promise(frame: bytes, header: FrameHeader) -> Promise | None:
    """Read the promise in a frame; None when it is an ordinary frame of sound."""
    if frame[_VBRI_AT : _VBRI_AT + 4] == b"VBRI":
        size_bytes = int.from_bytes(frame[46:50], "big")
        frames = int.from_bytes(frame[50:54], "big")
        ms = frames * header.samples * 1000 // header.sample_rate_hz
        return Promise("VBRI", frames or None, size_bytes or None, ms or None)
    side = _SIDE_BYTES[header.samples == 1152, header.channels]
    for at in (4 + side, 6 + side):  # encoders do not agree on whether a checksum comes before
        if frame[at : at + 4] in (b"Xing", b"Info"):
            return _read_xing(frame, at, header)
    return None


def _read_xing(frame: bytes, at: int, header: FrameHeader) -> Promise:
    flags = int.from_bytes(frame[at + 4 : at + 8], "big")
    place = at + 8
    fields = []
    for flag, size in ((1, 4), (2, 4), (4, _TABLE_BYTES), (8, 4)):
        value = frame[place : place + size] if flags & flag else b""
        place += len(value)
        fields.append(int.from_bytes(value, "big") if size == 4 else 0)
    frames, size_bytes = fields[0] or None, fields[1] or None
    tag = frame[place : place + _TAG_BYTES]
    kind = frame[at : at + 4].decode()
    if len(tag) < _TAG_BYTES or not _ENCODER.match(tag) or _BEFORE_CHECKSUMS.match(tag):
        return Promise(kind, frames, size_bytes, _length_ms(frames, 0, header))
    padding = int.from_bytes(tag[21:24], "big")
    music_bytes = int.from_bytes(tag[28:32], "big")
    music_crc = int.from_bytes(tag[32:34], "big")
    has_crc = bool(music_crc) and music_bytes > header.size_bytes
    return Promise(
        kind,
        frames,
        size_bytes,
        _length_ms(frames, (padding >> 12) + (padding & 0xFFF), header),
        music_bytes if has_crc else None,
        music_crc if has_crc else None,
        _header_agrees(frame, place + _TAG_BYTES - 2),
    )


def _header_agrees(frame: bytes, at: int) -> bool | None:
    """LAME sums up all before the checksum, FFmpeg always 190 bytes, its own place still empty."""
    stated = int.from_bytes(frame[at : at + 2], "big")
    if not stated:
        return None
    blank = frame[:at] + bytes(2) + frame[at + 2 : _CHECKED_BYTES]
    return any(CRC16_MIRRORED.update(0, blank[:count]) == stated for count in (at, _CHECKED_BYTES))


def _length_ms(frames: int | None, padding: int, header: FrameHeader) -> int | None:
    samples = (frames or 0) * header.samples - padding
    return samples * 1000 // header.sample_rate_hz if samples > 0 else None
