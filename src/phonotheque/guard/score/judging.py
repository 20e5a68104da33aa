"""From conduct to names: who goes through the catalogue, and what a budget would have done.

Laws: nobody is named for fewer than `LEAST_ITEMS` items; what calls itself a robot neither votes on
what is popular nor on what is ordinary; where too few ask to know what is ordinary, that is said,
and nothing but budgets is held against anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.budgets import DEFAULT, Limit
from phonotheque.guard.calibration import LEAST_ACCOUNTS, threshold
from phonotheque.guard.engine.memory import surprise_table
from phonotheque.guard.engine.plain import TRUSTED_BELOW
from phonotheque.guard.rungs import FROM_SCORE, Rung, rung_of
from phonotheque.guard.score.firsts import (
    PLACES,
    Conduct,
    add_conduct,
    beyond_budget,
    firsts_of,
    new_conduct,
)
from phonotheque.guard.score.visits import Account, Counted, Gathering

LEAST_ITEMS = 40
"""An evening's reading or listening; what 40 items say about somebody says nothing for sure."""

LEAST_VISITORS = LEAST_ACCOUNTS
"""So many must have fetched what is not popular before it is known what is ordinary."""

RATE = 1e-4
"""Share of honest accounts that may reach a threshold in 30 days, by any of the three clocks."""

_VISITS_AT_ONCE = 4_000_000
IN_SEQUENCE = 0.5
"""Share of items that followed the number before, from which somebody counts through them."""

