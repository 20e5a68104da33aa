"""Loudness after EBU R 128: how loud a programme is to an ear, and how much that varies.

Each channel is weighted as an ear hears it (`k_weighting`), its power summed over tenths of a
second, the channels added by their place in the room, and what is too quiet to count left out
(`gating`).

Laws: silence, and whatever loudness is not defined for, has none: None, never -70; a deep-tone
channel (LFE) does not count, what comes from the sides and from behind counts 1.5 dB more; channels
whose place is not known count as they are.

Sources: ITU-R BS.1770-4; EBU Tech 3341, 3342. Where BS.1770 gives weights for 5.1 alone, for more
channels those of FFmpeg's `ebur128`, with which the tests compare.
"""

from __future__ import annotations

import math

import numpy as np

from phonotheque.audio.measure.gating import TENTHS_INTEGRATED, TENTHS_RANGE, Windows
from phonotheque.audio.measure.k_weighting import KWeighting, Row
from phonotheque.audio.measure.planes import Rows

_LEAST_RATE_HZ = 4_000  # the K-weighting turns at 1,682 Hz
_MOST_RATE_HZ = 1 << 20  # beyond that of any music, single precision tells deep tones badly
_DEEP = ("LFE", "LFE2")
_AROUND = ("BL", "BR", "BC", "SL", "SR", "SDL", "SDR", "TBL", "TBC", "TBR")
_WEIGHT_AROUND = 1.41


class LoudnessMeter:
    """Takes the rows of blocks of any length; gives the loudness of all of them.

    Args:
        rate_hz: Samples per second.
        names: Name of each channel in the order of the rows ("FL", "FR", "FC"...).
    """

    def __init__(self, rate_hz: int, names: tuple[str, ...]) -> None:
        is_defined = _LEAST_RATE_HZ <= rate_hz <= _MOST_RATE_HZ
        self._filter = KWeighting(rate_hz, len(names)) if is_defined else None
        self._weights = {
            channel: _WEIGHT_AROUND if name in _AROUND else 1.0
            for channel, name in enumerate(names)
            if name not in _DEEP
        }
        self._tenth = max(1, round(rate_hz / 10))
        self._open_samples, self._open_energy = 0, 0.0
        self._short, self._long = Windows(TENTHS_INTEGRATED), Windows(TENTHS_RANGE)

    def add(self, rows: Rows) -> None:
        """Listen to a block."""
        count = len(rows[0])
        if self._filter is None or not count:
            return
        starts = np.arange(-self._open_samples, count, self._tenth)
        starts[0] = 0
        energies = np.zeros(len(starts))
        with np.errstate(over="ignore", invalid="ignore"):  # floating point may go up to 1e38
            for channel, weight in self._weights.items():
                weighted = self._filter.weigh(channel, rows[channel])
                energies += weight * _energies(weighted, starts)
        energies[0] += self._open_energy
        self._open_samples = (self._open_samples + count) % self._tenth
        self._open_energy = 0.0
        if self._open_samples:
            self._open_energy, energies = float(energies[-1]), energies[:-1]
        self._short.add(energies / self._tenth)
        self._long.add(energies / self._tenth)

    def integrated_lufs(self) -> float | None:
        """Return how loud the whole was; None for silence and for less than 0.4 s."""
        return _finite(self._short.integrated_lufs())

    def range_lu(self) -> float | None:
        """Return how much the loudness varied; None for silence and for less than 3 s."""
        return _finite(self._long.range_lu())


def _energies(weighted: Row, starts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Row:
    """Return the sum of squares from each start to the next. `weighted` is used up."""
    np.square(weighted, out=weighted)
    energies: Row = np.add.reduceat(weighted, starts)
    return energies


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 2)
