"""Volumes at the size of the whole: sealed from stored layers, and what a little more costs then.

Three hundred terabytes are 10,500 volumes of 8,192 recordings. What sealing one costs beside the
one reading of its recordings is measured on some, and multiplied. Then a large archive gets a
little more, is published again, and every byte that this wrote is counted.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from bench.measure import own_cpu_s, own_peak_bytes, python_child, report_of
from bench.register_lines import AT
from bench.rows import Row, Sense
from bench.volumes_material import recordings, small_files, take_in
from phonotheque.archive import founding
from phonotheque.disk import LocalDisk

OBJECTS = 8192
VOLUMES = {"full": 100}
DEFAULT_VOLUMES = 5
ALL_VOLUMES = 10_500
MOST_CPU_S = 0.45
MOST_BYTES = 1e9

HELD = {"full": 1_000_000}
DEFAULT_HELD = OBJECTS
MORE = {"full": 1000}
DEFAULT_MORE = 100


def rows(scale: str) -> Iterator[Row]:
    """Measure some volumes, then what more recordings make of a large archive."""
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        count = VOLUMES.get(scale, DEFAULT_VOLUMES)
        report = report_of(python_child("bench.volumes", "mint", name, str(count)))
        yield from _of_volumes(report, count)
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        held, more = HELD.get(scale, DEFAULT_HELD), MORE.get(scale, DEFAULT_MORE)
        report = report_of(python_child("bench.volumes", "more", name, str(held), str(more)))
        yield from _of_more(report, held, more)


def _of_volumes(report: dict[str, Any], count: int) -> Iterator[Row]:
    each = report["mint_cpu_s"] / count
    work = f"volume of {OBJECTS:,} from layers, mean of {count}"
    yield Row(work, each, "CPU-s", MOST_CPU_S, sense=Sense.AT_MOST)
    peak = report["peak_bytes"]
    yield Row("  memory at its most", peak / 1e6, "MB", MOST_BYTES / 1e6, sense=Sense.AT_MOST)
    yield Row("  recordings opened", report["opened"], "files", 0, sense=Sense.AT_MOST)
    yield Row("  its .torrent and lists", report["written_bytes"] / count / 1e6, "MB")
    yield Row("  asking what may be in it", report["plan_cpu_s"] / count, "CPU-s")
    yield Row(f"  x {ALL_VOLUMES:,}: 86 M recordings, 300 TB", each * ALL_VOLUMES / 60, "CPU-min")


def _of_more(report: dict[str, Any], held: int, more: int) -> Iterator[Row]:
    work = f"{more:,} more in {held:,}: old volumes' files rewritten"
    yield Row(work, report["rewritten"], "files", 0, sense=Sense.AT_MOST)
    written, everything = report["written_bytes"], report["published_bytes"]
    yield Row("  bytes of published/ and lists that were written", written / 1e6, "MB")
    yield Row("  bytes that stand there", everything / 1e6, "MB")
    for kind, size_bytes in sorted(report["kinds"].items(), key=lambda pair: -pair[1]):
        yield Row(f"    {kind}", size_bytes / 1e6, "MB")
    yield Row("  publishing again, all of it", report["cpu_s"], "CPU-s")
    yield Row("  publishing when nothing is new: bytes written", report["idle_bytes"], "B")


# -- in a process of their own ---------------------------------------------------------------------


def _child_mint(base: Path, count: int) -> dict[str, Any]:
    """Fill and mint volumes one after the other; no file of a recording exists."""
    from phonotheque.archive.bulk.publishing import press_of
    from phonotheque.archive.opening import open_to_write
    from phonotheque.publish.mint import mint
    from phonotheque.publish.plan import Limits
    from phonotheque.publish.run import Conditions, plan

    root = base / "archive"
    founding.found(root, "Bench")
    spent = {"plan_cpu_s": 0.0, "mint_cpu_s": 0.0}
    with open_to_write(root, "bench") as archive:
        disk = _Counting(root)
        press = replace(press_of(archive), disk=disk)
        for number in range(count):
            take_in(archive, recordings(OBJECTS, number))
            start = own_cpu_s()
            conditions = Conditions(
                "bench", date.fromisoformat(AT[:10]), Limits(OBJECTS, 1 << 40), False
            )
            (filled,) = plan(archive.index, conditions).filled(archive.index)
            planned = own_cpu_s()
            mint(press, filled)
            spent["plan_cpu_s"] += planned - start
            spent["mint_cpu_s"] += own_cpu_s() - planned
    written = sum(size_bytes for _, size_bytes in _written(root).values())
    found = {"peak_bytes": own_peak_bytes(), "opened": disk.opened, "written_bytes": written}
    return {**spent, **found}


class _Counting(LocalDisk):
    """A disk that counts how often a recording's file is asked for; there is none."""

    opened = 0

    def open(self, path: str) -> BinaryIO:
        self.opened += path.startswith("objects/") and not path.startswith("objects/lists/")
        return super().open(path)


