"""One detector in one world: who was challenged and suspended when, and how it ended.

Laws: a detector never sees a label; people pass a challenge, farms do not; what a stopped account
does later is not shown to the detector; a detector may say at which event of the batch it had
enough, but never an earlier one: all that left until then is lost.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phonotheque.guard.bench.detector import Batch, Detector, Stopped
from phonotheque.guard.bench.feed import FIRST_SECOND, only
from phonotheque.guard.bench.losses import NEVER, begins_at
from phonotheque.guard.bench.people import Population
from phonotheque.guard.rungs import Rung
from phonotheque.guard.service import Numbers

Seconds = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ended:
    """What a detector did in a world; by account.

    Attributes:
        challenged_at, suspended_at: Seconds since 1970; `losses.NEVER` where it did not happen.
        by_group: Whether it was challenged for what a group showed.
        peaks: Highest score.
        settings: Limits of the detector at the end.
        cpu_s: Seconds of processor time that the detector took.
        events: How many it was shown.
    """

    challenged_at: Seconds
    suspended_at: Seconds
    by_group: npt.NDArray[np.bool_]
    peaks: npt.NDArray[np.float64]
    settings: tuple[float, ...]
    cpu_s: float
    events: int

    @property
    def stopped_at(self) -> Seconds:
        """When each account got no further if it was a farm's: at the first of both."""
        return np.minimum(self.challenged_at, self.suspended_at)


class Trial:
    """A detector on its way through a world."""

    def __init__(self, detector: Detector, population: Population) -> None:
        """Begin before the warm-up."""
        accounts = len(population.kinds)
        self._detector = detector
        self._farm_from = begins_at(population)
        self._challenged_at = np.full(accounts, NEVER)
        self._suspended_at = np.full(accounts, NEVER)
        self._by_group = np.zeros(accounts, bool)
        self._gone = np.zeros(accounts, bool)
        self._cpu_s, self._events = 0.0, 0
        self._last_look = FIRST_SECOND

    def learn(self, batch: Batch) -> None:
        """Give the detector a part of the warm-up."""
        begun = time.process_time()
        self._detector.learn(batch)
        self._cpu_s += time.process_time() - begun
        self._events += len(batch.events.account)

    def step(self, batch: Batch, second: int) -> None:
        """Give the detector what those did who are still there, and let it look.

        Args:
            batch: What everybody would have done.
            second: Of the look, since 1970 in UTC: the end of the batch.
        """
        batch = self._shown(batch)
        begun = time.process_time()
        self._detector.see(batch)
        stopped = self._detector.look(second)
        self._cpu_s += time.process_time() - begun
        self._events += len(batch.events.account)
        when = np.clip(stopped.second, self._last_look, second)
        stopped = stopped._replace(second=when)
        self._last_look = second
        self._answer(self._challenge(stopped), second)
        self._suspend(stopped)

    def end(self) -> Ended:
        """Return what it did."""
        return Ended(
            self._challenged_at, self._suspended_at, self._by_group, self._detector.peaks(),
            self._detector.settings(), self._cpu_s, self._events,
        )  # fmt: skip

    def _shown(self, batch: Batch) -> Batch:
        """Leave out what those would have done who are gone."""
        here = ~self._gone[batch.events.account]
        asked = ~self._gone[batch.canary_account]
        events = only(batch.events, here)
        who, second, canary = batch.canary_account, batch.canary_second, batch.canary
        return Batch(events, batch.chosen[here], who[asked], second[asked], canary[asked])

    def _challenge(self, stopped: Stopped) -> Numbers:
        """Note challenges, and return who has to answer one: nobody has to a second time."""
        asked = (stopped.rung == Rung.CHALLENGE) & ~self._gone[stopped.account]
        asked &= self._challenged_at[stopped.account] == NEVER
        accounts, first = np.unique(stopped.account[asked], return_index=True)
        when, by_group = stopped.second[asked][first], stopped.by_group[asked][first]
        farm_from = self._farm_from[accounts]
        noted = (farm_from == NEVER) | (farm_from < when)  # who takes it later answers for himself
        self._challenged_at[accounts[noted]] = when[noted]
        self._by_group[accounts[noted]] = by_group[noted]
        return accounts

    def _answer(self, challenged: Numbers, second: int) -> None:
        if len(challenged):
            is_farm = self._farm_from[challenged] < second
            self._gone[challenged[is_farm]] = True
            begun = time.process_time()
            self._detector.answered(challenged[~is_farm], challenged[is_farm])
            self._cpu_s += time.process_time() - begun

    def _suspend(self, stopped: Stopped) -> None:
        named = stopped.rung == Rung.SUSPEND
        accounts, first = np.unique(stopped.account[named], return_index=True)
        is_first = self._suspended_at[accounts] == NEVER
        accounts = accounts[is_first]
        self._suspended_at[accounts] = stopped.second[named][first][is_first]
        self._gone[accounts] = True
