"""GuardBench for a page: `python -m bench.guard_picture RESULTS.jsonl FILE.svg`.

RESULTS is what `phono guard bench --results` kept. The picture goes to the file, the tables, as
Markdown, to standard output.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.guard_bench import is_bearable
from phonotheque.disk import LocalDisk
from phonotheque.guard.bench.entrants import OWN
from phonotheque.guard.bench.records import read_records
from phonotheque.guard.bench.run import Record
from phonotheque.guard.bench.scenarios import SHAPES
from phonotheque.guard.bench.telling import tables
from phonotheque.look.drawing import INK, MARKER, PAPER, RULE, svg_of

NONE, BEST, GUARD = "no guard", "best of the others", "guard"


def points(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return three marks for each farm and shape: without a guard, the best peer, the guard."""
    lost: dict[tuple[str, str], dict[str, float]] = {}
    for record in records:
        if record.key.setting.is_other or record.key.is_shifted or not is_bearable(record):
            continue
        for kind, loss in record.losses:
            mine = lost.setdefault((record.key.setting.shape, kind), {})
            mine[NONE] = loss.unguarded
            word = GUARD if record.key.detector == OWN else BEST
            mine[word] = min(loss.share, mine.get(word, 1.0))
    return [
        {"shape": shape, "farm": kind, "who": who, "share": share}
        for (shape, kind), mine in lost.items()
        for who, share in mine.items()
    ]


def picture(records: Sequence[Record]) -> str:
    """Draw what left: SVG."""
    setting = records[0].key.setting
    scale = setting.scale
    size = f"Share of {scale.albums * 12:,} tracks; {scale.farm} accounts, {scale.days} days, "
    who = f"{scale.ordinary:,} people, all made up; seed {setting.seed}."
    told = "Ring: no guard. Line: the best of the other detectors. Dot: the guard."
    return drawn(points(records), [size + who, told])


def drawn(rows: Sequence[dict[str, Any]], told: Sequence[str]) -> str:
    """Draw marks for each shape and farm: SVG.

    Args:
        rows: `shape`, `farm`, `who` (`NONE`, `BEST` or `GUARD`) and `share` of each mark.
        told: What stands below the title.
    """
    import altair

    parts = []
    for shape in SHAPES:
        mine = [row for row in rows if row["shape"] == shape.name]
        farms = list(dict.fromkeys(row["farm"] for row in mine))
        parts.append(_chart(altair, mine, shape.name, farms))
    title = altair.TitleParams(
        "What a farm takes before its last account is stopped",
        subtitle=list(told),
        anchor="start",
        offset=16,
    )
    chart = altair.vconcat(*parts).properties(background=PAPER, padding=24, title=title)
    return svg_of(chart)


def _chart(altair: Any, rows: list[dict[str, Any]], shape: str, farms: list[str]) -> Any:
    marks = altair.Chart(altair.Data(values=rows)).encode(
        x=altair.X("share:Q").title(None).axis(format=".0%").scale(domain=[0, 1]),
        y=altair.Y("farm:N")
        .title(f"{shape} catalogue")
        .axis(titlePadding=12, minExtent=110)
        .sort(farms),
    )

    def of(who: str) -> Any:
        return marks.transform_filter(altair.datum.who == who)

    span = marks.mark_line(color=RULE, strokeWidth=6).encode(detail="farm:N")
    ring = of(NONE).mark_point(color=INK, size=90)
    line = of(BEST).mark_tick(color=INK, thickness=2, size=16)
    dot = of(GUARD).mark_point(color=INK, fill=MARKER, size=90, opacity=1)
    return altair.layer(span, ring, line, dot).properties(width=640, height=28 * len(farms))


def main(results: Path, target: Path) -> None:
    """Draw the records of a file."""
    known = list(read_records(LocalDisk(results.resolve().parent), results.name).values())
    target.write_text(picture(known), encoding="utf-8")
    for table in tables(known, OWN):
        print(f"{table.title}\n")
        head, *rest = table.rows
        for cells in (head, ("---",) * len(head), *rest):
            print(f"| {' | '.join(cells)} |")
        print()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
