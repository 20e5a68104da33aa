"""Charts in the look of the house: paper, ink and one marker, as SVG or PNG, by the extra `charts`.

Laws: the same chart gives the same bytes; an SVG that is shown as a picture follows the dark mode
of whoever looks at it, a PNG is in light, as paper is.

Not here: what a chart says; each room has charts of its own.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Sequence
from typing import Any

from phonotheque.errors import UnavailableError

PAPER, INK, INK_2, RULE, EDGE, MARKER = (
    "#f3f5f2", "#15181a", "#424947", "#cfd5cf", "#7d8581", "#ffd53d",
)  # fmt: skip
"""Tokens of `style/house.css`, in light."""

_IN_DARK = {PAPER: "#131615", INK: "#eceeea", INK_2: "#bcc3be", RULE: "#2e3532", EDGE: "#7b847f"}
"""The same tokens in dark; the marker is one colour in both."""

_LETTERS = 'Arial, "Liberation Sans", Helvetica, sans-serif'
"""A picture brings no typeface along, and its room for names was measured when it was drawn: these
are equally wide. The house's own would be asked for in vain."""
WIDTH, HEIGHT = 720, 360
"""Of a chart that stands alone, and of the space within its axes, in pixels."""

_PNG_SCALE = 2
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""All but the production `Char` of XML 1.0, section 2.2."""
_TITLE_PX, _LINES_PX = 19, 14
_PX_OF_A_LETTER = 0.54
"""Mean width of a letter of the house's typeface, in its size."""


def altair_for(form: str) -> Any:
    """Return the library that charts are made with.

    Args:
        form: What it is wanted for, as an error names it: "svg", "png".

    Raises:
        UnavailableError: The extra `charts` is not installed.
    """
    try:
        import altair
        import vl_convert  # noqa: F401 (it draws what Altair describes)
    except ImportError as error:
        raise UnavailableError(
            f"a picture as {form.upper()}",
            "the libraries that draw it are not installed",
            "Install them with `pip install 'phonotheque[charts]'`.",
        ) from error
    return altair


def title_of(altair: Any, title: str, lines: Sequence[str], width: int = WIDTH) -> Any:
    """Return a finding and how it was counted, broken into lines that fit a width in pixels."""
    return altair.TitleParams(
        _wrapped([title], width, _TITLE_PX),
        subtitle=_wrapped(lines, width, _LINES_PX),
        anchor="start",
        offset=16,
    )


def _wrapped(lines: Sequence[str], width: int, size_px: int) -> list[str]:
    letters = int(width / (size_px * _PX_OF_A_LETTER))
    return [piece for line in lines for piece in textwrap.wrap(line, letters) or [""]]


def svg_of(chart: Any) -> str:
    """Draw a chart as SVG in the look of the house, in the mode of whoever looks at it."""
    return _with_dark_mode(_in_light(chart))


def png_of(chart: Any) -> bytes:
    """Draw a chart as PNG, twice as many pixels each way as it is wide and high."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(_in_light(chart), scale=_PNG_SCALE))


def svg_and_png_of(chart: Any) -> tuple[str, bytes]:
    """Draw a chart once, as `svg_of` and `png_of` do."""
    import vl_convert

    svg = _in_light(chart)
    return _with_dark_mode(svg), bytes(vl_convert.svg_to_png(svg, scale=_PNG_SCALE))


def _in_light(chart: Any) -> str:
    import vl_convert

    styled = (
        chart.configure(font=_LETTERS, aria=False)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK_2, titleColor=INK_2, gridColor=RULE, domainColor=RULE, tickColor=RULE,
            labelFontSize=13, titleFontSize=13, titleFontWeight="normal",
        )
        .configure_legend(labelColor=INK_2, titleColor=INK_2, labelFontSize=13, titleFontSize=13)
        .configure_title(
            color=INK, fontSize=_TITLE_PX, fontWeight=500, subtitleColor=INK_2,
            subtitleFontSize=_LINES_PX, subtitlePadding=8,
        )
    )  # fmt: skip
    described = json.dumps(_writable(styled.to_dict()), sort_keys=True)
    return str(vl_convert.vegalite_to_svg(described))


def _writable(value: Any) -> Any:
    """Put a space for each sign that XML has no way to write: the library, which measures text by
    an SVG of its own, would end the process over one in a title."""
    if isinstance(value, str):
        return _NOT_IN_XML.sub(" ", value)
    if isinstance(value, dict):
        return {name: _writable(one) for name, one in value.items()}
    return [_writable(one) for one in value] if isinstance(value, list) else value


def _with_dark_mode(svg: str) -> str:
    """Let the tokens change with the mode: a rule of a style goes before an attribute."""
    rules = "".join(
        f'[{name}="{light}"]{{{name}:{dark}}}'
        for light, dark in _IN_DARK.items()
        for name in ("fill", "stroke")
    )
    head, end, rest = svg.partition(">")
    return f"{head}{end}<style>@media (prefers-color-scheme:dark){{{rules}}}</style>{rest}"
