"""Lines that rise, as a part of a page that is read on any width.

The lines stretch with the page; all words stand beside them in the page's own type, so that they
are as large on a telephone as anywhere. Law: no text becomes markup.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from phonotheque.guard.papers import curves
from phonotheque.guard.papers.curves import Curves
from phonotheque.guard.papers.rendering import environment

_ABOVE, _BELOW = 12, 4
"""Room around the lines, in units of the drawing: the highest is not cut in half."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What is shown.

    Attributes:
        drawn: The lines.
        kind: Style of the lines: "own" or "course".
        summary: What they say, for who does not see them.
        begins, ends: Words at both ends of the time.
        most_y: Where a dashed line stands across all of it; None for none.
    """

    drawn: Curves
    kind: str
    summary: str
    begins: str
    ends: str
    most_y: float | None = None


def chart_html(chart: Chart) -> Markup:
    """Return it as HTML, for a page with the style of `templates/chart.css`."""
    top = curves.TOP - _ABOVE
    tall = curves.BASE + _BELOW - top

    def share(y: float) -> str:
        """How far down a height of the drawing stands, in per cent."""
        return f"{100 * (y - top) / tall:.2f}%"

    wide = curves.RIGHT - curves.LEFT
    text = (
        environment()
        .get_template("chart.html")
        .render(chart=chart, share=share, curves=curves, box=f"{curves.LEFT} {top} {wide} {tall}")
    )
    return Markup(text)
