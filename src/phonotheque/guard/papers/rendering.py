"""The templates of the guard's papers: no text becomes markup, what is not given is an error."""

from __future__ import annotations

from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def environment() -> Environment:
    """Return what renders them; one for all."""
    loader = PackageLoader("phonotheque.guard.papers")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    made.filters["moment"] = moment
    return made


def moment(instant: str) -> str:
    """An instant as people read it: "2026-11-22 23:52"."""
    return instant[:16].replace("T", " ")


@cache
def chart_style() -> str:
    """Return the style of charts (`phonotheque.guard.papers.charting`)."""
    return (resources.files(__package__) / "templates" / "chart.css").read_text("utf-8")
