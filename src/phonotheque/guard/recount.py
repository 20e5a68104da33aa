"""What an account really took, counted exactly, before anybody is suspended for an estimate.

The engine counts new tracks by a sketch whose steps grow with what an account has had: after 20,000
tracks one more may count for fifty. Here each track of the ledger counts once, as surprising as it
is now that more people may have found it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phonotheque.guard.engine.memory import CLOCKS_S, Music
from phonotheque.guard.groups.ledger import Rows


@dataclass(frozen=True)
class Recount:
    """An account's new tracks, each once.

    Attributes:
        tracks: Their numbers, in order of time.
        weights: Bits of surprise of each, as it is now.
        bits: The highest that each of the three fading sums ever was.
    """

    tracks: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float64]
    bits: tuple[float, ...]

    def score(self, limits: npt.NDArray[np.float64]) -> float:
        """Return how near it is to the limits: 1 is at one of them."""
        return max(bits / limit for bits, limit in zip(self.bits, limits.tolist(), strict=True))


def recount(rows: Rows, account: int, music: Music) -> Recount:
    """Count one account again.

    Args:
        rows: Of the ledger; those of others are passed over.
        account: Its number.
        music: Plays as they stand now.
    """
    mine = rows.account == account
    order = np.argsort(rows.second[mine], kind="stable")
    tracks, seconds = rows.track[mine][order], rows.second[mine][order]
    plays = np.minimum(music.plays[tracks], len(music.bits) - 1)
    weights = music.bits[plays].astype(np.float64)
    return Recount(tracks, weights, tuple(_peak(weights, seconds, clock) for clock in CLOCKS_S))


def _peak(weights: npt.NDArray[np.float64], seconds: npt.NDArray[np.int64], clock: float) -> float:
    highest = now = 0.0
    gaps = np.diff(seconds, prepend=seconds[:1])
    for weight, gap in zip(weights.tolist(), gaps.tolist(), strict=True):
        now = now * math.exp(-gap / clock) + weight
        highest = max(highest, now)
    return highest
