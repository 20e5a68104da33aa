"""Surprise with drift: a sum that falls while somebody hears what others hear, and climbs else.

`S = max(0, S * decay + max(-1, x - 1))` for each track that is new to an account, where x is how
much rarer the track is than its genre's mean, in bits; on two clocks, a day and a month. Of people
whose taste wanders off for an evening it comes back to 0; of somebody who never returns to what is
played it grows without end, however slowly. It sees slow farms on flat catalogues that the fading
sums of `memory` do not see, and with them nearly everybody who lets all tracks be shuffled: it is a
reason to look, never to stop, and no decision is made of it.

Source: E. S. Page, "Continuous inspection schemes", Biometrika 41, 1954 (the cumulative sum).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.engine.memory import CLOCKS_S, Events
from phonotheque.guard.jit import compiled

DRIFT_BITS = 1.0
"""What each new track takes from the sum: people's are surprising by less, on the average."""

MOST_DOWN = -1.0
"""So far down does a hit take it, however great: to play hits hides no more than that."""

DRIFT_CLOCKS_S = CLOCKS_S[1:]


class Drifts(NamedTuple):
    """A row for each account; changed in place. 24 bytes.

    Attributes:
        sums: By clock, float32, (accounts, 2).
        peaks: The highest that each ever was.
        last_second: The latest of a new track, int64, since 1970; -1 for none.
    """

    sums: npt.NDArray[np.float32]
    peaks: npt.NDArray[np.float32]
    last_second: npt.NDArray[np.int64]


def new_drifts(count: int) -> Drifts:
    """Return accounts that had nothing new yet."""
    sums, peaks = (np.zeros((count, len(DRIFT_CLOCKS_S)), np.float32) for _ in range(2))
    return Drifts(sums, peaks, np.full(count, -1, np.int64))


def drift(
    drifts: Drifts,
    rating: npt.NDArray[np.float32],
    events: Events,
    weights: npt.NDArray[np.float32],
) -> None:
    """Take events in, said plainly: the reference for `drift_all`.

    Args:
        drifts: Changed.
        rating: Of each track, as `Music.rating`.
        events: In their order.
        weights: Of each event: for how many new tracks it counts, as `observe_apart` says.
    """
    for row in np.flatnonzero(weights).tolist():
        who, second = int(events.account[row]), int(events.second[row])
        last = int(drifts.last_second[who])
        gap = max(0, second - last) if last >= 0 else 0
        step = max(MOST_DOWN, float(rating[events.track[row]]) - DRIFT_BITS)
        for place, clock in enumerate(DRIFT_CLOCKS_S):
            faded = float(drifts.sums[who, place]) * math.exp(-gap / clock)
            drifts.sums[who, place] = max(0.0, faded + float(weights[row]) * step)
            drifts.peaks[who, place] = max(drifts.peaks[who, place], drifts.sums[who, place])
        drifts.last_second[who] = max(last, second)


@compiled(nogil=True)
def drift_all(
    drifts: Drifts,
    rating: npt.NDArray[np.float32],
    events: Events,
    weights: npt.NDArray[np.float32],
) -> None:
    """Take events in, as `drift` does."""
    for row in range(len(weights)):
        if weights[row] == 0:
            continue
        who, second = events.account[row], events.second[row]
        last = drifts.last_second[who]
        gap = float(max(0, second - last)) if last >= 0 else 0.0
        step = max(MOST_DOWN, rating[events.track[row]] - DRIFT_BITS)
        for place in range(2):
            faded = drifts.sums[who, place] * math.exp(-gap / DRIFT_CLOCKS_S[place])
            drifts.sums[who, place] = max(0.0, faded + weights[row] * step)
            drifts.peaks[who, place] = max(drifts.peaks[who, place], drifts.sums[who, place])
        drifts.last_second[who] = max(last, second)
