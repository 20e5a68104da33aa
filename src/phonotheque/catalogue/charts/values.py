"""What a chart is: a question of the catalogue, with everything that is said beside its answer.

Laws: values only; a chart whose rows hold no finding is not drawn, and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

Row = Mapping[str, Any]
Rows = Sequence[Row]

LEAST_LISTENERS = 5
"""What fewer people heard is not told: a count of four is nearly a name."""

LEAST_UNNAMED_LISTENS = 500
"""Where nobody counted listeners, so many listens stand for `LEAST_LISTENERS`: of one listener at
most 100 are counted (`phonotheque.music.popularity`)."""


class Form(Enum):
    """How rows are drawn."""

    STEPS = auto()
    """A bar for each number on a line of numbers."""
    LOG_STEPS = auto()
    """The same, a step of the height being ten times as many."""
    STACKED = auto()
    """The same, with `part` of each bar in ink and the rest in outline."""
    NAMED = auto()
    """A bar for each name, the longest on top, its number beside it."""
    CURVE = auto()
    """A line with the area below it; both axes are shares."""


@dataclass(frozen=True, slots=True)
class Axes:
    """Which columns are drawn.

    Attributes:
        across: Column of numbers, or of names.
        up: Column of what is counted.
        across_title: In words.
        up_title: In words.
        part: Column of the part that is in ink, where bars have two.
        is_clock: Whether `across` is in seconds, and is written as minutes.
    """

    across: str
    up: str
    across_title: str = ""
    up_title: str = ""
    part: str = ""
    is_clock: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What rows say.

    Attributes:
        title: A sentence with the number, without its full stop.
        marked: Values of the column `across` that the sentence is about.
        shown: The rows that are drawn, where those are not all. Words under `beside` stand behind
            the bar of a name in the place of its number.
    """

    title: str
    marked: tuple[Any, ...] = ()
    shown: Rows | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """One question.

    Attributes:
        name: In names of files and on the command line.
        section: Under which heading it stands.
        reads: Views that its query names.
        query: SQL of DuckDB.
        columns: What each column of its answer means.
        how: How it was counted, a sentence or two.
        find: Says what rows hold; None when that is nothing.
        lacking: Why it is not drawn, when there is nothing to draw.
    """

    name: str
    section: str
    reads: tuple[str, ...]
    query: str
    columns: Mapping[str, str]
    how: str
    form: Form
    axes: Axes
    find: Callable[[Rows], Finding | None]
    lacking: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A chart with the rows that the catalogue gave; `finding` is None when it is not drawn."""

    chart: Chart
    rows: Rows
    finding: Finding | None
