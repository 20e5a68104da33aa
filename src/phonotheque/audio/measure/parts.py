"""Frames of any length and form in, large blocks of one form out.

Laws: every block but the last has `block_samples` samples and the form of the first frame; a stream
that changes its rate, format or layout midway (chained Ogg may) is brought to the form of its first
part, so that whoever measures it sees one programme; no sample is lost where the form changes.

Block size decides what the pass costs, not the language: per frame of 1,024 samples the meters cost
twice as much as per block of 262,144.
"""

from __future__ import annotations

from collections.abc import Iterator

import av
from av.audio.frame import AudioFrame

BLOCK_VALUES = 2 * 262_144
"""Values in a block over all channels: 5.9 s of stereo at 44.1 kHz, 2 MiB of 32-bit samples."""

SLICES_PER_SECOND = 100
"""Blocks are cut at whole hundredths of a second, so that slices of that length never straddle."""

_LAYOUTS = {1: "mono", 2: "stereo"}
"""What "1 channels" and "2 channels" are: WAV names no places, and FFmpeg stumbles over that."""


def slice_samples_of(rate_hz: int) -> int:
    """Return the samples in one slice at a rate, at least 1 and never more than a block holds."""
    return max(1, min(rate_hz // SLICES_PER_SECOND, BLOCK_VALUES // 2))


class Parts:
    """Collects frames; `iter_blocks` and `iter_last` give blocks back.

    Attributes:
        rate_hz: Of the first part; 0 before the first frame.
        channels: Of the first part.
        changes: How often rate or number of channels changed.
    """

    def __init__(self) -> None:
        self.rate_hz = 0
        self.channels = 0
        self.changes = 0
        self._fifo = av.AudioFifo()
        self._form: tuple[int, str, str] | None = None
        self._first_form: tuple[int, str, str] | None = None
        self._width = 0
        self._has_changed = False
        self._to_first: av.AudioResampler | None = None
        self._namer: av.AudioResampler | None = None
        self._block_samples = 0
        self._lengths: dict[int, int] = {}

    @property
    def is_one_form(self) -> bool:
        """Whether all frames so far had one rate, format and layout."""
        return not self._has_changed

    @property
    def has_block(self) -> bool:
        """Whether a whole block is there."""
        return self._fifo.samples >= self._block_samples > 0

    @property
    def samples(self) -> int:
        """Sample frames that came in, each part's own."""
        return sum(self._lengths.values())

    @property
    def length_ms(self) -> int:
        """Length of all that came in, each part at its own rate."""
        return round(sum(count * 1000 / hz for hz, count in self._lengths.items()))

    def write(self, frame: AudioFrame) -> None:
        """Take a frame. Its time stamp is dropped: the fifo would refuse a gap.

        Raises:
            FOREIGN_ERRORS: It cannot be brought to the form of the first part.
        """
        rate_hz, samples = frame.sample_rate, frame.samples
        if not samples or not rate_hz:
            return
        frame.pts = None
        # The fifo refuses another rate or format itself, and asking it is cheaper than comparing
        # names. Another number of channels it takes, and crashes when the sound is planar.
        if self._to_first is None and frame.layout.nb_channels == self._width:
            try:
                self._fifo.write(frame)
            except ValueError:
                self._write_changed(frame)
        else:
            self._write_changed(frame)
        self._lengths[rate_hz] = self._lengths.get(rate_hz, 0) + samples

    def _write_changed(self, frame: AudioFrame) -> None:
        width = frame.layout.nb_channels
        if not width:
            raise ValueError("a frame of no channels")
        form = (frame.sample_rate, frame.format.name, frame.layout.name)
        if form != self._form:
            self._change(form, width)
        if self._to_first is None:
            self._fifo.write(frame)
        else:
            self._collect(self._to_first.resample(frame))

    def iter_blocks(self) -> Iterator[AudioFrame]:
        """Give every whole block that there is."""
        while self.has_block:
            yield from self._read(self._block_samples)

    def iter_last(self) -> Iterator[AudioFrame]:
        """Give the rest, after the last frame."""
        self.drain()
        yield from self.iter_blocks()
        if self._fifo.samples:
            yield from self._read(0)

    def _read(self, samples: int) -> Iterator[AudioFrame]:
        block = self._fifo.read(samples)
        if block is None:
            return
        block.pts = None
        if self._namer is None:
            yield block
        else:
            yield from self._namer.resample(block)

    def _change(self, form: tuple[int, str, str], width: int) -> None:
        rate_hz, _, layout = form
        if self._first_form is None:
            self._first_form, self.rate_hz, self.channels = form, rate_hz, width
            step = slice_samples_of(rate_hz)
            if width in _LAYOUTS and layout != _LAYOUTS[width]:
                self._namer = av.AudioResampler(layout=_LAYOUTS[width])
            self._block_samples = max(step, BLOCK_VALUES // max(2, width) // step * step)
        else:
            assert self._form is not None
            self._has_changed = True
            self.changes += (rate_hz, width) != (self._form[0], self._width)
            self.drain()
            first_hz, first_format, first_layout = self._first_form
            if form != self._first_form:
                self._to_first = av.AudioResampler(first_format, first_layout, first_hz)
        self._form, self._width = form, width

    def drain(self) -> None:
        """Take what the resampler still holds and be done with it.

        Raises:
            FOREIGN_ERRORS: It cannot be brought to the form of the first part.
        """
        held, self._to_first = self._to_first, None
        if held is not None:
            self._collect(held.resample(None))

    def _collect(self, frames: list[AudioFrame]) -> None:
        for frame in frames:
            frame.pts = None
            self._fifo.write(frame)
