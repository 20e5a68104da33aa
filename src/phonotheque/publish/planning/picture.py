"""The coverage curve as a picture: SVG or PNG, by the extra `charts`.

Law: the title is the finding, then how it was counted; the same curve gives the same picture.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from phonotheque.errors import UnavailableError
from phonotheque.publish.planning.curve import Point, bytes_for

_PAPER, _INK, _INK_2, _RULE, _MARKER = "#f3f5f2", "#15181a", "#424947", "#cfd5cf", "#ffd53d"
"""Tokens of the look, in light; a picture is looked at on paper."""

_HOUSE = 'Archivo, system-ui, "Liberation Sans", "DejaVu Sans", sans-serif'
_WIDTH, _HEIGHT = 720, 360
_PNG_SCALE = 2
_LABELLED = (0.5, 0.9, 0.99, 0.996)
"""Shares that are marked where the curve reaches them."""


def picture_of(curve: Sequence[Point], title: str, lines: Sequence[str], form: str) -> bytes:
    """Draw a curve.

    Args:
        title: The finding.
        lines: How it was counted.
        form: "svg" or "png".

    Raises:
        UnavailableError: The extra `charts` is not installed.
    """
    try:
        import altair
        import vl_convert  # noqa: F401 (Altair draws with it, and says so less plainly)
    except ImportError as error:
        raise UnavailableError(
            f"a picture as {form.upper()}",
            "the libraries that draw it are not installed",
            "Install them with `pip install 'phonotheque[charts]'`.",
        ) from error
    chart = _chart(altair, curve, title, list(lines))
    if form == "svg":
        text = io.StringIO()
        chart.save(text, format=form)
        return text.getvalue().encode()
    data = io.BytesIO()
    chart.save(data, format=form, scale_factor=_PNG_SCALE)
    return data.getvalue()


def _chart(altair: Any, curve: Sequence[Point], title: str, lines: list[str]) -> Any:
    unit, divisor = _unit(max((point.size_bytes for point in curve), default=0))
    rows = [{"bytes": point.size_bytes / divisor, "share": point.share} for point in curve]
    data = altair.Data(values=rows)
    across = altair.X("bytes:Q").title(unit).axis(grid=False, tickCount=6)
    up = altair.Y("share:Q").title(None).axis(format=".0%", tickCount=5)
    up = up.scale(domain=[0, 1])
    base = altair.Chart(data).encode(x=across, y=up)
    area = base.mark_area(color=_RULE, opacity=0.6)
    line = base.mark_line(color=_INK, strokeWidth=2)
    return (
        altair.layer(area, line, *_marks(altair, curve, divisor))
        .properties(
            width=_WIDTH,
            height=_HEIGHT,
            background=_PAPER,
            padding=24,
            title=altair.TitleParams(title, subtitle=lines, anchor="start", offset=16),
        )
        .configure(font=_HOUSE)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_INK_2, titleColor=_INK_2, gridColor=_RULE, domainColor=_RULE,
            tickColor=_RULE, labelFontSize=13, titleFontSize=13, titleFontWeight="normal",
        )
        .configure_title(
            color=_INK, fontSize=19, fontWeight=500, subtitleColor=_INK_2, subtitleFontSize=14,
            subtitlePadding=8,
        )
    )  # fmt: skip


def _marks(altair: Any, curve: Sequence[Point], divisor: int) -> list[Any]:
    """Dots where the curve reaches a tier's share, with what it took."""
    rows = []
    for share in _LABELLED:
        size_bytes = bytes_for(curve, share)
        if size_bytes is not None:
            unit, own = _unit(size_bytes)
            text = f"{share * 100:g} % in {size_bytes / own:.3g} {unit}"
            rows.append({"bytes": size_bytes / divisor, "share": share, "text": text})
    if not rows:
        return []
    base = altair.Chart(altair.Data(values=rows[:3])).encode(x="bytes:Q", y="share:Q")
    dots = base.mark_point(color=_INK, fill=_MARKER, size=60, opacity=1)
    words = base.mark_text(align="left", dx=10, dy=14, color=_INK, fontSize=13).encode(
        text="text:N"
    )
    return [dots, words]


def _unit(size_bytes: int) -> tuple[str, int]:
    for unit, divisor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if size_bytes >= divisor:
            return unit, divisor
    return "kB", 10**3
