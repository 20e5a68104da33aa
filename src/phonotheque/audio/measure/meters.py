"""All meters over the same blocks: what makes one decode enough for every fact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from phonotheque.audio.decoded import Decoded
from phonotheque.audio.measure.cutoff import CutoffMeter
from phonotheque.audio.measure.levels import LevelMeter
from phonotheque.audio.measure.loudness import LoudnessMeter
from phonotheque.audio.measure.planes import RowReader
from phonotheque.audio.measure.resampled import Fingerprinter
from phonotheque.audio.measure.wanted import Wanted
from phonotheque.music.sound import Loudness, Sound


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything one pass over a file found.

    Attributes:
        sound: What belongs into the register.
        decoded: How the decode went, for a verdict on integrity.
        fingerprint: Words of the first 120 s; none for less than 2.7 s.
        waveform: 1,600 bytes (`phonotheque.audio.measure.waveform`); b"" when not wanted.
        channels: Of the first part.
    """

    sound: Sound
    decoded: Decoded
    fingerprint: NDArray[np.uint32]
    waveform: bytes
    channels: int


class Meters:
    """Takes blocks of one form.

    Args:
        wanted: What to measure.
        bit_depth: Bits of a sample, None when it is lossy or not known.
    """

    def __init__(self, wanted: Wanted, bit_depth: int | None) -> None:
        self._bit_depth = bit_depth
        wants_loudness = wanted.loudness or wanted.true_peak
        self._loudness = LoudnessMeter(true_peak=wanted.true_peak) if wants_loudness else None
        self._print = Fingerprinter() if wanted.fingerprint else None
        self._wants_levels, self._wants_cutoff = wanted.levels, wanted.cutoff
        self._rows = RowReader()
        self._levels: LevelMeter | None = None
        self._cutoff: CutoffMeter | None = None

    def add(self, block: AudioFrame) -> None:
        """Measure a block."""
        if self._loudness is not None:
            self._loudness.add(block)
        if self._print is not None:
            self._print.add(block)
        if not self._wants_levels and not self._wants_cutoff:
            return
        rows = self._rows.rows(block)
        if self._wants_levels:
            if self._levels is None:
                names = tuple(channel.name for channel in block.layout.channels)
                self._levels = LevelMeter(block.sample_rate, names, self._bit_depth)
            self._levels.add(rows)
        if self._wants_cutoff:
            if self._cutoff is None:
                self._cutoff = CutoffMeter(block.sample_rate)
            self._cutoff.add(rows)

    def result(self, decoded: Decoded, payload_sha256: str, channels: int) -> Measured:
        """Put together what was measured, with what the pass itself knows. Ask once."""
        levels = self._levels
        peak = None if levels is None else levels.peak
        silence_ms = (0, 0) if levels is None else levels.silence_ms
        sound = Sound(
            decoded_ms=decoded.decoded_ms,
            payload_sha256=payload_sha256,
            loudness=Loudness() if self._loudness is None else self._loudness.result(peak),
            leading_silence_ms=silence_ms[0],
            trailing_silence_ms=silence_ms[1],
            clipped_samples=0 if levels is None else levels.clipped_samples,
            is_dual_mono=levels is not None and levels.is_dual_mono,
            cutoff_hz=None if self._cutoff is None else self._cutoff.result(),
        )
        words = np.zeros(0, np.uint32) if self._print is None else self._print.result()
        waveform = b"" if levels is None else levels.waveform()
        return Measured(sound, decoded, words, waveform, channels)
