"""The heavy joins on DuckDB and on Spark: the same rows, and what they cost.

A synthetic snapshot is made once; its cards and its census are made and its coverage counted by
DuckDB in one process, then by Spark with two workers, which are processes of their own. 100,000
tracks, ten million at full scale; `SPARK_ROWS` takes another number. CPU seconds of Spark are of
its driver and its workers together: what one machine pays for it, which is why DuckDB is what is
used there.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from bench.measure import own_cpu_s, own_peak_bytes, python_child, report_of
from bench.rows import Row
from bench.synthetic import Form, make
from bench.synthetic_world import World
from phonotheque.catalogue import census
from phonotheque.catalogue.build.card_making import make_cards, unranked
from phonotheque.catalogue.build.census_making import make_census
from phonotheque.catalogue.build.engines import Engine, Opens, on_one_machine
from phonotheque.catalogue.bulk import parts_in
from phonotheque.catalogue.coverage.counting import coverage_sql
from phonotheque.catalogue.coverage.words import By
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.kinds import Kind

DEFAULT_ROWS, FULL_ROWS = 100_000, 10_000_000
_WORKERS, _MB_OF_A_WORKER = 2, 2048
_MACHINE = Machine(jobs=2)
_EVERYTHING = (None, *By)
_SETTINGS = f"""
spark.driver.memory {_MB_OF_A_WORKER}m
spark.executor.memory {_MB_OF_A_WORKER}m
spark.driver.host 127.0.0.1
spark.driver.bindAddress 127.0.0.1
spark.ui.enabled false
spark.sql.shuffle.partitions 8
"""


def rows(scale: str) -> Iterator[Row]:
    """Make tables once, then cards and coverage on each engine in a process of its own."""
    count = int(os.environ.get("SPARK_ROWS", FULL_ROWS if scale == "full" else DEFAULT_ROWS))
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        base = Path(name)
        make(base / "snapshot", World(count), Form.SNAPSHOT, processes=os.cpu_count() or 1)
        one = report_of(python_child("bench.spark", "duckdb", base))
        work = f"cards of {count:,} synthetic tracks, DuckDB"
        yield Row(work, one["cards_cpu_s"], "CPU-s")
        yield Row("  peak memory", one["peak_bytes"] / 1e9, "GB")
        if shutil.which("java") is None or find_spec("pyspark") is None:
            yield Row("  the same on Spark with two workers", None, "CPU-s")
            return
        two = report_of(python_child("bench.spark", "spark", base))
        yield Row("  the same on Spark with two workers", two["cards_cpu_s"], "CPU-s")
        made = [_compared(base, f"{kind}_card") for kind in Kind]
        equal, total = map(sum, zip(*made, strict=True))
        yield Row("  cards", total, "rows")
        yield Row("  equal on both", equal, "rows", total)
        yield Row("census of them, DuckDB", one["census_cpu_s"], "CPU-s")
        yield Row("  the same on Spark", two["census_cpu_s"], "CPU-s")
        equal, total = _compared(base, census.FOLDER)
        yield Row("  equal on both", equal, "rows", total)
        yield Row("coverage of them, seven ways, DuckDB", one["coverage_cpu_s"], "CPU-s")
        yield Row("  the same on Spark", two["coverage_cpu_s"], "CPU-s")
        groups = [len(table) for table in one["coverage"]]
        same = sum(map(_equal_rows, one["coverage"], two["coverage"]))
        yield Row("  equal on both", same, "rows", sum(groups))


def _compared(base: Path, folder: str) -> tuple[int, int]:
    """Return how many rows are equal in the same place, and how many there are."""
    equal = total = 0
    folders = [base / engine / folder for engine in ("duckdb", "spark")]
    for one, other in zip(*map(parts_in, folders), strict=True):
        rows, others = pq.read_table(one), pq.read_table(other)
        total += rows.num_rows
        if rows.equals(others):
            equal += rows.num_rows
        else:
            equal += _equal_rows(rows.to_pylist(), others.to_pylist())
    return equal, total


def _equal_rows(some: list[Any], others: list[Any]) -> int:
    return sum(one == other for one, other in zip(some, others, strict=False))


def _child_duckdb(base: Path) -> dict[str, Any]:
    def coverage(engine: Engine, by: By | None) -> list[tuple[Any, ...]]:
        return engine.fetch(coverage_sql(by))

    return _measured(base, "duckdb", on_one_machine, coverage, own_cpu_s)


def _child_spark(base: Path) -> dict[str, Any]:
    from phonotheque.catalogue.build.spark import on_spark, session_at

    os.setsid()  # so that all that Spark starts is known by it
    (base / "spark-defaults.conf").write_text(_SETTINGS)
    os.environ |= {"SPARK_CONF_DIR": str(base), "SPARK_LOCAL_IP": "127.0.0.1"}
    with session_at(f"local-cluster[{_WORKERS},1,{_MB_OF_A_WORKER}]") as session:

        def coverage(_: Engine, by: By | None) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in session.sql(coverage_sql(by, "pyspark")).collect()]

        return _measured(base, "spark", on_spark(session), coverage, _cpu_s_of_group)


def _measured(
    base: Path,
    name: str,
    opens: Opens,
    coverage: Callable[[Engine, By | None], list[tuple[Any, ...]]],
    cpu_s: Callable[[], float],
) -> dict[str, Any]:
    snapshot, work = base / "snapshot", base / name
    work.mkdir()
    before = cpu_s()
    make_cards(snapshot, work, _MACHINE, lambda _: None, opens)
    made, out = cpu_s(), work / census.FOLDER
    cards = partial(unranked, work)
    make_census(snapshot, cards, out, (work, _MACHINE), lambda _: None, opens)
    counted = cpu_s()
    with opens(work, _MACHINE) as engine:
        engine.view("census", parts_in(out), census.SCHEMA)
        found = [coverage(engine, by) for by in _EVERYTHING]
    return {
        "cards_cpu_s": made - before,
        "census_cpu_s": counted - made,
        "coverage_cpu_s": cpu_s() - counted,
        "coverage": found,
        "peak_bytes": own_peak_bytes(),
    }


def _cpu_s_of_group() -> float:
    """Return the user and system seconds of all processes of this session. Source: proc(5)."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if int(fields[3]) == os.getsid(0):
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


_CHILDREN = {"duckdb": _child_duckdb, "spark": _child_spark}

if __name__ == "__main__":
    print(json.dumps(_CHILDREN[sys.argv[1]](Path(sys.argv[2]))))
