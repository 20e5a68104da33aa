"""The evidence of a case as a picture: new recordings over time, and hours of the day, both beside
those of the others, and what a group has in common beside what was expected; pure.

Laws: the title is what was seen; the others are shown as many accounts are, by the one in the
middle and by the one with the most; nothing in it names a recording or anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from phonotheque.guard.decisions import Group
from phonotheque.guard.instants import day_of
from phonotheque.guard.papers import curves
from phonotheque.guard.papers.curves import Rising, draw
from phonotheque.guard.papers.rendering import environment

HOURS = 24
_BARS_TOP, _BARS_BASE = 352, 432
_BAR = (curves.RIGHT - curves.LEFT) / HOURS
_TITLE_LETTERS, _TITLE_LINE = 110, 20
_OVERLAP_TOP, _OVERLAP_BAR = 486, 22


@dataclass(frozen=True, slots=True)
class Seen:
    """What is drawn.

    Attributes:
        title: What was seen, in a sentence.
        since, until: Seconds since 1970.
        own: Seconds at which the account had something new to it, in order.
        middle, most: The same of the account in the middle of all others, and of the highest.
        others: How many they are.
        other_hours: Recordings that all others had, by hour of the day in UTC.
        group: The group that the account was found in; None where it is about it alone.
        is_by_hand: A person decided it, and the guard found nothing.
    """

    title: str
    since: int
    until: int
    own: Sequence[int]
    middle: Sequence[int]
    most: Sequence[int]
    others: int
    other_hours: Sequence[int]
    group: Group | None = None
    is_by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Shared:
    """How many tracks members have in common, as a bar with its words."""

    words: str
    y: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour: where it stands, how high its own bar is, and the line of the others."""

    hour: int
    x: float
    width: float
    y: float
    height: float
    others_y: float


def case_picture(seen: Seen) -> bytes:
    """Return the picture as SVG."""
    rising = (
        Rising("this account", "own", seen.own),
        Rising("the most of others", "others", seen.most),
        Rising("the one in the middle", "others", seen.middle),
    )
    text = (
        environment()
        .get_template("case.svg")
        .render(
            seen=seen,
            drawing=draw(rising, seen.since, seen.until),
            bars=hours_of(seen),
            lines=wrap(seen.title, _TITLE_LETTERS, max_lines=4),
            line_height=_TITLE_LINE,
            dates=[day_of(second) for second in (seen.since, seen.until)],
            overlap=overlap_of(seen.group),
            overlap_top=_OVERLAP_TOP,
            curves=curves,
            base=_BARS_BASE,
        )
    )
    return text.encode("utf-8", "replace")


def hours_of(seen: Seen) -> list[Bar]:
    """Return the hours of the day, each as its share of all that was had."""
    own = [0] * HOURS
    for second in seen.own:
        own[second // 3_600 % HOURS] += 1
    shares, others = _shares(own), _shares(seen.other_hours)
    highest = max(*shares, *others) or 1.0
    tall = _BARS_BASE - _BARS_TOP
    return [
        Bar(
            hour,
            round(curves.LEFT + hour * _BAR, 1),
            round(_BAR - 6, 1),
            round(_BARS_BASE - tall * shares[hour] / highest, 1),
            round(tall * shares[hour] / highest, 1),
            round(_BARS_BASE - tall * others[hour] / highest, 1),
        )
        for hour in range(HOURS)
    ]


def overlap_of(group: Group | None) -> list[Shared]:
    """Return what a group has in common, and what people with their tastes would; [] for none."""
    if group is None:
        return []
    most = max(group.shared, group.expected) or 1.0
    told = (
        (group.shared, f"{group.shared:,} tracks in common, found"),
        (group.expected, f"{group.expected:,.0f} expected of people with their tastes"),
    )
    room = (curves.RIGHT - curves.LEFT) / 2
    return [
        Shared(words, _OVERLAP_TOP + 12 + _OVERLAP_BAR * place, round(room * count / most, 1))
        for place, (count, words) in enumerate(told)
    ]


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts)
    return [count / total if total else 0.0 for count in counts]
