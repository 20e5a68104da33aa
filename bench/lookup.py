"""Looking things up in a synthetic catalogue: by one identifier, by a thousand, page by page.

A figure is the 99th percentile over the questions of a class, each of which was asked once before,
so that all is warm; of further times the least counts, because noise only adds. It is CPU
time: a warm question waits for nothing, and on an idle machine the clock shows the same.
`SEARCH_ROWS` takes another number of tracks than a million (ten million at full scale); above fifty
million there are no tables, so nothing but cards, ids and gids is asked for.

Every row is invented: these are figures of a synthetic catalogue.
"""

from __future__ import annotations

import gc
import json
import os
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.catalogue_material import Material
from bench.measure import AbsentError, best_in_turn, python_child, report_of
from bench.rows import Row, Sense
from phonotheque.catalogue.gids import gid_of
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.lookup.reader import Lookup
from phonotheque.music.identifiers import Gtin, Isrc

DEFAULT_ROWS, FULL_ROWS = 1_000_000, 10_000_000
MOST_MS_OF_ONE = 0.5
MOST_MS_OF_A_PAGE = 5.0
MOST_MS_OF_A_THOUSAND = 20.0
QUESTIONS = 1_000
BATCHES = 10
BATCH = 1_000
PAGE = 20
MOST_LISTED = 8
_TIMES_OF_ONE, _TIMES_OF_MANY = 5, 25
_CODES = 5
"""ISRCs that DuckDB is asked for: each takes it a good while."""
_SEED = 20260101

Question = tuple[Callable[[Any], object], Any]
Classes = dict[str, tuple[float | None, list[Question]]]
"""Questions by class, each class with its floor in ms."""


def rows_of(scale: str) -> int:
    """Return how many tracks there are to look up."""
    return int(os.environ.get("SEARCH_ROWS", FULL_ROWS if scale == "full" else DEFAULT_ROWS))


def rows(scale: str) -> Iterator[Row]:
    """Build once, then ask."""
    material = Material(rows_of(scale))
    ids = material.lookup()
    yield from _making(material)
    with Lookup(ids) as lookup:
        classes = _singles(lookup) | _pages(lookup) | _batches(lookup)
        gc.collect()
        gc.freeze()  # the questions are ours: nobody who asks has them to walk through
        for name, (floor, questions) in classes.items():
            if questions:
                times = _TIMES_OF_ONE if len(questions) > BATCHES else _TIMES_OF_MANY
                p99, most = time_questions(questions, times)
                yield Row(f"  {name}: p99", p99, "ms", floor, sense=Sense.AT_MOST)
                yield Row("    the slowest", most, "ms")
        codes = [card.isrc for card in _some_cards(lookup, Kind.RECORDING, 50) if card.isrc]
        yield from _beside_duckdb(lookup, material, codes)
    told = report_of(python_child("bench.lookup", ids))
    yield Row("  first answer in a new process", told["first_ms"], "ms")
    yield Row("  private memory after 10,000 cards", told["private_bytes"] / 1e6, "MB")


def _making(material: Material) -> Iterator[Row]:
    millions, cost = material.rows / 1e6, material.cost("lookup")
    name = f"look-up file of {material.rows:,} synthetic tracks"
    yield Row(name, cost["lookup_cpu_s"] / millions, "CPU-s/M")
    yield Row("  peak memory", cost["lookup_peak_bytes"] / 1e9, "GB")
    yield Row("  bytes of a track", material.lookup().stat().st_size / material.rows, "B")
    by_table = sorted(table_bytes(material.lookup()).items(), key=lambda item: -item[1])
    for table, size in by_table[:MOST_LISTED]:
        yield Row(f"    {table}", size / material.rows, "B")


