"""The first two minutes, brought to what a fingerprint is made of: mono, 11,025 Hz, 16 bits."""

from __future__ import annotations

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from phonotheque.audio.decoding import FOREIGN_ERRORS
from phonotheque.audio.fingerprint import FINGERPRINTED_S, SAMPLE_RATE_HZ, fingerprint
from phonotheque.audio.measure.planes import values_of

_LEAST_RATE_HZ = 1_000  # a block at 1 Hz would become 6 GB
_MOST_RATE_HZ = 8_000_000  # above that of any DSD: a filter for 67 MHz takes 800 MB and 5 s
_MOST_SAMPLES = FINGERPRINTED_S * SAMPLE_RATE_HZ


class Fingerprinter:
    """Takes blocks of one form, and no more than it needs."""

    def __init__(self) -> None:
        self._resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE_HZ)
        self._pieces: list[NDArray[np.int16]] = []
        self._samples = 0
        self._is_done = False

    def add(self, block: AudioFrame) -> None:
        """Take a block, unless two minutes are full."""
        self._is_done = self._is_done or not _LEAST_RATE_HZ <= block.sample_rate <= _MOST_RATE_HZ
        self._take(block)

    def result(self) -> NDArray[np.uint32]:
        """Return the words; none for less than 2.7 s or a form that cannot be brought to mono."""
        self._take(None)
        if not self._pieces:
            return np.zeros(0, np.uint32)
        return fingerprint(np.concatenate(self._pieces)[:_MOST_SAMPLES])

    def _take(self, block: AudioFrame | None) -> None:
        if self._is_done:
            return
        try:
            frames = self._resampler.resample(block)
        except (*FOREIGN_ERRORS, MemoryError):
            self._is_done = True
            return
        for frame in frames:
            self._pieces.append(values_of(frame.planes[0], np.int16, frame.samples).copy())
            self._samples += frame.samples
        self._is_done = block is None or self._samples >= _MOST_SAMPLES
