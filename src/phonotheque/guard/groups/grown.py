"""Groups grown from what accounts do, with no key that names them and nobody's label.

From the top of a ranking those are kept that meet the others too seldom on one half of the tracks;
what is left is tested on the other half. A farm whose members share a catalogue out never meet:
they have far fewer tracks in common than people who draw from the same cells would (a birthday
test: it is seen after about `sqrt(2 * tracks * 40)` new tracks of the whole group, 1 % of a
million). Once among all non-hits, once among rarer ones only, where those who hide among hits do
not hide.

Laws: never trimmed and tested on the same half; a group alarm challenges, it never suspends; what
the service chose for somebody (its own shuffle or radio) must not be among them; where no genres
are known no groups are grown, as people of rare tastes would look like one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phonotheque.guard.groups.meetings import (
    SLACK,
    Copies,
    Flags,
    Floats,
    Meetings,
    meetings,
)
from phonotheque.guard.groups.poisson import log10_at_most

ALARM_LOG10 = -9.0
FROM_THE_TOP = (300, 1_000, 3_000)
LIMITS = (-2.0, 0.0)
"""Ratings above which a track is looked at: fewer than four times, and less than, the plays of its
genre's mean."""

KEPT = 0.7
ROUNDS = 8
LEAST_MEMBERS = 30
HONEST_RATIO = 1.1
"""Meetings of honest groups beside the expected ones: people have more in common than cells say."""

FARM_RATIO = 0.5
"""Meetings of a farm's member beside the expected ones that members are trimmed by."""

_ALARMS_FROM = -ALARM_LOG10 * math.log(10) / SLACK
"""Expected meetings below which not even a group that never meets is an alarm."""


@dataclass(frozen=True)
class Suspected:
    """A group that was tested.

    Attributes:
        group: Which candidates are members.
        limit: Rating above which tracks were looked at.
        met, expected: Meetings of the tested half.
        known: How many known members of a farm they were held against, too, for each of theirs.
        before: How many they were before they were trimmed; 0 where they were not.
    """

    group: Flags
    limit: float
    met: float
    expected: float
    known: float = 0.0
    before: int = 0

    @property
    def head_start(self) -> float:
        """Log odds that people who are members have for being kept, and that say nothing of them.

        Odds that are 1 in the mean are at most `1 / kept` in the mean of a share that was kept.
        """
        return math.log(max(1.0, self.before / max(1, int(self.group.sum()))))

    @property
    def log10_chance(self) -> float:
        """Log10 of the chance that people would meet so seldom."""
        return log10_at_most(int(self.met), SLACK * self.expected)

    @property
    def missing(self) -> float:
        """How many meetings are missing."""
        return self.expected - self.met

    @property
    def purity(self) -> float:
        """Share of the members that share tracks out, if the others meet as people do.

        Of the pairs of members its square is missing, of those with known members the share itself.
        """
        ratio = self.met / max(self.expected, 1e-9) / HONEST_RATIO
        missing, core = max(0.0025, 1 - ratio), self.known / (1 + self.known)
        others = 1 - core
        share = (math.sqrt(core * core + 4 * others * missing) - core) / (2 * others)
        return min(0.95, share)


def log_odds(met: Floats, expected: Floats, ratio: float) -> Floats:
    """Return how much more likely members of a farm are to meet others so seldom than people are.

    The log of the ratio of two Poisson chances: of a mean of `ratio` times the expected meetings,
    and of the expected ones.
    """
    found: Floats = met * math.log(ratio) + expected * (1 - ratio)
    return found


def grown(
    copies: dict[float, Copies],
    rankings: Sequence[npt.NDArray[np.int64]],
    core: Flags,
    sizes: Sequence[int] = FROM_THE_TOP,
) -> Iterator[Suspected]:
    """Grow groups from the top of rankings, and test each as it gets smaller.

    Args:
        copies: Of the candidates, by the rating above which tracks are looked at.
        rankings: Places of candidates, the most suspicious first.
        core: Candidates that are known to belong to a farm: groups are held against them, too.
        sizes: How many are taken from the top.
    """
    for limit, mine in copies.items():
        for ranking in rankings:
            for size in sizes:
                if len(ranking) >= size:
                    group = np.zeros(mine.members, np.bool_)
                    group[ranking[:size]] = True
                    yield from _trimmed(mine, group & ~core, core, limit)


def _trimmed(copies: Copies, group: Flags, core: Flags, limit: float) -> Iterator[Suspected]:
    known, before = int(core.sum()), int(group.sum())
    for _ in range(ROUNDS):
        found = meetings(copies, group | core, group)
        met, expected = found.of_half(1, group)
        members = np.flatnonzero(group)
        yield Suspected(group, limit, met, expected, known / max(1, len(members)), before)
        if len(members) < LEAST_MEMBERS or expected < _ALARMS_FROM:
            return
        kept = _least_like_people(found, members)
        group = np.zeros(len(group), np.bool_)
        group[kept] = True


def _least_like_people(found: Meetings, members: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return those whose meetings on the half that is not tested are most unlike people's."""
    odds = log_odds(found.met[0, members], found.expected[0, members], FARM_RATIO)
    return members[np.argsort(-odds, kind="stable")[: int(len(members) * KEPT)]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What testing groups came to.

    Attributes:
        alarm: The alarmed group that most meetings are missing from; None without an alarm.
        groups: How many were tested.
        log10_chance: Of the least likely one.
    """

    alarm: Suspected | None
    groups: int
    log10_chance: float


def judge(groups: Iterable[Suspected]) -> Outcome:
    """Test groups, and return the one to act upon."""
    found = [(group.log10_chance, group) for group in groups]
    alarmed = [group for chance, group in found if chance < ALARM_LOG10]
    alarm = max(alarmed, key=lambda group: group.missing) if alarmed else None
    return Outcome(alarm, len(found), min((chance for chance, _ in found), default=0.0))
