"""Thresholds from a service's own accounts, without a label: what hardly any of them reaches.

The tail of ordinary listening is nearly lognormal, so that its middle says where its end is, and a
farm of a few per cent, which is beyond the middle, moves nothing. Where a population shows more at
its end than that (people who dig deep), what it shows counts, by how much more it is.

Where few listen, hardly anybody comes upon two rare tracks within an hour, and the tail ends at
the weight of one: whoever finds two tomorrow would be beyond it. So there is a floor as well.

Laws: a threshold is never below what the tail of the population itself says; nobody is asked for
fewer than a handful of tracks, whichever they are; a threshold moves with the
middle of the population, and beside that by little a day, so that a farm that arrives does not lift
it out of its own reach, and nobody is stopped today for what was nothing yesterday.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from phonotheque.guard.engine.memory import CLOCKS_S, HOUR_PEAK, PLAYS
from phonotheque.guard.rungs import FROM_SCORE, Rung

RATE = 1.5e-4
"""Share of honest accounts that may be asked for what they did by themselves: of people who listen
in unusual ways, one in a hundred of all, at most a few in a hundred."""

LEAST_TRACKS = 8
"""So many tracks that nobody else plays are needed at least, on any clock. It is below what a
population of thousands shows (14 and more in an hour, in the small worlds of GuardBench), so that
it holds people harmless where few listen and changes nothing where many do."""

LEAST_ACCOUNTS = 200
LEAST_PLAYS = 20

_DAY_S = 86_400.0
_WHOLE_DAYS = 30.0
_GATHERED_WHOLE = tuple(1 - math.exp(-_WHOLE_DAYS * _DAY_S / clock) for clock in CLOCKS_S)
_MOST_A_DAY = 1.02
_MIDDLE = 0.8
_FITTED = np.linspace(0.80, 0.975, 15)
_SHOWN = 20.0
"""A quantile is shown by a population when so many accounts are beyond it."""

_LIGHT, _HEAVY = 0.9, 1.3
"""What a population shows at its end, beside the lognormal: below the first the lognormal is
believed alone, above the second what is shown. In between both are, by degrees: twenty accounts say
where the end is to a tenth or so, and what may be done to people must not hang on one of them."""

_STEEPEST = 0.5

Floats = npt.NDArray[np.float64]
Peaks = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bits of surprise on each clock at which a score is 1, for a service that ran for long.

    Attributes:
        bits: By clock: an hour, a day, a month.
        middle: Bits on each clock that one account in five passes; 0 where nobody knows.
        least: What `bits` may not fall below.
    """

    bits: tuple[float, ...]
    middle: tuple[float, ...] = (0.0, 0.0, 0.0)
    least: tuple[float, ...] = (0.0, 0.0, 0.0)

    def at(self, days: float) -> Floats:
        """Return the limits of a service that has run for so many days.

        A sum that fades within a month has gathered less in a week than it ever will.
        """
        gathered = [1 - math.exp(-max(days, 0.25) * _DAY_S / clock) for clock in CLOCKS_S]
        parts = zip(self.bits, gathered, _GATHERED_WHOLE, strict=True)
        return np.array([bits * min(1.0, now / then) for bits, now, then in parts])

    def next(self, wanted: Limits | None, last: int, second: int) -> Limits:
        """Return the limits that follow these: what is wanted at once where nothing is known yet,
        later a step towards it.

        Args:
            wanted: What the population says now; None where it is too small to say.
            last: When limits were moved last, in seconds since 1970; -1 for never.
            second: Now.
        """
        if wanted is None:
            return self
        if self.bits == UNKNOWN.bits:
            return wanted
        return self.towards(wanted, 1.0 if last < 0 else (second - last) / _DAY_S)

    def towards(self, wanted: Limits, days: float) -> Limits:
        """Return these limits moved with the middle, and by at most 2 % a day towards others."""
        most = _MOST_A_DAY ** max(days, 0.0)
        middles = zip(self.middle, wanted.middle, strict=True)
        moved = [now / then if now > 0 and then > 0 else 1.0 for then, now in middles]
        moved = [old * by for old, by in zip(self.bits, moved, strict=True)]
        steps = zip(moved, wanted.bits, wanted.least, strict=True)
        bits = tuple(max(min(max(new, old / most), old * most), low) for old, new, low in steps)
        return Limits(bits, wanted.middle, wanted.least)


