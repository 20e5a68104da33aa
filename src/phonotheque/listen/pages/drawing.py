"""Pictures that pages draw themselves: waveforms in strips and bands, sleeves for what has none.

Laws: pure; the same points give the same drawing; what was not measured is drawn as a thin line,
never as sound; all sizes are attributes, so no page needs a style inside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from phonotheque.derive.axes import time_marks
from phonotheque.derive.colours import oklch
from phonotheque.derive.waveform import bar_paths, levels
from phonotheque.listen.values import Hit

_WIDTH = 1200
_COUNTS = (1, 2, 4, 5, 8, 10, 16, 20, 25, 40, 50, 80, 100, 200, 400)
"""Bars that a waveform of 400 points can be drawn with."""

_BAR_PITCH = 4.0
_SMALL = (220, 50, 13)
"""Of a waveform in a list: width, bars, height of a channel."""


def hue_class(gid: UUID, hue: int | None) -> str:
    """Return the class of a sleeve by the hue of its cover, 0 to 23; without a cover, by that of
    the sleeve which is drawn for it."""
    return f"h{_drawn_hue(gid) if hue is None else hue:02}"


def _drawn_hue(gid: UUID) -> int:
    return gid.int % _HUES


@dataclass(frozen=True, slots=True)
class Band:
    """One song in the strip of an album: where it lies, and its waveform."""

    gid: UUID
    number: str
    x: float
    width: float
    peaks: str


def bands(songs: Sequence[tuple[Hit, str, bytes | None]], half: float = 64) -> list[Band]:
    """Lay the songs of an album end to end, each as wide as it is long.

    Args:
        songs: Each with its number as printed, and its waveform's points.
        half: Height of a channel.
    """
    lengths = [max(hit.length_ms or 0, 1) for hit, _, _ in songs]
    total, drawn, x = sum(lengths), [], 0.0
    for (hit, number, points), length in zip(songs, lengths, strict=True):
        width = _WIDTH * length / total
        inner = max(width - _BAR_PITCH * 1.5, 1.0)  # a gap to the next song
        drawn.append(
            Band(hit.gid, number, round(x, 2), round(inner, 2), _peaks(points, inner, half))
        )
        x += width
    return drawn


def _peaks(points: bytes | None, width: float, half: float) -> str:
    if points is None:
        return f"M0 {half - 0.5}h{width:.1f}v1h-{width:.1f}z"
    count = max(one for one in _COUNTS if one <= max(width / _BAR_PITCH, 1))
    return bar_paths(points, count, width / count, half)[0]


def small_path(points: bytes) -> str:
    """Return the path of a waveform in a list, 220 by 26."""
    width, count, half = _SMALL
    return bar_paths(points, count, width / count, half)[0]


@dataclass(frozen=True, slots=True)
class Wave:
    """The waveform of one song, 1,200 by 176; marks are pairs of per cent and time."""

    peaks: str
    means: str
    marks: list[tuple[float, str]]


def wave(points: bytes, length_ms: int) -> Wave:
    """Draw the waveform of one song with its time below."""
    peaks, means = bar_paths(points, 200, _WIDTH / 200, 88)
    marks = [(round(100 * place, 2), text) for place, text in time_marks(length_ms, 8)]
    return Wave(peaks, means, marks)


_HUES = 24
_RINGS = 7
_SPOKES = 160


def drawn_sleeve(gid: UUID, waveforms: Sequence[bytes]) -> bytes:
    """Draw a sleeve for what has no cover: rings like grooves, moved by the sound itself.

    Args:
        gid: Gives the hue and where the rings begin.
        waveforms: Points of its songs, each a ring or more; none gives still rings.
    """
    hue = _drawn_hue(gid) * 360 / _HUES
    ground, ink = oklch(0.885, 0.035, hue), oklch(0.32, 0.05, hue)
    start = gid.int // _HUES % 360
    rings = "".join(
        _ring(22 + 12.5 * ring, _sway(waveforms, ring), start) for ring in range(_RINGS)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240">'
        f'<path fill="{ground}" d="M0 0h240v240H0z"/>'
        f'<path fill="none" stroke="{ink}" stroke-width="1.2" stroke-linejoin="round" d="{rings}"/>'
        f'<circle cx="120" cy="120" r="9" fill="{ink}"/>'
        f'<circle cx="120" cy="120" r="2.2" fill="{ground}"/></svg>'
    ).encode()


def _sway(waveforms: Sequence[bytes], ring: int) -> list[float]:
    """How far each point of a ring is moved outwards, by the levels of its share of the sound."""
    if not waveforms:
        return [0.0] * _SPOKES
    points = waveforms[ring * len(waveforms) // _RINGS]
    loud = levels(points, 400)[:, (0, 2)].max(axis=1)
    shares = max(1, _RINGS // len(waveforms))
    begin = 400 * (ring % shares) // shares
    span = 400 // shares
    return [float(loud[begin + span * spoke // _SPOKES]) for spoke in range(_SPOKES)]


def _ring(radius: float, sway: list[float], start_degrees: float) -> str:
    steps = []
    for spoke, out in enumerate(sway):
        angle = math.radians(start_degrees + 360 * spoke / len(sway))
        reach = radius + (6 * out if spoke % 2 else -1.5 * out)
        steps.append(f"{120 + reach * math.cos(angle):.1f} {120 + reach * math.sin(angle):.1f}")
    return f"M{'L'.join(steps)}z"
