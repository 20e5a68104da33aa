"""Making `ids.db` from a snapshot: one pass over cards and tables, rows always in order of key.

The file is made in a folder beside its place and renamed when it is whole and durable. Memory does
not grow with the catalogue but for 16 bytes for each text that cards share (`text_pool`) and 40 for
each redirect (`moves`); sorting spills to files.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from phonotheque.catalogue.bulk import Progress, made_beside, translated
from phonotheque.catalogue.database import Machine, database
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup import index_pairs, list_rows, moves, schema
from phonotheque.catalogue.lookup.block_writer import blocks
from phonotheque.catalogue.lookup.card_rows import CardRows
from phonotheque.catalogue.lookup.id_rows import id_rows
from phonotheque.catalogue.lookup.pairs import Pairs, sorted_pairs
from phonotheque.catalogue.lookup.rank_maps import RankMap, make_rank_map
from phonotheque.catalogue.sqlite_making import filling
from phonotheque.errors import MalformedError


def build_lookup(
    snapshot: Path,
    out: Path,
    on_progress: Progress = lambda _: None,
    *,
    machine: Machine = Machine(),  # noqa: B008  # frozen
) -> None:
    """Make the look-up file of a snapshot.

    Args:
        snapshot: Folder with `tables` and ranked `cards`.
        out: Path of the file; one that stands there is replaced.
        on_progress: Is told which share is done, 0 to 1.
        machine: What sorting may use.

    Raises:
        MalformedError: Cards or tables are not what a snapshot has.
        DiskFullError: No room is left; nothing is at `out` that was not there before.
    """
    with made_beside(out) as path, _database(path) as db:
        _Work(snapshot, path.parent, db, machine).run(on_progress)
    on_progress(1.0)


@contextmanager
def _database(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with filling(path, schema.TABLES) as db:
            yield db
    except sqlite3.IntegrityError as error:
        todo = "Build the catalogue again."
        raise MalformedError(str(path), f"rows are not in order of id: {error}", todo) from error


@dataclass(frozen=True, slots=True)
class _Work:
    snapshot: Path
    folder: Path
    db: sqlite3.Connection
    machine: Machine

    def run(self, on_progress: Progress) -> None:
        """Write all tables; the shares are those of the time that each takes."""
        ranks = {kind: make_rank_map(self.snapshot, kind, self.folder) for kind in schema.KINDS}
        on_progress(0.02)
        counts = self._cards(ranks)
        on_progress(0.4)
        self._ids(ranks)
        on_progress(0.65)
        self._indexes(ranks)
        on_progress(0.75)
        self._lists(ranks)
        on_progress(0.98)
        self._moves(counts)

    def _cards(self, ranks: dict[Kind, RankMap]) -> dict[str, int]:
        rows = CardRows(self.snapshot, self.db, ranks)
        counts = {str(kind): rows.write(kind) for kind in schema.KINDS}
        rows.close()
        return counts

    def _ids(self, ranks: dict[Kind, RankMap]) -> None:
        sources = _sources(self.snapshot)
        self._insert("source", sources.items())
        gids = Pairs(self.folder / "gid", self.machine)
        for kind in schema.KINDS:
            rows = id_rows(self.snapshot, kind, ranks[kind], sources, gids)
            self._insert(f"{kind}_id", rows)
        self._insert("gid", blocks(gids.in_order()))

    def _indexes(self, ranks: dict[Kind, RankMap]) -> None:
        for name, pairs in (
            ("isrc", index_pairs.isrc_pairs(self.snapshot, ranks)),
            ("barcode", index_pairs.barcode_pairs(self.snapshot, ranks)),
            ("catalog_number", index_pairs.catalog_number_pairs(self.snapshot, ranks)),
            ("external_id", index_pairs.external_pairs(self.snapshot, ranks)),
        ):
            self._insert(name, blocks(self._sorted(name, pairs)))

    def _lists(self, ranks: dict[Kind, RankMap]) -> None:
        with database(self.folder / "joins", self.machine) as tables:
            self._insert("release_track", list_rows.track_rows(tables, self.snapshot, ranks))
            for kind in (Kind.RECORDING, Kind.RELEASE):
                pairs = list_rows.credited_pairs(tables, self.snapshot, kind, ranks)
                name = f"artist_{kind}"
                self._insert(name, list_rows.list_rows(self._sorted(name, pairs)))
        pairs = list_rows.label_pairs(self.snapshot, ranks)
        self._insert("label_release", list_rows.list_rows(self._sorted("label_release", pairs)))

    def _moves(self, counts: dict[str, int]) -> None:
        redirects, refused = moves.redirect_rows(self.snapshot)
        self._insert("redirect", redirects)
        self.db.executemany(
            "INSERT OR IGNORE INTO tombstone VALUES (?, ?, ?, ?, ?)",
            moves.tombstone_rows(self.snapshot),
        )
        self._insert("meta", {**counts, "refused_redirects": refused}.items())

    def _sorted(self, name: str, pairs: index_pairs.Batches) -> index_pairs.Batches:
        return sorted_pairs(pairs, self.folder / name, self.machine)

    def _insert(self, table: str, rows: Iterable[tuple[object, ...]]) -> None:
        width = len(self.db.execute(f"PRAGMA table_info({table})").fetchall())
        places = ", ".join("?" * width)
        self.db.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


def _sources(snapshot: Path) -> dict[int, str]:
    """Return the names of sources by number."""
    path = snapshot / "tables" / "sources.parquet"
    with translated(str(path)):
        rows = pq.read_table(path, columns=["id", "name"]).to_pydict()
    if None in rows["id"] or None in rows["name"]:
        raise MalformedError(str(path), "a source has no name", "Build the catalogue again.")
    return dict(zip(rows["id"], rows["name"], strict=True))