_UNKNOWN_BITS = 1e9

UNKNOWN = Limits((_UNKNOWN_BITS,) * len(CLOCKS_S))
"""Of a service that has too few accounts to say: nobody is stopped for what they did alone."""


def is_known(bits: float) -> bool:
    """Return whether the limit of one clock is one that a population set."""
    return bits < _UNKNOWN_BITS


def limits_of(
    numbers: npt.NDArray[np.float32],
    trusted: npt.NDArray[np.bool_],
    days: float,
    heaviest: float,
    rate: float = RATE,
) -> Limits | None:
    """Return the limits that a population sets itself; None with too few accounts to say.

    Args:
        numbers: Of the accounts, as the engine keeps them.
        trusted: Which of them count: nobody who failed a challenge.
        days: How long they were watched.
        heaviest: Bits of a track that nobody plays.
        rate: Share of them that may be asked.
    """
    return limits_from(peaks_of(numbers, trusted), days, heaviest, rate)


def peaks_of(numbers: npt.NDArray[np.float32], trusted: npt.NDArray[np.bool_]) -> Peaks:
    """Return the highest sums of those accounts that say what is ordinary, (accounts, clocks)."""
    mine = numbers[trusted & (numbers[:, PLAYS] >= LEAST_PLAYS)]
    return mine[:, HOUR_PEAK : HOUR_PEAK + len(CLOCKS_S)]


def limits_from(peaks: Peaks, days: float, heaviest: float, rate: float = RATE) -> Limits | None:
    """Return the limits that `peaks_of` a population gives, in whatever order they are.

    None with too few accounts to say.
    """
    found = [threshold(column, rate / len(CLOCKS_S)) for column in peaks.T]
    if any(limit is None for limit in found):
        return None
    gathered = Limits((1.0,) * len(CLOCKS_S)).at(days) * FROM_SCORE[Rung.CHALLENGE]
    middle = np.quantile(peaks, _MIDDLE, axis=0) / gathered
    least = LEAST_TRACKS * heaviest / gathered
    shown = np.array([limit for limit in found if limit is not None]) / gathered
    limits = np.maximum(shown, least)
    return Limits(tuple(limits.tolist()), tuple(middle.tolist()), tuple(least.tolist()))


def threshold(peaks: Peaks, rate: float) -> float | None:
    """Return the value that a share of accounts passes; None with too few to say.

    Args:
        peaks: The highest that each account ever was.
        rate: Share of them, as 1e-4.
    """
    positive = np.sort(peaks[peaks > 0]).astype(np.float64)  # sums do not hang on an order then
    if len(positive) < LEAST_ACCOUNTS:
        return None
    inside = min(0.5, rate * len(peaks) / len(positive))
    farthest = max(inside, min(0.02, _SHOWN / len(positive)))
    shown = float(np.quantile(positive, 1 - farthest))
    continued = _continued(positive, inside, farthest)
    fitted = lognormal(positive, inside)
    heavier = shown / lognormal(positive, farthest)
    believed = min(1.0, max(0.0, (heavier - _LIGHT) / (_HEAVY - _LIGHT)))
    return float(fitted ** (1 - believed) * max(fitted, shown, continued) ** believed)


def lognormal(values: Floats, rate: float) -> float:
    """Return what a share passes of the lognormal through the quantiles from 80 to 97.5 %."""
    normal = NormalDist()
    points = np.array([normal.inv_cdf(float(share)) for share in _FITTED])
    slope, level = np.polyfit(points, np.log(np.quantile(values, _FITTED)), 1)
    return float(np.exp(level + slope * normal.inv_cdf(1 - rate)))


def _continued(values: Floats, rate: float, farthest: float) -> float:
    """The tail from 97.5 % to the farthest quantile that is shown, carried on to `rate`.

    Source: I. Weissman, "Estimation of parameters and large quantiles based on the k largest
    observations", Journal of the American Statistical Association 73, 1978.
    """
    near = float(np.quantile(values, 0.975))
    beyond = values[values > near]
    index = float(np.mean(np.log(beyond / near))) if len(beyond) else 0.0
    shown = float(np.quantile(values, 1 - farthest))
    return float(shown * (farthest / rate) ** min(index, _STEEPEST))
