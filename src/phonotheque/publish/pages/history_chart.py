"""Bytes by health over time, as a stack of areas; and the finding, in a sentence.

Laws: the areas of a day add up to what was counted on that day; the upper edge of one is the lower
edge of the next; the sentence follows from the first and the last day alone.

Lengths are units of the drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from phonotheque.look.scale import round_steps
from phonotheque.publish.health.history import Observed
from phonotheque.publish.health.report import Level
from phonotheque.publish.pages.texts import format_day, format_size

_TOP, _BASE = 28, 236
_LABEL_HEIGHT = 16
_STACK = (Level.UNKNOWN, Level.AT_RISK, Level.WATCH, Level.SAFE)
"""From the base upwards: what is uncertain or in danger is measured from the line."""

_STEADY_PERCENT = 10
"""A change smaller than this is called none: counts of seeders scatter."""


@dataclass(frozen=True, slots=True)
class Area:
    """One level: the outline of its area, and where its label stands."""

    level: Level
    path: str
    label: str
    label_y: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line across the chart at a round number."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing for one width; `plot_width` is what the areas take of it."""

    width: int
    plot_width: int
    base: int
    areas: tuple[Area, ...]
    lines: tuple[Line, ...]
    first_day: str
    last_day: str


def finding(days: Sequence[Observed]) -> str:
    """Say what changed between the first and the last of two or more days."""
    whole = _trend(_total(days[0]), _total(days[-1]))
    risk = _trend(days[0].bytes.get(Level.AT_RISK, 0), days[-1].bytes.get(Level.AT_RISK, 0))
    return f"What is offered {whole}; the part at risk {risk}."


def _trend(before: int, after: int) -> str:
    if abs(after - before) * 100 <= _STEADY_PERCENT * max(before, after):
        return f"stayed near {format_size(after)}"
    verb = "grew" if after > before else "fell"
    return f"{verb} from {format_size(before)} to {format_size(after)}"


def chart_of(days: Sequence[Observed], width: int, label_width: int) -> Chart:
    """Draw two or more days.

    Args:
        days: One observation each, oldest first.
        width: Of the whole drawing.
        label_width: What is left of it for the names of the areas.
    """
    plot_width = width - label_width
    top_bytes = max(1, *(_total(day) for day in days))
    xs = _positions(days, plot_width)

    def y(size_bytes: float) -> float:
        return _BASE - (_BASE - _TOP) * size_bytes / top_bytes

    below = [0] * len(days)
    areas: list[Area] = []
    for level in _STACK:
        above = [start + day.bytes.get(level, 0) for start, day in zip(below, days, strict=True)]
        if any(a > b for a, b in zip(above, below, strict=True)):
            upper = [f"{x:.1f} {y(size):.1f}" for x, size in zip(xs, above, strict=True)]
            lower = [f"{x:.1f} {y(size):.1f}" for x, size in zip(xs, below, strict=True)]
            path = f"M{'L'.join([*upper, *reversed(lower)])}z"
            last = days[-1].bytes.get(level, 0)
            text = f"{level.value.capitalize()} {format_size(last)}"
            areas.append(Area(level, path, text, y((above[-1] + below[-1]) / 2) + 4))
        below = above
    lines = tuple(Line(y(size), format_size(size)) for size in round_steps(top_bytes))
    first, last_day = format_day(days[0].at), format_day(days[-1].at)
    return Chart(width, plot_width, _BASE, _apart(areas), lines, first, last_day)


def _total(day: Observed) -> int:
    return sum(day.bytes.values())


def _positions(days: Sequence[Observed], plot_width: int) -> list[float]:
    """Where each day stands: days without a count take their room."""
    numbers = [date.fromisoformat(day.at[:10]).toordinal() for day in days]
    span = max(1, numbers[-1] - numbers[0])
    return [plot_width * (number - numbers[0]) / span for number in numbers]


def _apart(areas: Sequence[Area]) -> tuple[Area, ...]:
    """Labels pushed up until none stands on another; the lowest keeps its place."""
    placed: list[Area] = []
    highest = float(_BASE)
    for area in areas:
        label_y = min(area.label_y, highest)
        placed.append(Area(area.level, area.path, area.label, round(label_y, 1)))
        highest = label_y - _LABEL_HEIGHT
    return tuple(placed)
