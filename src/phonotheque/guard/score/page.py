"""The report as a page of one file, which needs nothing beside it.

Law: whatever stands in a log, no text becomes markup.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from phonotheque.guard.instants import instant_of
from phonotheque.guard.papers.charting import Chart, chart_html
from phonotheque.guard.papers.rendering import chart_style
from phonotheque.guard.score.courses import Drawing
from phonotheque.guard.score.judging import LEAST_ITEMS
from phonotheque.guard.score.reasons import (
    COMES_BACK,
    does,
    ladder,
    looked_at,
    reasons_of,
    share,
    such_as,
    summary_of,
    too_few,
    words,
)
from phonotheque.guard.score.report import Report, Suspect
from phonotheque.look import house_style
from phonotheque.music.number_words import counted

MOST_ROWS = 100


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("phonotheque.guard.score"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
    )


def page_of(report: Report, drawing: Drawing | None) -> bytes:
    """Return the page, as HTML."""
    limits = [use.limit for use in report.budgets]

    def reasons(suspect: Suspect) -> tuple[str, ...]:
        return reasons_of(suspect, limits)

    own = resources.files(__package__) / "templates" / "score.css"
    return (
        _environment()
        .get_template("score.html")
        .render(
            {"from": _day(report.counted.first_second)},
            to=_day(report.counted.last_second),
            style=house_style() + chart_style() + own.read_text("utf-8"),
            report=report,
            drawing=drawing,
            summary=summary_of(report),
            looked_at=looked_at(report),
            too_few=too_few(report),
            counted=counted,
            chart=_chart(report, drawing),
            least=LEAST_ITEMS,
            most=MOST_ROWS,
            reasons=reasons,
            does=does,
            ladder=ladder() if report.thresholds else "",
            such_as=such_as,
            share=share,
            words=words,
            comes_back=COMES_BACK,
        )
        .encode()
    )


def _chart(report: Report, drawing: Drawing | None) -> Markup | None:
    if drawing is None:
        return None
    begins, ends = _day(report.counted.first_second), _day(report.counted.last_second)
    most_y = drawing.most_y if drawing.most else None
    return chart_html(Chart(drawing.curves, "course", summary_of(report), begins, ends, most_y))


def _day(second: int | None) -> str:
    return "nothing" if second is None else instant_of(second)[:16].replace("T", " ")
