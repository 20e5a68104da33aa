"""Every healthy specimen cut at each border of its structure, with bits flipped, and with holes."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator

from tests.audio import zoo
from tests.zoo.animals import Animal, Fate
from tests.zoo.bricks import iter_pages

_CUTS = 14
"""Most cuts of one specimen: the borders at its head, and some among those of its sound."""

_CHECKSUMMED = frozenset(
    (
        "id3v24.mp3",
        "ape.mp3",
        "comments.flac",
        "id3.flac",
        "vorbis.ogg",
        "opus.opus",
        "flac.oga",
        "ape.wv",
    )
)
"""Specimens in which a checksum covers every bit of the sound."""

Borders = Iterator[tuple[int, bool]]
"""Offsets at which a piece of the structure ends, and whether sound would be missing if the file
ended there."""


def _riff_borders(data: bytes, order: str = "little", sound: bytes = b"data") -> Borders:
    at, is_before = 12, True
    yield at, True
    while at + 8 <= len(data):
        name, length = data[at : at + 4], data[at + 4 : at + 8]
        size = int.from_bytes(length, order)  # type: ignore[arg-type]
        if name == sound and size == 0xFFFFFFFF:
            size = int.from_bytes(data[28:36], "little")  # RF64: its true length is in `ds64`
        yield at + 8, is_before
        if name == sound:
            yield at + 8 + size // 2, True
            is_before = False
        at += 8 + size + (size & 1)
        yield at, is_before


def _w64_borders(data: bytes) -> Borders:
    at, is_before = 40, True
    while at + 24 <= len(data):
        size = int.from_bytes(data[at + 16 : at + 24], "little")
        yield at + 24, True
        is_before = is_before and data[at : at + 4] != b"data"
        at += size + (-size & 7)
        yield at, is_before


def _dsf_borders(data: bytes) -> Borders:
    at = 0
    while data[at : at + 4] in (b"DSD ", b"fmt ", b"data"):
        is_sound = data[at : at + 4] == b"data"
        yield at + 12, True
        at += int.from_bytes(data[at + 4 : at + 12], "little")
        yield at, not is_sound


def _ogg_borders(data: bytes) -> Borders:
    at = 0
    for page in iter_pages(data):
        yield at + 27, True
        at += 27 + len(page.lacing) + len(page.body)
        yield at, True


def _id3_end(data: bytes) -> int:
    if data[:3] != b"ID3":
        return 0
    a, b, c, d = data[6:10]
    return 10 + (a << 21 | b << 14 | c << 7 | d)


def _flac_borders(data: bytes) -> Borders:
    at, is_last = _id3_end(data), False
    yield at, True
    at += 4
    while not is_last:
        is_last = bool(data[at] & 0x80)
        yield at, True
        at += 4 + int.from_bytes(data[at + 1 : at + 4], "big")
    yield at, True
    yield (at + len(data)) // 2, True
    yield len(data) - 1, True


def _mp3_borders(data: bytes) -> Borders:
    at = _id3_end(data)
    end = data.find(b"APETAGEX") if b"APETAGEX" in data else len(data)
    yield at, True
    while data[at : at + 1] == b"\xff" and at < end:
        bit_rate_kbps = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
        rate_hz = (44100, 48000, 32000, 1)[data[at + 2] >> 2 & 3]
        at += 144_000 * bit_rate_kbps[data[at + 2] >> 4] // rate_hz + (data[at + 2] >> 1 & 1)
        yield at, at < end - 500


def _wavpack_borders(data: bytes) -> Borders:
    at = 0
    while data[at : at + 4] == b"wvpk":
        yield at + 32, True
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        yield at, data[at : at + 4] == b"wvpk"


def _mp4_borders(data: bytes) -> Borders:
    at = 0
    while at + 8 <= len(data):
        yield at + 8, True
        at += int.from_bytes(data[at : at + 4], "big") or len(data)
        yield at, True
    yield len(data) // 2, True


_WALKERS: dict[str, Callable[[bytes], Borders]] = {
    "mp3": _mp3_borders,
    "flac": _flac_borders,
    "ogg": _ogg_borders,
    "mp4": _mp4_borders,
    "wavpack": _wavpack_borders,
    "wav": _riff_borders,
    "rf64": _riff_borders,
    "w64": _w64_borders,
    "aiff": functools.partial(_riff_borders, order="big", sound=b"SSND"),
    "dsf": _dsf_borders,
}


def _chosen(borders: Borders, size_bytes: int) -> list[tuple[int, bool]]:
    """The first and the last borders, and some between; each once."""
    inside = sorted({border for border in borders if 0 < border[0] < size_bytes})
    if len(inside) <= _CUTS:
        return inside
    half = _CUTS // 2
    step = (len(inside) - half) / half
    return inside[:half] + [inside[half + int(number * step)] for number in range(half)]


def _data(name: str) -> bytes:
    """A specimen's bytes."""
    return zoo.specimen(name).data


def _cut(name: str) -> Iterator[Animal]:
    specimen = zoo.specimen(name)
    borders = _WALKERS[specimen.container](specimen.data)
    for at, is_sound_missing in _chosen(borders, len(specimen.data)):
        fate = Fate.DAMAGED if is_sound_missing else Fate.KEPT
        yield Animal(f"cut at {at:06d} {name}", lambda at=at: _data(name)[:at], fate)


def _hurt(name: str) -> Iterator[Animal]:
    """One bit flipped, a hole of zeros, a stretch gone, all in the sound; and all zeros but the
    head."""
    size = len(_data(name))
    middle = size // 2
    flip_at = middle + random.Random(name).randrange(size // 8)

    def flipped() -> bytes:
        data = bytearray(_data(name))
        data[flip_at] ^= 16
        return bytes(data)

    def with_hole() -> bytes:
        return _data(name)[:middle] + bytes(512) + _data(name)[middle + 512 :]

    def without_a_stretch() -> bytes:
        return _data(name)[:middle] + _data(name)[middle + 512 :]

    fate = Fate.DAMAGED if name in _CHECKSUMMED else Fate.KEPT
    yield Animal(f"flipped {name}", flipped, fate)
    yield Animal(f"hole {name}", with_hole, fate)
    yield Animal(f"stretch missing {name}", without_a_stretch, fate)
    yield Animal(
        f"zeros behind 64 bytes {name}", lambda: _data(name)[:64] + bytes(size - 64), Fate.KEPT
    )
    yield Animal(f"doubled {name}", lambda: _data(name) * 2, Fate.KEPT)


def animals() -> tuple[Animal, ...]:
    """All of this house."""
    return tuple(animal for name in zoo.NAMES for breed in (_cut, _hurt) for animal in breed(name))
