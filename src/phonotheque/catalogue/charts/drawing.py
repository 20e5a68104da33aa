"""Charts as pictures: what each form is drawn of.

Laws: ink first, the marker for what the title is about; the same answer gives the same bytes.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from phonotheque.catalogue.charts.values import Answer, Form, Row
from phonotheque.catalogue.charts.words import clock, percent
from phonotheque.look.drawing import EDGE, HEIGHT, INK, INK_2, MARKER, PAPER, RULE, title_of

_ROW_PX = 24
_LABELS_SHARE = 0.42
"""At most so much of the width is for names, beside bars."""
_PHONE_PX = 480
"""In less width long names stand above bars: beside them there is no room to read them."""
_TWO_LINES_PX, _LINE_PX = 46, 11
"""Height of a row with its name above, and how far its lines are from its middle."""
_GAP = 0.12
_PADDING_PX = 24
_EDGE_PX = 4
_GAP_PX = 6
_FONT_PX = 13
_LETTER_PX, _WIDE_LETTER_PX, _DIGIT_PX = 7, 13, 7.3
"""Widths in Arial, about: of a letter, of a capital or what is written in squares, of a digit."""
_WIDER_LETTERS = 0.18
"""Share of their width by which names are wider where Arial and what is as wide are not there."""
_MINUTE_S = 60
_NARROW_BARS = 200
"""So many bars are too narrow for the marker to be seen."""


def chart_of(altair: Any, answer: Answer, width: int, *, has_title: bool) -> Any:
    """Describe the picture of an answer that has a finding.

    Args:
        altair: The library.
        width: Of the whole picture, in pixels, about.
        has_title: Whether the finding stands in it; else it is put beside by a page.
    """
    finding = answer.finding
    assert finding is not None, "what has no finding is not drawn"
    rows = [dict(row) for row in (answer.rows if finding.shown is None else finding.shown)]
    for row in rows:
        row["is_marked"] = row[answer.chart.axes.across] in finding.marked
    inner = width - 2 * _PADDING_PX
    drawn = _DRAWN[answer.chart.form](altair, answer, rows, inner)
    more = {}
    if has_title:
        more["title"] = title_of(altair, f"{finding.title}.", [answer.chart.how], inner)
    edge = _PADDING_PX if has_title else _EDGE_PX
    padding = dict.fromkeys(("left", "top", "right", "bottom"), edge)
    if answer.chart.form is Form.NAMED and not _is_above(rows, inner):
        padding["left"] += int(_names_px(rows, inner) * _WIDER_LETTERS)
    return drawn.properties(background=PAPER, padding=padding, **more)


def _fill(altair: Any) -> Any:
    return altair.condition("datum.is_marked", altair.value(MARKER), altair.value(INK))


def _steps(altair: Any, answer: Answer, rows: list[dict[str, Any]], width: int) -> Any:
    bars = _bars(altair, answer, rows, width).encode(
        y=_up(altair, answer), y2=altair.datum(0), color=_fill(altair), stroke=altair.value(INK)
    )
    return altair.layer(bars, *_marks(altair, answer, rows)) if len(rows) > _NARROW_BARS else bars


def _marks(altair: Any, answer: Answer, rows: list[dict[str, Any]]) -> list[Any]:
    """A dot and a word on marked bars that are too narrow to show a colour."""
    axes = answer.chart.axes
    marked = [
        {axes.across: row[axes.across], axes.up: row[axes.up], "words": _value(answer, row)}
        for row in rows
        if row["is_marked"]
    ]
    data = altair.Data(values=marked)
    base = altair.Chart(data).encode(x=f"{axes.across}:Q", y=f"{axes.up}:Q")
    dots = base.mark_point(color=INK, fill=MARKER, size=60, opacity=1)
    words = base.mark_text(dy=-14, color=INK, fontSize=13).encode(text="words:N")
    return [dots, words]


def _value(answer: Answer, row: Row) -> str:
    value = row[answer.chart.axes.across]
    return clock(value) if answer.chart.axes.is_clock else str(value)


def _log_steps(altair: Any, answer: Answer, rows: list[dict[str, Any]], width: int) -> Any:
    most = max(int(row[answer.chart.axes.up]) for row in rows)
    powers = [10**n for n in range(len(str(most)) + 1)]
    up = _up(altair, answer).scale(type="log", domain=[0.5, powers[-1]])
    up = up.axis(values=powers, format=",", domain=False)
    return _bars(altair, answer, rows, width).encode(
        y=up, y2=altair.value(HEIGHT), color=_fill(altair), stroke=altair.value(INK)
    )


def _stacked(altair: Any, answer: Answer, rows: list[dict[str, Any]], width: int) -> Any:
    bars = _bars(altair, answer, rows, width)
    whole = bars.encode(
        y=_up(altair, answer),
        y2=altair.datum(0),
        color=altair.value(PAPER),
        stroke=altair.value(EDGE),
    )
    part = bars.encode(y=f"{answer.chart.axes.part}:Q", y2=altair.datum(0), color=altair.value(INK))
    return altair.layer(whole, part)


def _bars(altair: Any, answer: Answer, rows: list[dict[str, Any]], width: int) -> Any:
    """Bars over a line of numbers; each is as wide as one."""
    axes = answer.chart.axes
    for row in rows:
        row["low"], row["high"] = row[axes.across] - 0.5 + _GAP, row[axes.across] + 0.5 - _GAP
    domain = [rows[0][axes.across] - 0.5, rows[-1][axes.across] + 0.5]
    across = altair.X("low:Q").title(axes.across_title or None).scale(domain=domain, nice=False)
    ticks: dict[str, Any] = {"format": "d", "tickMinStep": 1}
    if axes.is_clock:
        minutes = range(0, int(domain[1]) + 1, _MINUTE_S)
        ticks = {"values": list(minutes), "labelExpr": f"datum.value / {_MINUTE_S}",
                 "labelOverlap": False}  # fmt: skip
    across = across.axis(grid=False, tickCount=max(width // 80, 2), **ticks)
    stroke = 0.8 if len(rows) < width / 4 else 0
    data = altair.Data(values=rows)
    chart = altair.Chart(data).mark_bar(strokeWidth=stroke, clip=True)
    return chart.encode(x=across, x2="high:Q").properties(width=width, height=HEIGHT)


def _up(altair: Any, answer: Answer) -> Any:
    axes = answer.chart.axes
    return altair.Y(f"{axes.up}:Q").title(axes.up_title).axis(tickCount=5, domain=False)


def _named(altair: Any, answer: Answer, rows: list[dict[str, Any]], width: int) -> Any:
    axes = answer.chart.axes
    for row in rows:
        row["name"], row["words"] = (
            str(row[axes.across] or "unknown"),
            row.get("beside") or f"{row[axes.up]:,}",
        )
    columns = ("name", "words", "is_marked", axes.up)
    data = altair.Data(values=[_only(row, columns) for row in rows])
    is_above = _is_above(rows, width)
    shift, row_px = (_LINE_PX, _TWO_LINES_PX) if is_above else (0, _ROW_PX)
    room = width if is_above else width - _names_px(rows, width) * (1 + _WIDER_LETTERS)
    longest = max(0, room - _numbers_px(rows))
    base = altair.Chart(data).encode(y=_names(altair, width, is_above=is_above))

    def across(column: str) -> Any:
        # Bars end where the longest number still has room: it is part of the picture's width.
        return altair.X(f"{column}:Q").axis(None).scale(range=[0, longest])

    bars = base.mark_bar(height=0.7 * _ROW_PX, yOffset=shift, strokeWidth=0.8)
    numbers = base.mark_text(align="left", dx=_GAP_PX, dy=shift, fontSize=_FONT_PX, color=INK)
    layers = [numbers.encode(x=across(axes.up), text="words:N")]
    if is_above:
        names = base.mark_text(
            align="left", dy=-_LINE_PX, fontSize=_FONT_PX, color=INK_2,
            limit=int(width / (1 + _WIDER_LETTERS)),
        )  # fmt: skip
        layers.append(names.encode(x=altair.value(0), text="name:N"))
    marked = bars.encode(x=across(axes.up), color=_fill(altair), stroke=altair.value(INK))
    drawn = altair.layer(marked, *layers)
    return drawn.properties(width=int(room), height=row_px * len(rows))


def _is_above(rows: list[dict[str, Any]], width: int) -> bool:
    """Whether names stand above their bars: on a phone, where they would be cut off beside them."""
    return width < _PHONE_PX and _longest_px(rows) > width * _LABELS_SHARE


def _names(altair: Any, width: int, *, is_above: bool) -> Any:
    names = altair.Y("name:N").sort(None).title(None)
    if is_above:
        return names.axis(None)
    limit = int(width * _LABELS_SHARE)
    return names.axis(labelLimit=limit, ticks=False, domain=False, labelPadding=8)


def _names_px(rows: list[dict[str, Any]], width: int) -> int:
    """How wide the names beside bars are, about."""
    return min(int(width * _LABELS_SHARE), _longest_px(rows))


def _longest_px(rows: list[dict[str, Any]]) -> int:
    return max(sum(map(_letter_px, row["name"])) for row in rows)


def _letter_px(letter: str) -> int:
    is_wide = letter.isupper() or unicodedata.east_asian_width(letter) in "WF"
    return _WIDE_LETTER_PX if is_wide else _LETTER_PX


def _numbers_px(rows: list[dict[str, Any]]) -> int:
    """How wide the numbers behind bars are at most, with the gap before them."""
    longest = max(len(row["words"]) for row in rows)
    return int(longest * _DIGIT_PX * (1 + _WIDER_LETTERS)) + _GAP_PX


def _only(row: Row, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _curve(altair: Any, answer: Answer, rows: list[dict[str, Any]], width: int) -> Any:
    axes = answer.chart.axes
    for row in rows:
        row["words"] = f"{percent(row[axes.across], 1)} have {percent(row[axes.up], 1)}"
    start = {axes.across: 0.0, axes.up: 0.0, "is_marked": False, "words": ""}
    data = altair.Data(values=[start, *rows])
    whole = altair.Scale(domain=[0, 1])
    across = altair.X(f"{axes.across}:Q").title(axes.across_title).scale(whole)
    up = altair.Y(f"{axes.up}:Q").title(axes.up_title).scale(whole).axis(format=".0%", tickCount=5)
    base = altair.Chart(data).encode(
        x=across.axis(format=".0%", grid=False, tickCount=max(width // 100, 2)), y=up
    )
    area = base.mark_area(color=RULE, opacity=0.6)
    line = base.mark_line(color=INK, strokeWidth=2)
    marked = base.transform_filter("datum.is_marked")
    dots = marked.mark_point(color=INK, fill=MARKER, size=80, opacity=1)
    words = marked.mark_text(align="left", dx=12, dy=4, color=INK, fontSize=13)
    layers = (area, line, dots, words.encode(text="words:N"))
    return altair.layer(*layers).properties(width=width, height=HEIGHT)


_DRAWN = {
    Form.STEPS: _steps,
    Form.LOG_STEPS: _log_steps,
    Form.STACKED: _stacked,
    Form.NAMED: _named,
    Form.CURVE: _curve,
}
