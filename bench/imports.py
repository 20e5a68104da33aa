"""Importing: rows of a source taken in for each CPU second, and memory, beside DuckDB and pandas.

Each import runs in a process of its own: it reads invented files, makes rows of the catalogue's
tables, and writes them durably as Parquet with a report, all of which counts. Peers read the same
files and write what they read as one Parquet file: they make no keys, split no lists, look nothing
up and check no value, so they are what the mere reading and writing costs. All run on one thread.

Memory is what the process had at most beyond what it had with everything imported. Some 64 MB of
rows are gathered before they are written, so that it says nothing of small inputs: only at full
scale a quarter of the rows, a million, is compared with all four.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import (
    AbsentError,
    best_in_turn,
    own_cpu_s,
    own_peak_bytes,
    python_child,
    report_of,
)
from bench.rows import Row, Sense

if TYPE_CHECKING:
    from phonotheque.catalogue.sources.port import Source

DEFAULT_ROWS, FULL_ROWS = 500_000, 4_000_000
LEAST_PER_CPU_S = 150_000
MOST_GROWTH = 1.25
_ROUNDS = 2
_THREADS = {"OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Case:
    """One form that a source comes in.

    Attributes:
        name: What it is, for the line.
        floor: Least rows for each CPU second; None where nothing was promised.
        peers: Which of `_PEERS` can read it.
        share: Rows written for it, of those that are measured: slow forms have fewer.
    """

    name: str
    floor: int | None
    peers: tuple[str, ...]
    share: float = 0.3


CASES: Mapping[str, Case] = {
    "tables": Case("MusicBrainz tables", LEAST_PER_CPU_S, ("duckdb",), 1.0),
    "packets": Case("MusicBrainz tables, packet of 1 % changed", None, (), 0.3),
    "csv": Case("CSV, 2 tables of a row", LEAST_PER_CPU_S, ("duckdb", "pandas"), 1.0),
    "joined": Case("CSV joined, 6 tables of a row", None, ("duckdb", "pandas")),
    "json_lines": Case("JSON lines", None, ("duckdb", "pandas")),
    "documents": Case("MusicBrainz documents, tracks", None, ("duckdb",), 0.1),
    "listens": Case("listens in Parquet", None, ("duckdb", "pandas")),
}


def rows(scale: str) -> Iterator[Row]:
    """Measure every form: half a million rows of what has a floor, four million at full scale."""
    is_full = scale == "full"
    count = FULL_ROWS if is_full else DEFAULT_ROWS
    for kind, case in CASES.items():
        with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
            base = Path(name)
            yield from _speeds(kind, case, base, int(count * case.share))
            if is_full and case.floor is not None:
                yield _growth(kind, case, base, count // 4)


def _speeds(kind: str, case: Case, base: Path, count: int) -> Iterator[Row]:
    report_of(python_child("bench.imports", "write", kind, base / "whole", str(count)))
    found: dict[str, dict[str, float]] = {}
    best = best_in_turn(_measures(kind, case, base, found), rounds=_ROUNDS)
    ours = best["ours"]
    assert ours is not None
    read = found["ours"]["read"]
    name = f"{case.name}, {read / 1e6:.3g} M"
    yield Row(f"import: {name}", read / ours, "rows/CPU s", case.floor)
    for peer in case.peers:
        cost = best[peer]
        told = f"{peer}, reads and writes" + ("" if cost is None else f": {read / cost:,.0f}")
        yield Row(f"  beside {peer}", read / ours, "rows/CPU s", None, told, _ratio(cost, ours))
    yield Row(f"  memory, {name}", found["ours"]["peak_bytes"] / 1e6, "MB")


def _growth(kind: str, case: Case, base: Path, count: int) -> Row:
    report_of(python_child("bench.imports", "write", kind, base / "quarter", str(count)))
    small, large = (
        report_of(_child("ours", kind, base, folder))["peak_bytes"]
        for folder in ("quarter", "whole")
    )
    name = f"  memory of {case.name}, 4 M to 1 M rows"
    return Row(name, large / small, "x", MOST_GROWTH, sense=Sense.AT_MOST)


def _ratio(theirs: float | None, ours: float) -> float | None:
    return None if theirs is None else theirs / ours


def _measures(
    kind: str, case: Case, base: Path, found: dict[str, dict[str, float]]
) -> dict[str, Callable[[], float]]:
    def measure_of(who: str) -> Callable[[], float]:
        def measure() -> float:
            report = report_of(_child(who, kind, base, "whole"))
            if "absent" in report:
                raise AbsentError(who)
            found[who] = report
            return float(report["cpu_s"])

        return measure

    return {who: measure_of(who) for who in ("ours", *case.peers)}


def _child(who: str, kind: str, base: Path, folder: str) -> list[str | Path]:
    variables = [f"{name}={value}" for name, value in _THREADS.items()]
    return ["env", *variables, *python_child("bench.imports", who, kind, base / folder)]


# -- in a process of its own ---------------------------------------------------------------------


def _written(kind: str, folder: Path, count: int) -> None:
    from bench import imports_material as material
    from bench import imports_musicbrainz as musicbrainz

    write = {
        "tables": musicbrainz.write_tables,
        "packets": musicbrainz.write_tables_and_packet,
        "csv": material.write_csv,
        "joined": material.write_joined_csv,
        "json_lines": material.write_json_lines,
        "documents": musicbrainz.write_documents,
        "listens": material.write_listens,
    }[kind]
    write(folder, count)


def _source(kind: str, folder: Path, scratch: Path) -> Source:
    from phonotheque.catalogue.sources.listenbrainz.source import ListenBrainz
    from phonotheque.catalogue.sources.mapped.source import Mapped
    from phonotheque.catalogue.sources.musicbrainz.json_dump import MusicBrainzJson
    from phonotheque.catalogue.sources.musicbrainz.tables import MusicBrainzTables

    match kind:
        case "tables":
            return MusicBrainzTables([folder])
        case "packets":
            return MusicBrainzTables([folder], packets=list(folder.glob("replication-*")))
        case "documents":
            return MusicBrainzJson([folder])
        case "listens":
            return ListenBrainz([folder], scratch, has_months=False)
        case _:
            return Mapped(next(folder.glob("*.toml")))


def _imported(kind: str, folder: Path) -> dict[str, float]:
    import duckdb
    import pyarrow as pa

    from phonotheque.catalogue.sources.importing import import_source

    assert duckdb.__version__  # imported before the memory is looked at
    pa.set_cpu_count(1)
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        source = _source(kind, folder, Path(name) / "scratch")
        before, memory = own_cpu_s(), own_peak_bytes()
        report = import_source(Path(name) / "catalogue", source)
        cost = own_cpu_s() - before
    assert not report.refused, report.reasons
    read = report.used["track"] if kind == "documents" else report.read
    return {"read": read, "cpu_s": cost, "peak_bytes": own_peak_bytes() - memory}


def _files(kind: str, folder: Path) -> list[Path]:
    chosen = folder / "mbdump" if kind == "tables" else folder
    return sorted(file for file in chosen.iterdir() if file.is_file() and file.suffix != ".toml")


def _by_duckdb(kind: str, folder: Path) -> None:
    import duckdb

    from phonotheque.catalogue.sources.musicbrainz.schema import layout_of

    with duckdb.connect() as db:
        db.execute("SET threads = 1")
        layout = layout_of(31, "")
        for number, file in enumerate(_files(kind, folder)):
            match kind:
                case "tables":
                    names = ", ".join(f"'{column}': 'VARCHAR'" for column in layout[file.name])
                    read = (
                        f"read_csv('{file}', delim = '\t', quote = '', escape = '', "
                        f"nullstr = '\\N', header = false, columns = {{{names}}})"
                    )
                case "listens":
                    read = f"read_parquet('{file}')"
                case "json_lines" | "documents":
                    read = f"read_json('{file}', format = 'newline_delimited')"
                case _:
                    read = f"read_csv('{file}', header = true, all_varchar = true)"
            db.execute(
                f"COPY (SELECT * FROM {read}) TO '{folder}/peer-{number}.out' "
                "(FORMAT parquet, COMPRESSION zstd)"
            )


def _by_pandas(kind: str, folder: Path) -> None:
    import pandas as pd

    for file in _files(kind, folder):
        match kind:
            case "listens":
                read = pd.read_parquet(file)
            case "json_lines":
                read = pd.read_json(file, lines=True)
            case _:
                read = pd.read_csv(file, dtype=str)
        read.to_parquet(folder / "peer-pandas.out", compression="zstd")


_PEERS: Mapping[str, Callable[[str, Path], None]] = {"duckdb": _by_duckdb, "pandas": _by_pandas}


def _peer(who: str, kind: str, folder: Path) -> dict[str, object]:
    try:
        __import__(who)
    except ImportError:
        return {"absent": True}
    before = own_cpu_s()
    _PEERS[who](kind, folder)
    cost = own_cpu_s() - before
    for made in folder.glob("peer-*.out"):
        made.unlink()
    return {"cpu_s": cost}


def _main(what: str, kind: str, folder: Path, *rest: str) -> None:
    match what:
        case "write":
            _written(kind, folder, int(rest[0]))
            print("{}")
        case "ours":
            print(json.dumps(_imported(kind, folder)))
        case _:
            print(json.dumps(_peer(what, kind, folder)))


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])
