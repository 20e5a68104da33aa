"""What a trial comes to: how much left before the stop, who of the people paid for it, how surely.

Every share comes with its 95 % interval. Months are 30 days.

Source of the intervals: E. B. Wilson, "Probable inference, the law of succession, and statistical
inference", Journal of the American Statistical Association 22(158), 1927.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phonotheque.guard.bench.feed import DAY_S, FIRST_SECOND
from phonotheque.guard.bench.habits import HONEST
from phonotheque.guard.bench.losses import NEVER, Copies, begins_at
from phonotheque.guard.bench.people import Population
from phonotheque.guard.bench.trial import Ended

FALSE_POSITIVE_RATES = (1e-4, 1e-5)
CATALOGUES = (100_000, 1_000_000, 100_000_000)
"""Sizes, in tracks, beside which the loss of a thousand accounts is told."""

MONTH_DAYS = 30
_Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many.

    Attributes:
        hits, of: Counts.
    """

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share; 0 of nothing."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Between which shares it is, in 95 of 100 cases."""
        if not self.of:
            return 0.0, 1.0
        share, count, z = self.value, self.of, _Z_95
        middle = (share + z * z / (2 * count)) / (1 + z * z / count)
        spread = share * (1 - share) / count + z * z / (4 * count * count)
        half = z * math.sqrt(spread) / (1 + z * z / count)
        # Rounding may leave the bound of none, or of all, a hair on the wrong side of the share.
        return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


@dataclass(frozen=True)
class Recall:
    """How many accounts of a farm a score would find at a stated cost.

    Attributes:
        rate: Share of people whom the limit would stop in 30 days for nothing.
        found: Accounts above that limit.
        is_bound: Whether there are too few people to say: the limit is then the highest score of
            any of them, and the true rate may be above the one named.
    """

    rate: float
    found: Share
    is_bound: bool


@dataclass(frozen=True)
class Loss:
    """What a farm took.

    Attributes:
        accounts: Of the farm, that took anything without a guard.
        stopped: Of those, by whatever; and of them by what a group showed only.
        by_group: See `stopped`.
        each_50, each_90: Tracks that half, and nine tenths, of the accounts took no more than.
        of_a_thousand: Tracks that a thousand such accounts take, each counted by itself.
        share, unguarded: Of the catalogue that left before the last account was stopped, and that
            leaves without a guard.
        first_day, last_day: Days after which the first one, and 99 % of them, were stopped; None
            when that never happened.
        recalls: By rates of `FALSE_POSITIVE_RATES`.
    """

    accounts: int
    stopped: Share
    by_group: int
    each_50: float
    each_90: float
    of_a_thousand: float
    share: float
    unguarded: float
    first_day: float | None
    last_day: float | None
    recalls: tuple[Recall, ...]


@dataclass(frozen=True)
class Cost:
    """What people of one kind paid.

    Attributes:
        kind: Their name.
        suspended, challenged: Of them, at least once.
        months: Account-months that they lived.
    """

    kind: str
    suspended: Share
    challenged: Share
    months: float

    @property
    def suspended_of_10_000(self) -> float:
        """Suspensions in 10,000 account-months."""
        return 1e4 * self.suspended.hits / self.months

    @property
    def challenged_of_10_000(self) -> float:
        """Challenges in 10,000 account-months."""
        return 1e4 * self.challenged.hits / self.months


def loss_of(
    population: Population, accounts: npt.NDArray[np.int64], copies: Copies, ended: Ended
) -> Loss:
    """Say what the accounts of a farm took; `copies` is what they would have taken."""
    theirs = copies.by(accounts)
    active = accounts[theirs.each(accounts) > 0]
    left = theirs.before(ended.stopped_at)
    each = left.each(active) if len(active) else np.zeros(1)
    is_stopped = ended.stopped_at[active] < NEVER
    days = _days_until_stopped(population, active, ended)
    return Loss(
        accounts=len(active),
        stopped=Share(int(is_stopped.sum()), len(active)),
        by_group=int((is_stopped & ended.by_group[active]).sum()),
        each_50=float(np.quantile(each, 0.5)),
        each_90=float(np.quantile(each, 0.9)),
        of_a_thousand=1e3 * float(each.mean()),
        share=left.share,
        unguarded=theirs.share,
        first_day=float(days[0]) if is_stopped.any() else None,
        last_day=_day_of_99(days),
        recalls=recalls_of(population, active, ended.peaks),
    )


def _days_until_stopped(
    population: Population, active: npt.NDArray[np.int64], ended: Ended
) -> npt.NDArray[np.float64]:
    """Days from the first one, or from where an account begins; rising; infinite for never."""
    begins = np.maximum(begins_at(population)[active], FIRST_SECOND)
    stopped = ended.stopped_at[active]
    days = np.where(stopped < NEVER, np.maximum(stopped - begins, 0) / DAY_S, np.inf)
    return np.sort(days)


def _day_of_99(days: npt.NDArray[np.float64]) -> float | None:
    if not len(days):
        return None
    last = float(days[math.ceil(0.99 * len(days)) - 1])
    return last if math.isfinite(last) else None


def recalls_of(
    population: Population,
    active: npt.NDArray[np.int64],
    peaks: npt.NDArray[np.float64],
) -> tuple[Recall, ...]:
    """Return what the highest score of each account would find, at each rate."""
    people = np.flatnonzero(population.honest)
    return tuple(
        Recall(rate, Share(int((peaks[active] > limit).sum()), len(active)), len(people) * rate < 1)
        for rate in FALSE_POSITIVE_RATES
        for limit in (limit_at(peaks[people], rate),)
    )


def limit_at(peaks: npt.NDArray[np.float64], rate: float) -> float:
    """Return the least limit that no more than a share of some scores is above."""
    if not len(peaks):
        return 0.0
    falling = np.sort(peaks)[::-1]
    return float(falling[min(int(rate * len(peaks)), len(peaks) - 1)])


def costs_of(population: Population, ended: Ended, days: int) -> tuple[Cost, ...]:
    """Say what each kind of people paid in so many days."""
    found = []
    for place, habit in enumerate(HONEST):
        mine = population.kinds == place
        count = int(mine.sum())
        suspended = int((ended.suspended_at[mine] < NEVER).sum())
        challenged = int((ended.challenged_at[mine] < NEVER).sum())
        found.append(
            Cost(
                habit.name,
                Share(suspended, count),
                Share(challenged, count),
                count * days / MONTH_DAYS,
            )
        )
    return tuple(found)
