"""Lines that rise with each new recording, drawn for a page; pure.

Laws: a line ends at the number that it says; time runs in proportion; every coordinate is a number
of the drawing's own units, so that nothing of what is drawn can become markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 960, 300
LEFT, RIGHT, TOP, BASE = 8, 820, 24, 268
_MOST_POINTS = 400


@dataclass(frozen=True, slots=True)
class Curve:
    """One line.

    Attributes:
        name: What it is of.
        kind: "own" or "others".
        path: Of the line, as SVG has it.
        end_y: Where it ends.
        label_y: Where its name stands.
        count: What it ends at.
    """

    name: str
    kind: str
    path: str
    end_y: float
    label_y: float
    count: int


@dataclass(frozen=True, slots=True)
class Curves:
    """A drawing: lines in the order in which they were given, and rules at round numbers."""

    curves: tuple[Curve, ...]
    rules: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class Rising:
    """Something that grew by one at each of some seconds, in order."""

    name: str
    kind: str
    seconds: Sequence[int]


def draw(rising: Sequence[Rising], since: int, until: int) -> Curves:
    """Draw what grew between two seconds."""
    most = max((len(one.seconds) for one in rising), default=0) or 1
    span = max(1, until - since)

    def across(second: int) -> float:
        return LEFT + (RIGHT - LEFT) * min(max(second - since, 0), span) / span

    def up(count: float) -> float:
        return BASE - (BASE - TOP) * count / most

    curves, taken = [], float(HEIGHT)
    order = sorted(range(len(rising)), key=lambda place: len(rising[place].seconds))
    label_of = {}
    for place in order:
        label_of[place] = taken = min(up(len(rising[place].seconds)), taken - 18)
    for place, one in enumerate(rising):
        count = len(one.seconds)
        every = max(1, count // _MOST_POINTS)
        points = [(across(since), up(0))]
        for number in range(every, count + 1, every):
            points.append((across(one.seconds[number - 1]), up(number)))
        points.append((across(until), up(count)))
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        end = round(up(count), 1)
        curves.append(Curve(one.name, one.kind, path, end, round(label_of[place], 1), count))
    return Curves(tuple(curves), tuple((round(up(step), 1), step) for step in _round_steps(most)))


def _round_steps(most: int) -> list[int]:
    """Two to five round numbers up to the highest."""
    step = 10 ** (len(str(most)) - 1)
    for smaller in (step // 5, step // 2, step, 2 * step):
        if smaller and most // smaller <= 5:
            return list(range(smaller, most + 1, smaller))
    return [most]
