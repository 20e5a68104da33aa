"""What was new to whom, exactly: each account's first fetch of each item, and what it adds up to.

The same measure as of a running guard (`phonotheque.guard.engine`), in hindsight: whole sets in
place of sketches, and how popular an item is as the whole log shows it.

Laws: fetches of what somebody had already add nothing and take nothing away; an account that is not
trusted does not vote on what is popular; the order of lines does not matter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.budgets import Limit
from phonotheque.guard.engine.memory import CLOCKS_S
from phonotheque.guard.jit import compiled
from phonotheque.guard.score.visits import Visits

PLACES = 1 << 22
"""Of counts of how many accounts had an item; two items that share a place look more popular."""

_KEY = np.uint64(1 << 32)


def places_of(items: npt.NDArray[np.uint32]) -> npt.NDArray[np.int32]:
    """Return where the popularity of items is counted."""
    return (items & np.uint32(PLACES - 1)).astype(np.int32)


class Firsts(NamedTuple):
    """First fetches, by account and then in order of time; columns of one length.

    Attributes:
        account, item, second, counter: As in `Visits`.
    """

    account: npt.NDArray[np.int32]
    item: npt.NDArray[np.uint32]
    second: npt.NDArray[np.int64]
    counter: npt.NDArray[np.int32]

    @property
    def place(self) -> npt.NDArray[np.int32]:
        """Of each item in what counts its popularity."""
        return places_of(self.item)


class Conduct(NamedTuple):
    """What the firsts of each account add up to; columns with a row for each account.

    Attributes:
        items: How many there were, int64.
        rare: How many of them at most one other had, int64.
        bits: Surprise of all of them, float64.
        peaks: Highest that the fading sums of surprise ever were, of an hour, a day, a month,
            float64, (accounts, 3).
        in_sequence: How many followed the number before, int64.
        hours: In how many different hours of the day, UTC, int64.
        first, last: Seconds since 1970, int64.
    """

    items: npt.NDArray[np.int64]
    rare: npt.NDArray[np.int64]
    bits: npt.NDArray[np.float64]
    peaks: npt.NDArray[np.float64]
    in_sequence: npt.NDArray[np.int64]
    hours: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]


def firsts_of(visits: Visits) -> Firsts:
    """Return the first fetches among all visits of some accounts, whose numbers are not below 0."""
    by_time = np.argsort(visits.second, kind="stable")
    account, item = visits.account[by_time], visits.item[by_time]
    pairs = account.astype(np.uint64) * _KEY + item
    _, first = np.unique(pairs, return_index=True)  # the earliest of equal ones, as it sorts stably
    chosen = by_time[first]
    account, second = visits.account[chosen], visits.second[chosen].astype(np.int64)
    order = np.lexsort((second, account))
    chosen = chosen[order]
    return Firsts(
        account[order].astype(np.int32), visits.item[chosen], second[order], visits.counter[chosen]
    )


def votes_of(firsts: Firsts, trusted: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint32]:
    """Return how many accounts that are trusted had the item of each place.

    Args:
        trusted: Of each account.
    """
    places = firsts.place[trusted[firsts.account]]
    return np.bincount(places, minlength=PLACES).astype(np.uint32)


def new_conduct(accounts: int) -> Conduct:
    """Return the conduct of accounts that did nothing yet."""
    numbers = [np.zeros(accounts, np.int64) for _ in range(7)]
    items, rare, in_sequence, hours, first, last, _ = numbers
    bits = np.zeros(accounts)
    return Conduct(items, rare, bits, np.zeros((accounts, 3)), in_sequence, hours, first, last)


def add_conduct(
    conduct: Conduct,
    firsts: Firsts,
    had: npt.NDArray[np.uint32],
    bits: npt.NDArray[np.float32],
) -> None:
    """Add up the firsts of accounts that are not in `conduct` yet.

    Args:
        had: How many trusted accounts had the item of each place.
        bits: Surprise by that number; the last one for all more.
    """
    _add(conduct, firsts, firsts.place, had, bits, np.array(CLOCKS_S))


@compiled
def _add(
    conduct: Conduct,
    firsts: Firsts,
    place: npt.NDArray[np.int32],
    had: npt.NDArray[np.uint32],
    bits: npt.NDArray[np.float32],
    clocks_s: npt.NDArray[np.float64],
) -> None:
    sums, hours, before, last = np.zeros(3), 0, -1, -1
    for row in range(len(firsts.account)):
        who, now = firsts.account[row], firsts.second[row]
        if who != before:
            sums[:], hours, before, last = 0, 0, who, -9
            conduct.first[who] = conduct.last[who] = now
        surprise = bits[min(had[place[row]], len(bits) - 1)]
        for clock in range(3):
            sums[clock] *= np.exp((conduct.last[who] - now) / clocks_s[clock])
            sums[clock] += surprise
            conduct.peaks[who, clock] = max(conduct.peaks[who, clock], sums[clock])
        conduct.items[who] += 1
        conduct.bits[who] += surprise
        conduct.rare[who] += had[place[row]] <= 1
        conduct.in_sequence[who] += firsts.counter[row] >= 0 and firsts.counter[row] == last + 1
        hour = 1 << (now // 3_600 % 24)
        conduct.hours[who] += hours & hour == 0
        hours |= hour
        conduct.last[who], last = now, firsts.counter[row]


def scores_of(
    firsts: Firsts,
    had: npt.NDArray[np.uint32],
    bits: npt.NDArray[np.float32],
    thresholds: tuple[float, float, float],
) -> npt.NDArray[np.float64]:
    """Return the score of one account after each of its firsts: 1 is at a threshold."""
    return _scores(firsts, firsts.place, had, bits, np.array(CLOCKS_S), np.array(thresholds))


@compiled
def _scores(
    firsts: Firsts,
    place: npt.NDArray[np.int32],
    had: npt.NDArray[np.uint32],
    bits: npt.NDArray[np.float32],
    clocks_s: npt.NDArray[np.float64],
    thresholds: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    scores, sums = np.zeros(len(firsts.second)), np.zeros(3)
    last = firsts.second[0] if len(scores) else 0
    for row in range(len(scores)):
        gap, last = firsts.second[row] - last, firsts.second[row]
        surprise = bits[min(had[place[row]], len(bits) - 1)]
        sums[:] = sums * np.exp(-gap / clocks_s) + surprise
        scores[row] = (sums / thresholds).max()
    return scores


def in_sequence(firsts: Firsts) -> npt.NDArray[np.bool_]:
    """Return of each first whether it followed the number of the account's one before."""
    follows = np.zeros(len(firsts.counter), bool)
    follows[1:] = (firsts.counter[1:] == firsts.counter[:-1] + 1) & (firsts.counter[1:] >= 0)
    follows[1:] &= firsts.account[1:] == firsts.account[:-1]
    return follows


def beyond_budget(firsts: Firsts, limit: Limit) -> npt.NDArray[np.bool_]:
    """Return of each first whether a budget would have kept it waiting.

    What waited is thought to be asked for later and not counted again: the fewest that an honest
    visitor would have noticed.
    """
    return _beyond(firsts, float(limit.interval_s), float(limit.seconds))


@compiled
def _beyond(firsts: Firsts, interval_s: float, seconds: float) -> npt.NDArray[np.bool_]:
    """The generic cell rate algorithm, as `phonotheque.guard.budgets`."""
    refused = np.zeros(len(firsts.account), np.bool_)
    before, until = -1, 0.0
    for row in range(len(firsts.account)):
        who, now = firsts.account[row], float(firsts.second[row])
        if who != before:
            before, until = who, 0.0
        if max(until - now, 0.0) + interval_s > seconds + 1e-6:
            refused[row] = True
        else:
            until = max(until, now) + interval_s
    return refused
