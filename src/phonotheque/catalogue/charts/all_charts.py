"""Every chart there is, in the order of the page, and how they are asked for by name."""

from __future__ import annotations

from collections.abc import Sequence

from phonotheque.catalogue.charts import kinds_of_music, lengths, listening, releases, top_lists
from phonotheque.catalogue.charts.values import Chart
from phonotheque.errors import BadRequestError

CHARTS: tuple[Chart, ...] = (
    *listening.charts(),
    *top_lists.charts(),
    *lengths.charts(),
    *releases.charts(),
    *kinds_of_music.charts(),
)


def charts_named(names: Sequence[str]) -> tuple[Chart, ...]:
    """Return the charts of these names, all without any, in the order of the page.

    Raises:
        BadRequestError: There is no chart of a name.
    """
    known = {chart.name for chart in CHARTS}
    for name in names:
        if name not in known:
            raise BadRequestError(
                name, "there is no such chart", f"There are {', '.join(sorted(known))}."
            )
    return tuple(chart for chart in CHARTS if not names or chart.name in names)
