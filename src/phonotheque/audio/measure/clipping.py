"""Counting samples in runs at full scale: what a recording loses when it is driven too hard.

Laws: a run is three or more neighbours at full scale on the same side (one or two are music); runs
go on from block to block. Full scale is the highest step of 16 bits, or of the recording's own
width when that is coarser; lossy decoders go beyond 1.0, which counts as well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHORTEST_RUN = 3
_FINEST_BITS = 16  # a step of 24 bits is lost in the rounding of a master that clipped at 16


def full_scale(bit_depth: int | None) -> float:
    """Return the share of 1.0 from which a sample is at full scale."""
    bits = min(bit_depth or _FINEST_BITS, _FINEST_BITS)
    return 1.0 - 2.0 ** (1 - bits) if bits > 1 else 1.0


class ClippingMeter:
    """Counts one channel's clipped samples, block after block."""

    def __init__(self, full: float) -> None:
        self._full = full
        self._count = 0
        self._open_length = 0
        self._open_is_positive = False

    def add(self, row: NDArray[np.float32], levels: NDArray[np.float32]) -> None:
        """Take a block of samples with their absolute values."""
        places = np.flatnonzero(levels >= self._full)
        if not len(places):
            self._close()
            return
        is_positive = row[places] > 0
        is_break = (np.diff(places) != 1) | (is_positive[1:] != is_positive[:-1])
        firsts = np.concatenate([[0], np.flatnonzero(is_break) + 1])
        lengths = np.diff(np.concatenate([firsts, [len(places)]]))
        goes_on = places[0] == 0 and bool(is_positive[0]) == self._open_is_positive
        if goes_on:
            lengths[0] += self._open_length
            self._open_length = 0
        self._close()
        if places[-1] == len(row) - 1:
            self._open_length = int(lengths[-1])
            self._open_is_positive = bool(is_positive[-1])
            lengths = lengths[:-1]
        self._count += int(lengths[lengths >= SHORTEST_RUN].sum())

    def add_quiet(self) -> None:
        """Take a block in which nothing reaches full scale."""
        self._close()

    def result(self) -> int:
        """Return how many samples stood in runs."""
        self._close()
        return self._count

    def _close(self) -> None:
        if self._open_length >= SHORTEST_RUN:
            self._count += self._open_length
        self._open_length = 0
