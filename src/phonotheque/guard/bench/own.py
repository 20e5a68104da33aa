"""The guard as a detector of GuardBench: what the door's watch does, an hour at once.

What is remembered, which limits hold, who is found in a group and which canaries suspend is the
guard's own (`phonotheque.guard.detector`, `phonotheque.guard.canaries`); here is only who is told.

Law: it stops as the guard of many workers does: who is found by himself and in a group at one look
is asked for himself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from phonotheque.guard.bench.detector import Batch, Settings, Stopped
from phonotheque.guard.canaries import Hits
from phonotheque.guard.detector import Guard
from phonotheque.guard.rungs import Rung
from phonotheque.guard.service import Numbers, Service


class Own:
    """The guard, as `phonotheque.guard.bench.detector.Detector` has it.

    Attributes:
        guard: It.
    """

    name = "guard"

    def __init__(self, service: Service, settings: Settings = ()) -> None:
        """Begin knowing nothing of anybody.

        Args:
            settings: Limits to begin with (`Limits.bits`); without them, its own.
        """
        self.guard = Guard(service, settings)
        self._hits = Hits()
        self._suspended: dict[int, int] = {}

    def learn(self, batch: Batch) -> None:
        """Take in what happened before anybody may be stopped."""
        self.guard.learn(batch.events, batch.chosen)

    def see(self, batch: Batch) -> None:
        """Take in what happened since the last look."""
        self.guard.see(batch.events, batch.chosen)
        asked = (batch.canary_account, batch.canary_second, batch.canary)
        for account, second, canary in zip(*(one.tolist() for one in asked), strict=True):
            if self._hits.note(account, str(canary)):
                self._suspended[account] = second

    def look(self, second: int) -> Stopped:
        """Say who is to be asked, and who is to be suspended."""
        guard = self.guard
        own = np.flatnonzero((guard.accounts.crossed_at > 0) & ~guard.marks.asked)
        grouped = guard.look_at_groups(second, besides=own)
        guard.look_at(own)
        suspended, self._suspended = self._suspended, {}
        counts = [len(own), len(grouped), len(suspended)]
        at = (guard.accounts.crossed_at[own], [second] * len(grouped), list(suspended.values()))
        return Stopped(
            np.concatenate([own, grouped, np.array(list(suspended), np.int64)]).astype(np.int32),
            np.repeat([Rung.CHALLENGE, Rung.CHALLENGE, Rung.SUSPEND], counts).astype(np.int8),
            np.repeat([False, True, False], counts),
            np.concatenate([np.array(one, np.int64) for one in at]),
        )

    def answered(self, passed: Numbers, failed: Numbers) -> None:
        """Hear how challenges ended."""
        self.guard.answered(passed, failed)

    def peaks(self) -> npt.NDArray[np.float64]:
        """Return the highest score of each account; a group's evidence is worth a challenge."""
        return self.guard.scores(np.arange(len(self.guard.marks.round)))

    def settings(self) -> Settings:
        """Return its limits."""
        return self.guard.settings()