_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Suspect:
    """An account that stands out.

    Attributes:
        number: Of the account in the log.
        score: 1 is at the threshold; None where too few ask to have one.
        items: Different ones that it fetched.
        share: Of all items that anybody fetched.
        rare: Items that at most one other had.
        in_sequence: Items that followed the number before.
        hours: Of the day, in UTC, in which it came.
        first, last: Seconds since 1970.
        beyond: Items that each budget of `Report.budgets` would have kept waiting.
        needed: Items that nobody else has which would have been too many; None likewise.
    """

    number: int
    account: Account
    score: float | None
    items: int
    share: float
    rare: int
    in_sequence: int
    hours: int
    first: int
    last: int
    beyond: tuple[int, ...]
    needed: int | None

    @property
    def rung(self) -> Rung:
        """What a guard would do, after it had looked again."""
        if self.score is not None:
            return rung_of(self.score)
        return Rung.BUDGET if any(self.beyond) else Rung.OBSERVE

    @property
    def counts_through(self) -> bool:
        """Whether it takes items in the order of their numbers."""
        return self.in_sequence > IN_SEQUENCE * self.items


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """What a budget would have done.

    Attributes:
        limit: New items within a time.
        others: Accounts that are not suspected and would have met it, of `Report.others`.
        suspects: Suspects that would have met it.
        kept_back: Items that suspects would not have had at once.
    """

    limit: Limit
    others: int
    suspects: int
    kept_back: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a log tells.

    Attributes:
        logs: Names of what was read.
        counted: Lines and what they were.
        accounts: That were looked at one by one.
        robots: Of them, those that call themselves so.
        items: Different ones that were fetched, estimated.
        visitors: Of the accounts, those that say what is ordinary: no robots by their own word, and
            they fetched something that is not popular. With fewer than `LEAST_VISITORS` nobody has
            a score.
        thresholds: Bits of an hour, a day, a month; None where too few ask to have them.
        suspects: The highest score first.
        others: Accounts that are neither suspects nor robots by their own word.
        budgets: What each would have done.
        most: Items of the one in a thousand of the others that had most.
        notes: What else must be said.
    """

    logs: tuple[str, ...]
    counted: Counted
    accounts: int
    robots: int
    items: int
    visitors: int
    thresholds: tuple[float, float, float] | None
    suspects: tuple[Suspect, ...]
    others: int
    budgets: tuple[BudgetUse, ...]
    most: int
    notes: tuple[str, ...] = ()


class Learned(NamedTuple):
    """What a log teaches about a service.

    Attributes:
        had: How many trusted accounts had the item of each place.
        bits: Surprise by that number, float32.
        thresholds: As in `Report`.
    """

    had: npt.NDArray[np.uint32]
    bits: npt.NDArray[np.float32]
    thresholds: tuple[float, float, float] | None


class _Known(NamedTuple):
    """What a pass over the log finds out."""

    conduct: Conduct
    learned: Learned
    scores: npt.NDArray[np.float64]


def judge(
    gathered: Gathering, logs: tuple[str, ...], notes: tuple[str, ...] = ()
) -> tuple[Report, Learned]:
    """Say who stands out in what was gathered, and what was learned of the service."""
    robots = np.array([account.is_robot for account in gathered.accounts], bool)
    trusted = ~robots
    for _ in range(_ROUNDS):
        known = _pass(gathered, trusted, robots)
        trusted = ~robots & (known.scores < TRUSTED_BELOW)
    conduct, learned, scores = known
    refused = _refused(gathered)
    if learned.thresholds is None:
        stands_out = refused.any(axis=1) | (conduct.in_sequence > IN_SEQUENCE * conduct.items)
    else:
        stands_out = scores >= FROM_SCORE[Rung.CHALLENGE]
    stands_out &= conduct.items >= LEAST_ITEMS
    places = np.flatnonzero(stands_out)
    places = places[np.lexsort((-conduct.items[places], -scores[places]))]
    items = _different(learned.had, gathered)
    others = ~stands_out & ~robots
    visitors = int(np.count_nonzero(conduct.peaks[~robots] > 0, axis=0).min())
    report = Report(
        logs, gathered.counted, len(robots), int(robots.sum()), items, visitors, learned.thresholds,
        tuple(_suspect(gathered, known, refused, place, items) for place in places.tolist()),
        int(others.sum()), _budgets(refused, others, stands_out), _most(conduct, others), notes,
    )  # fmt: skip
    return report, learned


def _pass(
    gathered: Gathering, trusted: npt.NDArray[np.bool_], robots: npt.NDArray[np.bool_]
) -> _Known:
    """Go through the log twice: what trusted accounts had, and what that says about everybody."""
    had = np.zeros(PLACES, np.uint32)
    for visits in gathered.parts(_VISITS_AT_ONCE):
        firsts = firsts_of(visits)
        had += np.bincount(firsts.place[trusted[firsts.account]], minlength=PLACES).astype(
            np.uint32
        )
    there = int(np.count_nonzero(had))
    bits = surprise_table(float(had.sum()) / max(there, 1))
    conduct = new_conduct(len(trusted))
    for visits in gathered.parts(_VISITS_AT_ONCE):
        add_conduct(conduct, firsts_of(visits), had, bits)
    thresholds = _thresholds(conduct.peaks[~robots])
    scores = np.zeros(len(trusted))
    if thresholds is not None and len(scores):
        scores = (conduct.peaks / np.array(thresholds)).max(axis=1)
    return _Known(conduct, Learned(had, bits, thresholds), scores)


def _thresholds(peaks: npt.NDArray[np.float64]) -> tuple[float, float, float] | None:
    hour, day, month = (
        threshold(peaks[:, clock].astype(np.float32), RATE / 3) for clock in range(3)
    )
    return None if hour is None or day is None or month is None else (hour, day, month)


def _refused(gathered: Gathering) -> npt.NDArray[np.int64]:
    """Items of each account that each budget would have kept waiting."""
    refused = np.zeros((len(gathered.accounts), len(DEFAULT)), np.int64)
    for visits in gathered.parts(_VISITS_AT_ONCE):
        firsts = firsts_of(visits)
        for place, limit in enumerate(DEFAULT):
            who = firsts.account[beyond_budget(firsts, limit)]
            refused[:, place] += np.bincount(who, minlength=len(refused))
    return refused


def _budgets(
    refused: npt.NDArray[np.int64], others: npt.NDArray[np.bool_], named: npt.NDArray[np.bool_]
) -> tuple[BudgetUse, ...]:
    return tuple(
        BudgetUse(
            limit,
            int(np.count_nonzero(refused[others, place])),
            int(np.count_nonzero(refused[named, place])),
            int(refused[named, place].sum()),
        )
        for place, limit in enumerate(DEFAULT)
    )


def _different(had: npt.NDArray[np.uint32], gathered: Gathering) -> int:
    """How many different items there are, by how many places are taken.

    Source: K.-Y. Whang and others, "A linear-time probabilistic counting algorithm for database
    applications", ACM Transactions on Database Systems 15, 1990.
    """
    taken = had > 0
    for visits in gathered.parts(_VISITS_AT_ONCE):
        taken[visits.item & np.uint32(PLACES - 1)] = True
    free = PLACES - int(np.count_nonzero(taken))
    return round(PLACES * np.log(PLACES / max(free, 1)))


def _most(conduct: Conduct, others: npt.NDArray[np.bool_]) -> int:
    items = conduct.items[others & (conduct.items > 0)]
    return int(np.quantile(items, 0.999, method="higher")) if len(items) else 0


def _suspect(
    gathered: Gathering, known: _Known, refused: npt.NDArray[np.int64], place: int, items: int
) -> Suspect:
    conduct, learned = known.conduct, known.learned
    thresholds = learned.thresholds
    score = needed = None
    if thresholds is not None:
        score = float(known.scores[place])
        clock = int(np.argmax(conduct.peaks[place] / np.array(thresholds)))
        there = max(int(np.count_nonzero(learned.had)), 1)
        unknown_bits = max(float(np.log2(learned.had.sum() / there + 1)), 1e-9)
        needed = int(np.ceil(thresholds[clock] / unknown_bits))
    return Suspect(
        place, gathered.accounts[place], score, int(conduct.items[place]),
        int(conduct.items[place]) / max(items, 1), int(conduct.rare[place]),
        int(conduct.in_sequence[place]), int(conduct.hours[place]), int(conduct.first[place]),
        int(conduct.last[place]), tuple(refused[place].tolist()), needed,
    )  # fmt: skip
