"""The guard as a detector of GuardBench: what the door's watch does, an hour at once.

What is remembered, which limits hold, who is found in a group, which canaries suspend and who went
on after a question is the guard's own (`phonotheque.guard.detector`, `phonotheque.guard.canaries`,
`phonotheque.guard.ladder`); here is only who is told.

Laws: it stops as the guard of many workers does: who is found by himself and in a group at one look
is asked for himself; who answered and went on is counted exactly before he is asked once more or
suspended.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from phonotheque.guard.bench.detector import Batch, Settings, Stopped
from phonotheque.guard.canaries import Hits
from phonotheque.guard.decisions import Finding
from phonotheque.guard.detector import Guard
from phonotheque.guard.ladder import Rules, Standing, weigh
from phonotheque.guard.recount import recounted
from phonotheque.guard.rungs import FROM_SCORE, Rung
from phonotheque.guard.service import Numbers, Service

_NEAR = 0.8 * FROM_SCORE[Rung.SUSPEND]
"""Who never came near a suspension by the estimate is not counted exactly: it costs a look through
all first copies, and leaves hits out, so that it is hardly ever more."""

_GROWTH = Rules().growth


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
        self._asked: dict[int, Standing] = {}
        self._played = np.zeros(0, np.int32)

    def learn(self, batch: Batch) -> None:
        """Take in what happened before anybody may be stopped."""
        self.guard.learn(batch.events, batch.chosen)

    def see(self, batch: Batch) -> None:
        """Take in what happened since the last look."""
        self.guard.see(batch.events, batch.chosen)
        self._played = np.unique(batch.events.account[~batch.chosen])
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
        gone, again = self._went_on(second)
        suspended = self._suspended | dict.fromkeys(gone, second)
        self._suspended = {}
        self._ask(np.concatenate([own, again, grouped]), second)
        stopped = [own, again, grouped, np.array(list(suspended), np.int64)]
        counts = [len(accounts) for accounts in stopped]
        by_now = [second] * (len(again) + len(grouped))
        at = (guard.accounts.crossed_at[own], by_now, list(suspended.values()))
        rungs = [Rung.CHALLENGE, Rung.CHALLENGE, Rung.CHALLENGE, Rung.SUSPEND]
        return Stopped(
            np.concatenate(stopped).astype(np.int32),
            np.repeat(rungs, counts).astype(np.int8),
            np.repeat([False, False, True, False], counts),
            np.concatenate([np.array(one, np.int64) for one in at]),
        )

    def answered(self, passed: Numbers, failed: Numbers) -> None:
        """Hear how challenges ended."""
        self.guard.answered(passed, failed)
        for account in failed.tolist():
            self._asked.pop(account, None)

    def peaks(self) -> npt.NDArray[np.float64]:
        """Return the highest score of each account; a group's evidence is worth a challenge."""
        return self.guard.scores(np.arange(len(self.guard.marks.round)))

    def settings(self) -> Settings:
        """Return its limits."""
        return self.guard.settings()

    def _ask(self, accounts: npt.NDArray[np.int64], second: int) -> None:
        """Remember who is asked, and for how much: people answer at once."""
        for account, found in self._counted(accounts, second).items():
            score = found.best_score
            self._asked[account] = Standing(
                asked_at=second, asked_score=score, answered_score=score
            )

    def _went_on(self, second: int) -> tuple[list[int], npt.NDArray[np.int64]]:
        """Return whom the ladder suspends, of those who were asked and go on playing, each once;
        and whom it asks again: who is suspended went on after the last of his questions."""
        asked = np.array([one for one in self._played.tolist() if one in self._asked], np.int64)
        before = np.array([self._asked[one].answered_score for one in asked.tolist()])
        scores = self.guard.own_scores(asked)
        found = self._counted(asked[(scores >= _NEAR) | (scores >= before * _GROWTH)], second)
        rungs = {one: weigh(found[one], self._asked[one], Rules())[0] for one in found}
        gone = [one for one, rung in rungs.items() if rung is Rung.SUSPEND]
        for account in gone:
            del self._asked[account]
        again = [one for one, rung in rungs.items() if rung is Rung.CHALLENGE]
        return gone, np.array(again, np.int64)

    def _counted(self, accounts: npt.NDArray[np.int64], second: int) -> dict[int, Finding]:
        if not len(accounts):
            return {}
        counts = recounted(self.guard, accounts, second)
        scores = self.guard.own_scores(accounts).tolist()
        return {
            account: Finding(
                account=f"{account:016x}", second=second, score=score, recount=counts.get(account)
            )
            for account, score in zip(accounts.tolist(), scores, strict=True)
        }
