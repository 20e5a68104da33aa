"""All meters over the same blocks: what makes one decode enough for every fact."""

from __future__ import annotations

import math
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
from phonotheque.audio.measure.true_peak import TruePeakMeter
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
        self._wanted, self._bit_depth = wanted, bit_depth
        self._print = Fingerprinter() if wanted.fingerprint else None
        self._true_peak = TruePeakMeter() if wanted.true_peak else None
        self._rows = RowReader()
        self._loudness: LoudnessMeter | None = None
        self._levels: LevelMeter | None = None
        self._cutoff: CutoffMeter | None = None
        self._of_rows: tuple[LoudnessMeter | LevelMeter | CutoffMeter, ...] | None = None

    def add(self, block: AudioFrame) -> None:
        """Measure a block."""
        if self._print is not None:
            self._print.add(block)
        if self._true_peak is not None:
            self._true_peak.add(block)
        if self._of_rows is None:
            self._of_rows = self._start(block)
        if self._of_rows:
            rows = self._rows.rows(block)  # once for all: that is what makes them cheap
            for meter in self._of_rows:
                meter.add(rows)

    def _start(self, block: AudioFrame) -> tuple[LoudnessMeter | LevelMeter | CutoffMeter, ...]:
        rate_hz, wanted = block.sample_rate, self._wanted
        names = tuple(channel.name for channel in block.layout.channels)
        if wanted.loudness:
            self._loudness = LoudnessMeter(rate_hz, names)
        if wanted.levels:
            self._levels = LevelMeter(rate_hz, names, self._bit_depth)
        if wanted.cutoff:
            self._cutoff = CutoffMeter(rate_hz)
        found = (self._loudness, self._levels, self._cutoff)
        return tuple(meter for meter in found if meter is not None)

    def _heard(self) -> Loudness:
        loudness, levels, true_peak = self._loudness, self._levels, self._true_peak
        return Loudness(
            integrated_lufs=None if loudness is None else loudness.integrated_lufs(),
            range_lu=None if loudness is None else loudness.range_lu(),
            sample_peak_dbfs=None if levels is None else _decibels(levels.peak),
            true_peak_dbtp=None if true_peak is None else _decibels(true_peak.result()),
        )

    def result(self, decoded: Decoded, payload_sha256: str, channels: int) -> Measured:
        """Put together what was measured, with what the pass itself knows. Ask once."""
        levels = self._levels
        silence_ms = (0, 0) if levels is None else levels.silence_ms
        sound = Sound(
            decoded_ms=decoded.decoded_ms,
            payload_sha256=payload_sha256,
            loudness=self._heard(),
            leading_silence_ms=silence_ms[0],
            trailing_silence_ms=silence_ms[1],
            clipped_samples=0 if levels is None else levels.clipped_samples,
            is_dual_mono=levels is not None and levels.is_dual_mono,
            cutoff_hz=None if self._cutoff is None else self._cutoff.result(),
        )
        words = np.zeros(0, np.uint32) if self._print is None else self._print.result()
        waveform = b"" if levels is None else levels.waveform()
        return Measured(sound, decoded, words, waveform, channels)


def _decibels(share: float | None) -> float | None:
    return round(20 * math.log10(share), 2) if share else None
