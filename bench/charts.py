"""Charts, tables of coverage and the map of a large synthetic catalogue.

Each chart and each table of coverage is one query over the whole catalogue, in 5 GB of memory on
two cores; the slowest of them is held against the floor, the others are printed beside it. Nearly
every other ISRC has a registrant of its own, up to a million of them, where the world has some ten
thousands: so tables by registrant take longer here, and with few rows out of proportion. Recordings
per ISRC are counted among some of very many codes: what fewer take tells nothing of more, so at
full scale they are counted once more, among all codes of 256 million recordings. The map is all of
`phono catalogue coverage --map` but opening the archive.

`CHARTS_ROWS` takes another number of recordings than four million (256 million at full scale),
`MAP_RELEASES` another number of releases than 200,000 (ten million at full scale).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.charts_material import make_catalogue, make_codes, make_releases
from bench.measure import own_cpu_s, own_peak_bytes, python_child, report_of
from bench.rows import Row, Sense
from phonotheque.catalogue.charts.all_charts import CHARTS
from phonotheque.catalogue.charts.counting import MEMORY_BYTES, answers_of
from phonotheque.catalogue.charts.page import Origin
from phonotheque.catalogue.charts.top_lists import PLAYED
from phonotheque.catalogue.charts.values import Chart
from phonotheque.catalogue.coverage.counting import coverage_of, coverage_sql
from phonotheque.catalogue.coverage.page import write_map
from phonotheque.catalogue.coverage.words import By
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.snapshot import SourceEntry

DEFAULT_ROWS, FULL_ROWS = 4_000_000, 256_000_000
MOST_WALL_S = {DEFAULT_ROWS: 3, FULL_ROWS: 60}
TELLING_ROWS = 8_000_000
"""From so many on, what a query takes says what it would take at full scale: all that it takes
whatever the number of rows is little beside."""
DEFAULT_RELEASES, FULL_RELEASES = 200_000, 10_000_000
MOST_MAP_S = {DEFAULT_RELEASES: 6, FULL_RELEASES: 300}
MOST_FIRST_KB = 300
_DRAWN = "recordings-per-isrc"
"""The chart for which codes are drawn where there are many."""
_MACHINE = Machine(2, MEMORY_BYTES)
_SOURCES = (SourceEntry(1, "synthetic", "Synthetic", "000001", 0),)


def rows(scale: str) -> Iterator[Row]:
    """Make tables once, then ask in other processes."""
    is_full = scale == "full"
    count = int(os.environ.get("CHARTS_ROWS", FULL_ROWS if is_full else DEFAULT_ROWS))
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        base = Path(name)
        before = own_cpu_s()
        make_catalogue(base / "snapshot", count)
        yield Row("making the snapshot to count", own_cpu_s() - before, "CPU-s")
        for what in ("charts", "coverage"):
            told = report_of(python_child("bench.charts", what, base))
            yield from _slowest(what, told, count)
    if is_full:
        yield from _codes()
    releases = int(os.environ.get("MAP_RELEASES", FULL_RELEASES if is_full else DEFAULT_RELEASES))
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        base = Path(name)
        make_releases(base / "snapshot", releases)
        told = report_of(python_child("bench.charts", "map", base))
        floor = MOST_MAP_S.get(releases)
        work = f"map of {releases:,} synthetic releases"
        yield Row(work, told["wall_s"], "s", floor, sense=Sense.AT_MOST)
        yield Row("  the same", told["cpu_s"], "CPU-s")
        yield Row("  first picture", told["first_kb"], "kB", MOST_FIRST_KB, sense=Sense.AT_MOST)
        yield Row("  all files", told["files_mb"], "MB")
        yield Row("  peak memory", told["peak_bytes"] / 1e9, "GB")


def _slowest(what: str, told: dict[str, Any], count: int) -> Iterator[Row]:
    by_wall = sorted(told["wall_s"], key=lambda name: -told["wall_s"][name])
    slowest, floor = by_wall[0], MOST_WALL_S.get(count)
    work = f"{what} of {count:,} synthetic recordings: {slowest}, the slowest"
    yield Row(work, told["wall_s"][slowest], "s", floor, sense=Sense.AT_MOST)
    telling = max(told["cpu_s"].keys() - {_DRAWN}, key=lambda name: told["cpu_s"][name])
    at_scale = told["cpu_s"][telling] * FULL_ROWS / count
    most_cpu_s = MOST_WALL_S[FULL_ROWS] * _MACHINE.jobs if count >= TELLING_ROWS else None
    work = f"  were {FULL_ROWS:,} as quick each: {telling}"
    yield Row(work, at_scale, "CPU-s", most_cpu_s, sense=Sense.AT_MOST)
    for name in by_wall[:4]:
        yield Row(f"  {name}", told["cpu_s"][name], "CPU-s")
    yield Row(f"  all {len(by_wall)}", sum(told["cpu_s"].values()), "CPU-s")
    yield Row("  peak memory", told["peak_bytes"] / 1e9, "GB")


def _codes() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        make_codes(Path(name) / "snapshot", FULL_ROWS)
        told = report_of(python_child("bench.charts", "codes", Path(name)))
    work = f"{_DRAWN} of {FULL_ROWS:,} synthetic recordings"
    yield Row(work, told["wall_s"][_DRAWN], "s", MOST_WALL_S[FULL_ROWS], sense=Sense.AT_MOST)
    yield Row("  the same", told["cpu_s"][_DRAWN], "CPU-s")
    yield Row("  peak memory", told["peak_bytes"] / 1e9, "GB")


def _timed(asked: dict[str, Callable[[], object]]) -> dict[str, Any]:
    wall_s, cpu_s = {}, {}
    for name, ask in asked.items():
        start, before = time.perf_counter(), own_cpu_s()
        ask()
        wall_s[name], cpu_s[name] = time.perf_counter() - start, own_cpu_s() - before
    return {"wall_s": wall_s, "cpu_s": cpu_s, "peak_bytes": own_peak_bytes()}


def _child_charts(base: Path, *names: str) -> dict[str, Any]:
    played, work = PLAYED.empty_table(), (base / "work", _MACHINE)

    def asking(chart: Chart) -> Callable[[], object]:
        return lambda: answers_of([chart], base / "snapshot", played, work, lambda _: None)

    asked = [chart for chart in CHARTS if chart.name in names or not names]
    return _timed({chart.name: asking(chart) for chart in asked})


def _child_codes(base: Path) -> dict[str, Any]:
    return _child_charts(base, _DRAWN)


def _child_coverage(base: Path) -> dict[str, Any]:
    def asking(by: By | None) -> Callable[[], object]:
        coverage_sql(by)  # made once in a process, and the same for any number of rows
        return lambda: coverage_of(base / "snapshot", by, _SOURCES, base / "work", _MACHINE)

    return _timed({f"by {by}" if by else "all": asking(by) for by in (None, *By)})


def _child_map(base: Path) -> dict[str, Any]:
    origin = Origin("Synthetic", "snapshot-000001", "2026-01-01T00:00:00Z", _SOURCES, "2026-01-01")
    out, work = base / "map", (base / "work", _MACHINE)
    start, before = time.perf_counter(), own_cpu_s()
    about = (origin, "/album/")
    write_map(out, base / "snapshot", By.LABEL, about, work, lambda _: None)
    return {
        "wall_s": time.perf_counter() - start,
        "cpu_s": own_cpu_s() - before,
        "first_kb": (out / "tiles/light.png").stat().st_size / 1e3,
        "files_mb": sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6,
        "peak_bytes": own_peak_bytes(),
    }


_CHILDREN = {
    "charts": _child_charts,
    "codes": _child_codes,
    "coverage": _child_coverage,
    "map": _child_map,
}

if __name__ == "__main__":
    print(json.dumps(_CHILDREN[sys.argv[1]](Path(sys.argv[2]))))
