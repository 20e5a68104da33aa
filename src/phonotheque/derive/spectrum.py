"""All frequencies of a recording over time, as a small grid of levels.

Laws: a sine at full scale has 0 dB wherever it lies; both channels count (in turn, at half the
price of both at once), and never their sum, in which sound can cancel out; the grid is the
whole recording whatever its length, and memory does not grow with it: when there are too many
lines, neighbours are averaged and the step is doubled.

Method: short-time Fourier transform, 2,048 samples under a Hann window, evenly spaced, no more of
them than the picture can show (all of them would cost five times as much and look the same).
Runs in a limited child. Not here: drawing (`phonotheque.derive.spectrogram`).
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterable
from typing import BinaryIO

import msgspec
import numpy as np
import numpy.fft  # imported late otherwise, when a child could not do it any more
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from phonotheque.audio import warm_up as warm_up_readers
from phonotheque.audio.private_file import open_private
from phonotheque.audio.sandbox import Limits
from phonotheque.audio.warmth import tiny_wav
from phonotheque.derive.limited import Refused, ask_child
from phonotheque.derive.recipes import SPECTROGRAM, SpectrogramRecipe
from phonotheque.derive.sound_blocks import Samples, iter_blocks, source_rate_hz
from phonotheque.errors import MalformedError

WINDOW = 2048
"""Samples of one transform: 46 ms and steps of 21.5 Hz at 44.1 kHz, a fair share for both axes."""

_LEAST_STEP = 64
_UNKNOWN_STEP = 1024
_LINES_AT_MOST = 4096
_BATCH = 128
_FAINTEST = 1e-16

_CPU_S_LEAST = 60
_REAL_TIME_LEAST = 100
_WALL_FACTOR = 4.0


class Spectrum(msgspec.Struct, frozen=True, tag="spectrum"):
    """The levels of a recording.

    Attributes:
        columns: How many columns of time; fewer than asked for when the sound is very short.
        rows: How many rows of frequency.
        rate_hz: Sample rate: the rows go from 0 Hz to half of it.
        duration_ms: Length of the sound that was decoded.
        levels: A byte for each place, row by row from the highest frequency to the lowest, 0 for
            the floor of the recipe or less, 255 for its ceiling or more.
    """

    columns: int
    rows: int
    rate_hz: int
    duration_ms: int
    levels: bytes

    def grid(self) -> NDArray[np.uint8]:
        """The levels as (rows, columns)."""
        return np.frombuffer(self.levels, np.uint8).reshape(self.rows, self.columns)


@functools.cache
def warm_up() -> None:
    """Do everything once that a child cannot do for the first time. See `audio.warm_up`."""
    warm_up_readers()
    _read(io.BytesIO(tiny_wav()), 8, SPECTROGRAM)


def measure_spectrum(
    file: BinaryIO, duration_ms: int | None, recipe: SpectrogramRecipe = SPECTROGRAM
) -> Spectrum:
    """Measure the spectrum of a recording in a limited child.

    Args:
        file: A real file; its position is neither used nor moved.
        duration_ms: Its length as far as it is known: a wrong one costs time or detail, no more.
        recipe: How fine, and between which levels.

    Raises:
        MalformedError: There is no sound that anybody can decode, or it brought the reader down.
        UnavailableError: The disk failed, or no process could be started.

    Cost: the decoding, and 40 ms.
    """
    warm_up()
    cpu_s = _CPU_S_LEAST + (duration_ms or 0) // 1000 // _REAL_TIME_LEAST
    limits = Limits(cpu_s=cpu_s, wall_s=_WALL_FACTOR * cpu_s)
    text = msgspec.json.encode(recipe).decode()
    handed = (file.fileno(),)
    args = (*handed, duration_ms or 0, text)
    return ask_child(
        "the recording", Spectrum, spectrum_of, *args, descriptors=handed, limits=limits
    )


def spectrum_of(descriptor: int, duration_ms: int, text: str) -> Spectrum | Refused:
    """In a child: the spectrum of the file behind a descriptor."""
    file, raw = open_private(descriptor)
    recipe = msgspec.json.decode(text, type=SpectrogramRecipe)
    try:
        return _read(file, duration_ms, recipe)
    except MalformedError as error:
        return Refused(error.wrong)
    finally:
        if raw.failure is not None:
            raise raw.failure


def _read(file: BinaryIO, duration_ms: int, recipe: SpectrogramRecipe) -> Spectrum:
    rate_hz = source_rate_hz(file)
    return spectrum(iter_blocks(file, rate_hz), rate_hz, duration_ms, recipe)


def spectrum(
    blocks: Iterable[Samples], rate_hz: int, duration_ms: int, recipe: SpectrogramRecipe
) -> Spectrum:
    """Measure the spectrum of sound that comes in blocks. Pure."""
    lines = _Lines(_step(rate_hz, duration_ms, recipe.columns))
    for block in blocks:
        lines.take(block)
    power = lines.finish()
    columns = min(recipe.columns, len(power))
    narrow = _reduced(power, columns, np.add)
    tall = _reduced(np.ascontiguousarray(narrow[:, 1:].T), recipe.rows, np.maximum)
    decibels = 10 * np.log10(np.maximum(tall, _FAINTEST))
    span = recipe.ceiling_db - recipe.floor_db
    share = np.clip((decibels - recipe.floor_db) / span, 0, 1)
    levels = np.rint(share[::-1] * 255).astype(np.uint8)
    duration = lines.samples * 1000 // rate_hz
    return Spectrum(columns, recipe.rows, rate_hz, duration, levels.tobytes())


def _step(rate_hz: int, duration_ms: int, columns: int) -> int:
    """How many samples lie between two lines, so that a column gets about one."""
    if duration_ms <= 0:
        return _UNKNOWN_STEP
    return max(_LEAST_STEP, duration_ms * rate_hz // 1000 // columns)


def _reduced(table: NDArray[np.float32], count: int, how: np.ufunc) -> NDArray[np.float32]:
    """Fold the first axis to `count` entries: sums become means, a maximum stays one."""
    edges = np.linspace(0, len(table), count + 1).astype(np.intp)
    starts = np.minimum(edges[:-1], len(table) - 1)
    folded: NDArray[np.float32] = how.reduceat(table, starts, axis=0)
    if how is np.add:
        folded /= np.maximum(np.diff(edges), 1)[:, None].astype(np.float32)
    return folded


class _Lines:
    """Spectra at even steps, gathered while the sound flows past.

    A line is the mean of two windows, half a step apart; of two channels each gives one.
    """

    def __init__(self, step: int) -> None:
        self._step = step
        self._window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
        self._scale = np.float32((2 / self._window.sum()) ** 2 / 2)
        self._rest: Samples | None = None
        self._skip = 0  # samples still to be passed over before the next line
        self._done: list[NDArray[np.float32]] = []
        self._count = 0
        self.samples = 0

    @property
    def _reach(self) -> int:
        """How many samples a line needs from its beginning on."""
        return WINDOW + self._step // 2

    def take(self, block: Samples) -> None:
        """Take in the next block."""
        self.samples += len(block)
        if self._skip >= len(block):
            self._skip -= len(block)
            return
        block, self._skip = block[self._skip :], 0
        joined = block if self._rest is None else np.concatenate([self._rest, block])
        starts = np.arange(0, len(joined) - self._reach + 1, self._step)
        for first in range(0, len(starts), _BATCH):
            self._add(joined, starts[first : first + _BATCH])
        following = len(starts) * self._step
        self._rest = joined[following:].copy() if following < len(joined) else None
        self._skip = max(0, following - len(joined))
        while self._count > _LINES_AT_MOST:
            self._halve()

    def _add(self, joined: Samples, starts: NDArray[np.intp]) -> None:
        lines = np.zeros((len(starts), WINDOW // 2 + 1), np.float32)
        for channel, later in ((0, 0), (joined.shape[1] - 1, self._step // 2)):
            windows = sliding_window_view(joined[:, channel], WINDOW)[starts + later]
            bins = np.fft.rfft(windows * self._window)
            lines += bins.real**2 + bins.imag**2
        lines *= self._scale
        self._done.append(lines)
        self._count += len(starts)

    def _halve(self) -> None:
        """Average neighbours. The step of what follows is doubled."""
        table: NDArray[np.float32] = np.concatenate(self._done)
        even = len(table) // 2 * 2
        self._done = [(table[0:even:2] + table[1:even:2]) * np.float32(0.5), table[even:]]
        self._count = sum(map(len, self._done))
        self._step *= 2

    def finish(self) -> NDArray[np.float32]:
        """Return all lines as (lines, frequencies); the end is filled up with silence."""
        if self._rest is not None and (not self._count or len(self._rest) >= self._step):
            padded = np.zeros((self._reach, self._rest.shape[1]), np.float32)
            kept = self._rest[: self._reach]
            padded[: len(kept)] = kept
            self._add(padded, np.zeros(1, np.intp))
        if not self._count:
            return np.zeros((1, WINDOW // 2 + 1), np.float32)
        return np.concatenate(self._done)
