"""Tables and cards of a snapshot from the Parquet files of a dump: `parquet_tables` turned round.

Nothing here trusts a dump further than its columns, counts and rows were checked: paths are made
from the layout and the names of sources, which are words; that ids were given before `next_ids` is
checked when they are taken up (`restoring`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.build.card_making import UNRANKED
from phonotheque.catalogue.build.card_making import unranked as unranked_in
from phonotheque.catalogue.build.steps import make_once
from phonotheque.catalogue.build.subjects import CANONICAL_SCHEMA
from phonotheque.catalogue.bulk import (
    PartWriter,
    Progress,
    batches_of,
    fresh_folder,
    sync_file,
    translated,
)
from phonotheque.catalogue.corrections.resolving import SCHEMA as CORRECTIONS_SCHEMA
from phonotheque.catalogue.corrections.resolving import write_corrections
from phonotheque.catalogue.dump.checks import RowsCheck, check_file
from phonotheque.catalogue.dump.choosing import DECISIONS
from phonotheque.catalogue.dump.contents import Contents
from phonotheque.catalogue.dump.isrcs import unpack_isrcs
from phonotheque.catalogue.dump.layout import (
    CANONICAL,
    CONTENTS,
    CORRECTIONS,
    FLAT,
    LINKS,
    SOURCES,
    Sheet,
    flat_path,
    single_path,
    table_path,
    table_sheet,
)
from phonotheque.catalogue.identity.linking import LINKS_SCHEMA
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.snapshot import SourceEntry
from phonotheque.catalogue.tables import ENTITIES, TABLES, snapshot_schema
from phonotheque.errors import MalformedError

_AGAIN = "Fetch the dump again, or ask those who made it."


def sources_of(contents: Contents) -> tuple[SourceEntry, ...]:
    """Return every source that a table may have rows of."""
    return (DECISIONS, *contents.sources)


def sheets_of(contents: Contents) -> dict[str, Sheet]:
    """Return the table that each Parquet file of a dump is, by its path.

    Raises:
        MalformedError: A path is none of the layout, or a file is missing in the list.
    """
    always = {flat_path(kind): FLAT[kind] for kind in Kind}
    always |= {single_path(sheet): sheet for sheet in (SOURCES, LINKS, CANONICAL)}
    possible = always | {single_path(CORRECTIONS): CORRECTIONS}
    possible |= {
        table_path(name, source.name): table_sheet(name)
        for name in TABLES
        for source in sources_of(contents)
    }
    odd = [path for path in contents.rows if path not in possible]
    missing = [path for path in always if path not in contents.rows]
    for path, wrong in ((odd, "it is no file of a dump"), (missing, "the dump lacks it")):
        if path:
            raise MalformedError(path[0][:200], wrong, _AGAIN)
    return {path: possible[path] for path in contents.rows}


def check_columns(dump: Path, contents: Contents) -> None:
    """Compare columns and rows of every file with what they have to be.

    Raises:
        MalformedError: A file is another one.
    """
    for path, sheet in sheets_of(contents).items():
        check_file(dump, path, sheet, contents.rows[path], CONTENTS)


def take_in_tables(dump: Path, contents: Contents, tables: Path, on_progress: Progress) -> None:
    """Make the tables of a snapshot; those of the sources themselves apart.

    Args:
        tables: Folder for them; tables that are there are whole.
    """
    with translated(str(tables)):
        tables.mkdir(parents=True, exist_ok=True)
    for done, name in enumerate(TABLES, 1):
        make_once(tables / name, partial(_take_in_table, dump, contents, name))
        on_progress(done / len(TABLES))
    for sheet, schema in ((LINKS, LINKS_SCHEMA), (CANONICAL, CANONICAL_SCHEMA)):
        out = tables / f"{sheet.name}.parquet"
        with translated(str(out)):
            rows = _checked(dump, sheet).cast(schema)
            pq.write_table(rows, out, compression="zstd", row_group_size=100_000)
            sync_file(out)
    if single_path(CORRECTIONS) in contents.rows:
        write_corrections(tables, with_no_reason(_checked(dump, CORRECTIONS)))


def _checked(dump: Path, sheet: Sheet) -> pa.Table:
    """Return the rows of a table across sources."""
    path = dump / single_path(sheet)
    with translated(str(path)):
        rows = pq.read_table(path)
    check = RowsCheck(path, sheet)
    for batch in rows.to_batches():
        check.add(batch)
    return rows


def with_no_reason(corrected: pa.Table) -> pa.Table:
    """Return corrections as a snapshot has them; why somebody made them is in no dump."""
    reasons = pa.nulls(corrected.num_rows, pa.string())
    rows = corrected.append_column("reason", reasons).select(CORRECTIONS_SCHEMA.names)
    return rows.cast(CORRECTIONS_SCHEMA)


def _take_in_table(dump: Path, contents: Contents, name: str, out: Path) -> None:
    fresh_folder(out)
    schema = snapshot_schema(name)
    for source in sources_of(contents):
        path = dump / table_path(name, source.name)
        if path.relative_to(dump).as_posix() not in contents.rows:
            continue
        writer, check = PartWriter(out, source=source.id), RowsCheck(path, table_sheet(name))
        for batch in batches_of([path]):
            check.add(batch)
            writer.write(pa.Table.from_batches([batch]).cast(schema))
        writer.close()


def take_in_cards(dump: Path, work: Path, on_progress: Progress) -> None:
    """Make the cards of all kinds, not yet in order of rank, where `card_making` makes them."""
    for done, kind in enumerate(Kind, 1):
        make_once(unranked_in(work, kind), partial(_take_in_cards, dump, kind))
        on_progress(done / len(Kind))


def _take_in_cards(dump: Path, kind: Kind, out: Path) -> None:
    path = dump / flat_path(kind)
    writer, check = PartWriter(fresh_folder(out)), RowsCheck(path, FLAT[kind])
    for batch in batches_of([path]):
        check.add(batch)
        writer.write(_cards(pa.Table.from_batches([batch])))
    writer.close()


def _cards(rows: pa.Table) -> pa.Table:
    """Give rows of a flat table the columns of a card; what a kind does not have is null."""
    columns = {}
    for field in UNRANKED:
        if field.name not in rows.column_names:
            columns[field.name] = pa.nulls(rows.num_rows, field.type)
        elif field.name == "isrc":
            columns["isrc"] = unpack_isrcs(rows["isrc"].combine_chunks())
        else:
            columns[field.name] = rows[field.name].cast(field.type)
    return pa.table(columns, schema=UNRANKED)


def ids_of(dump: Path, contents: Contents) -> Iterator[tuple[str, SourceEntry, pa.Table]]:
    """Give the columns `id` and `key` of each table and source, in order of key."""
    for name in ENTITIES:
        for source in contents.sources:
            path = table_path(name, source.name)
            if path in contents.rows:
                with translated(str(dump / path)):
                    rows = pq.read_table(dump / path, columns=["id", "key"])
                yield name, source, rows.sort_by("key")
