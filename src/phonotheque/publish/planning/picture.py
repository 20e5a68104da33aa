"""The coverage curve as a picture: SVG or PNG, by the extra `charts`.

Law: the title is the finding, then how it was counted; the same curve gives the same picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phonotheque.look.drawing import (
    HEIGHT,
    INK,
    MARKER,
    PAPER,
    RULE,
    WIDTH,
    altair_for,
    png_of,
    svg_of,
    title_of,
)
from phonotheque.publish.planning.curve import Point, bytes_for

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
    altair = altair_for(form)
    chart = _chart(altair, curve, title, list(lines))
    return svg_of(chart).encode() if form == "svg" else png_of(chart)


def _chart(altair: Any, curve: Sequence[Point], title: str, lines: list[str]) -> Any:
    unit, divisor = _unit(max((point.size_bytes for point in curve), default=0))
    rows = [{"bytes": point.size_bytes / divisor, "share": point.share} for point in curve]
    data = altair.Data(values=rows)
    across = altair.X("bytes:Q").title(unit).axis(grid=False, tickCount=6)
    up = altair.Y("share:Q").title(None).axis(format=".0%", tickCount=5)
    up = up.scale(domain=[0, 1])
    base = altair.Chart(data).encode(x=across, y=up)
    area = base.mark_area(color=RULE, opacity=0.6)
    line = base.mark_line(color=INK, strokeWidth=2)
    return altair.layer(area, line, *_marks(altair, curve, divisor)).properties(
        width=WIDTH,
        height=HEIGHT,
        background=PAPER,
        padding=24,
        title=title_of(altair, title, lines),
    )


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
    dots = base.mark_point(color=INK, fill=MARKER, size=60, opacity=1)
    words = base.mark_text(align="left", dx=10, dy=14, color=INK, fontSize=13).encode(text="text:N")
    return [dots, words]


def _unit(size_bytes: int) -> tuple[str, int]:
    for unit, divisor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if size_bytes >= divisor:
            return unit, divisor
    return "kB", 10**3
