"""Which accounts belong to a group that raised an alarm, and how sure one must be to ask them.

A group is never only a farm, and never all of it. Each candidate is held against the group by
itself: how often it meets the members, beside how often people would. How the challenges end says
whether too many people are asked: then more certainty is wanted, else less.

Law: who passed a challenge is not asked again by the same evidence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from phonotheque.guard.groups.grown import HONEST_RATIO, Suspected, log_odds
from phonotheque.guard.groups.meetings import Copies, Flags, Floats, meetings
from phonotheque.guard.groups.strata import Strata

LEAST_OF_ITS_OWN = 1.5
"""Log odds that anybody's own meetings must give: nobody is asked for the company alone."""

_LEAST_ANSWERS = 5
_LEAST_CORE = 30


@dataclass(frozen=True, slots=True)
class Demand:
    """How certain one must be before somebody is asked.

    Attributes:
        within: Log odds that a member of an alarmed group must have, of belonging to it.
        beside: Log odds that meetings alone must give somebody who is no member.
    """

    within: float = 0.5
    beside: float = 4.0

    def after(self, passed: int, failed: int) -> Demand:
        """Return what is demanded once so many passed and failed: more if many were people."""
        if passed + failed < _LEAST_ANSWERS:
            return self
        share = failed / (passed + failed)
        within = self.within + (0.5 if share < 0.7 else -0.25 if share > 0.85 else 0)
        beside = self.beside + (0.5 if share < 0.7 else -0.5 if share > 0.85 else 0)
        return replace(self, within=max(-1.0, within), beside=max(1.0, beside))


def belonging(
    copies: Copies, strata: Strata, found: Suspected | None, core: Flags, demand: Demand
) -> Flags:
    """Return which candidates belong to a farm.

    Args:
        copies: Of the candidates, among the tracks that `found` was found among.
        strata: Of the tracks.
        found: The alarmed group, if there is one.
        core: Who failed a challenge before.
        demand: How certain one must be.
    """
    members = np.zeros(copies.members, np.bool_) if found is None else found.group
    purity = 0.5 if found is None else found.purity
    prior = math.log(purity / (1 - purity))
    group = members | core
    chosen = group
    for _ in range(2):
        odds = _odds(copies, strata, group, core, HONEST_RATIO * (1 - purity))
        within = max(LEAST_OF_ITS_OWN, demand.within - prior)
        chosen = (members & (odds > within)) | (odds > max(LEAST_OF_ITS_OWN, demand.beside))
        group = chosen | core
    return chosen & ~core


def _odds(copies: Copies, strata: Strata, group: Flags, core: Flags, supposed: float) -> Floats:
    """Return the log odds of each candidate.

    How seldom a farm's own account meets the group is what its known members show; with too few of
    them, what is `supposed`: it meets the people in the group only.
    """
    found = meetings(copies, strata, group)
    met, expected = found.met.sum(axis=0), found.expected.sum(axis=0)
    ratio = supposed
    if core.sum() >= _LEAST_CORE:
        ratio = float(met[core].sum()) / max(float(expected[core].sum()), 1.0)
    return log_odds(met, expected, min(0.6, max(0.05, ratio)))
