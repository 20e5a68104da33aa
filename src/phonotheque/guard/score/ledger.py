"""Everybody's first fetches, counted once: those of accounts one by one, of all others together.

Laws: each account says once of each item that somebody had it, however seldom it came; what calls
itself a robot does not; who came often enough is counted exactly, whoever has a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phonotheque.guard.score.firsts import PLACES, Firsts, firsts_of, places_of, votes_of
from phonotheque.guard.score.gathering import LEAST_REQUESTS, Gathering
from phonotheque.guard.score.kept import Kept
from phonotheque.guard.score.visits import Visits


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was counted; arrays have a row for each account with a number.

    Attributes:
        often: Whether it fetched often enough to be looked at.
        robots: Whether it called itself a robot when it came first.
        others_had: How many had the item of each place of those without numbers, uint32.
        items: Different ones that anybody fetched, estimated.
        few, beyond: As in `Counted`.
    """

    often: npt.NDArray[np.bool_]
    robots: npt.NDArray[np.bool_]
    others_had: npt.NDArray[np.uint32]
    items: int
    few: int
    beyond: int
    _firsts: Kept[Firsts]
    _ends: tuple[int, ...]

    def parts(self) -> Iterator[Firsts]:
        """Give all firsts of some accounts, in their order, then of the next ones."""
        for first, last in zip((0, *self._ends), self._ends, strict=False):
            yield self._firsts.at(slice(first, last))

    def spread(self, number: int) -> list[int]:
        """Return the first, the middle and the last item that an account came to have."""
        accounts = self._firsts.column(0)
        first, last = np.searchsorted(accounts, (number, number + 1)).tolist()
        rows = sorted({first, (first + last) // 2, last - 1})
        return [int(item) for item in self._firsts.column(1)[rows]]


def ledger_of(gathered: Gathering, most: int) -> Ledger:
    """Count what was gathered, of about so many visits at once."""
    gathered.settle()
    times = gathered.fetches()
    often, robots = times >= LEAST_REQUESTS, np.zeros(len(times), bool)
    taken = np.zeros(PLACES, bool)
    kept: Kept[Firsts] = gathered.room(Firsts, "i4 u4 i8 i4", "firsts")
    ends = []
    for visits in gathered.parts(most):
        firsts = firsts_of(visits)
        robots |= _robots(visits, firsts, len(times))
        taken[firsts.place] = True
        kept.add(firsts)
        ends.append(kept.rows)
    had, few, beyond = np.zeros(PLACES, np.uint32), int(times[~often].sum()), 0
    for visits in gathered.seldom_parts(most):
        taken[places_of(visits.item)] = True
        keys, codes, counts = np.unique(visits.account, return_inverse=True, return_counts=True)
        apart = visits._replace(account=codes)
        firsts = firsts_of(apart)
        had += votes_of(firsts, ~_robots(apart, firsts, len(keys)))
        is_few = counts < LEAST_REQUESTS
        few, beyond = few + int(counts[is_few].sum()), beyond + int(counts[~is_few].sum())
    return Ledger(often, robots, had, _different(taken), few, beyond, kept, tuple(ends))


def _robots(visits: Visits, firsts: Firsts, accounts: int) -> npt.NDArray[np.bool_]:
    """Which accounts called themselves robots when they came first."""
    earliest = np.full(accounts, -1, np.int64)
    earliest[firsts.account[::-1]] = firsts.second[::-1]
    by_robots = visits.at(visits.by_robots)
    found = np.zeros(accounts, bool)
    found[by_robots.account[by_robots.second == earliest[by_robots.account]]] = True
    return found


def _different(taken: npt.NDArray[np.bool_]) -> int:
    """How many different items there are, by how many places are taken.

    Source: K.-Y. Whang and others, "A linear-time probabilistic counting algorithm for database
    applications", ACM Transactions on Database Systems 15, 1990.
    """
    free = PLACES - int(np.count_nonzero(taken))
    return round(PLACES * np.log(PLACES / max(free, 1)))
