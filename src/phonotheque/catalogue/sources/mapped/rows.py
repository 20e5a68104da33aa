"""Rows of ours made of the rows of a spreadsheet, as a mapping says.

Laws: an entity that is made of a name, or once, is given with the first row that names it and never
again (8 bytes are remembered for each); a row without what names it is refused once, however many
tables it would have been in; a row of a table that is no entity is left out where the entity that
it speaks of is not named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.sources import columns
from phonotheque.catalogue.sources.columns import Mask
from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.mapped import meanings
from phonotheque.catalogue.sources.mapped.json_lines import LIST_MARK
from phonotheque.catalogue.sources.mapped.keys import Value
from phonotheque.catalogue.sources.mapped.mapping import RowMapping
from phonotheque.catalogue.sources.mapped.texts import Texts
from phonotheque.catalogue.sources.met import MetKeys
from phonotheque.catalogue.sources.shaping import constant, table_of
from phonotheque.catalogue.tables import TABLES, imported_schema

NO_ID = "a row without what names it"


class Maker:
    """Makes tables of texts; remembers what it made once."""

    def __init__(self) -> None:
        self._met: defaultdict[str, MetKeys] = defaultdict(MetKeys)

    def make(
        self, rows: tuple[RowMapping, ...], texts: Texts, refusals: Refusals, *, has_raw: bool
    ) -> dict[str, pa.Table]:
        """Make the rows of all tables of a stretch.

        Args:
            rows: What is made of each row.
            texts: The rows.
            refusals: Where refused rows and dropped values are noted.
            has_raw: Whether the first table keeps each row as it is written.
        """
        gathered: dict[str, list[pa.Table]] = {}
        stretch = _Stretch(texts, refusals)
        refused: Mask = np.zeros(len(texts), np.bool_)
        for number, mapping in enumerate(rows):
            work = _Work(mapping, stretch, refused)
            raw = texts.raw if has_raw and number == 0 else None
            for name, table in self._of_one(work, raw):
                gathered.setdefault(name, []).append(table)
            refused = work.refused
        return {name: pa.concat_tables(tables) for name, tables in gathered.items()}

    def _of_one(self, work: _Work, raw: pa.Array | None) -> list[tuple[str, pa.Table]]:
        made = work.columns()
        found = [one for refers, named in work.named for one in self._of_names(refers, named)]
        if raw is not None:
            made["raw_row"] = work.own(raw)
        table = table_of(work.mapping.table, made)
        if work.mapping.is_once:
            table = table.take(self._first_of(work.mapping.table, made["key"]))
        return [*found, (work.mapping.table, table)]

    def _first_of(self, table: str, keys: pa.Array) -> pa.Array:
        return pa.array(self._met[table].first_of(keys.to_numpy(zero_copy_only=False)))

    def _of_names(self, table: str, named: pa.Array) -> Iterator[tuple[str, pa.Table]]:
        """Make entities that have nothing but a name."""
        names = named.drop_null()
        keys = columns.keys(names)
        first = self._first_of(table, keys)
        keys, names = keys.take(first), names.take(first)
        if not len(keys):
            return
        yield table, table_of(table, {"key": keys, "source_id": names, "name": names})
        if table == "artist_credit":
            positions = constant(0, len(keys), pa.int32())
            member = {"artist_credit": keys, "position": positions, "artist": keys, "name": names}
            yield "artist_credit_name", table_of("artist_credit_name", member)
            yield from self._of_names("artist", names)


class _Stretch:
    """What several tables make of the rows of a stretch: names, keys and values, each made once.

    A value that is dropped is told once, however many tables it was meant for.
    """

    def __init__(self, texts: Texts, refusals: Refusals) -> None:
        self.texts = texts
        self.refusals = refusals
        self._names: dict[tuple[str, ...], pa.Array] = {}
        self._keys: dict[tuple[str, ...], pa.Array] = {}
        self._values: dict[Value, tuple[pa.Array, str]] = {}
        self._untold: dict[Value, Mask] = {}

    def names(self, columns_of: tuple[str, ...]) -> pa.Array:
        """The text that names an entity: of several columns with slashes between."""
        if columns_of not in self._names:
            parts = [columns.texts(self.texts.columns[name]) for name in columns_of]
            self._names[columns_of] = (
                parts[0]
                if len(parts) == 1
                else pc.binary_join_element_wise(*parts, "/", null_handling="emit_null")
            )
        return self._names[columns_of]

    def keys(self, columns_of: tuple[str, ...]) -> pa.Array:
        """The keys of such texts."""
        if columns_of not in self._keys:
            self._keys[columns_of] = columns.keys(self.names(columns_of))
        return self._keys[columns_of]

    def value(self, value: Value, places: pa.Array) -> pa.Array:
        """The column that a value means, whole; what is dropped of it in some rows is told."""
        column = self.texts.columns[value.columns[0]]
        if value not in self._values:
            made, dropped, reason = meanings.convert(value, column)
            self._values[value] = made, f"{value.columns[0]}: {reason}"
            self._untold[value] = dropped
        made, reason = self._values[value]
        untold = self._untold[value]
        if untold.any():
            rows = np.asarray(places)
            rows = rows[untold[rows]]
            untold[rows] = False
            self.tell(rows, reason, column.take(pa.array(rows)))
        return made

    def tell(self, rows: npt.NDArray[np.int64], reason: str, written: pa.Array) -> None:
        """Note that what is written in some rows was dropped."""
        lines = self.texts.lines[rows].tolist()
        self.refusals.values(lines, reason, lambda n: written[n].as_py(), len(lines))


class _Work:
    """One table's rows of one stretch."""

    def __init__(self, mapping: RowMapping, stretch: _Stretch, refused: Mask) -> None:
        self.mapping = mapping
        self.refused = refused
        self.named: list[tuple[str, pa.Array]] = []
        self._stretch = stretch
        self._texts = texts = stretch.texts
        self._split: pa.Array | None = None
        self._is_whole = True
        self.places = pa.array(np.arange(len(texts)))
        self._schema = imported_schema(mapping.table)
        self._choose()
        self._split_lists()

    def columns(self) -> dict[str, pa.Array]:
        """The columns of the table, as the mapping names them."""
        made: dict[str, pa.Array] = {}
        if self.mapping.id is not None:
            made["key"] = self.own(self._stretch.keys(self.mapping.id.columns))
            made["source_id"] = self.own(self._stretch.names(self.mapping.id.columns))
        for name, value in self.mapping.values.items():
            made[name] = self._column(name, value)
        return made

    def _choose(self) -> None:
        """Leave out rows that say nothing for this table."""
        keep: Mask = np.ones(len(self._texts), np.bool_)
        if self.mapping.when:
            keep &= _valid(self._texts.columns[self.mapping.when])
        if self.mapping.id is not None:
            has_id = _valid(self._stretch.names(self.mapping.id.columns))
            for place in np.flatnonzero(keep & ~has_id & ~self.refused):
                sample = self._texts.raw[int(place)].as_py() or ""
                self._stretch.refusals.row(int(self._texts.lines[place]), NO_ID, sample)
            if not self.mapping.when:
                self.refused = self.refused | ~has_id
            keep &= has_id
        elif (spoken := self._spoken_of()) is not None and spoken.columns:
            keep &= _valid(self._stretch.names(spoken.columns))
        if not keep.all():
            self.places, self._is_whole = pa.array(np.flatnonzero(keep)), False

    def _spoken_of(self) -> Value | None:
        """What names the entity that a row of a table is about."""
        for column in TABLES[self.mapping.table].columns:
            if column.refers or column.name == "entity":
                return self.mapping.values.get(column.name)
        return None

    def _split_lists(self) -> None:
        """Make one row of each item of a list; without an item there is no row."""
        for value in self.mapping.values.values():
            if value.split:
                whole = self.own(self._texts.columns[value.columns[0]])
                whole = pc.replace_substring(whole, LIST_MARK, value.split)
                lists = pc.split_pattern(whole.fill_null(""), value.split)
                items = columns.texts(pc.list_flatten(lists))
                parents = pc.list_parent_indices(lists)
                known = items.is_valid()
                self._split = items.filter(known)
                self.places, self._is_whole = self.places.take(parents.filter(known)), False

    def _column(self, name: str, value: Value) -> pa.Array:
        form = self._schema.field(name).type
        if value.constant is not None and value.meaning != "reference":
            return constant(value.constant, len(self.places), form)
        if value.meaning == "reference":
            return self._reference(value)
        if not value.split or self._split is None:
            return self.own(self._stretch.value(value, self.places))
        made, dropped, reason = meanings.convert(value, self._split)
        if dropped.any():
            rows = np.asarray(self.places)[dropped]
            written = self._split.filter(pa.array(dropped))
            self._stretch.tell(rows, f"{value.columns[0]}: {reason}", written)
        return made

    def _reference(self, value: Value) -> pa.Array:
        if value.constant is not None:
            named = constant(str(value.constant), len(self.places), pa.string())
            keys = columns.keys(named)
        else:
            named = self.own(self._stretch.names(value.columns))
            keys = self.own(self._stretch.keys(value.columns))
        if value.is_made:
            self.named.append((value.refers, named))
        return keys

    def own(self, column: pa.Array) -> pa.Array:
        """What a column of the stretch has for the rows of this table."""
        return column if self._is_whole else column.take(self.places)


def _valid(column: pa.Array) -> Mask:
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), np.bool_)
