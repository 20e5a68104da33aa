"""The tables of a snapshot that increments lead to: what did not change is linked, not copied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.build.steps import make_once
from phonotheque.catalogue.build.subjects import CANONICAL_SCHEMA
from phonotheque.catalogue.bulk import (
    PartWriter,
    Progress,
    batches_of,
    fresh_folder,
    parts_in,
    sync_file,
    translated,
)
from phonotheque.catalogue.corrections.resolving import write_corrections
from phonotheque.catalogue.dump.choosing import DECISIONS
from phonotheque.catalogue.dump.layout import (
    CANONICAL,
    CORRECTIONS,
    DELETED,
    LINKS,
    Sheet,
    single_path,
    table_path,
)
from phonotheque.catalogue.dump.ordered import (
    ACROSS,
    key_of,
    plain,
    plain_schema,
    rows_in_order,
)
from phonotheque.catalogue.dump.taking_back import with_no_reason
from phonotheque.catalogue.epoch import link_or_copy
from phonotheque.catalogue.identity.linking import LINKS_SCHEMA
from phonotheque.catalogue.increment.comparing import merged
from phonotheque.catalogue.increment.contents import Increment
from phonotheque.catalogue.increment.deleted import keys_deleted
from phonotheque.catalogue.snapshot import SourceEntry
from phonotheque.catalogue.tables import TABLES, snapshot_schema


@dataclass(frozen=True, slots=True)
class Steps:
    """Increments one after the other, and the tables that they begin with.

    Attributes:
        before: Folder of the tables, as in a snapshot.
        folders: Where each increment is.
        chain: What each says of itself.
    """

    before: Path
    folders: tuple[Path, ...]
    chain: tuple[Increment, ...]

    @property
    def last(self) -> Increment:
        """The one that leads to the end."""
        return self.chain[-1]

    def touches(self, path: str, name: str) -> bool:
        """Whether a table may change, by its path in a dump and its name."""
        return any(path in one.rows or one.deleted.get(name) for one in self.chain)


def untouched(steps: Steps, digests: dict[str, str], nothing: str) -> dict[str, str]:
    """Return the digests of tables that no increment changes.

    Args:
        digests: Of the tables before, by path.
        nothing: What stands for a table without rows.
    """
    places = [(single_path(sheet), sheet.name) for sheet in ACROSS]
    places += [(table_path(n, s.name), n) for n in TABLES for s in (DECISIONS, *steps.last.sources)]
    return {
        path: digests.get(path, nothing) for path, name in places if not steps.touches(path, name)
    }


def make_tables(steps: Steps, tables: Path, on_progress: Progress) -> None:
    """Make the tables of a snapshot; that of the sources apart.

    Args:
        tables: Folder for them; tables that are there are whole.
    """
    with translated(str(tables)):
        tables.mkdir(parents=True, exist_ok=True)
    for done, name in enumerate(TABLES, 1):
        make_once(tables / name, partial(_make_table, steps, name))
        on_progress(done / len(TABLES))
    for sheet, schema in ((LINKS, LINKS_SCHEMA), (CANONICAL, CANONICAL_SCHEMA)):
        out = tables / f"{sheet.name}.parquet"
        rows = _across(steps, sheet).cast(schema)
        with translated(str(out)):
            pq.write_table(rows, out, compression="zstd", row_group_size=100_000)
            sync_file(out)
    write_corrections(tables, with_no_reason(_across(steps, CORRECTIONS)))


def _across(steps: Steps, sheet: Sheet) -> pa.Table:
    rows = _rows(steps, single_path(sheet), sheet.name, None, sheet.schema)
    return pa.concat_tables([plain(sheet.schema.empty_table()), *rows])


def _make_table(steps: Steps, name: str, out: Path) -> None:
    fresh_folder(out)
    schema = snapshot_schema(name)
    is_mixed = any(part.name.count("-") == 1 for part in parts_in(steps.before / name))
    for source in (DECISIONS, *steps.last.sources):
        path = table_path(name, source.name)
        if steps.touches(path, name) or is_mixed:
            writer = PartWriter(out, source=source.id)
            for rows in _rows(steps, path, name, source, schema):
                writer.write(rows.cast(schema))
            writer.close()
        else:
            with translated(str(out)):
                for part in sorted((steps.before / name).glob(f"part-{source.id:03d}-*")):
                    link_or_copy(part, out / part.name)


def _rows(
    steps: Steps, path: str, name: str, source: SourceEntry | None, schema: pa.Schema
) -> Iterator[pa.Table]:
    """Give the rows of a table with every increment applied, one after the other."""
    rows = rows_in_order(steps.before, name, source)
    for folder, one in zip(steps.folders, steps.chain, strict=True):
        put = _put(folder / path) if path in one.rows else iter(())
        deleted = (
            keys_deleted(folder / single_path(DELETED), name, source)
            if one.deleted.get(name)
            else iter(())
        )
        rows = merged(rows, put, deleted, plain_schema(schema), key_of(name))
    return rows


def _put(path: Path) -> Iterator[pa.Table]:
    for batch in batches_of([path]):
        yield plain(pa.Table.from_batches([batch]))
