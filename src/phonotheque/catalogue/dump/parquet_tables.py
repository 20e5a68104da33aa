"""All Parquet files of a dump: the flat tables, the tables of each source, and what links them.

A file that is there is whole (`parquet_files`), so that a run that goes on passes over it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.bulk import Progress, translated
from phonotheque.catalogue.database import Machine, database
from phonotheque.catalogue.dump.choosing import DECISIONS
from phonotheque.catalogue.dump.excerpt import Excerpt, rows_of_source
from phonotheque.catalogue.dump.flat import flat_rows
from phonotheque.catalogue.dump.layout import (
    CORRECTIONS,
    FLAT,
    SINGLE,
    WORK,
    Sheet,
    flat_path,
    single_path,
    table_path,
    table_sheet,
)
from phonotheque.catalogue.dump.parquet_files import write_sheet
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.snapshot import SourceEntry
from phonotheque.catalogue.tables import TABLES

"""Is told which share of the work is done, 0 to 1."""

_FLAT_SHARE = 0.6
"""Share of the time that the flat tables take."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What every file says of itself inside: which snapshot its rows are from.

    Attributes:
        snapshot: Name of the snapshot.
        epoch: The epoch in which ids mean something.
        made_at: When the snapshot was made.
    """

    snapshot: str
    epoch: str
    made_at: str

    def facts(self, sources: Iterable[SourceEntry]) -> dict[str, str]:
        """Return what a file of rows of these sources says, names and texts."""
        named = list(sources)
        if len(named) > 1:  # decisions by hand are on no terms
            named = [one for one in named if one is not DECISIONS]
        return {
            "snapshot": self.snapshot,
            "epoch": self.epoch,
            "made_at": self.made_at,
            "sources": "; ".join(one.name for one in named),
            "licence": "; ".join(dict.fromkeys(one.licence or "unknown" for one in named)),
            "attribution": "; ".join(
                dict.fromkeys(one.attribution for one in named if one.attribution)
            ),
        }


@dataclass(frozen=True, slots=True)
class _File:
    """One file to write: where, in which columns, of whose rows, and how to come by them."""

    path: str
    sheet: Sheet
    sources: tuple[SourceEntry, ...]
    rows: Callable[[], Iterable[pa.Table]]
    share: float


def write_parquet(
    made_from: Excerpt,
    sources: tuple[SourceEntry, ...],
    out: Path,
    origin: Origin,
    machine: Machine,
    on_progress: Progress,
) -> None:
    """Write every Parquet file of a dump that is not there yet.

    Args:
        made_from: Tables and cards.
        sources: Every source that a table may have rows of.
        out: Folder of the dump; `work` below it is used and left empty.

    Raises:
        DiskFullError: No room is left; no file is cut off.
    """
    with database(out / WORK, machine) as db:
        files = list(_files(made_from, sources, db))
        total, done = sum(one.share for one in files), 0.0
        for one in files:
            path = out / one.path
            if not path.exists():
                write_sheet(path, one.sheet, one.rows(), origin.facts(one.sources))
            done += one.share
            on_progress(done / total)


def _files(
    made_from: Excerpt, sources: tuple[SourceEntry, ...], db: duckdb.DuckDBPyConnection
) -> Iterator[_File]:
    weights = {kind: _bytes_of(made_from.cards[kind]) for kind in Kind}
    whole = sum(weights.values()) or 1
    for kind, weight in weights.items():
        share = _FLAT_SHARE * weight / whole + 1e-6
        yield _File(
            flat_path(kind),
            FLAT[kind],
            sources,
            lambda kind=kind: flat_rows(db, made_from, kind),  # type: ignore[misc]
            share,
        )
    for sheet in SINGLE:
        path = made_from.tables / f"{sheet.name}.parquet"
        if sheet is CORRECTIONS and not path.exists():
            continue
        yield _File(
            single_path(sheet),
            sheet,
            sources,
            lambda path=path, sheet=sheet: _single(path, sheet),  # type: ignore[misc]
            1e-6,
        )
    yield from _files_of_tables(made_from, sources)


def _files_of_tables(made_from: Excerpt, sources: tuple[SourceEntry, ...]) -> Iterator[_File]:
    weights = {name: _bytes_of((made_from.tables / name).glob("*.parquet")) for name in TABLES}
    whole = sum(weights.values()) or 1
    for name, weight in weights.items():
        folder = made_from.tables / name
        for source in sources:
            if next(iter(rows_of_source(folder, source)), None) is None:
                continue  # a source has rows of some tables only
            yield _File(
                table_path(name, source.name),
                table_sheet(name),
                (source,),
                lambda folder=folder, source=source: rows_of_source(folder, source),  # type: ignore[misc]
                (1 - _FLAT_SHARE) * weight / whole / len(sources),
            )


def _bytes_of(parts: Iterable[Path]) -> int:
    with translated("the catalogue"):
        return sum(part.stat().st_size for part in parts)


def _single(path: Path, sheet: Sheet) -> Iterator[pa.Table]:
    """Give the rows of a table of one file; none where a catalogue has no such file."""
    if path.exists():
        with translated(str(path)):
            yield pq.read_table(path, columns=[one.name for one in sheet.columns])
