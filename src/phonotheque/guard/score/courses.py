"""How items came together over time, for those who are named and for all others: a drawing.

Laws: a line never falls; its last point is what the report says; lengths are units of the drawing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phonotheque.guard.score.firsts import Firsts, firsts_of
from phonotheque.guard.score.judging import Report
from phonotheque.guard.score.visits import Gathering, Visits

MOST_LINES = 5
_POINTS = 160
WIDTH, HEIGHT = 880, 300
_LEFT, _RIGHT, _TOP, _BASE = 8, 250, 16, 268
_LABEL_HEIGHT = 17


@dataclass(frozen=True, slots=True)
class Course:
    """One account's line.

    Attributes:
        name: Of the account.
        items: At its end.
        path: Its points, as an SVG path has them.
        end_y: Where it ends.
        label_y: Where its name stands, so that no two names cover each other.
    """

    name: str
    items: int
    path: str
    end_y: float
    label_y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """The drawing.

    Attributes:
        courses: Of those who took most of those who are named.
        most: Items of one in a thousand of the others: nearly all of them stay below its line.
        most_y: Where that line stands.
        lines: Heights and items of the round numbers.
        plot_right: Where the lines end and the names begin.
    """

    courses: tuple[Course, ...]
    most: int
    most_y: float
    lines: tuple[tuple[float, int], ...]
    plot_right: float = WIDTH - _RIGHT


def drawing_of(report: Report, gathered: Gathering) -> Drawing | None:
    """Draw those who are named; None when nobody is."""
    named = sorted(report.suspects, key=lambda one: -one.items)[:MOST_LINES]
    if not named:
        return None
    numbers = np.array([one.number for one in named], np.int32)
    firsts = firsts_of(_visits_of(gathered, numbers))
    top = _round_up(max(named[0].items, report.most))
    span = max(report.counted.last_second - report.counted.first_second, 1)
    ends = [_height(one.items, top) for one in named]
    labels = _apart(ends)
    courses = tuple(
        Course(
            one.account.name, one.items,
            _path(_mine(firsts, one.number) - report.counted.first_second, span, top), end, label,
        )
        for one, end, label in zip(named, ends, labels, strict=True)
    )  # fmt: skip
    lines = tuple((_height(part, top), part) for part in _round_numbers(top))
    return Drawing(courses, report.most, _height(report.most, top), lines)


def _visits_of(gathered: Gathering, numbers: npt.NDArray[np.int32]) -> Visits:
    everything = gathered.all()
    mine = np.isin(everything.account, numbers)
    return everything.at(mine)


def _mine(firsts: Firsts, number: int) -> npt.NDArray[np.int64]:
    return firsts.second[firsts.account == number]


def _path(seconds: npt.NDArray[np.int64], span: int, top: int) -> str:
    """The number of items at each instant, thinned to some points."""
    chosen = np.unique(np.linspace(0, len(seconds) - 1, min(_POINTS, len(seconds))).astype(int))
    across = _LEFT + (WIDTH - _RIGHT - _LEFT) * seconds[chosen] / span
    points = [f"{_LEFT:.1f},{_BASE:.1f}", f"{across[0]:.1f},{_BASE:.1f}"]
    points += [
        f"{x:.1f},{_height(int(place) + 1, top):.1f}"
        for x, place in zip(across, chosen, strict=True)
    ]
    points.append(f"{WIDTH - _RIGHT:.1f},{_height(len(seconds), top):.1f}")
    return "M" + "L".join(points)


def _height(items: int, top: int) -> float:
    return _BASE - (_BASE - _TOP) * items / top


def _round_up(number: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50 and so on."""
    power = 1
    while True:
        for step in (1, 2, 5):
            if number <= step * power:
                return step * power
        power *= 10


def _round_numbers(top: int) -> list[int]:
    """Where lines are drawn: at halves or fifths of the top, whole numbers."""
    parts = 2 if str(top)[0] == "2" else 5
    return [top * part // parts for part in range(1, parts + 1) if top * part % parts == 0]


def _apart(ends: list[float]) -> list[float]:
    """Heights of labels beside these ends, the highest first, each with room of its own."""
    placed: list[float] = []
    for end in ends:
        placed.append(max(end, placed[-1] + _LABEL_HEIGHT) if placed else end)
    overflow = max(0.0, placed[-1] - _BASE)
    return [place - overflow for place in placed]
