"""Rounds of questions: all who were asked at one look at groups, and how their questions ended.

Answers come one by one, and those of people first: who copies a catalogue out says nothing, and
that he said nothing is known when the time for an answer is over. So one answer is no evidence of
what a group was, and neither are the first ten. Law: a round moves what is demanded once, as if all
its answers had come at once, and as soon as those that are still out can change nothing about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from phonotheque.guard.groups.membership import Demand

QUARTER_S = 21_600
"""Groups are looked at so often, so that the quarter of a day since 1970 is a look's name."""

_LASTS = 31 * 4
"""Quarters after which no answer is waited for: a day more than a question lasts. Not all who are
found are asked in the end: somebody has a permit, or all of it is on paper."""


def quarter_of(second: int) -> int:
    """Return the name of a look at some second."""
    return second // QUARTER_S


@dataclass
class Rounds:
    """The rounds that may still move something; changed in place.

    Attributes:
        open: By look: how many were found, and of them who passed and who failed.
    """

    open: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    def ask(self, quarter: int, count: int) -> None:
        """Begin the round of a look that found so many."""
        if count:
            self.open[quarter] = count, 0, 0

    def hear(self, quarter: int, passed: int, failed: int) -> None:
        """Hear how many of a round passed, and failed; nothing of one that is over."""
        if quarter in self.open:
            count, before, after = self.open[quarter]
            self.open[quarter] = count, before + passed, after + failed

    def hear_all(self, passed: Iterable[int], failed: Iterable[int]) -> None:
        """Hear of the rounds, one for each account, of all who passed, and who failed."""
        for quarter, count in Counter(passed).items():
            self.hear(quarter, count, 0)
        for quarter, count in Counter(failed).items():
            self.hear(quarter, 0, count)

    def kept(self) -> list[tuple[int, int, int, int]]:
        """Return the rounds as rows of numbers."""
        return [(quarter, *counts) for quarter, counts in self.open.items()]

    @classmethod
    def resumed(cls, rows: Iterable[tuple[int, int, int, int]]) -> Rounds:
        """Return the rounds that rows were made of."""
        return cls({quarter: (count, passed, failed) for quarter, count, passed, failed in rows})

    def settle(self, demand: Demand, quarter: int) -> Demand:
        """End the rounds that are certain, or too old, and return what is demanded after them.

        Args:
            quarter: Of this look.
        """
        for asked, (count, passed, failed) in sorted(self.open.items()):
            out = max(0, count - passed - failed)
            least, most = demand.after(passed, failed + out), demand.after(passed + out, failed)
            if quarter - asked >= _LASTS:
                demand = demand.after(passed, failed)
            elif least == most:
                demand = least
            else:
                continue
            del self.open[asked]
        return demand
