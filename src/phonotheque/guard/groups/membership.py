"""Which accounts belong to a group that raised an alarm, and how sure one must be to ask them.

A group is never only a farm, and never all of it. Each candidate is held against the others, each
of whom counts by as much as it is likely to be a farm's itself: how often it meets them, beside how
often people would, and whether it goes through what is rare as the farm does (`likeness`). Both are
told again and again, as who is likely changes what the others show. How the challenges end says
whether too many people are asked: then more certainty is wanted, else less.

Laws: who passed a challenge is not asked again by the same evidence; nobody is asked for looks or
company alone, nor for having been chosen to meet few.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from phonotheque.guard.groups.grown import Suspected
from phonotheque.guard.groups.likeness import likeness, looks_of, showing
from phonotheque.guard.groups.meetings import Copies, Flags, Floats, log_of_not, weighed
from phonotheque.guard.groups.strata import Strata

LEAST_OF_ITS_OWN = math.log(20)
"""Log odds that anybody's own meetings must give: of those who draw track by track as people do no
more than one in twenty ever shows so much, however often one looks (J. Ville, "Etude critique de la
notion de collectif", 1939: a likelihood ratio passes x with a chance of 1 / x at most)."""

LEAST_CORE = 30
"""Known members of a farm from which others are found by them alone."""

_LEAST_ANSWERS = 5
_ROUNDS = 5
_KNOWN, _UNKNOWN = 0.98, 0.02
"""Chances to begin with: of who failed a challenge, and of who is in no alarmed group."""

_OF_A_FARM = (0.05, 0.5)
"""Meetings of a farm's account beside people's: what is believed at least, and at most."""

_OF_PEOPLE = (1.0, 1.3)
"""Meetings of people beside those that cells say, likewise."""

_SHARES = (0.002, 0.9)
_TOGETHER = 0.5
"""Tracks of one album are met together, so that k of them say less than k of different ones: taken
as k to this power less."""


@dataclass(frozen=True, slots=True)
class Demand:
    """How certain one must be before somebody is asked.

    Attributes:
        within: Log odds that a member of an alarmed group must have, of belonging to it.
        beside: Log odds that somebody must have who is no member of it.
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
        return replace(self, within=max(-2.0, within), beside=max(0.0, beside))


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
    looks = looks_of(copies, strata)
    likely = np.full(copies.members, _UNKNOWN)
    likely[members] = _UNKNOWN if found is None else found.purity
    likely[core] = _KNOWN
    chosen = np.where(members, 0.0 if found is None else found.head_start, 0.0)
    own = odds = np.zeros(copies.members)
    for _ in range(_ROUNDS):
        own = own_odds(copies, likely) - chosen
        farm = showing(core, likely, members, LEAST_CORE)
        alike = likeness(looks, farm, np.where(core, 0.0, 1 - likely))
        odds = _prior(likely[~core]) + own / looks.of_an_album**_TOGETHER + alike
        likely = np.minimum(_KNOWN, 1 / (1 + np.exp(-np.maximum(odds, -12.0))))
        likely[core] = _KNOWN
    certain = odds > np.where(members, demand.within, demand.beside)
    return certain & (own > LEAST_OF_ITS_OWN) & ~core


def own_odds(copies: Copies, likely: Floats) -> Floats:
    """Return the log odds that each candidate's own meetings give.

    How often a farm's own account meets the others is what those who are likely ones show, and how
    often anybody else does what all others show: people have more in common than cells say. A track
    that only somebody has who hardly belongs to it says hardly anything: if nobody who belongs has
    it, it is as likely for a farm's account as for anybody.
    """
    found = weighed(copies, likely)
    people = _between(_OF_PEOPLE, _ratio(found.met, found.expected, 1 - likely))
    farm = _ratio(found.met, found.expected, likely)
    missing = 1 - _between(_OF_A_FARM, farm / people)
    odds = log_of_not(copies, found.chance, missing)
    return odds + missing * people * found.expected


def _ratio(met: Floats, expected: Floats, weights: Floats) -> float:
    """Return the meetings of some candidates beside those that cells say."""
    return float((weights * met).sum()) / max(float((weights * expected).sum()), 1e-9)


def _between(bounds: tuple[float, float], ratio: float) -> float:
    return min(bounds[1], max(bounds[0], ratio))


def _prior(likely: Floats) -> float:
    """Return the log odds of anybody, before anything is known of him."""
    share = _between(_SHARES, float(likely.mean())) if len(likely) else _SHARES[0]
    return math.log(share / (1 - share))
