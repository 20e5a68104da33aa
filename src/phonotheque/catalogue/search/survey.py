"""The first look at cards: how many there are, what is common in them. Bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from phonotheque.catalogue.search import tokens
from phonotheque.catalogue.search.layout import Numbers, level_of
from phonotheque.catalogue.search.row_tokens import RowTokens
from phonotheque.errors import MalformedError

COLUMNS = (
    "rank title credit year country licence is_held is_free genres listens".split()  # noqa: SIM905
)
"""What search reads of a card."""

BATCH_ROWS = 125_000
MAX_GENRES = 20_000
"""Genres that get a number. Sources where everybody may tag have far more, each of a few rows."""
_COUNTED_GENRES = 500_000
_SAMPLES = 16
_SAMPLE_ROWS = 4_096


def iter_cards(
    parts: Sequence[Path],
    columns: Sequence[str],
    first: int = 0,
    rows: int | None = None,
    *,
    batch_rows: int = BATCH_ROWS,
) -> Iterator[pa.RecordBatch]:
    """Yield the cards of parts that stand in rank order, from row `first` (from 0) on.

    Raises:
        MalformedError: A part is no Parquet file with these columns.
    """
    missing = rows
    for part in parts:
        with _opened(part) as file:
            groups, first = _groups_from(file, first)
            for batch in file.iter_batches(batch_rows, groups, list(columns), use_threads=False):
                here = batch.slice(first, missing)
                first = max(first - batch.num_rows, 0)
                if here.num_rows:
                    yield here
                if missing is not None:
                    missing -= here.num_rows
                    if not missing:
                        return


def _groups_from(file: pq.ParquetFile, first: int) -> tuple[list[int], int]:
    """Return the row groups from the one that has row `first` on, and its place in that one."""
    groups = list(range(file.num_row_groups))
    while groups and first >= (rows := file.metadata.row_group(groups[0]).num_rows):
        first -= rows
        del groups[0]
    return groups, first


def count_rows(parts: Sequence[Path]) -> int:
    """Return how many cards some parts have."""
    total = 0
    for part in parts:
        with _opened(part) as file:
            total += file.metadata.num_rows
    return total


def take_numbers(parts: Sequence[Path], rows: int) -> tuple[Numbers, tuple[tuple[int, int], ...]]:
    """Number head words, licences, countries and genres, and count rows by level of listens."""
    names: dict[str, Counter[str]] = {name: Counter() for name in ("licence", "country", "genres")}
    levels: Counter[int] = Counter()
    left_out = 0
    for cards in iter_cards(parts, (*names, "listens")):
        for name, counted in names.items():
            counted.update(_counts(cards.column(name)))
        if len(names["genres"]) > _COUNTED_GENRES:
            left_out += len(names["genres"]) - _COUNTED_GENRES // 2
            names["genres"] = Counter(dict(names["genres"].most_common(_COUNTED_GENRES // 2)))
        levels.update(_levels(cards.column("listens")))
    genres = _commonest(names["genres"], MAX_GENRES)
    numbers = Numbers(
        head_words=_head_words(parts, rows),
        licences=_commonest(names["licence"], tokens.LICENCE.capacity),
        countries=_commonest(names["country"], tokens.COUNTRY.capacity),
        genres=genres,
        genres_left_out=left_out + len(names["genres"]) - len(genres),
        wholes=tokens.wholes_of(rows),
    )
    return numbers, _at_or_above(levels)


def _head_words(parts: Sequence[Path], rows: int) -> tuple[str, ...]:
    """The commonest spaced words of samples that lie evenly over all ranks."""
    rows_of, counted = RowTokens(Numbers()), Counter[str]()
    samples = min(_SAMPLES, -(-rows // _SAMPLE_ROWS))
    for sample in range(samples):
        first = sample * rows // samples
        columns = ("title", "credit")
        for cards in iter_cards(parts, columns, first, _SAMPLE_ROWS, batch_rows=_SAMPLE_ROWS):
            counted.update(rows_of.count(cards))
    return _commonest(counted, tokens.HEAD_WORDS)


def _commonest(counted: Counter[str], limit: int) -> tuple[str, ...]:
    """The commonest names; of equally common ones the first in the alphabet."""
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return tuple(name for name, _ in ordered[:limit])


def _counts(column: pa.Array) -> dict[str, int]:
    values = column.flatten() if pa.types.is_list(column.type) else column
    counts = pc.value_counts(values.drop_null().cast(pa.string()))
    return dict(_pairs(counts))


def _levels(listens: pa.Array) -> dict[int, int]:
    levels: Counter[int] = Counter()
    for value, count in _pairs(pc.value_counts(listens.drop_null())):
        levels[level_of(value)] += count
    return levels


def _pairs(counts: pa.StructArray) -> Iterator[tuple[Any, int]]:
    columns = (counts.field(name).to_pylist() for name in ("values", "counts"))
    return zip(*columns, strict=True)


def _at_or_above(levels: Counter[int]) -> tuple[tuple[int, int], ...]:
    falling = sorted(levels, reverse=True)
    sums = np.cumsum([levels[level] for level in falling]).tolist()
    return tuple(zip(falling, sums, strict=True))


@contextmanager
def _opened(part: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(part) as file:
            yield file
    except (OSError, pa.ArrowException) as error:
        raise MalformedError(
            str(part), f"is no part of cards ({error})", "Build the catalogue again."
        ) from error


def check_ranks(batches: Iterable[pa.RecordBatch], first: int) -> Iterator[pa.RecordBatch]:
    """Pass cards on whose ranks rise by one from `first`.

    Raises:
        MalformedError: They do not: an index of them would answer in another order.
    """
    for cards in batches:
        ranks = cards.column("rank").to_numpy(zero_copy_only=False)
        if not np.array_equal(ranks, np.arange(first, first + len(ranks))):
            raise MalformedError(
                "cards", f"are not in rank order at rank {first:,}", "Rank them again."
            )
        first += len(ranks)
        yield cards
