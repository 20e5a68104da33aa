"""Making `browse.db` from a snapshot: a sorting for each facet, rows always in order of key.

The file is made in a folder beside its place and renamed when it is whole and durable. Sorting
spills to files; in memory are the addresses of artists or of labels, one kind at a time, and
nothing else that grows with the catalogue.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from phonotheque.catalogue.browse import beside
from phonotheque.catalogue.browse.parts import Names, PartRows, gather, write_marks
from phonotheque.catalogue.browse.schema import FACETS, TABLES, Facet
from phonotheque.catalogue.bulk import (
    Progress,
    batches_of,
    made_beside,
    parts_in,
)
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.list_rows import list_rows
from phonotheque.catalogue.lookup.pairs import Pairs, sorted_pairs
from phonotheque.catalogue.lookup.rank_maps import make_rank_map
from phonotheque.catalogue.sqlite_making import filling

SCORES = range(101)
"""Popularity that one can ask for at least."""


def build_browse(
    snapshot: Path,
    out: Path,
    on_progress: Progress = lambda _: None,
    *,
    machine: Machine = Machine(),  # noqa: B008  # frozen
) -> None:
    """Make the browse file of a snapshot.

    Args:
        snapshot: Folder with `tables` and ranked `cards`.
        out: Path of the file; one that stands there is replaced.
        on_progress: Is told which share is done, 0 to 1.
        machine: What sorting may use.

    Raises:
        MalformedError: Cards or tables are not what a snapshot has.
        DiskFullError: No room is left; nothing is at `out` that was not there before.
    """
    with made_beside(out) as path, filling(path, TABLES) as db:
        _Work(snapshot, path.parent, db, machine).run(on_progress)
    on_progress(1.0)


@dataclass(frozen=True, slots=True)
class _Work:
    snapshot: Path
    folder: Path
    db: sqlite3.Connection
    machine: Machine

    def run(self, on_progress: Progress) -> None:
        """Write all tables."""
        count = sum(map(len, FACETS.values()))
        rows, done = PartRows(), 0
        for kind in Kind:
            write_marks(self.snapshot, kind, self._marks)
            for facet in FACETS[kind]:
                on_progress(0.7 * done / count)
                self._shelves(kind, facet, rows)
                done += 1
        self._meta()
        on_progress(0.7)
        self._beside()

    @property
    def _marks(self) -> Path:
        """Marks of the cards of one kind, the next after the other."""
        return self.folder / "marks"

    def _shelves(self, kind: Kind, facet: Facet, rows: PartRows) -> None:
        names, taken = Names(), Pairs(self.folder / f"{kind}-{facet}", self.machine)
        gather(self.snapshot, kind, facet, self._marks, names, taken)
        blocks = self._heads_written(rows.rows(kind, facet, names, taken))
        self.db.executemany("INSERT INTO block VALUES (?, ?)", blocks)

    def _heads_written(self, rows: Iterator[tuple[Any, Any]]) -> Iterator[tuple[int, bytes]]:
        for head, block in rows:
            if head is not None:
                self.db.execute("INSERT INTO part VALUES (?, ?, ?, ?, ?, ?, ?)", head)
            else:
                yield block

    def _meta(self) -> None:
        """How far down the ranks of recordings each popularity goes, and any listens at all."""
        least, heard = np.zeros(len(SCORES), np.int64), 0
        for batch in batches_of(parts_in(self.snapshot / "cards/recording"), ["score", "listens"]):
            scores = batch["score"].fill_null(-1).to_numpy(zero_copy_only=False)
            for score in SCORES:
                least[score] += np.count_nonzero(scores >= score)
            listens = batch["listens"].fill_null(0).to_numpy(zero_copy_only=False)
            heard += int(np.count_nonzero(listens > 0))
        rows = [(f"score {score}", int(least[score])) for score in SCORES]
        self.db.executemany("INSERT INTO meta VALUES (?, ?)", [*rows, ("heard", heard)])

    def _beside(self) -> None:
        ranks = {kind: make_rank_map(self.snapshot, kind, self.folder) for kind in Kind}
        work = (self.folder, self.machine)
        rows = beside.object_rows(self.snapshot, ranks[Kind.RECORDING], *work)
        self._insert("object", rows)
        several = beside.only_several(
            self._sorted("recording_release", beside.release_pairs(self.snapshot, ranks))
        )
        self._insert("recording_release", list_rows(several))
        labels = self._sorted("release_label", beside.label_pairs(self.snapshot, ranks))
        self._insert("release_label", list_rows(labels))
        self._insert("link", beside.link_rows(self.snapshot, ranks, *work))

    def _sorted(self, name: str, pairs: Any) -> Iterator[tuple[Any, Any]]:
        return sorted_pairs(pairs, self.folder / name, self.machine)

    def _insert(self, table: str, rows: Iterable[tuple[Any, Any]]) -> None:
        self.db.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)
