"""Sound made for measuring: frames, WAV files, and FLAC of any width, from arrays."""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Iterator

import av
import numpy as np
from numpy.typing import NDArray
from tests.audio import zoo

from phonotheque.audio import decoding
from phonotheque.audio.measure import Measured, Wanted, measure
from phonotheque.audio.technical import bit_depth_of, declared_ms, read_headers

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


def measured(data: bytes, container: str, wanted: Wanted | None = None) -> Measured:
    """Open and measure a file that lies in memory."""
    file = io.BytesIO(data)
    headers = read_headers(file, container)
    with decoding.opened(file, container) as audio:
        return measure(
            audio,
            declared_ms=declared_ms(audio, headers),
            bit_depth=bit_depth_of(audio, headers),
            wanted=wanted or Wanted(),
        )


def frames(
    rows: NDArray[np.float32], rate_hz: int, at_once: int = 65_536
) -> Iterator[av.AudioFrame]:
    """Cut rows (channels, samples) into frames of packed floating point: PyAV cannot fill
    eight planes."""
    for start in range(0, rows.shape[1], at_once):
        part = rows[:, start : start + at_once].T.reshape(1, -1).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(part, format="flt", layout=LAYOUTS[len(rows)])
        frame.sample_rate, frame.pts = rate_hz, None
        yield frame


def sine(
    level_dbfs: float, seconds: float, hz: float = 1000, rate_hz: int = 48_000
) -> NDArray[np.float32]:
    """A stereo sine whose peaks stand at a level."""
    clock = np.arange(round(seconds * rate_hz)) / rate_hz
    wave = 10 ** (level_dbfs / 20) * np.sin(2 * np.pi * hz * clock)
    return np.stack([wave, wave]).astype(np.float32)


def wav16(rows: NDArray[np.float32], rate_hz: int = zoo.RATE_HZ) -> bytes:
    """A WAV file of 16 bits; 1.0 is its highest step."""
    samples = np.rint(np.clip(rows, -1, 1) * 32767).astype("<i2")
    channels = len(rows)
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16)
    return zoo.riff(zoo.chunk(b"fmt ", form), zoo.chunk(b"data", samples.T.tobytes()))


class _Bits:
    """Bits put together from the highest on."""

    def __init__(self) -> None:
        self.value = 1  # a leading one keeps zeros in front

    def add(self, value: int, width: int) -> None:
        self.value = self.value << width | value & (1 << width) - 1

    def data(self) -> bytes:
        length = self.value.bit_length() - 1
        pad = -length % 8
        return (self.value << pad).to_bytes((length + pad) // 8 + 1, "big")[1:]


def _crc(data: bytes, width: int, polynomial: int) -> int:
    crc = 0
    for byte in data:
        crc ^= byte << (width - 8)
        for _ in range(8):
            crc = crc << 1 ^ (polynomial if crc >> (width - 1) & 1 else 0)
            crc &= (1 << width) - 1
    return crc


def flac(samples: NDArray[np.int64], bits: int, rate_hz: int = 44_100) -> tuple[bytes, bytes]:
    """Write samples (count, channels) as FLAC of any width, uncompressed. Source: RFC 9639, 8, 9.

    Returns:
        The file, and the MD5 that stands in its STREAMINFO.
    """
    count, channels = samples.shape
    kept = (bits + 7) // 8
    raw = b"".join(int(v).to_bytes(kept, "little", signed=True) for v in samples.reshape(-1))
    md5 = hashlib.md5(raw).digest()
    info = _Bits()
    for value, width in ((count, 16), (count, 16), (0, 24), (0, 24), (rate_hz, 20)):
        info.add(value, width)
    for value, width in ((channels - 1, 3), (bits - 1, 5), (count, 36)):
        info.add(value, width)
    streaminfo = info.data() + md5
    head = _Bits()
    width_code = {8: 1, 12: 2, 16: 4, 20: 5, 24: 6, 32: 7}[bits]
    for value, width in ((0x3FFE, 14), (0, 2), (7, 4), (0, 4), (channels - 1, 4), (width_code, 3)):
        head.add(value, width)
    for value, width in ((0, 1), (0, 8), (count - 1, 16)):
        head.add(value, width)
    body = _Bits()
    for channel in range(channels):
        body.add(0b00000010, 8)  # verbatim
        for value in samples[:, channel]:
            body.add(int(value), bits)
    frame = head.data()
    frame += bytes([_crc(frame, 8, 0x07)]) + body.data()
    frame += _crc(frame, 16, 0x8005).to_bytes(2, "big")
    block = bytes([0x80]) + len(streaminfo).to_bytes(3, "big") + streaminfo
    return b"fLaC" + block + frame, md5
