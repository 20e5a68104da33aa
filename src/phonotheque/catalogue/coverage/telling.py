"""A table of coverage in words, in numbers and as a chart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.charts.releases import FIRST_YEAR
from phonotheque.catalogue.charts.values import Answer, Axes, Chart, Finding, Form
from phonotheque.catalogue.charts.words import counted, licence_name, percent
from phonotheque.catalogue.coverage.counting import coverage_sql
from phonotheque.catalogue.coverage.expressions import READS
from phonotheque.catalogue.coverage.words import COUNTS, By

_DRAWN = 25

HOW = (
    "In ink what this archive holds, in outline what it knows and lacks. Rare is what has exactly "
    "one known holder, here or elsewhere."
)


def totals_of(rows: pa.Table) -> dict[str, int]:
    """Add up all rows. By source that is more than there is: several may know one recording."""
    return {name: pc.sum(rows[name]).as_py() or 0 for name in COUNTS}


def finding_of(rows: pa.Table, by: By | None) -> str:
    """Say what a table shows, in a sentence without its full stop."""
    if by is By.SOURCE and rows.num_rows:
        first = rows.slice(0, 1).to_pylist()[0]
        share = percent(first["held"], first["known"])
        return f"{first['group']} knows most: {first['known']:,} recordings, {share} of them held"
    total = totals_of(rows)
    known = total["known"]
    if not known:
        return "No recording is known"
    held, free, rare = (percent(total[name], known) for name in ("held", "free", "rare"))
    listens = ""
    if total["listens"]:
        heard = percent(total["listens_held"], total["listens"])
        listens = f"; what is held has {heard} of all listens"
    return (
        f"Of {counted(known, 'known recording')}, {held} are held, {free} are free and {rare} are "
        f"rare{listens}"
    )


def group_word(group: Any) -> str:
    """A group as people read it."""
    return "unknown" if group is None else str(group)


def answer_of(rows: pa.Table, by: By) -> Answer:
    """Return a table as a chart that can be drawn."""
    known = rows.filter(pc.is_valid(rows["group"]))
    shown: list[Mapping[str, Any]]
    if by is By.YEAR:
        years = ({**row, "group": int(row["group"])} for row in known.to_pylist())
        shown = [row for row in years if row["group"] >= FIRST_YEAR]
    else:
        word = licence_name if by is By.LICENCE else str
        shown = [{**row, "group": word(row["group"])} for row in known[:_DRAWN].to_pylist()]
    is_line = by is By.YEAR
    chart = Chart(
        name=f"coverage-by-{by}",
        section="Coverage",
        reads=READS,
        query=coverage_sql(by),
        columns={"group": by.meaning, **COUNTS},
        how=HOW,
        form=Form.STACKED if is_line else Form.NAMED,
        axes=Axes("group", "known", "", "recordings", part="held"),
        find=lambda _: Finding(f"{finding_of(rows, by)}", (), shown) if shown else None,
        lacking=f"No source says anything by which recordings have a {by}.",
    )
    return Answer(chart, shown, chart.find(shown))
