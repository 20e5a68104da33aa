"""From a mix to a master: one loudness for the whole label, and no peak above the ceiling.

Laws: no sample of a master is above `CEILING`; silence stays silence; shape and length stay.

Not here: coding the master into a file (`phonotheque.demo.encode`).
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from phonotheque.demo.waves import Samples

LOUDNESS_LUFS = -16.0
"""A comfortable level for listening at home, where quiet and loud pieces meet in one queue."""

CEILING = 10 ** (-2.0 / 20)
"""-2 dBFS, so that what a lossy codec adds stays under -1 dBFS."""


def mastered(mix: Samples, rate_hz: int) -> Samples:
    """Return a mix at `LOUDNESS_LUFS`, under `CEILING`, silent in its first and last frame.

    Args:
        mix: (frames, 2), of any level, faded at both ends.
    """
    out = _limited(mix * np.float32(10 ** ((LOUDNESS_LUFS - loudness_lufs(mix, rate_hz)) / 20)))
    out[[0, -1]] = 0.0
    return out


def loudness_lufs(samples: Samples, rate_hz: int) -> float:
    """Return the gated loudness of (frames, 2), without the overlap of blocks.

    Silence counts as `LOUDNESS_LUFS`: there is nothing to correct.

    Source: ITU-R BS.1770-5, annex 1; the filters are applied as weights on the spectrum.
    """
    block = min(round(0.4 * rate_hz), len(samples))
    blocks = np.ascontiguousarray(samples[: len(samples) // block * block].T).reshape(2, -1, block)
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(block, 1 / rate_hz) / 48000)
    weight = np.ones(len(turn))
    for above, below in _K_WEIGHTING:
        weight *= np.abs(np.polyval(above[::-1], turn) / np.polyval(below[::-1], turn)) ** 2
    spectrum = np.fft.rfft(blocks, norm="forward")  # scaled by 1 / block
    power = 2 * ((spectrum.real**2 + spectrum.imag**2) @ weight).sum(axis=0)
    heard = power[power > 10**-6.93]  # the absolute gate, -70 LUFS
    if not len(heard):
        return LOUDNESS_LUFS
    heard = heard[heard > 0.1 * heard.mean()]
    return float(-0.691 + 10 * np.log10(heard.mean()))


_K_WEIGHTING = (
    (
        (1.53512485958697, -2.69169618940638, 1.19839281085285),
        (1.0, -1.69065929318241, 0.73248077421585),
    ),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
)
"""Numerators and denominators in powers of 1/z at 48 kHz. Source: BS.1770-5, tables 1 and 2."""


def _limited(mix: Samples, block: int = 64, reach: int = 8) -> Samples:
    """Hold a mix under the ceiling by a gain that sees peaks coming, 12 ms before and after.

    The gain of a block is a mean of minima, each taken over a window one block wider than the mean
    reaches: so it is never above what any sample in it or beside it allows.
    """
    frames = len(mix)
    peaks = np.maximum(np.abs(mix[:, 0]), np.abs(mix[:, 1]))  # the same gain for both channels
    padded = np.pad(peaks, (0, -frames % block))
    allowed = np.minimum(1.0, CEILING / np.maximum(padded.reshape(-1, block).max(axis=1), 1e-9))
    edge = np.pad(allowed, 2 * reach + 1, constant_values=1.0)
    least = sliding_window_view(edge, 2 * reach + 3).min(axis=1)
    gains = np.convolve(least, np.full(2 * reach + 1, 1 / (2 * reach + 1)), mode="valid")
    places = np.arange(len(gains)) * block + block / 2
    return mix * np.interp(np.arange(frames), places, gains)[:, None].astype(np.float32)
