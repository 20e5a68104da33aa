"""One figure: what was measured, what it is compared with, and what it must not pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Sense(StrEnum):
    """Which side of the floor is good."""

    AT_LEAST = "≥"
    AT_MOST = "≤"


class Outcome(StrEnum):
    """What a row says about its floor."""

    FIGURE = ""  # it has no floor: printed for the reader
    HELD = "ok"
    BROKEN = "BELOW FLOOR"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Row:
    """A figure, printed on one line.

    Attributes:
        name: What was measured, with the size of the work.
        value: The figure; None when it could not be measured here.
        unit: Of `value`.
        floor: What must be reached; None for a figure that only informs. It speaks of `ratio` when
            there is a peer, else of `value`.
        peer: What it is compared with, with the peer's own figure; "" for none.
        ratio: Times better than the peer, 1 for equal; None when the peer is absent.
        sense: Whether `floor` is the least or the most.
    """

    name: str
    value: float | None
    unit: str
    floor: float | None = None
    peer: str = ""
    ratio: float | None = None
    sense: Sense = Sense.AT_LEAST

    @property
    def outcome(self) -> Outcome:
        """How the figure stands to its floor. What is absent cannot break it."""
        judged = self.ratio if self.peer else self.value
        if self.value is None or (judged is None and self.floor is not None):
            return Outcome.ABSENT
        if self.floor is None or judged is None:
            return Outcome.FIGURE
        held = judged >= self.floor if self.sense is Sense.AT_LEAST else judged <= self.floor
        return Outcome.HELD if held else Outcome.BROKEN


def format_number(value: float | None) -> str:
    """Three digits that say something, or a dash: 1,234 · 48.6 · 0.0247."""
    if value is None:
        return "-"
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def format_row(row: Row) -> str:
    """Return a row as one line of aligned text."""
    floor = "" if row.floor is None else f"{row.sense.value} {format_number(row.floor)}"
    ratio = "" if row.ratio is None else f"{format_number(row.ratio)} x"
    value = f"{format_number(row.value)} {row.unit}" if row.value is not None else "absent"
    line = (
        f"{row.name:<52} {value:>18}  {ratio:>8}  {floor:>7}  {row.outcome.value:<11}  {row.peer}"
    )
    return line.rstrip()


HEADER = f"{'figure':<52} {'value':>18}  {'ratio':>8}  {'floor':>7}  {'':<11}  peer"


def exit_status(rows: Iterable[Row]) -> int:
    """1 when any figure is below its floor, else 0."""
    return int(any(row.outcome is Outcome.BROKEN for row in rows))
