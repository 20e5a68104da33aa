"""Writing an index file: cards to tokens, tokens to runs, runs to pages of FTS5's.

Beside it a file of how many rows each word is in is left for the spelling file, which would else
have to read all lists again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.search import tokens
from phonotheque.catalogue.search.layout import Numbers
from phonotheque.catalogue.search.postings import WHOLE, Runs, run_of
from phonotheque.catalogue.search.row_tokens import Places, RowTokens
from phonotheque.catalogue.search.segment import SEGMENT, STRUCTURE_ID, Block, Segment
from phonotheque.catalogue.search.tier import TABLE
from phonotheque.catalogue.sqlite_reading import translated

_CREATE = f"""
pragma journal_mode = off;
pragma synchronous = off;
pragma locking_mode = exclusive;
pragma cache_size = -65536;
create virtual table {TABLE} using fts5(
    text, content='', columnsize=0, detail=none, prefix='2 3', tokenize='ascii'
);
"""
_DEFENSIVE = 1010
"""SQLITE_DBCONFIG_DEFENSIVE, for which Python has a name from 3.12 on."""
BATCH_ROWS, RUN_BATCHES = 125_000, 8
"""Rows whose tokens are made at once, and batches that are sorted at once: 0.6 GB meanwhile. With
fewer rows much is done again for each batch, with more the memory for it is fetched anew."""
_FIRST_UNCOUNTED = WHOLE + tokens.FIRST_UNCOUNTED.encode()
COUNTS = pa.schema([("token", pa.string()), ("rows", pa.int64())])
"""Columns of the file of counts: a token may stand in it several times, and is in the sum of its
rows."""


def counts_of(path: Path) -> Path:
    """Return where the counts of an index file are left."""
    return path.with_suffix(".counts")


def write_tier(
    path: Path,
    cards: Iterable[pa.RecordBatch],
    first_rank: int,
    numbers: Numbers,
    on_rank: Callable[[int], None],
) -> int:
    """Write an index file of cards in rank order, and its counts; return how many cards there were.

    The caller makes it durable.

    Args:
        on_rank: Called with the rank that was reached.

    Raises:
        DiskFullError: No room is left.
    """
    tokens, runs = RowTokens(numbers), Runs(path.with_suffix(".runs"))
    rank, token_count, waiting = first_rank, 0, list[Places]()
    with translated(path):
        for batch in _gathered(cards, BATCH_ROWS):
            waiting.append(tokens.places(batch, rank))
            token_count += len(waiting[-1].ranks)
            rank += batch.num_rows
            if len(waiting) == RUN_BATCHES:
                runs.add(run_of(waiting, tokens))
                waiting.clear()
                tokens.forget_when_full()
            on_rank(rank - 1)
        if waiting or runs.is_empty:
            runs.add(run_of(waiting, tokens))
        rows = rank - first_rank
        with (
            closing(sqlite3.connect(path, isolation_level=None)) as tier,
            pq.ParquetWriter(counts_of(path), COUNTS, compression="lz4") as counts,
        ):
            _write_index(tier, _counted(runs.blocks(), counts), rows, token_count)
    return rows


def _gathered(cards: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """Pass cards on in batches as large as can be."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in cards:
        while batch.num_rows:
            waiting.append(batch.slice(0, rows - count))
            batch = batch.slice(rows - count)
            count += waiting[-1].num_rows
            if count == rows:
                yield _united(waiting)
                waiting, count = [], 0
    if count:
        yield _united(waiting)


def _united(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
    return table.to_batches()[0]


def _write_index(
    tier: sqlite3.Connection, blocks: Iterable[Block], rows: int, token_count: int
) -> None:
    switch = getattr(tier, "setconfig", None)  # from Python 3.12 on
    if switch is not None:  # FTS5's own tables cannot be written where SQLite defends them
        switch(_DEFENSIVE, False)
    tier.executescript(_CREATE)
    tier.execute("begin")
    segment = Segment()
    for block in blocks:
        segment.add(block)
        _put(tier, segment)
    query = f"select block from {TABLE}_data where id = ?"
    (structure,) = tier.execute(query, (STRUCTURE_ID,)).fetchone()
    segment.finish(rows, token_count, structure[:4])
    _put(tier, segment)
    tier.execute("commit")


def _put(tier: sqlite3.Connection, segment: Segment) -> None:
    """Write the pages that are ready."""
    tier.executemany(f"insert or replace into {TABLE}_data values (?, ?)", segment.pages)
    tier.executemany(f"insert into {TABLE}_idx values ({SEGMENT}, ?, ?)", segment.terms)
    segment.pages.clear()
    segment.terms.clear()


def _counted(blocks: Iterable[Block], counts: pq.ParquetWriter) -> Iterator[Block]:
    """Pass blocks on, and note how many rows each word and filter is in."""
    for block in blocks:
        if block.keys[0] < _FIRST_UNCOUNTED:
            rows = np.diff(block.ends, prepend=0)
            words = [key for key in block.keys if key < _FIRST_UNCOUNTED]
            token = pa.array([key[1:] for key in words], pa.binary()).cast(pa.string())
            counts.write_batch(
                pa.record_batch([token, pa.array(rows[: len(words)])], schema=COUNTS)
            )
        yield block
