"""Popularity: counts of different kinds made one number, by a rule that is published.

Laws: what is unknown stays unknown, it is never 0; more of anything that was counted never lowers a
number; the score follows from the number alone, so that whoever has the counts can make it again.

Three steps. Each count is worth some *listens* (`worth`); those of all sources add up
(`listens_of`); the score is their logarithm from 0 to 100 (`score_of`). The choices and their
reasons are in `docs/explanation/popularity.md`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

LISTENS_PER_USER = 100
"""One listener counts for at most so many listens: a machine that plays one track all day should
not make it known."""

LISTENERS_OF_A_SPIN = 50
"""One play on the radio is worth so many listens."""

LISTENS_OF_A_FULL_RATING = 10
"""Who rates something best is worth so many listens, and a rating by an unknown number of people as
much as by one: enough to bring a list of ratings into order, too little to beat what was heard."""

RADIO_PLAYS = "radio plays"
RATING = "rating"

MOST_LISTENS = 10**15
"""A count is believed up to here, so that sums of counts fit 64 bits."""

HIGHEST_SCORE = 100
_DECADES = 9
"""The highest score begins at 10**9 listens: hardly any recording has more."""

THRESHOLDS = tuple(
    math.ceil(10 ** (_DECADES * score / HIGHEST_SCORE)) - 1 for score in range(1, HIGHEST_SCORE + 1)
)
"""The fewest listens that have the score 1, 2 ... 100, as whole numbers, so that every program on
every machine agrees."""


@dataclass(frozen=True, slots=True)
class Count:
    """What one source counted.

    Attributes:
        measure: "listens", "plays", "radio plays" or "rating".
        listens: How often it was heard; None when unknown.
        users: By how many people; None when unknown.
        rating: Mean rating, 0 to 1.
    """

    measure: str
    listens: int | None = None
    users: int | None = None
    rating: float | None = None


def worth(count: Count) -> int | None:
    """Return how many listens a count is worth; None when it says nothing."""
    listens, users = _believed(count.listens), _believed(count.users)
    if count.measure == RATING:
        if count.rating is None or math.isnan(count.rating):
            return None
        people = 1 if users is None else users
        return int(min(max(count.rating, 0.0), 1.0) * LISTENS_OF_A_FULL_RATING * people)
    if count.measure == RADIO_PLAYS:
        return None if listens is None else listens * LISTENERS_OF_A_SPIN
    if listens is None or users is None:
        return users if listens is None else listens
    return min(listens, users * LISTENS_PER_USER)


def _believed(count: int | None) -> int | None:
    return None if count is None or count < 0 else min(count, MOST_LISTENS)


def listens_of(counts: Iterable[Count]) -> int | None:
    """Return the listens that all counts together are worth; None when none says anything."""
    known = [one for one in map(worth, counts) if one is not None]
    return sum(known) if known else None


def score_of(listens: int | None) -> int | None:
    """Return the score, 0 to 100: floor(100 log10(1 + listens) / 9), 100 from 10**9 on.

    0 means that it was counted and not heard, or hardly; None that nobody counted.
    """
    return None if listens is None else bisect_right(THRESHOLDS, listens)
