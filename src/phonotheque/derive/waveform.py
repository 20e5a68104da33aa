"""The waveform of a recording as a picture: left channel above the line, right below.

Laws: it is drawn from the 1,600 bytes that one decode left behind, and no sound is read; a bar is
the highest peak of its time, the mean level inside it the mean; full scale fills the height, so
that pictures can be compared, and hairlines mark it; silence is a thin line and not nothing.

Not here: measuring (`phonotheque.audio`), drawing a spectrogram (`phonotheque.derive.spectrogram`).
"""

from __future__ import annotations

import functools
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from phonotheque.derive.axes import spoken_duration, time_marks
from phonotheque.derive.colours import GREY_HUE, Inks, inks
from phonotheque.music.sound import format_clock

if TYPE_CHECKING:
    from PIL import ImageFont

POINTS = 400
WAVEFORM_BYTES = 4 * POINTS
"""Length of a waveform: for each point left peak, left mean, right peak, right mean, 0 to 255."""

_BARS = 200
_PITCH = 4.0
_BAR_WIDTH = 3.0
_HALF = 80.0  # height of one channel at full scale
_LEAST = 0.6  # height of silence
_MARGIN = 24.0
_TOP = 18.0
_WIDTH = _BARS * _PITCH - (_PITCH - _BAR_WIDTH) + 2 * _MARGIN
_LINE = _TOP + _HALF
_SCALE_LINES = (_TOP - 2, _LINE + _HALF + 1)  # just outside what is loudest
_AXIS = _LINE + _HALF + 10
_TICK = 5.0
_LABEL = _AXIS + 21
_HEIGHT = _LABEL + 13
_FONT = 13
_MARKS = 9
_DENSITY = 2  # pixels of a PNG for each unit
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may hold, not even escaped; titles of files do. Source: XML 1.0, 2.2."""

_QUIET = 0.02  # of full scale: nothing there that one would call loud


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a waveform is of.

    Attributes:
        duration_ms: Length of the recording.
        title: For those who hear the picture described; "" for none.
        hue: Of the sleeve, 0 to 23.
    """

    duration_ms: int
    title: str = ""
    hue: int = GREY_HUE


def levels(waveform: bytes, count: int) -> NDArray[np.float64]:
    """Return `count` bars as (count, 4) of 0 to 1: left peak, left mean, right peak, right mean.

    Args:
        waveform: 1,600 bytes.
        count: A divisor of 400.

    Raises:
        ValueError: The waveform has another length, or `count` does not divide 400.
    """
    if len(waveform) != WAVEFORM_BYTES:
        raise ValueError(f"a waveform has {WAVEFORM_BYTES} bytes, not {len(waveform)}")
    if count < 1 or POINTS % count:
        raise ValueError(f"{count} bars do not divide {POINTS} points")
    points = np.frombuffer(waveform, np.uint8).reshape(count, -1, 4) / 255
    bars: NDArray[np.float64] = points.mean(axis=1)
    bars[:, 0::2] = points[:, :, 0::2].max(axis=1)
    return bars


def bar_paths(waveform: bytes, count: int, pitch: float, half: float) -> tuple[str, str]:
    """Return two paths for a page that draws the waveform itself: peaks, and mean levels.

    Args:
        waveform: 1,600 bytes.
        count: How many bars, a divisor of 400.
        pitch: Width of a bar and the gap behind it; the bar takes three quarters.
        half: Height of a channel; the line is at this height.
    """
    bars = levels(waveform, count)
    width = pitch * _BAR_WIDTH / _PITCH
    return _path(bars[:, (0, 2)], pitch, width, half), _path(bars[:, (1, 3)], pitch, width, half)


def _path(
    pairs: NDArray[np.float64],
    pitch: float,
    width: float,
    half: float,
    at: tuple[float, float] = (0, 0),
) -> str:
    left, line = at[0], at[1] + half
    steps = []
    for number, (above, below) in enumerate(np.maximum(pairs * half, _LEAST).tolist()):
        x, top, bottom = left + number * pitch, line - above, line + below
        steps.append(f"M{_n(x)} {_n(top)}h{_n(width)}V{_n(bottom)}h-{_n(width)}z")
    return "".join(steps)


def _n(value: float) -> str:
    """A number as short as one tenth of a unit allows."""
    return f"{value:.1f}".removesuffix(".0")


def waveform_svg(waveform: bytes, drawn: Drawn) -> str:
    """Draw a waveform that stands alone: it needs no script, no font and no other file.

    It follows the light or dark mode of whoever looks at it, on a ground of its own.

    Raises:
        ValueError: The waveform has not 1,600 bytes.
    """
    bars = levels(waveform, _BARS)
    at = (_MARGIN, _TOP)
    peaks = _path(bars[:, (0, 2)], _PITCH, _BAR_WIDTH, _HALF, at)
    means = _path(bars[:, (1, 3)], _PITCH, _BAR_WIDTH, _HALF, at)
    label = escape(_NOT_XML.sub(" ", describe(waveform, drawn)), {'"': "&quot;"})
    marks = "".join(_mark(place, text) for place, text in _marks(drawn.duration_ms))
    size = f"{_n(_WIDTH)} {_n(_HEIGHT)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" '
        f'width="{_n(_WIDTH)}" height="{_n(_HEIGHT)}" role="img" aria-label="{label}">\n'
        f"<title>{label}</title>\n<style>{_style(drawn.hue)}</style>\n"
        f'<path class="band" d="M0 0h{_n(_WIDTH)}v{_n(_HEIGHT)}H0z"/>\n'
        f'<path class="rule" d="{_scale_lines()}"/>\n'
        f'<path class="peak" d="{peaks}"/>\n<path class="mean" d="{means}"/>\n'
        f"{marks}</svg>\n"
    )


