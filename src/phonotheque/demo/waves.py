"""The raw material of every tone: sines, noise, endless bands of sound, and soft edges.

Laws: sound is float32 at full scale 1.0, of shape (frames,) for one channel or (2, frames) for two;
all chance comes from the one generator that `Waves` was given, in the order of asking.

Not here: what an instrument makes of it (`phonotheque.demo.instruments`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Sound at full scale 1.0. While it is made (2, frames), or (frames,) for one channel."""

TABLE_FRAMES = 1 << 17
"""Length of a looped table, about 3 s: long enough that nobody hears it come round."""


class Waves:
    """Makes waves at one rate, and remembers its tables."""

    def __init__(self, rate_hz: int, rng: np.random.Generator) -> None:
        self.rate_hz = rate_hz
        self._rng = rng
        self._tables: dict[float, Samples] = {}

    def clock(self, seconds: float) -> Samples:
        """Return instants in seconds from 0."""
        frames = max(1, round(seconds * self.rate_hz))
        return (np.arange(frames) / self.rate_hz).astype(np.float32)

    def wave(self, hz: float, frames: int, bend: Samples | None = None) -> Samples:
        """Return a sine; `bend` is added to its phase, in radians.

        The phase is folded in double precision: in float32 it would be audibly wrong after 2 s.
        """
        cycles = np.arange(frames) * (hz / self.rate_hz)
        cycles -= np.floor(cycles)
        phase = cycles.astype(np.float32) * np.float32(2 * np.pi)
        sine: Samples = np.sin(phase if bend is None else phase + bend)
        return sine

    def noise(self, frames: int) -> Samples:
        """Return white noise of unit power."""
        return self._rng.standard_normal(frames, dtype=np.float32)

    def loop(
        self, name: float, spectrum: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    ) -> Samples:
        """Return (2, frames) of endless sound of random phases, RMS 0.2; not to be written to.

        Each channel has phases of its own, so the sound stands wide between the loudspeakers.

        Args:
            name: What the table is remembered by.
            spectrum: From frequencies in Hz to amplitudes; asked once for each name.
        """
        if name not in self._tables:
            step_hz = self.rate_hz / TABLE_FRAMES
            bins_hz = np.arange(TABLE_FRAMES // 2 + 1, dtype=np.float64) * step_hz
            level = spectrum(bins_hz).astype(np.float32)
            heard = np.flatnonzero(level > 1e-5 * level.max())  # the rest is 100 dB down
            turns = self._rng.random((2, len(bins_hz)), dtype=np.float32)[:, heard]
            bins = np.zeros((2, len(bins_hz)), np.complex64)
            bins[:, heard] = level[heard] * np.exp(np.complex64(2j * np.pi) * turns)
            table = np.fft.irfft(bins)
            self._tables[name] = (table * (0.2 / np.std(table))).astype(np.float32)
        return self._tables[name]


def shaped(tone: Samples, rate_hz: int, attack_s: float, release_s: float) -> Samples:
    """Let a tone rise and end without a click: raised cosines over its edges, in place."""
    frames = tone.shape[-1]
    rise, fall = (min(frames // 2, round(s * rate_hz)) for s in (attack_s, release_s))
    tone[..., :rise] *= _ramp(rise)
    tone[..., frames - fall :] *= _ramp(fall)[::-1]
    return tone


@lru_cache(maxsize=16)
def _ramp(frames: int) -> Samples:
    """Return half a period of a cosine, from 0 to nearly 1; not to be written to."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(frames) / max(frames, 1))).astype(np.float32)
