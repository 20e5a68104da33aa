"""The report as a page of one file, which needs nothing beside it.

Law: whatever stands in a log, no text becomes markup.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from phonotheque.guard.instants import instant_of
from phonotheque.guard.papers import curves
from phonotheque.guard.score.courses import Drawing
from phonotheque.guard.score.judging import LEAST_ITEMS, Report, Suspect
from phonotheque.guard.score.reasons import (
    does,
    looked_at,
    reasons_of,
    share,
    summary_of,
    too_few,
    words,
)
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

    has_any = bool(report.counted.last_second)
    own = resources.files(__package__) / "templates" / "score.css"
    return (
        _environment()
        .get_template("score.html")
        .render(
            {"from": _day(report.counted.first_second) if has_any else "nothing"},
            to=_day(report.counted.last_second) if has_any else "nothing",
            style=house_style() + own.read_text("utf-8"),
            report=report,
            drawing=drawing,
            summary=summary_of(report),
            looked_at=looked_at(report),
            too_few=too_few(report),
            counted=counted,
            curves=curves,
            least=LEAST_ITEMS,
            most=MOST_ROWS,
            reasons=reasons,
            does=does,
            share=share,
            words=words,
        )
        .encode()
    )


def _day(second: int) -> str:
    return instant_of(second)[:16].replace("T", " ")
