"""How items came together over time, for those who are named beside all others: a drawing.

Laws: a line's last point is what the report says; only so many are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phonotheque.guard.papers.curves import Curves, Rising, draw
from phonotheque.guard.score.firsts import firsts_of
from phonotheque.guard.score.gathering import Gathering
from phonotheque.guard.score.report import Report

MOST_LINES = 5


@dataclass(frozen=True, slots=True)
class Drawing:
    """The drawing.

    Attributes:
        curves: A line for each of those who took most of those who are named.
        most: Items of one in a thousand of the others: nearly all of them have as many or fewer.
        most_y: Where that line stands.
    """

    curves: Curves
    most: int
    most_y: float


def drawing_of(report: Report, gathered: Gathering) -> Drawing | None:
    """Draw those who are named; None when nobody is."""
    counted = report.counted
    named = sorted(report.suspects, key=lambda one: -one.items)[:MOST_LINES]
    if not named or counted.first_second is None or counted.last_second is None:
        return None
    numbers = np.array([one.number for one in named])
    firsts = firsts_of(gathered.of(lambda account: np.isin(account, numbers)))
    rising = [
        Rising(one.account.name, "own", firsts.second[firsts.account == one.number].tolist())
        for one in named
    ]
    curves = draw(rising, counted.first_second, counted.last_second, report.most)
    return Drawing(curves, report.most, round(curves.height(report.most), 1))
