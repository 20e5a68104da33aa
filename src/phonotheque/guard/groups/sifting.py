"""Candidates of a whole service held against one another: is there a farm, and who belongs to it.

Law: the tracks of candidates say nothing about how popular a track is when those candidates are
tested: only what all others have counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.engine.memory import Music
from phonotheque.guard.groups.first_copies import Rows
from phonotheque.guard.groups.grown import FROM_THE_TOP, LIMITS, Outcome, grown, judge
from phonotheque.guard.groups.meetings import Copies, Flags, copies_of
from phonotheque.guard.groups.membership import LEAST_CORE, Demand, belonging
from phonotheque.guard.groups.strata import Strata, stratify


class Candidates(NamedTuple):
    """Accounts that stand high in a ranking, or failed a challenge.

    Attributes:
        rows: Their first copies of non-hits; `account` is a place among the candidates.
        tops: For each ranking the places of those who stand highest in it, the highest first.
        known: Who failed a challenge.
        others: Of each track, how many accounts that are no candidates had it.
    """

    rows: Rows
    tops: tuple[npt.NDArray[np.int64], ...]
    known: Flags
    others: npt.NDArray[np.uint32]


class Sifted(NamedTuple):
    """What came of it.

    Attributes:
        outcome: Of testing groups.
        limit: Rating above which the last alarm was found.
        belongs: Which candidates belong to a farm.
    """

    outcome: Outcome
    limit: float
    belongs: Flags


def sift(
    candidates: Candidates,
    music: Music,
    demand: Demand,
    limit: float,
    sizes: Sequence[int] = FROM_THE_TOP,
) -> Sifted:
    """Grow groups among candidates, and say who belongs to one that raised an alarm.

    Args:
        candidates: Of the whole service.
        music: Tracks, with their ratings.
        demand: How certain one must be to ask somebody.
        limit: Rating above which the last alarm was found.
        sizes: How many are taken from the top of each ranking.
    """
    known, others = candidates.known, candidates.others
    strata = stratify(others, music.genre, music.album)
    copies = {one: _above(one, candidates, music, strata) for one in LIMITS}
    outcome = judge(grown(copies, candidates.tops, known, sizes))
    alarm = outcome.alarm
    if alarm is None and known.sum() < LEAST_CORE:
        return Sifted(outcome, limit, np.zeros(len(known), np.bool_))
    if alarm is not None:
        limit = alarm.limit
    return Sifted(outcome, limit, belonging(copies[limit], strata, alarm, known, demand))


def _above(limit: float, candidates: Candidates, music: Music, strata: Strata) -> Copies:
    rows = candidates.rows
    kept = music.rating[rows.track] > limit
    return copies_of(rows.account[kept], rows.track[kept], strata, len(candidates.known))
