"""The full scale of GuardBench for a page: `python -m bench.guard_full FILE.svg RESULTS.jsonl...`.

RESULTS are what `phono guard bench --scale full --detector guard --results` kept, world by world,
each with the days it needs. The picture goes to the file, the tables, as Markdown, to standard
output.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.guard_bench import MOST_LOST
from bench.guard_picture import BEST, GUARD, NONE, drawn
from phonotheque.disk import LocalDisk
from phonotheque.guard.bench.entrants import OWN
from phonotheque.guard.bench.metrics import Loss
from phonotheque.guard.bench.records import read_records
from phonotheque.guard.bench.run import Record
from phonotheque.guard.bench.scenarios import SCENARIOS, SHAPES, Setting
from phonotheque.guard.bench.telling import percent

DEVELOPED_ON = 21
_SHOWN = ("ordinary", "dj", "completist", "family", "critic", "shuffle", "library import")
_PLACES = {one.name: place for place, one in enumerate(SCENARIOS)}
_LOST = (
    "catalogue", "farm", "days", "no guard", "guard", "wanted", "stopped", "first day",
    "99 % by day", "half had at most", "nine tenths", "a thousand take",
)  # fmt: skip


def of_files(files: Sequence[Path]) -> list[Record]:
    """Return the guard's records, world by world as the pages name them."""
    found: dict[Setting, Record] = {}
    for file in files:
        for record in read_records(LocalDisk(file.resolve().parent), file.name).values():
            if record.key.detector == OWN and not record.key.setting.is_other:
                found[record.key.setting] = record
    shapes = [shape.name for shape in SHAPES]
    return sorted(
        found.values(),
        key=lambda one: (
            one.key.setting.is_fresh,
            one.key.setting.seed,
            shapes.index(one.key.setting.shape),
            _PLACES[one.key.setting.scenario],
        ),
    )


def lost(records: Sequence[Record]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each farm: what it took, and until when."""
    yield _LOST
    for record in records:
        setting = record.key.setting
        for kind, loss in record.losses:
            wanted = MOST_LOST[setting.shape].get(kind)
            yield (
                setting.shape, f"{kind}{_drawn_with(setting)}", str(setting.scale.days),
                percent(loss.unguarded), percent(loss.share), f"{wanted} %" if wanted else "",
                _stopped(loss), _day(loss.first_day), _day(loss.last_day),
                f"{loss.each_50:.0f}", f"{loss.each_90:.0f}", f"{loss.of_a_thousand:,.0f}",
            )  # fmt: skip


def asked(records: Sequence[Record]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each world: people who were asked, and who were suspended."""
    sizes = {cost.kind: cost.challenged.of for cost in records[0].costs}
    kinds = [f"{kind} of {sizes[kind]:,}" for kind in _SHOWN]
    yield ("catalogue", "beside", "days", *kinds, "others", "suspended")
    for record in records:
        setting, costs = record.key.setting, {cost.kind: cost for cost in record.costs}
        beside = "no farm" if not record.losses else setting.scenario
        others = sum(cost.challenged.hits for kind, cost in costs.items() if kind not in _SHOWN)
        suspended = {kind: cost.suspended.hits for kind, cost in costs.items()}
        told = ", ".join(f"{count} {kind}" for kind, count in suspended.items() if count)
        yield (
            setting.shape, f"{beside}{_drawn_with(setting)}", str(setting.scale.days),
            *(str(costs[kind].challenged.hits) for kind in _SHOWN), str(others), told or "nobody",
        )  # fmt: skip


def points(records: Sequence[Record]) -> list[dict[str, object]]:
    """Return three marks for each farm: without a guard, what is wanted, and the guard."""
    found = []
    for record in records:
        setting = record.key.setting
        for kind, loss in record.losses:
            marks = {NONE: loss.unguarded, GUARD: loss.share}
            if kind in MOST_LOST[setting.shape]:
                marks[BEST] = MOST_LOST[setting.shape][kind] / 100
            farm = f"{kind}, {setting.scale.days} days"
            found += [
                {"shape": setting.shape, "farm": farm, "who": who, "share": share}
                for who, share in marks.items()
            ]
    return found


def _stopped(loss: Loss) -> str:
    hits, count = loss.stopped.hits, loss.stopped.of
    return f"all {count:,}" if hits == count else f"{hits:,} of {count:,}"


def _day(day: float | None) -> str:
    return "never" if day is None else f"{day:.1f}"


def _drawn_with(setting: Setting) -> str:
    if setting.is_fresh:
        return f", fresh {setting.seed}"
    return "" if setting.seed == DEVELOPED_ON else f", seed {setting.seed}"


def main(target: Path, files: Sequence[Path]) -> None:
    """Draw and tell the records of some files."""
    records = of_files(files)
    for table in (lost(records), asked(records)):
        head, *rest = table
        for cells in (head, ("---",) * len(head), *rest):
            print(f"| {' | '.join(cells)} |")
        print()
    mine = [
        one
        for one in records
        if one.key.setting.seed == DEVELOPED_ON and not one.key.setting.is_fresh
    ]
    told = [
        f"Share of a million tracks; farms of 1,000 accounts, 200,000 people; seed {DEVELOPED_ON}.",
        "Ring: no guard, in the same days. Line: the most that is wanted. Dot: the guard.",
    ]
    target.write_text(drawn(points(mine), told), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
