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
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.groups.membership import Demand

GROUPS_EVERY_S = 3_600
"""Groups are looked at so often: a farm that takes hundreds a day has taken a twentieth of what it
will before the first look that may find it. The hour since 1970 is a look's name."""

_LASTS = 31 * 86_400 // GROUPS_EVERY_S
"""Looks after which no answer is waited for: a day more than a question lasts. Not all who are
found are asked in the end: somebody has a permit, or all of it is on paper."""


def look_of(second: int) -> int:
    """Return the name of a look at some second."""
    return second // GROUPS_EVERY_S


@dataclass
class Rounds:
    """The rounds that may still move something; changed in place.

    Attributes:
        open: By look: how many were found, and of them who passed and who failed.
    """

    open: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    def ask(self, look: int, count: int) -> None:
        """Begin the round of a look that found so many."""
        if count:
            self.open[look] = count, 0, 0

    def hear(self, look: int, passed: int, failed: int) -> None:
        """Hear how many of a round passed, and failed; nothing of one that is over."""
        if look in self.open:
            count, before, after = self.open[look]
            self.open[look] = count, before + passed, after + failed

    def hear_all(self, passed: Iterable[int], failed: Iterable[int]) -> None:
        """Hear of the rounds, one for each account, of all who passed, and who failed."""
        for look, count in Counter(passed).items():
            self.hear(look, count, 0)
        for look, count in Counter(failed).items():
            self.hear(look, 0, count)

    def kept(self) -> list[tuple[int, int, int, int]]:
        """Return the rounds as rows of numbers."""
        return [(look, *counts) for look, counts in self.open.items()]

    @classmethod
    def resumed(cls, rows: Iterable[tuple[int, int, int, int]]) -> Rounds:
        """Return the rounds that rows were made of."""
        return cls({look: (count, passed, failed) for look, count, passed, failed in rows})

    def settle(self, demand: Demand, look: int) -> Demand:
        """End the rounds that are certain, or too old, and return what is demanded after them.

        Args:
            look: Of this look.
        """
        for asked, (count, passed, failed) in sorted(self.open.items()):
            out = max(0, count - passed - failed)
            least, most = demand.after(passed, failed + out), demand.after(passed + out, failed)
            if look - asked >= _LASTS:
                demand = demand.after(passed, failed)
            elif least == most:
                demand = least
            else:
                continue
            del self.open[asked]
        return demand


class Answers(NamedTuple):
    """What is known of the answers of accounts, columns by number; changed in place.

    Attributes:
        passed, failed: Who passed the challenge last, and who failed it.
        round: Look at groups at which somebody was asked for a group's sake; 0 for nobody.
    """

    passed: npt.NDArray[np.bool_]
    failed: npt.NDArray[np.bool_]
    round: npt.NDArray[np.int32]

    def hear(
        self, passed: npt.NDArray[np.integer], failed: npt.NDArray[np.integer]
    ) -> tuple[list[int], list[int]]:
        """Hear how questions of some accounts ended; told again it changes nothing.

        Who failed, and passes later, passed: it is the first answer that says what a group was, and
        the last that says who somebody is.

        Returns:
            The rounds of those who passed with their first answer, and of those who failed; of
            those only who were asked for a group's sake.
        """
        new = [one[~(self.passed[one] | self.failed[one])] for one in (passed, failed)]
        self.passed[passed], self.failed[passed] = True, False
        self.failed[failed], self.passed[failed] = True, False
        first_passed, first_failed = (self.round[one] for one in new)
        return first_passed[first_passed > 0].tolist(), first_failed[first_failed > 0].tolist()
