"""A whole snapshot from Parquet: what each step costs, what memory it takes, how large it becomes.

A synthetic source is made as it stands after its import, and built as `phono catalogue build` does
it, in a process of its own with as many jobs as there are cores. `SEARCH_ROWS` takes another number
of tracks than 500,000 (ten million at full scale). Every row is invented.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.catalogue_material import CACHE
from bench.measure import own_cpu_s, own_peak_bytes, python_child, report_of
from bench.rows import Row, Sense
from bench.synthetic import Form, make
from bench.synthetic_world import World
from phonotheque.catalogue.browse.build import build_browse
from phonotheque.catalogue.build.building import Choices, build
from phonotheque.catalogue.build.steps import BuildProgress
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.build import build_lookup
from phonotheque.catalogue.match.build import build_match
from phonotheque.catalogue.search.build import build_search_of_parts
from phonotheque.catalogue.snapshot import Snapshot
from phonotheque.disk import LocalDisk

DEFAULT_ROWS, FULL_ROWS = 500_000, 10_000_000
MOST_SECONDS = {DEFAULT_ROWS: 45.0, 1_000_000: 90.0, FULL_ROWS: 900.0}
"""How long a build of so many tracks may take."""

_CONSUME_FROM = 50_000_000
"""From so many tracks on the source is removed as it is read, where the disk would be too small."""


def rows(scale: str) -> Iterator[Row]:
    """Make a source, build it, say what it cost."""
    tracks = int(os.environ.get("SEARCH_ROWS", FULL_ROWS if scale == "full" else DEFAULT_ROWS))
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="build-", dir=CACHE) as folder:
        root = Path(folder)
        make(root, World(tracks), Form.SOURCE, processes=os.cpu_count() or 1)
        imported = _size(root)
        told = report_of(python_child("bench.catalogue_build", root, str(tracks)))
    name = f"snapshot of {tracks:,} synthetic tracks"
    yield Row(name, told["wall_s"], "s", MOST_SECONDS.get(tracks), sense=Sense.AT_MOST)
    millions = tracks / 1e6
    for step, cost in told["steps"].items():
        yield Row(f"  {step}", cost["cpu_s"] / millions, "CPU-s/M")
    yield Row("  all steps", told["cpu_s"] / millions, "CPU-s/M")
    yield Row("  peak memory of one process", told["peak_bytes"] / 1e9, "GB")
    yield Row("  the source, imported", imported / tracks, "B/track")
    for part, size in told["bytes"].items():
        yield Row(f"  {part}", size / tracks, "B/track")


class Steps:
    """What each step of a build cost, from what the build tells of its progress."""

    def __init__(self) -> None:
        self.costs: dict[str, dict[str, float]] = {}
        self._step = ""
        self._begun = (own_cpu_s(), time.perf_counter())

    def tell(self, progress: BuildProgress) -> None:
        """Take note of a step that begins."""
        if progress.step != self._step:
            self.close()
            self._step = progress.step

    def close(self) -> None:
        """Take note of the end of the step that was being done."""
        now = (own_cpu_s(), time.perf_counter())
        if self._step:
            names = ("cpu_s", "wall_s")
            spent = (end - begin for begin, end in zip(self._begun, now, strict=True))
            self.costs[self._step] = dict(zip(names, spent, strict=True))
        self._begun = now


def _child(root: Path, tracks: int) -> dict[str, Any]:
    steps, before, start = Steps(), own_cpu_s(), time.perf_counter()
    choices = Choices(
        build_search_of_parts,
        build_lookup,
        build_browse,
        build_match,
        Machine(jobs=os.cpu_count() or 1),
        consume=tracks >= _CONSUME_FROM,
    )
    snapshot = build(root, LocalDisk(root), choices, steps.tell)
    steps.close()
    return {
        "wall_s": time.perf_counter() - start,
        "cpu_s": own_cpu_s() - before,
        "peak_bytes": own_peak_bytes(),
        "steps": steps.costs,
        "bytes": _bytes_of(snapshot),
    }


def _bytes_of(snapshot: Snapshot) -> dict[str, int]:
    """Return how large the parts of a snapshot are."""
    folders = {f"search files of {kind.value}s": snapshot.search(kind) for kind in Kind}
    return {
        "tables": _size(snapshot.tables),
        "cards": _size(snapshot.folder / "cards"),
        **{name: _size(folder) for name, folder in folders.items()},
        "look-up file": snapshot.ids.stat().st_size,
        "match file": snapshot.match.stat().st_size,
        "the whole snapshot": _size(snapshot.folder),
    }


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    print(json.dumps(_child(Path(sys.argv[1]), int(sys.argv[2]))))