def _scale_lines() -> str:
    """Hairlines at full scale, so that room above the music is seen as room."""
    width = _n(_WIDTH - 2 * _MARGIN)
    lines = (f"M{_n(_MARGIN)} {_n(y)}h{width}v1h-{width}z" for y in _SCALE_LINES)
    return "".join(lines)


def _style(hue: int) -> str:
    def rules(colours: Inks) -> str:
        return (
            f".band{{fill:{colours.band}}}.rule{{fill:{colours.rule}}}.peak{{fill:{colours.soft}}}"
            f".mean{{fill:{colours.strong}}}.tick{{fill:{colours.soft}}}"
            f"text{{fill:{colours.text}}}"
        )

    face = f'text{{font:{_FONT}px Archivo,system-ui,"Liberation Sans","DejaVu Sans",sans-serif}}'
    light, dark = rules(inks(hue, is_dark=False)), rules(inks(hue, is_dark=True))
    return f"{face}{light}@media (prefers-color-scheme:dark){{{dark}}}"


def _marks(duration_ms: int) -> list[tuple[float, str]]:
    inner = _WIDTH - 2 * _MARGIN
    marks = time_marks(duration_ms, _MARKS)
    return [(_MARGIN + place * inner, text) for place, text in marks]


def _mark(x: float, text: str) -> str:
    tick = f'<path class="tick" d="M{_n(x - 0.5)} {_n(_AXIS)}h1v{_n(_TICK)}h-1z"/>'
    anchor = "start" if x <= _MARGIN else "middle"
    left = x - 0.5 if x <= _MARGIN else x
    words = f'<text x="{_n(left)}" y="{_n(_LABEL)}" text-anchor="{anchor}">{text}</text>'
    return f"{tick}{words}\n"


def describe(waveform: bytes, drawn: Drawn) -> str:
    """Say in a sentence or two what the picture shows, for those who do not see it."""
    bars = levels(waveform, POINTS)
    what = f"Waveform of {drawn.title}" if drawn.title else "Waveform"
    length = spoken_duration(drawn.duration_ms)
    if not bars.any():
        return f"{what}, {length}: silence from beginning to end."
    loudness = bars[:, 1] + bars[:, 3]
    loudest_ms = int((int(np.argmax(loudness)) + 0.5) / POINTS * drawn.duration_ms)
    said = f"{what}, {length}: loudest around {format_clock(loudest_ms)}"
    quiet = np.flatnonzero(bars[:, (0, 2)].max(axis=1) > _QUIET)
    begins_ms = int((quiet[0] if len(quiet) else 0) / POINTS * drawn.duration_ms)
    if begins_ms >= 2000:
        said += f", next to silent until {format_clock(begins_ms)}"
    if np.array_equal(bars[:, :2], bars[:, 2:]):
        return f"{said}. Both channels are alike."
    return f"{said}. Left channel above the line, right below."


def waveform_png(waveform: bytes, drawn: Drawn, *, is_dark: bool = False) -> bytes:
    """Draw the same picture in pixels, twice as dense, for whoever cannot show SVG.

    Raises:
        ValueError: The waveform has not 1,600 bytes.
    """
    from PIL import Image, ImageDraw

    colours = inks(drawn.hue, is_dark=is_dark)
    size = (round(_WIDTH * _DENSITY), round(_HEIGHT * _DENSITY))
    picture = Image.new("RGB", size, colours.band)
    pen = ImageDraw.Draw(picture)
    for y in _SCALE_LINES:
        pen.rectangle(_pixels((_MARGIN, y, _WIDTH - _MARGIN, y + 1)), fill=colours.rule)
    bars = levels(waveform, _BARS)
    for columns, ink in (((0, 2), colours.soft), ((1, 3), colours.strong)):
        heights = np.maximum(bars[:, columns] * _HALF, _LEAST).tolist()
        for number, (above, below) in enumerate(heights):
            x = _MARGIN + number * _PITCH
            box = (x, _LINE - above, x + _BAR_WIDTH, _LINE + below)
            pen.rectangle(_pixels(box), fill=ink)
    for x, text in _marks(drawn.duration_ms):
        pen.rectangle(_pixels((x - 0.5, _AXIS, x + 0.5, _AXIS + _TICK)), fill=colours.soft)
        place = (max(x, _MARGIN) * _DENSITY, _LABEL * _DENSITY)
        anchor = "ls" if x <= _MARGIN else "ms"
        pen.text(place, text, fill=colours.text, font=lettering(_FONT * _DENSITY), anchor=anchor)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _pixels(box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    left, top, right, bottom = (round(value * _DENSITY) for value in box)
    return left, top, right - 1, max(top, bottom - 1)  # Pillow draws the last pixel, too


@functools.cache
def lettering(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the face that Pillow carries with it: pictures look the same on every machine."""
    from PIL import ImageFont

    return ImageFont.load_default(size_px)
