"""Which windows of a programme count for its loudness, and what they amount to.

A window's power is the mean of the tenths of a second in it; windows of 0.4 s make the integrated
loudness, windows of 3 s the loudness range; both move on by 0.1 s.

Laws: a window below the absolute gate is never kept; the powers of seven hours are kept as they
are, beyond that neighbours in order of power are merged two by two, so that memory has an end, sums
stay exact and gates and percentiles move by less than a hundredth of an LU.

Sources: ITU-R BS.1770-4, annex 1; EBU Tech 3342 (2016), 3.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Powers = NDArray[np.float64]

TENTHS_INTEGRATED, TENTHS_RANGE = 4, 30
"""How many tenths of a second a window has."""

MOST_KEPT = 1 << 18
"""Windows that are kept: 7.3 hours of sound, 4 MB, of which silence takes none."""

_GATE_LUFS = -70.0
_GATE_INTEGRATED_LU, _GATE_RANGE_LU = -10.0, -20.0
_LOWEST_SHARE, _HIGHEST_SHARE = 0.10, 0.95


def loudness_of(power: float) -> float:
    """Return the loudness of a weighted power, in LUFS; -inf for none."""
    return -0.691 + 10 * math.log10(power) if power > 0 else -math.inf


def power_of(loudness_lufs: float) -> float:
    """Return the weighted power that is as loud."""
    return float(10 ** ((loudness_lufs + 0.691) / 10))


class Windows:
    """Takes powers of tenths of a second in their order.

    Args:
        tenths: How many of them make a window.

    Attributes:
        seen: Windows so far, whether they passed the gate or not.
    """

    def __init__(self, tenths: int) -> None:
        self.seen = 0
        self._shape = np.full(tenths, 1 / tenths)
        self._open = np.zeros(0)
        # From the start, as in `Slices`: what is not written to takes no memory.
        self._powers, self._weights = np.empty(MOST_KEPT), np.empty(MOST_KEPT)
        self._count = 0

    @property
    def kept(self) -> int:
        """How many powers are kept, merged ones counted once."""
        return self._count

    def add(self, tenths: Powers) -> None:
        """Take the powers of the next tenths of a second."""
        for start in range(0, len(tenths), MOST_KEPT // 2):
            self._add(np.concatenate([self._open, tenths[start : start + MOST_KEPT // 2]]))

    def integrated_lufs(self) -> float | None:
        """Return the loudness of all windows not more than 10 LU below their mean."""
        loud, weights = self._gated(_GATE_INTEGRATED_LU)
        return loudness_of(float(np.average(loud, weights=weights))) if len(loud) else None

    def range_lu(self) -> float | None:
        """Return how far the loudest twentieth is above the quietest tenth."""
        loud, weights = self._gated(_GATE_RANGE_LU)
        if not len(loud):
            return None
        order = np.argsort(loud)
        up_to = np.cumsum(weights[order])
        shares = np.array([_LOWEST_SHARE, _HIGHEST_SHARE])
        places = np.searchsorted(up_to, np.rint(shares * (up_to[-1] - 1)), side="right")
        low, high = loud[order][places]
        return loudness_of(float(high)) - loudness_of(float(low))

    def _add(self, tenths: Powers) -> None:
        spare = len(tenths) - len(self._shape) + 1
        self._open = tenths[max(0, spare) :].copy()
        if spare < 1:
            return
        self.seen += spare
        powers = np.convolve(tenths, self._shape, "valid")
        powers = powers[powers > power_of(_GATE_LUFS)]
        while self._count + len(powers) > MOST_KEPT:
            self._merge()
        end = self._count + len(powers)
        self._powers[self._count : end], self._weights[self._count : end] = powers, 1
        self._count = end

    def _merge(self) -> None:
        """Merge each two that are next to one another in order of power."""
        order = np.argsort(self._powers[: self._count])
        powers, weights = self._powers[order], self._weights[order]
        half = self._count // 2  # the loudest stays alone where the number is odd
        pairs, both = slice(0, 2 * half), slice(2 * half, None)
        sums = np.add.reduceat(powers[pairs] * weights[pairs], np.arange(0, 2 * half, 2))
        joined = np.add.reduceat(weights[pairs], np.arange(0, 2 * half, 2))
        merged = np.concatenate([sums / joined, powers[both]])
        self._count = len(merged)
        self._powers[: self._count] = merged
        self._weights[: self._count] = np.concatenate([joined, weights[both]])

    def _gated(self, relative_lu: float) -> tuple[Powers, Powers]:
        """Return powers and weights of what passes the relative gate as well."""
        powers, weights = self._powers[: self._count], self._weights[: self._count]
        if not len(powers):
            return powers, weights
        least = np.average(powers, weights=weights) * 10 ** (relative_lu / 10)
        return powers[powers > least], weights[powers > least]
