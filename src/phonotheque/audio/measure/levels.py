"""One look at every sample: peak, waveform, silence at both ends, clipping, dual mono.

These share their look because the look is the cost: absolute values once per channel, and the
highest and the mean of each hundredth of a second.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phonotheque.audio.measure.clipping import ClippingMeter, full_scale
from phonotheque.audio.measure.parts import slice_samples_of
from phonotheque.audio.measure.planes import Rows
from phonotheque.audio.measure.slices import Numbers, Slices
from phonotheque.audio.measure.waveform import fold

SILENCE = 0.001
"""Level up to which it is silence: -60 dBFS."""


class LevelMeter:
    """Takes the rows of blocks, each but the last a whole number of slices long.

    Args:
        rate_hz: Samples per second.
        names: Name of each channel in the order of the rows ("FL", "FR", "FC"...).
        bit_depth: Bits of a sample, None when it is lossy.
    """

    def __init__(self, rate_hz: int, names: tuple[str, ...], bit_depth: int | None) -> None:
        self._rate_hz = rate_hz
        self._step = slice_samples_of(rate_hz)
        self._pair = _front_pair(names)
        self._full = full_scale(bit_depth)
        self._clipping = [ClippingMeter(self._full) for _ in names]
        self._slices = Slices()
        self._samples = 0
        self._first_loud: int | None = None
        self._after_last_loud = 0
        self._is_dual = len(names) > 1
        self._scratch = np.zeros((len(names), 0), np.float32)
        self.peak = 0.0
        """Highest absolute sample so far, of any channel, as a share of full scale."""

    def add(self, rows: Rows) -> None:
        """Look at a block."""
        count = len(rows[0])
        if self._scratch.shape[1] < count:
            self._scratch = np.empty((len(rows), count), np.float32)
        levels = [np.abs(row, out=self._scratch[at, :count]) for at, row in enumerate(rows)]
        peaks = [_fold(np.maximum, level, self._step) for level in levels]
        self._keep_slices(levels, peaks)
        highest = [float(peak.max()) for peak in peaks]
        self.peak = max(self.peak, *highest)
        self._find_edges(levels, np.maximum.reduce(peaks))
        for row, level, top, meter in zip(rows, levels, highest, self._clipping, strict=True):
            if top >= self._full:
                meter.add(row, level)
            else:
                meter.add_quiet()
        self._is_dual = self._is_dual and all(np.array_equal(rows[0], row) for row in rows[1:])
        self._samples += count

    @property
    def is_dual_mono(self) -> bool:
        """Whether two or more channels were the same on every sample."""
        return self._is_dual and self._samples > 0

    @property
    def clipped_samples(self) -> int:
        """Samples in runs at full scale, over all channels. Ask at the end."""
        return sum(meter.result() for meter in self._clipping)

    @property
    def silence_ms(self) -> tuple[int, int]:
        """Leading and trailing silence. Nothing but silence is all leading."""
        if self._first_loud is None:
            return self._ms(self._samples), 0
        return self._ms(self._first_loud), self._ms(self._samples - self._after_last_loud)

    def waveform(self) -> bytes:
        """Return the waveform of all that was seen."""
        return fold(self._slices.result())

    def _ms(self, samples: int) -> int:
        return samples * 1000 // self._rate_hz

    def _keep_slices(self, levels: list[Numbers], peaks: list[Numbers]) -> None:
        rows = np.empty((len(peaks[0]), 4), np.float32)
        for at, channel in enumerate(self._pair):
            if at and channel == self._pair[0]:
                rows[:, 2:] = rows[:, :2]
                break
            rows[:, 2 * at] = peaks[channel]
            rows[:, 2 * at + 1] = _means(levels[channel], self._step)
        self._slices.add(rows)

    def _find_edges(self, levels: list[Numbers], peaks: Numbers) -> None:
        loud = np.flatnonzero(peaks > SILENCE)
        if not len(loud):
            return
        if self._first_loud is None:
            self._first_loud = self._samples + self._places(levels, int(loud[0]))[0]
        self._after_last_loud = self._samples + self._places(levels, int(loud[-1]))[1] + 1

    def _places(self, levels: list[Numbers], number: int) -> tuple[int, int]:
        """Return the first and the last sample of a slice that are louder than silence."""
        start = number * self._step
        part = np.maximum.reduce([level[start : start + self._step] for level in levels])
        loud = np.flatnonzero(part > SILENCE)
        return start + int(loud[0]), start + int(loud[-1])


def _front_pair(names: tuple[str, ...]) -> tuple[int, int]:
    """Choose the rows that are drawn: front left and right, else the first two, else the one."""
    if "FL" in names and "FR" in names:
        return names.index("FL"), names.index("FR")
    return 0, min(1, len(names) - 1)


def _fold(join: np.ufunc, level: Numbers, step: int) -> Numbers:
    """Join each `step` neighbours; a rest that is shorter counts as a slice."""
    whole = len(level) // step * step
    folded: NDArray[np.float32] = join.reduce(level[:whole].reshape(-1, step), axis=1)
    if whole < len(level):
        folded = np.append(folded, join.reduce(level[whole:]))
    return folded


def _means(level: Numbers, step: int) -> Numbers:
    sums = _fold(np.add, level, step)
    means = sums / np.float32(step)
    rest = len(level) % step
    if rest:
        means[-1] = sums[-1] / np.float32(rest)
    return means
