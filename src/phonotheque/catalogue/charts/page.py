"""The page of charts: `index.html`, in the look of the house, with all that goes with it.

Laws: whatever stands in a catalogue, no text becomes markup; no page has a script or a style
inside; the same answers give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined

from phonotheque.catalogue.charts.values import Answer
from phonotheque.catalogue.charts.words import licence_name
from phonotheque.catalogue.snapshot import SourceEntry
from phonotheque.look import house_icon, house_style, typeface_files, typeface_style


@dataclass(frozen=True, slots=True)
class Origin:
    """Of what charts are made.

    Attributes:
        title: What the archive is called.
        snapshot: Name of the snapshot.
        made_at: When that was built, ISO 8601 in UTC.
        sources: Those whose rows are in it.
        day: Of the charts, ISO 8601.
    """

    title: str
    snapshot: str
    made_at: str
    sources: tuple[SourceEntry, ...]
    day: str


@cache  # templates are compiled once
def environment() -> Environment:
    """Return what fills the templates of charts and of the map. A name that is not there is an
    error; text is escaped wherever it is put in."""
    env = Environment(
        loader=PackageLoader("phonotheque.catalogue.charts"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["licence"] = licence_name
    return env


def asset_files() -> dict[str, bytes]:
    """Return mark, style, and the typefaces that are here: bytes by path."""
    own = (resources.files(__package__) / "assets" / "charts.css").read_text("utf-8")
    named = {"icon.svg": house_icon(), "site.css": f"{house_style()}\n{own}".encode()}
    named["typefaces.css"] = typeface_style("fonts/").encode()
    named |= {f"fonts/{name}": data for name, data in typeface_files().items()}
    return {f"assets/{name}": data for name, data in named.items()}


def charts_page(origin: Origin, answers: Sequence[Answer]) -> bytes:
    """Return the page."""
    drawn = [one for one in answers if one.finding is not None]
    sections = groupby(drawn, key=lambda one: one.chart.section)
    text = (
        environment()
        .get_template("charts.html")
        .render(
            origin=origin,
            sections=[(name, list(some)) for name, some in sections],
            absent=[one.chart for one in answers if one.finding is None],
            alt=alternative_of,
        )
    )
    return text.encode()


def alternative_of(answer: Answer) -> str:
    """A picture in words, for who does not see it: the finding, and what is drawn."""
    assert answer.finding is not None, "what has no finding is not drawn"
    axes, title = answer.chart.axes, answer.finding.title
    over = f" by {axes.across_title}" if axes.across_title else ""
    return f"Chart of {axes.up_title}{over}. {title}. The numbers are in the CSV below."
