"""Cards that came after a snapshot was built, searched beside it until the next one is.

They are a small folder of search files of their own, in `fresh-000001` and so on below the
snapshot's: each `append_fresh` writes all of them anew under the next number, and removes the one
before. Within an answer a fresh card stands where its listens put it: after as many settled rows as
have at least so many (to 1 %), so that what is new and popular is seen, and what nobody has heard
yet does not push aside what is known.

Laws: ranks are above the snapshot's, unique, and stay; a card given again under its rank replaces
the one before; a reader sees the fresh cards whole, as they were when it opened them.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.cards import SCHEMA
from phonotheque.catalogue.search.build import build_search, make_durable
from phonotheque.catalogue.search.fresh_rows import ORDER, PREFIX, SEARCH, TEXTS, newest_fresh
from phonotheque.catalogue.search.layout import Layout, read_layout
from phonotheque.catalogue.sqlite_reading import translated
from phonotheque.disk import LocalDisk
from phonotheque.errors import BadRequestError

MAX_FRESH = 2_000_000
"""Fresh cards that a snapshot can have beside it. Writing them anew takes some 10 s a million."""

_CARDS = "cards.parquet"


def append_fresh(folder: Path, cards: Iterable[pa.RecordBatch]) -> None:
    """Have cards found that the snapshot lacks, beside those that were appended before.

    A card that changed is a withdrawn rank and a fresh card.

    Args:
        folder: Search files, as `build_search` left them.
        cards: With ranks above the snapshot's, in any order.

    Raises:
        BadRequestError: A rank is the snapshot's, or there would be more than 2 million.
        MalformedError: The search files are damaged.
    """
    layout = read_layout(folder)
    before = newest_fresh(folder)
    table = _united(read_fresh(folder), pa.Table.from_batches(cards, SCHEMA))
    _check(folder, table, layout)
    number = int(before.name.removeprefix(PREFIX)) + 1 if before else 1
    name = f"{PREFIX}{number:06d}"
    work = folder / f"{name}.part"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    _write(work, table, layout)
    disk = LocalDisk(folder)
    make_durable(disk, work.name)
    disk.rename(work.name, name)
    disk.sync_folder("")
    if before is not None:
        shutil.rmtree(before, ignore_errors=True)


def read_fresh(folder: Path) -> pa.Table:
    """Return all fresh cards beside a snapshot, the most listened first."""
    newest = newest_fresh(folder)
    if newest is None:
        return SCHEMA.empty_table()
    return pq.read_table(newest / _CARDS).cast(SCHEMA)


def _united(before: pa.Table, more: pa.Table) -> pa.Table:
    """Both, sorted by listens; of two cards with one rank the later one."""
    table = pa.concat_tables([before, more]).combine_chunks()
    ranks = table["rank"].to_numpy()
    _, last = np.unique(ranks[::-1], return_index=True)
    table = table.take(pa.array(len(ranks) - 1 - last))
    return table.sort_by([("listens", "descending"), ("rank", "ascending")])


def _check(folder: Path, table: pa.Table, layout: Layout) -> None:
    if table.num_rows > MAX_FRESH:
        raise BadRequestError(
            str(folder), f"would have {table.num_rows:,} fresh cards", "Build the catalogue again."
        )
    ranks = table["rank"].to_numpy()
    if table["rank"].null_count or (len(ranks) and ranks.min() <= layout.rows):
        raise BadRequestError(
            "fresh cards",
            f"have ranks that are not above {layout.rows:,}, the snapshot's last",
            "Number them from there on.",
        )


def _write(work: Path, table: pa.Table, layout: Layout) -> None:
    listens = table["listens"].to_pylist()
    places = [layout.place_of(one) for one in listens]
    order = np.column_stack([table["rank"].to_numpy(), np.array(places, np.int64)])
    (work / ORDER).write_bytes(order.astype("<i8").tobytes())
    pq.write_table(table, work / _CARDS, compression="zstd")
    with translated(work / TEXTS), closing(sqlite3.connect(work / TEXTS)) as texts:
        texts.execute("create table text(row integer primary key, title text, credit text)")
        titles, credits = (table[name].fill_null("").to_pylist() for name in ("title", "credit"))
        rows = zip(range(1, len(titles) + 1), titles, credits, strict=True)
        texts.executemany("insert into text values (?, ?, ?)", rows)
        texts.commit()
    rows_column = pa.array(np.arange(1, table.num_rows + 1))
    numbered = table.set_column(0, SCHEMA.field("rank"), rows_column)
    build_search(numbered.to_batches(), work / SEARCH)
