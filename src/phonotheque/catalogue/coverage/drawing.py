"""A table of coverage as a picture: each thing that is counted in a column, or a panel, of its own.

Laws: place and words tell what a bar is, and its shade says it again, so that a print in grey loses
nothing; the same table gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phonotheque.catalogue.coverage.telling import Shown
from phonotheque.catalogue.coverage.words import By
from phonotheque.look.drawing import EDGE, INK, INK_2, MARKER, PAPER, RULE, WIDTH, title_of

_PADDING_PX = 24
_INNER_PX = WIDTH - 2 * _PADDING_PX
_NAMES_PX = 190
_GAP_PX = 16
_ROW_PX = 36
_BAR_PX = 8
_FROM_MIDDLE_PX = 8
"""How far a number stands above the middle of its row, and its bar below it."""
_FONT_PX = 13
_PANEL_PX, _LOW_PANEL_PX = 220, 70
_GAP = 0.12
"""Of a year, on both sides of its bar."""

_SHADES = {"held": INK, "free": EDGE, "missing": PAPER, "rare": MARKER}

Row = Mapping[str, Any]


def coverage_chart(altair: Any, shown: Shown, by: By) -> Any:
    """Describe the picture of a table.

    Args:
        altair: The library.
    """
    drawn = _over_years(altair, shown) if by is By.YEAR else _beside_names(altair, shown)
    words = f"{shown.title}.".replace(" %", "\N{NO-BREAK SPACE}%")
    title = title_of(altair, words, [shown.how], _INNER_PX)
    return drawn.properties(background=PAPER, padding=_PADDING_PX, title=title)


def _beside_names(altair: Any, shown: Shown) -> Any:
    """A row for each group: its name, how much of it is known, and shares of that."""
    rows = [{"place": place} | row for place, row in enumerate(shown.rows)]
    most = max(row["known"] for row in rows)
    known = [_cell(row, "known", row["known"] / most) for row in rows]
    columns = [_names(altair, rows), _column(altair, "known", known, is_share=False)]
    for name in _SHADES:
        cells = [_cell(row, name, row[name] / row["known"]) for row in rows]
        columns.append(_column(altair, name, cells, is_share=True))
    return altair.hconcat(*columns, spacing=_GAP_PX)


def _cell(row: Row, name: str, length: float) -> dict[str, Any]:
    return {"place": row["place"], "words": f"{row[name]:,}", "length": length}


def _names(altair: Any, rows: list[dict[str, Any]]) -> Any:
    names = [{"place": row["place"], "name": row["group"]} for row in rows]
    marks = altair.Chart(altair.Data(values=names)).mark_text(
        align="left", fontSize=_FONT_PX, color=INK_2, limit=_NAMES_PX
    )
    drawn = marks.encode(x=altair.value(0), y=_rows(altair), text="name:N")
    return drawn.properties(width=_NAMES_PX, height=_ROW_PX * len(rows))


def _column(altair: Any, name: str, cells: list[dict[str, Any]], *, is_share: bool) -> Any:
    width = (_INNER_PX - _NAMES_PX) // (len(_SHADES) + 1) - _GAP_PX
    base = altair.Chart(altair.Data(values=cells)).encode(y=_rows(altair))
    across = altair.X("length:Q").axis(None).scale(domain=[0, 1])
    bars = base.mark_bar(height=_BAR_PX, yOffset=_FROM_MIDDLE_PX, strokeWidth=0.8)
    words = base.mark_text(align="left", dy=-_FROM_MIDDLE_PX, fontSize=_FONT_PX, color=INK)
    layers = [words.encode(x=altair.value(0), text="words:N")]
    if is_share:
        whole = bars.encode(
            x=altair.value(0), x2=altair.value(width), color=altair.value(RULE),
            stroke=altair.value(RULE),
        )  # fmt: skip
        layers.append(whole)
    part = bars.transform_filter("datum.length > 0").encode(
        x=across, x2=altair.datum(0), color=altair.value(_SHADES.get(name, PAPER)),
        stroke=altair.value(INK),
    )  # fmt: skip
    head = altair.TitleParams(name, anchor="start", fontSize=_FONT_PX, color=INK_2, offset=6)
    height = _ROW_PX * len(cells)
    return altair.layer(*layers, part).properties(width=width, height=height, title=head)


def _rows(altair: Any) -> Any:
    return altair.Y("place:O").axis(None).scale(paddingInner=0, paddingOuter=0)


def _over_years(altair: Any, shown: Shown) -> Any:
    """Known and held over a line of years, and below it free and rare."""
    rows = [
        {"low": row["group"] - 0.5 + _GAP, "high": row["group"] + 0.5 - _GAP}
        | {name: row[name] for name in ("known", "held", "free", "rare")}
        for row in shown.rows
    ]
    years = [shown.rows[0]["group"] - 0.5, shown.rows[-1]["group"] + 0.5]
    base = altair.Chart(altair.Data(values=rows)).encode(x2="high:Q")

    def bars(name: str, ticks: int, *, is_last: bool, up_title: str = "") -> Any:
        axis = {"format": "d", "tickMinStep": 1, "grid": False, "tickCount": _INNER_PX // 80}
        across = altair.X("low:Q").title(None).scale(domain=years, nice=False)
        across = across.axis(**axis, labels=is_last, ticks=is_last)
        up = altair.Y(f"{name}:Q").title(up_title or name)
        up = up.axis(tickCount=ticks, domain=False, tickMinStep=1, format=",d", minExtent=60)
        stroke = 0.8 if len(rows) < _INNER_PX / 4 else 0
        marks = base.mark_bar(strokeWidth=stroke, clip=True)
        shade = _SHADES.get(name, PAPER)
        edge = EDGE if name == "known" else INK
        return marks.encode(
            x=across, y=up, y2=altair.datum(0), color=altair.value(shade),
            stroke=altair.value(edge),
        )  # fmt: skip

    above = altair.layer(
        bars("known", 5, is_last=False, up_title="known, held"),
        bars("held", 5, is_last=False, up_title="known, held"),
    )
    panels = [above.properties(width=_INNER_PX - 80, height=_PANEL_PX)]
    for name in ("free", "rare"):
        low = bars(name, 2, is_last=name == "rare")
        panels.append(low.properties(width=_INNER_PX - 80, height=_LOW_PANEL_PX))
    return altair.vconcat(*panels, spacing=_GAP_PX)