def _written(root: Path) -> dict[Path, tuple[int, int]]:
    """What publishing writes for others, `published/` and the lists: when, and how many bytes."""
    found = [*(root / "published").rglob("*"), *(root / "objects/lists").rglob("*")]
    stats = {path: path.stat() for path in found if path.is_file()}
    return {path: (stat.st_mtime_ns, stat.st_size) for path, stat in stats.items()}


def _child_more(base: Path, held: int, more: int) -> dict[str, Any]:
    """Publish a large archive, add a little, publish again, and count what that wrote."""
    from phonotheque.archive.opening import open_to_write

    root = base / "archive"
    founding.found(root, "Bench")
    _publish_records(root, held)
    before = _written(root)
    with open_to_write(root, "bench") as archive:
        take_in(archive, small_files(archive, more, seed=1))
    start = own_cpu_s()
    _publish(root)
    cpu_s = own_cpu_s() - start
    after = _written(root)
    _publish(root)
    idle = _written(root)
    changed = [path for path, stamp in after.items() if before.get(path) != stamp]
    kinds: dict[str, int] = {}
    for path in changed:
        kind = _kind(path.relative_to(root))
        kinds[kind] = kinds.get(kind, 0) + after[path][1]
    sealed = [p for p in before if p.name.endswith(".torrent") and "-open-" in p.name]
    sealed += [p for p in before if p.parent.parent == root / "objects/lists"]
    return {
        "rewritten": sum(after.get(path) != before[path] for path in sealed),
        "written_bytes": sum(kinds.values()),
        "published_bytes": sum(size_bytes for _, size_bytes in after.values()),
        "kinds": kinds,
        "cpu_s": cpu_s,
        "idle_bytes": sum(stamp[1] for path, stamp in idle.items() if after.get(path) != stamp),
    }


def _kind(path: Path) -> str:
    """What a written file is, for the table."""
    below = path.parts[1] if len(path.parts) > 2 else path.name.lstrip(".").partition("-0")[0]
    return f"{path.parts[0]}/{below}"


def _publish_records(root: Path, held: int) -> None:
    """Seal recordings that exist by their records alone, then all that follows."""
    from phonotheque.archive.bulk.conducting import steps
    from phonotheque.archive.bulk.publishing import plan_of, press_of
    from phonotheque.archive.opening import open_to_write
    from phonotheque.hands import OneHand
    from phonotheque.publish.run import seal_all
    from phonotheque.publish.seal import Proof

    with open_to_write(root, "bench") as archive:
        index = archive.index
        take_in(archive, recordings(held, 0))

        def stored(name: Any) -> Proof:
            found = index.held(name.sha256)
            return Proof(index.digests(found) if found else None, None)

        hand = OneHand(stored)
        for _ in seal_all(press_of(archive), hand, plan_of(archive), lambda _: None):
            pass
        for step in steps():
            step.take(archive)


def _publish(root: Path) -> None:
    from phonotheque.archive.bulk.conducting import steps
    from phonotheque.archive.bulk.proving import provers
    from phonotheque.archive.bulk.publishing import plan_of, press_of
    from phonotheque.archive.opening import open_to_write
    from phonotheque.publish.run import seal_all

    with provers(root, 1) as hands, open_to_write(root, "bench") as archive:
        for _ in seal_all(press_of(archive), hands, plan_of(archive), lambda _: None):
            pass
        for step in steps():
            step.take(archive)


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    numbers = [int(number) for number in sys.argv[3:]]
    if sys.argv[1] == "mint":
        print(json.dumps(_child_mint(folder, numbers[0])))
    else:
        print(json.dumps(_child_more(folder, numbers[0], numbers[1])))
