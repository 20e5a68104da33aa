"""The plan of a large catalogue: every recording gets status, reason, tier and place.

Synthetic: listens fall with rank by a power law, a fifth of the recordings were counted by nobody,
a third is held (the more heard rather than the less), of some two copies, and ids, releases and
order of accession have nothing to do with rank. What is timed is all of `phono publish plan` but
reading the register: from the cards and the table of copies to the written plan, and its sums.

`PLAN_ROWS` takes another number of recordings than ten million (256 million at full scale, for
which some 30 GB of disk are needed below `PLAN_FOLDER`, by default where temporary files go). Wall
time is the figure here, because it has a floor; on a machine that does other things look at the CPU
seconds.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bench.measure import own_cpu_s, own_peak_bytes, python_child, report_of
from bench.rows import Row, Sense
from phonotheque.catalogue.bulk import ROWS_IN_PART, part_name, parts_in, write_part
from phonotheque.catalogue.database import Machine
from phonotheque.publish.planning import making, reading
from phonotheque.publish.planning.tables import HELD, KNOWN
from phonotheque.publish.planning.words import Status, Wish
from phonotheque.publish.planning.workshop import MEMORY_BYTES

DEFAULT_ROWS, FULL_ROWS = 10_000_000, 256_000_000
MOST_WALL_S = {DEFAULT_ROWS: 20, FULL_ROWS: 300}
MOST_GB = 8
_HELD_SHARE, _UNCOUNTED_SHARE = 1 / 3, 1 / 5
_SECOND_COPY = 33
"""One copy in so many is the second one of its recording."""
_TRACKS_OF_A_RELEASE = 4
_SEED = 20260101
_JOBS = 2

Integers = npt.NDArray[np.int64]


def rows(scale: str) -> Iterator[Row]:
    """Make tables once, then plan in another process."""
    count = int(os.environ.get("PLAN_ROWS", FULL_ROWS if scale == "full" else DEFAULT_ROWS))
    with tempfile.TemporaryDirectory(
        prefix="phonotheque-bench-", dir=os.environ.get("PLAN_FOLDER")
    ) as name:
        base = Path(name)
        report_of(python_child("bench.plan", "tables", base, str(count)))
        told = report_of(python_child("bench.plan", "plan", base, str(count)))
        floor = MOST_WALL_S.get(count)
        work = f"plan of {count:,} synthetic recordings"
        yield Row(work, told["plan_wall_s"], "s", floor, sense=Sense.AT_MOST)
        yield Row("  the same", told["plan_cpu_s"], "CPU-s")
        yield Row("  peak memory", told["peak_bytes"] / 1e9, "GB", MOST_GB, sense=Sense.AT_MOST)
        yield Row("  a row of it on the disk", told["size_bytes"] / told["rows"], "B")
        shown = report_of(python_child("bench.plan", "sums", base, str(count)))
        yield Row("  coverage and curve", shown["wall_s"], "s")
        yield Row("  peak memory", shown["peak_bytes"] / 1e9, "GB", MOST_GB, sense=Sense.AT_MOST)


def _child_tables(base: Path, count: int) -> dict[str, Any]:
    for name in ("known", "held"):
        (base / name).mkdir()
    held = int(count * _HELD_SHARE)
    for number, low in enumerate(range(0, count, ROWS_IN_PART), 1):
        write_part(base / "known" / part_name(number), _known(low, count))
    for number, low in enumerate(range(0, held, ROWS_IN_PART), 1):
        write_part(base / "held" / part_name(number), _held(low, held, count))
    return {}


def _known(low: int, count: int) -> pa.Table:
    place = np.arange(low, min(low + ROWS_IN_PART, count))
    listens = np.floor(3e9 / (place + 1) ** 1.05).astype(np.int64)
    ids = _scrambled(place, count)
    columns = {
        "rank": place + 1,
        "id": ids,
        "listens": pa.array(listens, mask=place > (1 - _UNCOUNTED_SHARE) * count),
        "release": _scrambled(ids // _TRACKS_OF_A_RELEASE, count),
        "year": (1950 + ids % 75).astype(np.int16),
    }
    return pa.table(columns, schema=KNOWN)


def _held(low: int, held: int, count: int) -> pa.Table:
    rng = np.random.default_rng((_SEED, low))
    place = np.arange(low, min(low + ROWS_IN_PART, held))
    of = np.where(place % _SECOND_COPY, place, np.maximum(place - 1, 0))
    draws = rng.random(len(place))
    status = np.full(len(place), Status.TO_SHARE.number, np.int8)
    status[draws < 0.3] = Status.SHARED.number
    status[draws > 0.95] = Status.HELD_NOT_SHARED.number
    columns = {
        "recording": _scrambled(_spread(of, held), count),
        "object": place + 1,
        "size_bytes": rng.integers(1_000_000, 6_000_000, len(place)),
        "status": status,
        "reason": np.zeros(len(place), np.int32),
        "quality": rng.integers(64, 320, len(place)) * 1000,
        "is_decaying": np.zeros(len(place), bool),
        "seeders": pa.nulls(len(place), pa.int32()),
        "elsewhere": np.zeros(len(place), np.int32),
        "copy_bytes": rng.integers(1_000_000, 3_000_000, len(place)),
        "is_copy_shared": np.zeros(len(place), bool),
    }
    return pa.table(columns, schema=HELD)


def _scrambled(numbers: Integers, count: int) -> Integers:
    """Return other numbers, each once, below the next power of two: no order is left."""
    bits = max(count - 1, 1).bit_length()
    mask, half = np.uint64((1 << bits) - 1), np.uint64((bits + 1) // 2)
    mixed = numbers.astype(np.uint64) & mask
    for odd in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9):
        mixed = (mixed * np.uint64(odd)) & mask
        mixed ^= mixed >> half
    return mixed.astype(np.int64)


def _spread(numbers: Integers, count: int) -> Integers:
    """Return the rank, from 0, of each copy that is held: all below `count`, in another order."""
    step = next(odd for odd in range(48_271, 48_291, 2) if np.gcd(odd, count) == 1)
    return numbers * step % count


def _child_plan(base: Path, count: int) -> dict[str, Any]:
    del count
    machine = Machine(_JOBS, MEMORY_BYTES)
    material = making.Material(
        parts_in(base / "known"), parts_in(base / "held"), ["It is licensed."], {}
    )
    start, before = time.perf_counter(), own_cpu_s()
    engine = making.on_one_machine(machine)
    made = making.make_plan(material, Wish(), base / "plan", engine, lambda _: None, _JOBS)
    planned, cpu_s = time.perf_counter(), own_cpu_s() - before
    shutil.rmtree(base / "known")
    shutil.rmtree(base / "held")
    return {
        "plan_wall_s": planned - start,
        "plan_cpu_s": cpu_s,
        "rows": made.rows,
        "size_bytes": sum(path.stat().st_size for path in parts_in(base / "plan")),
        "peak_bytes": own_peak_bytes(),
    }


def _child_sums(base: Path, count: int) -> dict[str, Any]:
    del count
    start = time.perf_counter()
    reading.figures_of(base / "plan", Machine(_JOBS, MEMORY_BYTES))
    return {"wall_s": time.perf_counter() - start, "peak_bytes": own_peak_bytes()}


_CHILDREN = {"tables": _child_tables, "plan": _child_plan, "sums": _child_sums}

if __name__ == "__main__":
    print(json.dumps(_CHILDREN[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))))
