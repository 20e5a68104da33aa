"""A source's tables in the form of a snapshot: dense ids for keys, one number for the source.

Laws: what a row refers to and is not there is null, and counted; a row goes only when what it is
about is not there (`ABOUT`), and that is counted, too; of rows with one key the first stays; rows
are in order of id, those of other tables in order of what they are about. What a source becomes
here depends on it and the epoch alone, so that a source which did not change is not read again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.build.numbering import column
from phonotheque.catalogue.build.ordering import order_column, put_in_order
from phonotheque.catalogue.bulk import PartWriter, batches_of, parts_in, translated
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.epoch import Epoch, Ids, Integers
from phonotheque.catalogue.tables import ENTITIES, TABLES, Table, snapshot_schema

ABOUT: dict[str, tuple[str, ...]] = {
    "artist_credit_name": ("artist_credit",),
    "medium": ("release",),
    "isrc": ("recording",),
    "release_label": ("release",),
    "file": ("recording",),
    "external_id": ("entity",),
    "popularity": ("entity",),
    "tag": ("entity",),
    "rights": ("entity",),
    "artwork": ("entity",),
}
"""What a row is about: without it the row says nothing. A track without its recording still says
what stands on a release, one without its release what was recorded: it goes when it has neither."""

_EXAMPLES = 10
"""How many rows of a kind a report names."""

_TYPE_BITS = 40
"""Ids are below this many bits where rows are ordered by type and id."""


@dataclass
class TableReport:
    """What became of the rows of one table of a source.

    Attributes:
        rows: Rows that stand in the snapshot.
        left_out: Rows that do not, by reason.
        absent: References to what is not there, by column; the rows stay.
        examples: Of each reason and column the first few, in words.
    """

    rows: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    absent: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def note(self, counts: dict[str, int], reason: str, which: list[str], count: int) -> None:
        """Count rows, and keep the first examples of each reason."""
        if count:
            counts[reason] = counts.get(reason, 0) + count
            kept = self.examples.setdefault(reason, [])
            kept.extend(which[: _EXAMPLES - len(kept)])


@dataclass(frozen=True, slots=True)
class RefusedKeys:
    """Keys of a table of which rows are refused: see `numbering.Keys`."""

    repeated: Integers
    refused: Integers


@dataclass(frozen=True, slots=True)
class IdSpace:
    """Where rows get their ids: an epoch, and a source's number in it."""

    epoch: Epoch
    source: int

    def ids(self, table: str) -> Ids:
        """Return the ids of the source's rows of a table."""
        return self.epoch.ids(table, self.source)


def unite(
    folder: Path, out: Path, place: IdSpace, machine: Machine, refusals: RefusedKeys | None = None
) -> TableReport:
    """Write one table of a source in the form of a snapshot.

    Args:
        folder: Its parts, in their imported form; the folder's name is the table's.
        out: Folder to write parts to; it exists and is empty.
        place: Where ids come from.
        refusals: Of an entity's table: whose rows are refused.
    """
    table = TABLES[folder.name]
    if not parts_in(folder):
        return TableReport()
    united = _Union(table, place, refusals)
    writer = PartWriter(out, source=place.source)
    with translated(str(out)):
        for batch in batches_of(parts_in(folder)):
            writer.write(united.rows_of(batch))
        writer.close()
        if not united.is_in_order:
            put_in_order(out, table, place.source, machine)
    united.report.rows = writer.rows
    return united.report


