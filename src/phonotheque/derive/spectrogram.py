"""Drawing a spectrum: time to the right in minutes, frequency upwards in kHz, level as lightness.

Laws: the axes are linear and labelled, and so is the scale of colours: what is read off the picture
is a figure; the same levels give the same picture. An even scale of frequency is chosen because it
shows what an archive asks: where the sound ends, and whether it was once compressed.

Not here: measuring (`phonotheque.derive.spectrum`).
"""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phonotheque.derive.axes import frequency_marks, time_marks
from phonotheque.derive.colours import night_to_paper
from phonotheque.derive.recipes import SPECTROGRAM, SpectrogramRecipe
from phonotheque.derive.spectrum import Spectrum
from phonotheque.derive.waveform import lettering

if TYPE_CHECKING:
    from PIL import ImageDraw

LEFT, TOP, RIGHT, BOTTOM = 64, 48, 108, 56
"""Margins around the plot, in pixels."""

_PAPER, _INK = (0xF3, 0xF5, 0xF2), (0x42, 0x49, 0x47)
_FONT = 18
_TICK, _GAP = 6, 10
_SCALE_GAP, _SCALE_WIDTH = 24, 18
_TIME_MARKS, _FREQUENCY_MARKS, _LEVEL_STEP_DB = 10, 12, 20
_SHADES = 64  # of 100 dB: 1.6 dB each is all that anybody sees, and the file is 30 % smaller
_INK_STEPS = 16  # from paper to ink, so that letters have soft edges
_TICK_INK = 140


def spectrogram_png(spectrum: Spectrum, recipe: SpectrogramRecipe = SPECTROGRAM) -> bytes:
    """Draw a spectrum that was measured by the same recipe.

    Cost: 0.1 s; about 250 KB for a song.
    """
    from PIL import Image, ImageDraw

    height, width = TOP + recipe.rows + BOTTOM, LEFT + recipe.columns + RIGHT
    canvas = np.full((height, width), _SHADES, np.uint8)
    canvas[TOP : TOP + recipe.rows, LEFT : LEFT + recipe.columns] = _plot(spectrum, recipe)
    scale_x = LEFT + recipe.columns + _SCALE_GAP
    ramp = np.linspace(_SHADES - 1, 0, recipe.rows).round().astype(np.uint8)
    canvas[TOP : TOP + recipe.rows, scale_x : scale_x + _SCALE_WIDTH] = ramp[:, None]
    written = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(written)
    _label_time(pen, spectrum, recipe)
    _label_frequency(pen, spectrum, recipe)
    _label_levels(pen, recipe, scale_x + _SCALE_WIDTH)
    ink = np.asarray(written).astype(np.uint16) * (_INK_STEPS - 1) // 255
    canvas = np.where(ink > 0, _SHADES + ink, canvas).astype(np.uint8)
    picture = Image.fromarray(canvas, "L").convert("P")
    picture.putpalette(_palette())
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=7)
    return out.getvalue()


def _plot(spectrum: Spectrum, recipe: SpectrogramRecipe) -> NDArray[np.uint8]:
    """The levels as shades; a sound shorter than the picture is wide gets broad columns."""
    places = np.arange(recipe.columns) * spectrum.columns // recipe.columns
    levels = spectrum.grid()[:, places].astype(np.uint16)
    return ((levels * (_SHADES - 1) + 127) // 255).astype(np.uint8)


@functools.cache
def _palette() -> bytes:
    """Shades of sound, then steps from paper to ink."""
    places = np.linspace(0, 255, _SHADES).round().astype(np.intp)
    share = np.linspace(0, 1, _INK_STEPS)[:, None]
    letters = np.array(_PAPER) * (1 - share) + np.array(_INK) * share
    return night_to_paper()[places].tobytes() + letters.round().astype(np.uint8).tobytes()


def _label_time(pen: ImageDraw.ImageDraw, spectrum: Spectrum, recipe: SpectrogramRecipe) -> None:
    bottom = TOP + recipe.rows
    for place, text in time_marks(spectrum.duration_ms, _TIME_MARKS):
        x = LEFT + round(place * (recipe.columns - 1))
        pen.line((x, bottom + 2, x, bottom + 2 + _TICK), fill=_TICK_INK)
        _write(pen, (x, bottom + _TICK + _GAP), text, "ma")
    _write(pen, (LEFT + recipe.columns + _SCALE_GAP, bottom + _TICK + _GAP), "min:s", "la")


def _label_frequency(
    pen: ImageDraw.ImageDraw, spectrum: Spectrum, recipe: SpectrogramRecipe
) -> None:
    highest_hz = spectrum.rate_hz // 2
    _write(pen, (LEFT - _GAP - 2, TOP - 14), "kHz", "rs")
    for place, text in frequency_marks(highest_hz, _FREQUENCY_MARKS):
        y = TOP + round((1 - place) * (recipe.rows - 1))
        pen.line((LEFT - 2 - _TICK, y, LEFT - 2, y), fill=_TICK_INK)
        if y - TOP >= _FONT // 2 or place == 0:  # the highest would stand in its unit
            _write(pen, (LEFT - _GAP - 2, y), text, "rm")


def _label_levels(pen: ImageDraw.ImageDraw, recipe: SpectrogramRecipe, x: int) -> None:
    span = recipe.ceiling_db - recipe.floor_db
    _write(pen, (x - _SCALE_WIDTH, TOP - 14), "dBFS", "ls")
    lowest = -(-recipe.floor_db // _LEVEL_STEP_DB) * _LEVEL_STEP_DB
    for level_db in range(lowest, recipe.ceiling_db + 1, _LEVEL_STEP_DB):
        y = TOP + round((recipe.ceiling_db - level_db) / span * (recipe.rows - 1))
        pen.line((x + 2, y, x + 2 + _TICK, y), fill=_TICK_INK)
        _write(pen, (x + _TICK + _GAP - 2, y), str(level_db), "lm")


def _write(pen: ImageDraw.ImageDraw, place: tuple[int, int], text: str, anchor: str) -> None:
    pen.text(place, text, fill=255, font=lettering(_FONT), anchor=anchor)
