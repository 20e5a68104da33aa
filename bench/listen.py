"""The listening door: streaming, listeners, requests of every kind, and what a browser waits for.

Client and server are on one machine; bytes for a CPU second are of the server's processes alone. A
time counts from when a request was due. `PHONOTHEQUE_BENCH_LISTEN` names an archive with a larger
catalogue; without it one of a million synthetic tracks is made.

Every row of the catalogue is invented: these are figures of a synthetic one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.listen_asking import Load, files_of, load_on, mb_per_cpu_s
from bench.listen_browser import browser_rows
from bench.listen_material import Running, make_sounding, serving, wide_archive
from bench.listen_mixed import mixed_rows
from bench.listen_nginx import proxy_rows
from bench.measure import AbsentError, best_in_turn
from bench.rows import Row, Sense

ROWS = 1_000_000
LEAST_RANGE_MB, LEAST_DRESSED_MB = 800.0, 200.0
MOST_CORE, MOST_LISTENERS_MB = 0.5, 400.0
LISTENERS, PERIOD_S = 500, 10.0
WORKERS = 2
"""For requests of all kinds: one for each core of the machine that the floors speak of."""
_CONNECTIONS = 4
_RANGES = 300


def rows(scale: str) -> Iterator[Row]:
    """Measure streaming on real files, then requests on a wide catalogue."""
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as folder:
        sounding = make_sounding(Path(folder))
        yield from _streaming(sounding, seconds=20.0 if scale == "full" else 10.0)
        try:
            yield from proxy_rows(sounding, Path(folder))
        except AbsentError as error:
            yield Row(f"range streaming behind a proxy ({error} is absent)", None, "x", 0.9)
        archive, songs = wide_archive(Path(folder), ROWS)
        with serving(archive, workers=WORKERS) as running:
            yield from mixed_rows(running, load_on(running.port), songs)
            yield from browser_rows(running, songs)


def _streaming(archive: Path, seconds: float) -> Iterator[Row]:
    with serving(archive) as running:
        load, files = load_on(running.port), files_of(running)
        wanted = {"files": files, "connections": _CONNECTIONS, "ranges": _RANGES}
        load("ranges", {**wanted, "ranges": 60})  # all of it is proven and in memory from here on
        best = best_in_turn({"door": lambda: 1 / mb_per_cpu_s([running], load, wanted)})
        assert best["door"] is not None
        name = "range streaming, 1 MiB ranges, embedded"
        yield Row(name, 1 / best["door"], "MB/CPU-s", LEAST_RANGE_MB)
        yield from _listening(running, load, files, seconds)
        dressed = files_of(running, "dressed")
        load("ranges", {**wanted, "files": dressed, "ranges": 60})
        best = best_in_turn(
            {"door": lambda: 1 / mb_per_cpu_s([running], load, {**wanted, "files": dressed})}
        )
        assert best["door"] is not None
        yield Row("dressed copies, 1 MiB ranges", 1 / best["door"], "MB/CPU-s", LEAST_DRESSED_MB)


def _listening(
    running: Running, load: Load, files: list[dict[str, Any]], seconds: float
) -> Iterator[Row]:
    before = running.cpu_s()
    wanted = {"files": files, "listeners": LISTENERS, "period_s": PERIOD_S, "seconds": seconds}
    told = load("listeners", wanted)
    share = (running.cpu_s() - before) / told["seconds"]
    what = f"{LISTENERS} listeners, a range in {PERIOD_S:g} s each"
    most = Sense.AT_MOST
    yield Row(f"{what}: of a core", share, "cores", MOST_CORE, sense=most)
    yield Row(f"{what}: memory", running.peak_bytes() / 1e6, "MB", MOST_LISTENERS_MB, sense=most)