class _Union:
    """Turns batches of one table into rows of a snapshot, one after the other."""

    def __init__(self, table: Table, place: IdSpace, refusals: RefusedKeys | None) -> None:
        self.report = TableReport()
        self.is_in_order = True
        self._table = table
        self._schema = snapshot_schema(table.name)
        self._source = place.source
        self._ids = {name: place.ids(name) for name in _tables_of_ids(table)}
        self._last = -1
        self._refusals = refusals
        self._seen = np.zeros(len(refusals.repeated) if refusals else 0, bool)

    def rows_of(self, batch: pa.RecordBatch) -> pa.Table:
        """Return the rows of a batch as they stand in a snapshot."""
        if self._table.is_entity:
            batch = self._without_refused(batch)
        found: dict[str, Integers] = {}
        for one in self._table.columns:
            if one.refers:
                found[one.name] = self._references(batch, one.name, one.refers)
            elif one.name == "entity":
                found[one.name] = self._entities(batch)
        if self._table.is_entity:
            found["id"] = self._ids[self._table.name].of(column(batch, "key"))
        keep = self._is_about_something(batch, found)
        columns = [self._column(batch, name, found) for name in self._schema.names]
        rows = pa.Table.from_arrays(columns, schema=self._schema)
        if not keep.all():
            rows = rows.filter(pa.array(keep))
            found = {name: ids[keep] for name, ids in found.items()}
        self._look_at_order(rows, found)
        return rows

    def _column(self, batch: pa.RecordBatch, name: str, found: dict[str, Integers]) -> pa.Array:
        type_ = self._schema.field(name).type
        if name == "source":
            return pa.array(np.full(batch.num_rows, self._source, np.int32))
        if name in found:
            return pa.array(found[name], pa.int64(), mask=found[name] < 0)
        if name not in batch.schema.names:  # imported before the column was thought of
            return pa.nulls(batch.num_rows, type_)
        values = batch[name]
        return values if values.type == type_ else values.cast(type_)

    def _references(self, batch: pa.RecordBatch, name: str, refers: str) -> Integers:
        keys = column(batch, name)
        found = self._ids[refers].of(keys)
        is_null = np.asarray(pc.is_null(batch[name]))
        found[is_null] = -1
        lost = np.flatnonzero((found < 0) & ~is_null)
        self._note_absent(name, [f"{refers} {keys[row]}" for row in lost[:_EXAMPLES]], len(lost))
        return found

    def _entities(self, batch: pa.RecordBatch) -> Integers:
        """Ids of rows of several tables, as the column `entity_type` says."""
        types = batch["entity_type"].cast(pa.string()).dictionary_encode()
        codes = np.asarray(pc.fill_null(types.indices, -1))
        keys = column(batch, "entity")
        found = np.full(len(keys), -1, np.int64)
        for code, name in enumerate(types.dictionary.to_pylist()):
            here = codes == code
            if name in self._ids:
                found[here] = self._ids[name].of(keys[here])
            lost = np.flatnonzero(here & (found < 0))
            self._note_absent(
                "entity", [f"{name} {keys[at]}" for at in lost[:_EXAMPLES]], len(lost)
            )
        return found

    def _note_absent(self, name: str, which: list[str], count: int) -> None:
        self.report.note(self.report.absent, name, which, count)

    def _is_about_something(
        self, batch: pa.RecordBatch, found: dict[str, Integers]
    ) -> npt.NDArray[np.bool_]:
        keep = np.ones(batch.num_rows, bool)
        for name in ABOUT.get(self._table.name, ()):
            keep &= found[name] >= 0
        if self._table.name == "track":
            keep = (found["recording"] >= 0) | (found["release"] >= 0)
        elif self._table.name == "likeness":
            keep = (found["one"] >= 0) & (found["other"] >= 0)
        count = int(len(keep) - keep.sum())
        self.report.note(self.report.left_out, "what the row is about is not there", [], count)
        return keep

    def _without_refused(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self._refusals is None or not (
            len(self._refusals.repeated) + len(self._refusals.refused)
        ):
            return batch
        keys = column(batch, "key")
        same_mbid = np.isin(keys, self._refusals.refused)
        same_key = self._is_later_of_same_key(keys)
        for reason, which in (
            ("another row has its key", same_key),
            ("another row has its MBID", same_mbid & ~same_key),
        ):
            names = [f"{self._table.name} {key}" for key in keys[which][:_EXAMPLES]]
            self.report.note(self.report.left_out, reason, names, int(which.sum()))
        return batch.filter(pa.array(~(same_mbid | same_key)))

    def _is_later_of_same_key(self, keys: Integers) -> npt.NDArray[np.bool_]:
        assert self._refusals is not None
        repeated = self._refusals.repeated
        later = np.zeros(len(keys), bool)
        if not len(repeated):
            return later
        at = np.minimum(np.searchsorted(repeated, keys), len(repeated) - 1)
        rows = np.flatnonzero(repeated[at] == keys)
        first_here = np.zeros(len(rows), bool)
        first_here[np.unique(at[rows], return_index=True)[1]] = True
        later[rows] = ~first_here | self._seen[at[rows]]
        self._seen[at[rows]] = True
        return later

    def _look_at_order(self, rows: pa.Table, found: dict[str, Integers]) -> None:
        """See whether rows come in the order in which they shall stand."""
        name = order_column(self._table)
        if not name or not rows.num_rows or not self.is_in_order:
            return
        places = found[name]
        if name == "entity":
            types = rows["entity_type"].combine_chunks().cast(pa.string())
            numbers = pc.index_in(types, pa.array(sorted(ENTITIES)))
            places = places + (np.asarray(numbers).astype(np.int64) << _TYPE_BITS)
        rises = bool((places[1:] >= places[:-1]).all()) and int(places[0]) >= self._last
        self.is_in_order = rises
        self._last = int(places[-1])


def _tables_of_ids(table: Table) -> set[str]:
    """Entities whose ids stand in rows of a table."""
    if any(one.name == "entity" for one in table.columns):
        return set(ENTITIES)
    own = {table.name} if table.is_entity else set()
    return own | {one.refers for one in table.columns if one.refers}
