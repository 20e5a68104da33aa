"""Searching a synthetic catalogue: every class of query, its answers, its load, its making.

A figure of a class is the 99th percentile over its queries, each of which was asked once before;
of some further times the least counts. `SEARCH_ROWS` takes another number of tracks than a million
(ten million at full scale); `bench.catalogue_material` says where the files are kept.

Up to a million rows answers are compared with a plain scan of the same rows (`catalogue_scan`);
up to ten million tantivy is asked the same. Every row is invented: these are figures of a synthetic
catalogue.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.catalogue_material import Material
from bench.catalogue_queries import ByClass, Query, hostile_questions, make_queries
from bench.catalogue_scan import Scan
from bench.rows import Row, Sense
from bench.search_load import PROCESSES, cold_walls, load, searcher_of
from bench.search_timing import Times, at, time_each
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.reader import Lookup
from phonotheque.catalogue.search.fresh import append_fresh
from phonotheque.catalogue.search.layout import SPELLING
from phonotheque.catalogue.search.searcher import Searcher
from phonotheque.errors import BadRequestError

DEFAULT_ROWS, FULL_ROWS = 1_000_000, 10_000_000
MOST_COMPARED_ROWS, MOST_PEER_ROWS = DEFAULT_ROWS, FULL_ROWS
QUERIES, COMPARED, PEER_QUERIES = 200, 60, 60
FRESH, WITHDRAWN = 10_000, 1_000
MOST_CPU_S_PER_MILLION = 10
MOST_BYTES_PER_ROW = 40
MOST_PEAK_BYTES = 2.5e9
MOST_PRIVATE_BYTES = 60e6
MOST_COLD_MS = 60
MOST_FETCH_MS = 5
LEAST_PER_SECOND = 800
_LEAST_RIGHT = {
    "one typo": 0.97,
    "two typos": 0.93,
    "typing, 4 to 6 letters of the last word": 0.99,
    "typing, first word": 0.99,
    "whole title, being typed": 0.99,
}
"""What share of answers must be right; of all other classes all must be. In those that are typed
the last word may have four letters and more, which stand for the 256 commonest words."""
_AT_MOST = Sense.AT_MOST


@dataclass(frozen=True, slots=True)
class Floors:
    """What must be reached at some number of rows, in ms."""

    p50: float
    p99: float
    most: float


def floors_of(rows: int) -> Floors:
    """Return the floors of the nearest size that has some."""
    if rows <= 1_000_000:
        return Floors(5, 5, 150)
    return Floors(10, 10, 150) if rows <= 10_000_000 else Floors(3, 35, 150)


def rows_of(scale: str) -> int:
    """Return how many tracks are searched."""
    return int(os.environ.get("SEARCH_ROWS", FULL_ROWS if scale == "full" else DEFAULT_ROWS))


def rows(scale: str) -> Iterator[Row]:
    """Build once, then ask."""
    material = Material(rows_of(scale))
    yield from _making(material)
    with (
        Lookup(material.lookup()) as lookup,
        searcher_of(material.search(), lookup) as searcher,
    ):
        by_class = make_queries(lookup, most=QUERIES)
        yield from _asking(searcher, by_class, floors_of(material.rows))
        yield _fetching(searcher, lookup, by_class)
        yield _hostile(searcher, floors_of(material.rows))
        yield from _beside_tantivy(material, searcher, by_class)
        if material.rows <= MOST_COMPARED_ROWS:
            yield from _comparing(searcher, Scan(material.cards()), by_class)
        yield from _between_snapshots(material, lookup, by_class)
    yield from _loading(material, by_class)
    cold = at(cold_walls(material, by_class), 0.99)
    yield Row("  cold first answer with its cards: p99", cold, "ms", MOST_COLD_MS, sense=_AT_MOST)


def _making(material: Material) -> Iterator[Row]:
    folder, cost = material.search(), material.cost("search")
    name = f"search files of {material.rows:,} synthetic tracks"
    cpu = cost["search_cpu_s"] * 1e6 / material.rows if cost else None
    yield Row(name, cpu, "CPU-s/M", MOST_CPU_S_PER_MILLION, sense=_AT_MOST)
    index = sum(path.stat().st_size for path in folder.glob("search-*.db"))
    per_row = index / material.rows
    yield Row("  index, with filters", per_row, "B/row", MOST_BYTES_PER_ROW, sense=_AT_MOST)
    yield Row("  spelling file", (folder / SPELLING).stat().st_size / 1e6, "MB")
    peak = cost["search_peak_bytes"] / 1e9 if cost else None
    yield Row("  peak memory of a process", peak, "GB", MOST_PEAK_BYTES / 1e9, sense=_AT_MOST)


def _asking(searcher: Searcher, by_class: ByClass, floors: Floors) -> Iterator[Row]:
    worst_p50 = worst = 0.0
    for name, queries in by_class.items():
        times = _time(searcher, queries)
        p50, p99, most = at(times.walls, 0.5), at(times.walls, 0.99), times.walls[-1]
        worst_p50, worst = max(worst_p50, p50), max(worst, most)
        yield Row(f"  {name}: p99", p99, "ms", floors.p99, sense=_AT_MOST)
        cpu = f"CPU mean {times.mean_cpu:.2g}, p99"
        yield Row(f"    p50 {p50:.2g}, max {most:.2g} ms; {cpu}", at(times.cpus, 0.99), "ms")
    yield Row("  worst p50 of all classes", worst_p50, "ms", floors.p50, sense=_AT_MOST)
    yield Row("  worst query", worst, "ms", floors.most, sense=_AT_MOST)


def _time(searcher: Searcher, queries: Sequence[Query]) -> Times:
    return time_each(partial(searcher.ask, query.question) for query in queries)


def _fetching(searcher: Searcher, lookup: Lookup, by_class: ByClass) -> Row:
    """Time fetching the cards of answers."""
    some = [query for queries in by_class.values() for query in queries[:50]]
    answers = [searcher.ask(query.question).ranks for query in some]
    full = [ranks for ranks in answers if len(ranks) == 20]
    times = time_each(partial(lookup.cards_at, Kind.RECORDING, ranks) for ranks in full)
    p99 = at(times.walls, 0.99)
    return Row("  fetching 20 cards: p99", p99, "ms", MOST_FETCH_MS, sense=_AT_MOST)


def _hostile(searcher: Searcher, floors: Floors) -> Row:
    """Ask what nobody should: all is answered, or refused in words."""
    worst, refused, asked = 0.0, 0, 0
    for question in hostile_questions():
        start = time.perf_counter()
        asked += 1
        try:
            searcher.ask(question)
        except BadRequestError:
            refused += 1
        worst = max(worst, (time.perf_counter() - start) * 1e3)
    name = f"  odd questions, {asked} ({refused} refused): longest"
    return Row(name, worst, "ms", floors.most, sense=_AT_MOST)


def _beside_tantivy(material: Material, searcher: Searcher, by_class: ByClass) -> Iterator[Row]:
    """Ask tantivy the same, without whole matches and comparing of texts."""
    if material.rows > MOST_PEER_ROWS or importlib.util.find_spec("tantivy") is None:
        yield Row("  beside tantivy", None, "x", peer="tantivy", ratio=None)
        return
    from bench.search_tantivy import CLASSES, Peer

    folder = material.tantivy()
    peer = Peer(folder, material.search())
    size_bytes = sum(path.stat().st_size for path in folder.iterdir())
    yield Row("  tantivy: its index", size_bytes / material.rows, "B/row")
    cost = material.cost("tantivy")
    if cost:
        yield Row("  tantivy: its making", cost["tantivy_cpu_s"] * 1e6 / material.rows, "CPU-s/M")
    for name in CLASSES:
        queries = by_class.get(name, [])[:PEER_QUERIES]
        if not queries:
            continue
        theirs = time_each(partial(peer.ask, query.question) for query in queries)
        ours = _time(searcher, queries)
        told = f"tantivy: p99 {at(theirs.walls, 0.99):.2g}, p50 {at(theirs.walls, 0.5):.2g} ms"
        ratio = theirs.mean_cpu / ours.mean_cpu
        row = f"  {name}: CPU beside tantivy"
        yield Row(row, ours.mean_cpu, "ms", peer=f"{told}, CPU {theirs.mean_cpu:.2g}", ratio=ratio)


def _comparing(searcher: Searcher, scan: Scan, by_class: ByClass) -> Iterator[Row]:
    for name, queries in by_class.items():
        right = compare(name, searcher, scan, queries[: QUERIES if "typo" in name else COMPARED])
        if right is not None:
            yield Row(f"  {name}: right answers", right, "share", _LEAST_RIGHT.get(name, 1.0))


def compare(name: str, searcher: Searcher, scan: Scan, queries: Sequence[Query]) -> float | None:
    """Return which share of the answers is right; None when there is nothing to find.

    Exact classes must have the very list of the scan. Of typos the row that was meant must be
    found, if a question without the mistake finds it; of long beginnings, as many rows as the scan.
    """
    shares = []
    for query in queries:
        ranks = list(searcher.ask(query.question).ranks)
        wanted = scan.top(query.meant)
        if "typo" in name:
            if query.rank in wanted:
                shares.append(float(query.rank in ranks))
        elif name in _LEAST_RIGHT:
            if wanted:
                shares.append(len({*ranks} & {*wanted}) / len(wanted))
        elif wanted:
            shares.append(float(ranks == wanted))
    return statistics.fmean(shares) if shares else None


def _between_snapshots(material: Material, lookup: Lookup, by_class: ByClass) -> Iterator[Row]:
    """Ask with fresh tracks beside the others and some withdrawn, in a copy of linked files."""
    with tempfile.TemporaryDirectory(dir=material.search().parent) as folder:
        copy = Path(folder) / "recording"
        shutil.copytree(material.search(), copy, copy_function=os.link)
        append_fresh(copy, _fresh_cards(material))
        withdrawn = set(range(1, 10 * WITHDRAWN, 10))
        with searcher_of(copy, lookup, withdrawn) as searcher:
            queries = [query for one in by_class.values() for query in one[: QUERIES // 10]]
            times = _time(searcher, queries)
    name = f"  all classes, {FRESH:,} fresh and {WITHDRAWN:,} withdrawn: p99"
    yield Row(name, at(times.walls, 0.99), "ms", floors_of(material.rows).p99, sense=_AT_MOST)
    yield Row(f"    CPU mean {times.mean_cpu:.2g}, p99", at(times.cpus, 0.99), "ms")


def _fresh_cards(material: Material) -> list[pa.RecordBatch]:
    part = min((material.cards() / "cards/recording").glob("part-*.parquet"))
    cards = next(pq.ParquetFile(part).iter_batches(min(FRESH, material.rows), use_threads=False))
    ranks = pa.array(range(material.rows + 1, material.rows + len(cards) + 1), pa.int64())
    return [cards.set_column(0, cards.schema.field(0), ranks)]


def _loading(material: Material, by_class: ByClass) -> Iterator[Row]:
    told = load(material, by_class)
    total = sum(one["per_second"] for one in told)
    yield Row(f"  {PROCESSES} processes, all classes", total, "queries/s", LEAST_PER_SECOND)
    yield Row("    p99 of a query meanwhile", max(one["p99_ms"] for one in told), "ms")
    private = max(one["private_bytes"] for one in told) / 1e6
    most = MOST_PRIVATE_BYTES / 1e6
    yield Row("    private memory of each", private, "MB", most, sense=_AT_MOST)
