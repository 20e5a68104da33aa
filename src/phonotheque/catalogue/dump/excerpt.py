"""What a dump is made from: a snapshot, or one made of some of its sources, the rest left out.

Rows of one source name rows of that source only, so a part of the sources is whole in itself. What
is made across sources is made again for them: links, redirects, cards. A card's title from a source
that is left out never comes along.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from phonotheque.catalogue.build.card_making import make_cards, unranked
from phonotheque.catalogue.bulk import (
    batches_of,
    fresh_folder,
    part_name,
    parts_in,
    translated,
    write_part,
)
from phonotheque.catalogue.corrections.resolving import read_corrections, write_corrections
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.dump.choosing import Chosen
from phonotheque.catalogue.epoch import link_or_copy
from phonotheque.catalogue.identity.decisions import Decision
from phonotheque.catalogue.identity.linking import link_all
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.snapshot import Snapshot, SourceEntry
from phonotheque.catalogue.tables import TABLES


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Tables and cards to make a dump from.

    Attributes:
        tables: Folder of tables, as in a snapshot.
        cards: Parts of cards of each kind, with or without ranks.
    """

    tables: Path
    cards: dict[Kind, list[Path]]


def whole(snapshot: Snapshot) -> Excerpt:
    """Return all of a snapshot."""
    return Excerpt(snapshot.tables, {kind: parts_in(snapshot.cards(kind)) for kind in Kind})


def excerpt(
    snapshot: Snapshot, chosen: Chosen, out: Path, machine: Machine, decisions: Sequence[Decision]
) -> None:
    """Make what a snapshot of the chosen sources alone would be; `excerpt_in` reads it.

    Args:
        out: Folder for it; what stood there is removed.
        decisions: Decisions by hand that stand.
    """
    fresh_folder(out)
    tables = out / "tables"
    with translated(str(out)):
        for name in TABLES:
            (tables / name).mkdir(parents=True)
            for source in chosen.tables_of:
                _take(snapshot.tables / name, source, tables / name)
        write_sources(tables / "sources.parquet", chosen.tables_of)
        write_corrections(tables, _corrections(snapshot, tables))
        link_all(out, fresh_folder(out / "links"), machine, decisions)
        for name in ("links.parquet", "canonical.parquet"):
            (out / "links" / name).replace(tables / name)
        for part in parts_in(tables / "gid_redirect"):
            part.unlink()
        for part in parts_in(out / "links" / "gid_redirect"):
            part.replace(tables / "gid_redirect" / part.name)
        (out / "cards").mkdir()
        make_cards(out, out / "cards", machine, lambda _: None)


def _corrections(snapshot: Snapshot, tables: Path) -> pa.Table:
    """Return the corrections of what the chosen sources have."""
    rows = read_corrections(snapshot.tables)
    kept = []
    for kind in pc.unique(rows["entity_type"]).to_pylist():
        mine = rows.filter(pc.equal(rows["entity_type"], kind))
        is_there = np.zeros(mine.num_rows, bool)
        for batch in batches_of(parts_in(tables / kind), ["id"]):
            is_there |= np.asarray(pc.is_in(mine["entity"], batch["id"]))
        kept.append(mine.filter(pa.array(is_there)))
    return pa.concat_tables([rows.schema.empty_table(), *kept])


def excerpt_in(folder: Path) -> Excerpt:
    """Return what `excerpt` made."""
    cards = {kind: parts_in(unranked(folder / "cards", kind)) for kind in Kind}
    return Excerpt(folder / "tables", cards)


def _take(table: Path, source: SourceEntry, out: Path) -> None:
    """Give the rows of a source a second name; write them anew where a part has others, too."""
    for part in parts_in(table):
        if part.name.startswith(f"part-{source.id:03d}-"):
            link_or_copy(part, out / part.name)
    rows = list(_of_mixed_parts(table, source))
    if rows:
        write_part(out / part_name(1, source.id), pa.concat_tables(rows).unify_dictionaries())


def rows_of_source(table: Path, source: SourceEntry) -> Iterator[pa.Table]:
    """Give the rows of one source of a table, a bounded number at a time."""
    own = [one for one in parts_in(table) if one.name.startswith(f"part-{source.id:03d}-")]
    for batch in batches_of(own):
        yield pa.Table.from_batches([batch])
    yield from _of_mixed_parts(table, source)


def _of_mixed_parts(table: Path, source: SourceEntry) -> Iterator[pa.Table]:
    """Give the rows of one source from parts that are of several: of `gid_redirect` they are."""
    mixed = [one for one in parts_in(table) if one.name.count("-") == 1]
    for batch in batches_of(mixed):
        rows = pa.Table.from_batches([batch])
        rows = rows.filter(pc.equal(rows["source"], source.id))
        if rows.num_rows:
            yield rows


def write_sources(path: Path, sources: Sequence[SourceEntry]) -> None:
    """Write the table of sources as a build does."""
    rows = [msgspec.to_builtins(one) for one in sources]
    with translated(str(path)):
        pq.write_table(pa.Table.from_pylist(rows), path)
