"""What a learned model is shown of an account: eight numbers of its last day.

The usual choice of such models, as far as an access log gives it: how much, how many different
ones, how long, at which hours, how much of it whole, how seldom what it plays is played.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from phonotheque.guard.bench.detector import Batch
from phonotheque.guard.bench.feed import DAY_S
from phonotheque.guard.service import Service

FEATURES = 8

Features = npt.NDArray[np.float32]


class Days:
    """The day of every account, gathered batch by batch."""

    def __init__(self, service: Service) -> None:
        """Begin a day."""
        self._service = service
        self._plays_of = np.zeros(service.tracks, np.int64)
        self._parts: list[Batch] = []

    def see(self, batch: Batch) -> None:
        """Take a part of the day in."""
        self._parts.append(batch)

    def end(self) -> tuple[npt.NDArray[np.int64], Features]:
        """End the day: the accounts that did anything, and a row for each."""
        account, track, second, played, copied = (
            np.concatenate([part.events[column] for part in self._parts]) for column in range(5)
        )
        self._parts = []
        who, mine, plays = np.unique(account, return_inverse=True, return_counts=True)
        rare = np.log2(self._plays_of.mean() + 1) - np.log2(self._plays_of[track] + 1.0)
        hour = second % DAY_S // 3_600
        columns = (
            np.log1p(plays),
            np.log1p(_distinct(mine, track, len(who), self._service.tracks)),
            np.log1p(_distinct(mine, track // 12, len(who), self._service.tracks)),
            _distinct(mine, hour, len(who), 24),
            np.bincount(mine, copied, len(who)) / plays,
            np.log1p(np.bincount(mine, played / 1000.0, len(who))),
            np.bincount(mine, rare, len(who)) / plays,
            np.log1p(np.bincount(mine, np.maximum(rare, 0), len(who))),
        )
        self._plays_of += np.bincount(track[copied], minlength=self._service.tracks)
        return who, np.stack(columns, axis=1).astype(np.float32)


def _distinct(
    mine: npt.NDArray[np.int64], what: npt.NDArray[np.int32], accounts: int, of: int
) -> npt.NDArray[np.int64]:
    """How many different things each account had."""
    pairs = np.unique(mine.astype(np.int64) * of + what)
    return np.bincount(pairs // of, minlength=accounts)
