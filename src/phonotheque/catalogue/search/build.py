"""Building search files from cards in rank order.

Laws: the folder appears under its name when it is whole and durable, not before; what an
interrupted build left is removed by the next; the same cards give the same answers, whatever the
number of processes. Memory does not grow with rows: 512 MB gather in each tier, about 1 GB in all.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.search import layout as layouts
from phonotheque.catalogue.search.layout import Layout, Numbers, Tier
from phonotheque.catalogue.search.spelling import write_spelling
from phonotheque.catalogue.search.survey import (
    COLUMNS,
    check_ranks,
    count_rows,
    iter_cards,
    take_numbers,
)
from phonotheque.catalogue.search.tier_making import counts_of, write_tier
from phonotheque.catalogue.sqlite_reading import translated
from phonotheque.disk import Kind, LocalDisk
from phonotheque.errors import ConflictError, PhonothequeError
from phonotheque.hands import ManyHands

TIER_ROWS = (2_000_000, 32_000_000, 86_000_000)
"""Ranks in each index file; all further ones in the last. Most answers come from the first."""

_PART_ROWS = 1_000_000

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how many rows are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class _TierJob:
    parts: tuple[Path, ...]
    path: Path
    first: int
    rows: int
    numbers: Numbers


def build_search(
    cards: Iterable[pa.RecordBatch],
    folder: Path,
    *,
    tier_rows: Sequence[int] = TIER_ROWS,
    jobs: int = 1,
    on_progress: Progress | None = None,
) -> None:
    """Write the search files of cards. They are put into parts first, which are removed after.

    Args:
        cards: With ranks from 1, without gaps, rising.
        folder: Must not exist; its parent must.
        tier_rows: Ranks in each index file but the last.
        jobs: Processes that write index files side by side, 0.6 to 1 GB each.

    Raises:
        ConflictError: The folder exists.
        MalformedError: The cards are not in rank order, or lack a column.
        DiskFullError: No room is left.
    """
    spool = folder.with_name(folder.name + ".cards")
    shutil.rmtree(spool, ignore_errors=True)
    try:
        with translated(spool):
            spool.mkdir()
            parts = _spooled(cards, spool)
        build_search_of_parts(
            parts, folder, tier_rows=tier_rows, jobs=jobs, on_progress=on_progress
        )
    finally:
        shutil.rmtree(spool, ignore_errors=True)


def build_search_of_parts(
    parts: Sequence[Path],
    folder: Path,
    *,
    tier_rows: Sequence[int] = TIER_ROWS,
    jobs: int = 1,
    on_progress: Progress | None = None,
) -> None:
    """Write the search files of Parquet parts of cards: `build_search` without the copy.

    Args:
        on_progress: Called after each batch; with several jobs after each index file.
    """
    if folder.exists():
        raise ConflictError(str(folder), "exists", "Nothing was overwritten.")
    disk, work = LocalDisk(folder.parent), folder.with_name(folder.name + ".part")
    shutil.rmtree(work, ignore_errors=True)
    disk.make_folder(work.name)
    rows = count_rows(parts)
    numbers, levels = take_numbers(parts, rows)
    todo = list(_plan(tuple(parts), work, rows, tier_rows, numbers))
    _write_tiers(todo, jobs, on_progress or _silent, rows)
    words = write_spelling(work / layouts.SPELLING, [counts_of(job.path) for job in todo])
    for job in todo:
        counts_of(job.path).unlink()
    tiers = tuple(Tier(job.path.name, job.first, job.rows, job.path.stat().st_size) for job in todo)
    spelling_bytes = (work / layouts.SPELLING).stat().st_size
    with translated(work / layouts.FILE):
        layouts.write_layout(work, Layout(rows, words, tiers, spelling_bytes, numbers, levels))
    make_durable(disk, work.name)
    disk.rename(work.name, folder.name)
    disk.sync_folder("")


def make_durable(disk: LocalDisk, folder: str) -> None:
    """Return when every file of a folder is on the disk; folders in it are their makers' affair."""
    for entry in disk.list(folder):
        if entry.kind is not Kind.FILE:
            continue
        writer = disk.append(f"{folder}/{entry.name}")
        try:
            writer.sync()
        finally:
            writer.close()
    disk.sync_folder(folder)


def _spooled(cards: Iterable[pa.RecordBatch], spool: Path) -> list[Path]:
    parts: list[Path] = []
    writer: pq.ParquetWriter | None = None
    rows = 0
    for batch in cards:
        if writer is None or rows >= _PART_ROWS:
            if writer is not None:
                writer.close()
            parts.append(spool / f"part-{len(parts) + 1:05d}.parquet")
            writer = pq.ParquetWriter(parts[-1], batch.select(COLUMNS).schema, compression="lz4")
            rows = 0
        writer.write_batch(batch.select(COLUMNS))
        rows += batch.num_rows
    if writer is not None:
        writer.close()
    return parts


def _plan(
    parts: tuple[Path, ...], work: Path, rows: int, tier_rows: Sequence[int], numbers: Numbers
) -> Iterator[_TierJob]:
    """Share all rows out to index files. There is one even when there is no row."""
    first = 0
    for number, size in enumerate([*tier_rows, max(rows, 1)]):
        here = min(size, rows - first)
        if here > 0 or number == 0:
            yield _TierJob(parts, work / f"search-{number}.db", first + 1, here, numbers)
        first += here


def _write_tiers(todo: Sequence[_TierJob], jobs: int, on_progress: Progress, rows: int) -> None:
    done = 0
    if jobs == 1 or len(todo) == 1:
        for job in todo:
            _write(job, lambda rank: on_progress(rank, rows))
        return
    with ManyHands[_TierJob, int](_make_work, min(jobs, len(todo))) as hands:
        # The largest first: the last one to end is then a small one.
        for results in hands.work(sorted(todo, key=lambda job: -job.rows)):
            for job, result in results:
                if isinstance(result, PhonothequeError):
                    raise result
                done += job.rows
                on_progress(done, rows)


def _make_work() -> Callable[[_TierJob], int]:
    return partial(_write, on_rank=_unheard)


def _write(job: _TierJob, on_rank: Callable[[int], None]) -> int:
    cards = iter_cards(job.parts, COLUMNS, job.first - 1, job.rows)
    return write_tier(job.path, check_ranks(cards, job.first), job.first, job.numbers, on_rank)


def _silent(done: int, rows: int) -> None:
    """Tell nobody."""


def _unheard(rank: int) -> None:
    """Tell nobody: in a process of its own there is nobody to hear it."""
