"""What it takes to start a watch again that knows a million accounts, ten first copies of each.

It is started in a process of its own, as `phono guard watch` does it. What the snapshot costs, and
the look into the case book, is bound; what Python and the libraries cost before stands beside it.
CPU seconds, best of three starts; memory is what is resident when it begins to look, and the most
that was until then.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.measure import ROUNDS, own_cpu_s, own_peak_bytes, python_child, report_of
from bench.rows import Row, Sense

ACCOUNTS, RECORDINGS, COPIES_EACH = 1_000_000, 200_000, 10
BEGIN = 1_767_225_600
MOST_S = 5.0
_MIX = 0x9E3779B97F4A7C15


def rows(scale: str) -> Iterator[Row]:  # noqa: ARG001
    """Make what a watch remembers, and start one from it."""
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as scratch:
        root = Path(scratch)
        size_bytes = report_of(python_child("bench.guard_watch", "make", root))
        starts = [
            report_of(python_child("bench.guard_watch", "start", root)) for _ in range(ROUNDS)
        ]
    found = min(starts, key=lambda one: one["cpu_s"])
    told = f"a watch of {ACCOUNTS / 1e6:.0f} M accounts, {COPIES_EACH} first copies each"
    yield Row(f"{told}: snapshot", size_bytes / 1e6, "MB")
    yield Row(f"{told}: started again", found["cpu_s"], "CPU-s", MOST_S, sense=Sense.AT_MOST)
    yield Row("Python and its libraries before that", found["before_s"], "CPU-s")
    yield Row("memory when it looks", found["resident_bytes"] / 1e6, "MB")
    yield Row("the most memory until then", found["peak_bytes"] / 1e6, "MB")


def _make(root: Path) -> int:
    """Keep what a watch would; returns the bytes of it."""
    import numpy as np

    from phonotheque.archive.guarding.descriptions import NOTHING_KNOWN
    from phonotheque.archive.guarding.suspicion import Suspicion
    from phonotheque.archive.guarding.watch_state import PATH, kept
    from phonotheque.disk import LocalDisk, make_folders
    from phonotheque.guard.engine.memory import Events
    from phonotheque.guard.state import save
    from phonotheque.listen.log import Line
    from phonotheque.music.chain import GENESIS

    watch, random = Suspicion(NOTHING_KNOWN), np.random.default_rng(21)
    for number in range(RECORDINGS):
        watch.names.item(str(UUID(int=number)), NOTHING_KNOWN)
    for number in range(ACCOUNTS):
        called = f"{number * _MIX % 2**64:016x}"
        line = Line("", "", called, "", "GET", "/sound/{gid}", 200, bytes=480_000)
        watch.takings.took(watch.names.account(line, ACCOUNTS), number % RECORDINGS, BEGIN, line)
    watch.latest = BEGIN
    watch.findings()  # makes room for all of them
    who = np.arange(ACCOUNTS, dtype=np.int32)
    for number in range(COPIES_EACH):
        track = random.integers(0, RECORDINGS, ACCOUNTS, dtype=np.int32)
        second = np.full(ACCOUNTS, BEGIN + 60 * number, np.int64)
        played, yes = np.full(ACCOUNTS, 60_000, np.int32), np.ones(ACCOUNTS, np.bool_)
        watch.guard.see(Events(who, track, second, played, yes), ~yes)
    disk = LocalDisk(root, mode=0o600)
    make_folders(disk, PATH.rpartition("/")[0])
    save(disk, PATH, kept(watch, {}, GENESIS))
    return (root / PATH).stat().st_size


def _start(root: Path) -> dict[str, Any]:
    """Start a watch, and end it when it would look."""
    from phonotheque.archive.guarding.descriptions import NOTHING_KNOWN
    from phonotheque.archive.guarding.desk import desk_of
    from phonotheque.archive.guarding.watching import watching

    before_s = own_cpu_s()
    with watching(desk_of(root), NOTHING_KNOWN, _fail) as watcher:
        spent_s = own_cpu_s() - before_s
        assert len(watcher.suspicion.guard.groups.first_copies) > 0.99 * ACCOUNTS * COPIES_EACH
    lines = Path("/proc/self/status").read_text().splitlines()
    resident = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))
    return {
        "cpu_s": spent_s,
        "before_s": before_s,
        "resident_bytes": resident,
        "peak_bytes": own_peak_bytes(),
    }


def _fail(told: str) -> None:
    raise RuntimeError(told)


if __name__ == "__main__":
    import json

    print(json.dumps({"make": _make, "start": _start}[sys.argv[1]](Path(sys.argv[2]))))
