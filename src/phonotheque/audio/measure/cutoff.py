"""The frequency above which a recording holds next to nothing.

Eight windows of 4,096 samples from each block, so all over the file and by turns from each channel,
give a mean spectrum in bands of about 100 Hz, in dB against white noise at full scale. The rule:

1. A band counts while it is louder than `FLOOR_DB`: the noise that rounding to 16 bits with dither
   leaves lies at -96, whatever a coder removed lies there or far below.
2. From 7 kHz up, a cliff ends it sooner: where all that lies beyond a place is 25 dB or more under
   the 1 kHz before it. What stands behind a cliff (a resampler's leak, the splinters of clipped
   peaks) is not of the recording. Below 7 kHz such steps are music.

The answer is the upper edge of the last band that counts, to about 100 Hz; half the sample rate
when nothing was removed. It proves nothing: a synthesizer may end at 11 kHz all by itself.

Law: it depends on the samples alone, and hardly on how loud they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phonotheque.audio.measure.planes import Rows

FLOOR_DB = -90.0
CLIFF_DB = 25.0
CLIFF_FROM_HZ = 7_000
_CLIFF_HZ = 1_000  # what is compared with all that lies beyond
_SLOPE_HZ = 400  # the filters of coders and resamplers take so long to fall
_BAND_HZ = 100
_WINDOW_SAMPLES = 4_096  # bins of 11 Hz at 44.1 kHz
_WINDOWS_IN_BLOCK = 8
_WINDOW = np.hanning(_WINDOW_SAMPLES).astype(np.float32)
_ENERGY = float(np.square(_WINDOW, dtype=np.float64).sum())

Spectrum = NDArray[np.float64]


class CutoffMeter:
    """Takes rows of blocks; gives the cut-off frequency of their mean spectrum."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._power = np.zeros(_WINDOW_SAMPLES // 2 + 1)
        self._windows = 0

    def add(self, rows: Rows) -> None:
        """Take a few windows of a block; a last block that is too short gives none."""
        spare = len(rows[0]) - _WINDOW_SAMPLES
        if spare < 0:
            return
        pieces = np.empty((_WINDOWS_IN_BLOCK, _WINDOW_SAMPLES), np.float32)
        for number in range(_WINDOWS_IN_BLOCK):
            start = spare * number // (_WINDOWS_IN_BLOCK - 1)
            row = rows[(self._windows + number) % len(rows)]
            np.multiply(row[start : start + _WINDOW_SAMPLES], _WINDOW, out=pieces[number])
        spectra = np.fft.rfft(pieces, axis=1)
        power = np.square(spectra.real, dtype=np.float64) + np.square(
            spectra.imag, dtype=np.float64
        )
        self._power += power.sum(axis=0)
        self._windows += _WINDOWS_IN_BLOCK

    def result(self) -> int | None:
        """Return the frequency; None for silence and for less than 4,096 samples."""
        if not self._windows:
            return None
        return cutoff_hz(self._power / (_ENERGY * self._windows), self._rate_hz)


def cutoff_hz(power: Spectrum, rate_hz: int) -> int | None:
    """Apply the rule of this module to a mean power spectrum.

    Args:
        power: From 0 Hz to half the sample rate, 1.0 in every bin for white noise at full scale.
        rate_hz: Samples per second.
    """
    bin_hz = rate_hz / 2 / (len(power) - 1)
    width = max(1, round(_BAND_HZ / bin_hz))
    count = len(power) // width
    bands = np.maximum(power[: count * width].reshape(count, width).mean(axis=1), 1e-20)
    heard = np.flatnonzero(10 * np.log10(bands) > FLOOR_DB)
    if not len(heard):
        return None
    band_hz = width * bin_hz
    end = min(int(heard[-1]) + 1, _first_cliff(bands, band_hz))
    return min(round(end * band_hz), rate_hz // 2)


def _first_cliff(bands: Spectrum, band_hz: float) -> int:
    """Return the band before which the first cliff falls, or their number when there is none."""
    count = len(bands)
    before = max(1, round(_CLIFF_HZ / band_hz))
    slope = max(1, round(_SLOPE_HZ / band_hz))
    highest_from = np.maximum.accumulate(bands[::-1])[::-1]  # of this band and all beyond
    drop = 10 ** (-CLIFF_DB / 10)
    for band in range(round(CLIFF_FROM_HZ / band_hz), count - slope):
        least = drop * bands[band - before : band].mean()
        if highest_from[band + slope] <= least:
            return band + int(np.count_nonzero(highest_from[band : band + slope] > least))
    return count
