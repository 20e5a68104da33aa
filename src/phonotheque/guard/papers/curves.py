"""Lines that rise with each new recording, drawn for a page; pure.

Laws: a line ends at the number that it says; time runs in proportion; every coordinate is a number
of the drawing's own units, so that nothing of what is drawn can become markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from phonotheque.look.scale import round_steps

WIDTH, HEIGHT = 960, 300
LEFT, RIGHT, TOP, BASE = 8, 820, 24, 268
_MOST_POINTS = 400
_LABEL_HEIGHT = 18


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
    """A drawing: lines in the order in which they were given, and rules at round numbers.

    Attributes:
        curves: The lines.
        rules: Height and number of each rule.
        most: The number at the top.
    """

    curves: tuple[Curve, ...]
    rules: tuple[tuple[float, int], ...]
    most: int

    def height(self, count: float) -> float:
        """Return where a number stands."""
        return _height(count, self.most)


@dataclass(frozen=True, slots=True)
class Rising:
    """Something that grew by one at each of some seconds, in order."""

    name: str
    kind: str
    seconds: Sequence[int]


def draw(rising: Sequence[Rising], since: int, until: int, at_least: int = 1) -> Curves:
    """Draw what grew between two seconds.

    Args:
        rising: What grew.
        since, until: Seconds since 1970.
        at_least: The number at the top is no lower than this.
    """
    counts = [len(one.seconds) for one in rising]
    most = max(*counts, at_least, 1) if counts else max(at_least, 1)
    labels = _apart([_height(count, most) for count in counts])
    curves = tuple(
        Curve(one.name, one.kind, _path(one.seconds, since, until, most), end, label, count)
        for one, count, end, label in zip(
            rising,
            counts,
            (round(_height(count, most), 1) for count in counts),
            labels,
            strict=True,
        )
    )
    rules = tuple((round(_height(step, most), 1), step) for step in round_steps(most))
    return Curves(curves, rules, most)


def _height(count: float, most: int) -> float:
    return BASE - (BASE - TOP) * count / most


def _path(seconds: Sequence[int], since: int, until: int, most: int) -> str:
    """The number at each instant, in steps: between two of them nothing came. Thinned."""
    span = max(1, until - since)

    def step(second: int, count: int) -> str:
        x = LEFT + (RIGHT - LEFT) * min(max(second - since, 0), span) / span
        return f"H{x:.1f}V{_height(count, most):.1f}"

    every = max(1, len(seconds) // _MOST_POINTS)
    chosen = range(every, len(seconds) + 1, every)
    inner = [step(int(seconds[number - 1]), number) for number in chosen]
    return "".join([f"M{LEFT} {BASE}", *inner, f"H{RIGHT}V{_height(len(seconds), most):.1f}"])


def _apart(ends: Sequence[float]) -> list[float]:
    """Heights of labels beside these ends, the lowest first, each with room of its own."""
    labels, taken = [0.0] * len(ends), float(HEIGHT)
    for place in sorted(range(len(ends)), key=lambda place: -ends[place]):
        taken = min(ends[place], taken - _LABEL_HEIGHT)
        labels[place] = round(taken, 1)
    return labels