def table_bytes(path: Path) -> dict[str, int]:
    """Return the bytes of each table of a SQLite file; none where SQLite was built to not say."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as db:
        try:
            found = db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall()
        except sqlite3.OperationalError:
            return {}
    return dict(found)


def _singles(lookup: Lookup) -> Classes:
    """One question at a time, about any recording or release."""
    recordings = _some_cards(lookup, Kind.RECORDING, QUESTIONS)
    releases = _some_cards(lookup, Kind.RELEASE, QUESTIONS)
    absent = [gid_of("nowhere", "recording", str(number)) for number in range(QUESTIONS)]
    isrcs = [Isrc(card.isrc) for card in recordings if card.isrc]
    barcodes = [Gtin(card.barcode) for card in releases if card.barcode]
    numbers = [card.catalog_number for card in releases if card.catalog_number]
    has_numbers = any(lookup.by_isrcs(isrcs[:5]))
    return {
        "a gid": (MOST_MS_OF_ONE, _asked(lookup.by_gid, [card.gid for card in recordings])),
        "a gid that nothing has": (MOST_MS_OF_ONE, _asked(lookup.by_gid, absent)),
        "an ISRC": (MOST_MS_OF_ONE, _asked(lookup.by_isrc, isrcs if has_numbers else [])),
        "a barcode": (MOST_MS_OF_ONE, _asked(lookup.by_barcode, barcodes if has_numbers else [])),
        "a catalogue number": (
            MOST_MS_OF_A_PAGE,
            _asked(lookup.by_catalog_number, numbers if has_numbers else []),
        ),
    }


def _pages(lookup: Lookup) -> Classes:
    """Twenty cards at a time."""
    rnd, count = random.Random(_SEED), lookup.count(Kind.RECORDING)
    anywhere = [[_rank(rnd, count) for _ in range(PAGE)] for _ in range(QUESTIONS)]
    popular = [[_rank(rnd, count // 50) for _ in range(PAGE)] for _ in range(QUESTIONS)]
    artists = [card.id for card in lookup.cards_at(Kind.ARTIST, range(1, QUESTIONS + 1))]
    releases = [card.id for card in _some_cards(lookup, Kind.RELEASE, QUESTIONS)]
    artists = [one for one in artists if lookup.recordings_of(one, limit=1)]
    releases = [one for one in releases if lookup.tracks_of(one)]

    def cards_at(ranks: Sequence[int]) -> object:
        return lookup.cards_at(Kind.RECORDING, ranks)

    def page_behind(artist: int) -> object:
        return lookup.recordings_of(artist, after=count // 2)

    floor = MOST_MS_OF_A_PAGE
    return {
        "20 cards of an answer, popular ones": (floor, _asked(cards_at, popular)),
        "20 cards from anywhere": (floor, _asked(cards_at, anywhere)),
        "a page of an artist": (floor, _asked(lookup.recordings_of, artists)),
        "a page far behind": (floor, _asked(page_behind, artists)),
        "the tracks of a release": (floor, _asked(lookup.tracks_of, releases)),
    }


def _batches(lookup: Lookup) -> Classes:
    """A thousand at a time."""
    recordings = _some_cards(lookup, Kind.RECORDING, BATCHES * BATCH)
    releases = _some_cards(lookup, Kind.RELEASE, BATCHES * BATCH)
    ids = _cut([card.id for card in recordings])
    gids = _cut([card.gid for card in recordings])
    isrcs = _cut([Isrc(card.isrc) for card in recordings if card.isrc])
    barcodes = _cut([Gtin(card.barcode) for card in releases if card.barcode])
    if not any(lookup.by_isrcs(isrcs[0][:5])):
        isrcs, barcodes = [], []

    def cards_of_ids(some: Sequence[int]) -> object:
        return lookup.cards_of_ids(Kind.RECORDING, some)

    def found(many: Callable[[Any], list[list[Card]]]) -> Callable[[Any], object]:
        return lambda some: many(some)

    floor = MOST_MS_OF_A_THOUSAND
    return {
        "1,000 ids": (floor, _asked(cards_of_ids, ids)),
        "1,000 gids": (floor, _asked(lookup.by_gids, gids)),
        "1,000 ISRCs, 1,700 cards": (None, _asked(found(lookup.by_isrcs), isrcs)),
        "1,000 barcodes": (floor, _asked(found(lookup.by_barcodes), barcodes)),
    }


def time_questions(questions: Sequence[Question], times: int) -> tuple[float, float]:
    """Return the 99th percentile of the ms that questions took, and the most.

    Args:
        times: How often each is asked after it was asked once; the least counts.
    """
    taken = sorted(_least_ms(*question, times) for question in questions)
    return taken[int(0.99 * (len(taken) - 1))], taken[-1]


def _least_ms(ask: Callable[[Any], object], about: object, times: int) -> float:
    ask(about)
    tries = []
    for _ in range(times):
        start = time.thread_time()
        ask(about)
        tries.append(time.thread_time() - start)
    return min(tries) * 1e3


def _beside_duckdb(lookup: Lookup, material: Material, codes: list[str]) -> Iterator[Row]:
    """One ISRC, asked of the snapshot's own Parquet with DuckDB: what people do without ours."""
    parts = sorted((material.cards() / "cards" / Kind.RECORDING).glob("part-*.parquet"))

    def ours() -> float:
        start = time.process_time()
        for code in codes:
            lookup.by_isrc(Isrc(code))
        return time.process_time() - start

    def duckdb() -> float:
        try:
            import duckdb as engine
        except ImportError as error:
            raise AbsentError("duckdb") from error
        with engine.connect(config={"threads": 1}) as db:
            start = time.process_time()
            for code in codes[:_CODES]:
                query = "SELECT * FROM read_parquet(?) WHERE isrc = ?"
                db.execute(query, [[str(part) for part in parts], code]).fetchall()
            return (time.process_time() - start) * len(codes) / _CODES

    if not codes:
        return
    best = best_in_turn({"ours": ours, "duckdb": duckdb})
    mine, theirs = best["ours"], best["duckdb"]
    assert mine is not None
    peer = "DuckDB on the snapshot's Parquet"
    if theirs is not None:
        peer = f"{peer}: {theirs / len(codes) * 1e3:,.0f} ms"
    ratio = None if theirs is None else theirs / mine
    yield Row("  an ISRC, mean", mine / len(codes) * 1e3, "CPU-ms", peer=peer, ratio=ratio)


def _some_cards(lookup: Lookup, kind: Kind, count: int) -> list[Card]:
    """Return cards from anywhere, the same in each run."""
    rnd, most = random.Random(_SEED), lookup.count(kind)
    return lookup.cards_at(kind, [_rank(rnd, most) for _ in range(count)])


def _rank(rnd: random.Random, most: int) -> int:
    return rnd.randint(1, max(most, 1))


def _asked(ask: Callable[[Any], object], subjects: Sequence[object]) -> list[Question]:
    return [(ask, subject) for subject in subjects]


def _cut(values: Sequence[Any]) -> list[Sequence[Any]]:
    whole = len(values) // BATCH * BATCH
    return [values[begin : begin + BATCH] for begin in range(0, whole, BATCH)]


def _child(ids: Path) -> dict[str, float]:
    """Open the file as a command does, ask once, then read a good deal of it."""
    from bench.search_load import private_bytes

    start = time.perf_counter()
    with Lookup(ids) as lookup:
        lookup.cards_at(Kind.RECORDING, range(1, PAGE + 1))
        first_ms = (time.perf_counter() - start) * 1e3
        _some_cards(lookup, Kind.RECORDING, BATCHES * BATCH)
        return {"first_ms": first_ms, "private_bytes": private_bytes()}


if __name__ == "__main__":
    print(json.dumps(_child(Path(sys.argv[1]))))
