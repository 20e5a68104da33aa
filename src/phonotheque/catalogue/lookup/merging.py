"""Rows of several sources in one order, without holding any of them whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.bulk import batches_of, parts_in


def rows_by_id(folder: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Give the rows of a table of entities in order of id.

    Parts of one source, whose names differ in their last number alone, are in that order; the
    sources are merged: what lies below the least of their last ids seen is complete.

    Args:
        columns: Columns wanted, `id` among them.
    """
    by_source: dict[str, list[Path]] = {}
    for part in parts_in(folder):
        by_source.setdefault(part.name.rpartition("-")[0], []).append(part)
    streams = [_filled(batches_of(parts, list(columns))) for parts in by_source.values()]
    heads = [(stream, head) for stream in streams if (head := next(stream, None)) is not None]
    while len(heads) > 1:
        complete = min(head["id"][-1].as_py() for _, head in heads)
        ready, rest = [], []
        for stream, head in heads:
            count = pc.sum(pc.less_equal(head["id"], complete)).as_py()
            ready.append(head.slice(0, count))
            left = head.slice(count) if count < head.num_rows else next(stream, None)
            if left is not None:
                rest.append((stream, left))
        yield pa.concat_tables(ready).sort_by("id")
        heads = rest
    for stream, head in heads:
        yield head
        yield from stream


def _filled(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Give the batches that have rows as tables."""
    for batch in batches:
        if batch.num_rows:
            yield pa.Table.from_batches([batch])
