"""What replication packets change in the tables of a dump: of each row only how it is at last.

The rows of a dump are read as ever. Those that a packet touched are left out, and in their place
come the newest, written as a dump would write them: so both go one way, and a dump with the packets
after it gives the rows of the dump that has them already.

Laws: a row is known by its primary key; what was changed twice is as the later packet says; what
was deleted is gone because a packet says so, never because it is absent.

Source: musicbrainz-server, `admin/sql/CreatePrimaryKeys.sql`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.sources.musicbrainz.copy_text import Rows
from phonotheque.catalogue.sources.musicbrainz.lookups import Mask, Places, find, plain
from phonotheque.catalogue.sources.musicbrainz.packet import changes_in
from phonotheque.catalogue.sources.musicbrainz.pending import Change, Row
from phonotheque.catalogue.sources.musicbrainz.schema import Layout
from phonotheque.catalogue.sources.musicbrainz.sequence import Increment
from phonotheque.catalogue.sources.reading.lines import Stretch
from phonotheque.errors import MalformedError

_PAIRED = {
    "artist_credit_name": ("artist_credit", "position"),
    "release_country": ("release", "country"),
    "release_group_secondary_type_join": ("release_group", "secondary_type"),
    **{
        f"{entity}_tag": (entity, "tag")
        for entity in ("artist", "label", "recording", "release", "release_group")
    },
}
_TEXTS = {"iso_3166_1": "code"}
_NUMBERS = {"release_unknown_country": "release"}
_REDIRECT = "_gid_redirect"

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
)
_SHIFT = 32
"""A key of two numbers is one: MusicBrainz's have 31 bits."""

_NO_KEY = "a key that is no number, or null"
_TODO = "Import a newer full dump, and go on from there."


def key_columns(table: str) -> tuple[str, ...]:
    """Return the columns of a table's primary key."""
    if table.endswith(_REDIRECT):
        return ("gid",)
    single = _TEXTS.get(table) or _NUMBERS.get(table) or "id"
    return _PAIRED.get(table, (single,))


def _has_text_key(table: str) -> bool:
    return table in _TEXTS or table.endswith(_REDIRECT)


@dataclass(frozen=True, slots=True)
class Touched:
    """The rows of a table that were changed, each once, in the order of their keys.

    Attributes:
        keys: Their keys: numbers, or texts.
        lines: Each as a line of COPY text; null where it was deleted.
        is_new: Whether the first thing that was done to it was to insert it.
    """

    keys: pa.Array
    lines: pa.Array
    is_new: pa.Array

    def then(self, later: Touched) -> Touched:
        """Return what both change, where the other comes after this."""
        known = pc.index_in(later.keys, self.keys)
        is_new = pc.coalesce(self.is_new.take(known), later.is_new)
        is_kept = pc.invert(pc.is_in(self.keys, later.keys))
        keys = pa.concat_arrays([self.keys.filter(is_kept), later.keys])
        order = pc.sort_indices(keys)
        return Touched(
            keys.take(order),
            pa.concat_arrays([self.lines.filter(is_kept), later.lines]).take(order),
            pa.concat_arrays([self.is_new.filter(is_kept), is_new]).take(order),
        )

    def find(self, keys: pa.Array) -> tuple[Places, Mask]:
        """Return the place of each key, and whether it is here."""
        if pa.types.is_string(keys.type):
            return plain(pc.index_in(keys, self.keys))
        numbers, known = plain(keys)
        places, found = find(self.keys.to_numpy(), numbers)
        return places, found & known


@dataclass(frozen=True, slots=True)
class Left:
    """Rows of a dump that no packet touched.

    Attributes:
        rows: The rows.
        replaced: How many were left out that the packets took to be there.
        unforeseen: How many were left out that a packet inserts.
    """

    rows: Rows
    replaced: int = 0
    unforeseen: int = 0


class Changes:
    """All that packets change.

    Args:
        touched: By table.
    """

    def __init__(self, touched: Mapping[str, Touched]) -> None:
        self._touched = touched

    def wanted(self, table: str, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Return the columns that are to be read of a table: those wanted, and its key."""
        if table not in self._touched:
            return columns
        return tuple(dict.fromkeys((*columns, *key_columns(table))))

    def expected(self, table: str) -> int:
        """How many rows of a table the packets take to be in the dump."""
        touched = self._touched.get(table)
        return 0 if touched is None else len(touched.keys) - touched.is_new.true_count

    def left(self, table: str, rows: Rows) -> Left:
        """Leave out the rows that were changed since; they were read with their key."""
        touched = self._touched.get(table)
        if touched is None:
            return Left(rows)
        places, found = touched.find(_keys_of(table, rows))
        count = int(found.sum())
        if not count:
            return Left(rows)
        unforeseen = touched.is_new.take(pa.array(places[found])).true_count
        kept = replace(rows, table=rows.table.filter(pa.array(~found)), lines=rows.lines[~found])
        return Left(kept, count - unforeseen, unforeseen)

    def added(self, table: str, stretch_bytes: int) -> Iterator[Stretch]:
        """Give the newest of all rows that were changed, in the order of their keys."""
        touched = self._touched.get(table)
        if touched is None:
            return
        written: list[bytes] = touched.lines.drop_null().to_pylist()
        first, size, begin = 0, 0, 0
        for number, line in enumerate(written, start=1):
            size += len(line)
            if size >= stretch_bytes or number == len(written):
                data = b"".join(written[first:number])
                yield Stretch(data, first + 1, begin, number - first)
                first, size, begin = number, 0, begin + len(data)


NONE = Changes({})


def _keys_of(table: str, rows: Rows) -> pa.Array:
    columns = [rows.column(name) for name in key_columns(table)]
    if len(columns) == 1:
        return columns[0]
    one, other = columns
    return pc.bit_wise_or(pc.shift_left(one, pa.scalar(_SHIFT, pa.int64())), other)


# -- from packets --------------------------------------------------------------------------------


def read_changes(packets: Sequence[Increment], layout: Layout, tables: frozenset[str]) -> Changes:
    """Read what packets change in some tables.

    Args:
        packets: In the order in which they are applied.
        layout: The columns of each table.
        tables: Those that are wanted.

    Cost: the packets are held one at a time; of all rows that they change some 300 bytes each.

    Raises:
        MalformedError: A packet is damaged, or not of this layout.
    """
    touched: dict[str, Touched] = {}
    wanted = {table: layout[table] for table in tables & frozenset(layout)}
    for packet in packets:
        for table, found in _touched_by(packet.path, changes_in(packet.path, wanted), layout):
            before = touched.get(table)
            touched[table] = found if before is None else before.then(found)
    return Changes(touched)


def _touched_by(
    path: Path, changes: Iterable[Change], layout: Layout
) -> Iterator[tuple[str, Touched]]:
    newest: dict[str, dict[int | str, tuple[bytes | None, bool]]] = {}
    for change in changes:
        rows = newest.setdefault(change.table, {})
        try:
            _apply(rows, change, layout[change.table])
        except (KeyError, ValueError) as error:
            raise MalformedError(
                f"{path}: {change.table}", f"a row has {_said_of(error)}", _TODO
            ) from error
    for table in list(newest):
        rows = newest.pop(table)
        keys, made = zip(*sorted(rows.items()), strict=True)
        lines, is_new = zip(*made, strict=True)
        form = pa.string() if _has_text_key(table) else pa.int64()
        yield (
            table,
            Touched(
                pa.array(keys, form),
                pa.array(lines, pa.large_binary()),
                pa.array(is_new, pa.bool_()),
            ),
        )


def _said_of(error: KeyError | ValueError) -> str:
    return f"no {error}" if isinstance(error, KeyError) else _NO_KEY


def _apply(
    rows: dict[int | str, tuple[bytes | None, bool]], change: Change, columns: tuple[str, ...]
) -> None:
    gone = None if change.before is None else _key(change.table, change.before)
    come = None if change.after is None else _key(change.table, change.after)
    if gone is not None:
        rows[gone] = (None, rows[gone][1] if gone in rows else False)
    if come is not None and change.after is not None:
        is_new = rows[come][1] if come in rows else True
        rows[come] = (_line(change.after, columns), is_new)


def _key(table: str, row: Row) -> int | str:
    parts = [row[name] for name in key_columns(table)]
    if _has_text_key(table):
        if parts[0] is None:
            raise ValueError(_NO_KEY)
        return parts[0]
    numbers = list(map(_number, parts))
    return numbers[0] if len(numbers) == 1 else numbers[0] << _SHIFT | numbers[1]


def _number(part: str | None) -> int:
    if part is None or not re.fullmatch("[0-9]{1,10}", part) or int(part) >= 1 << _SHIFT - 1:
        raise ValueError(_NO_KEY)
    return int(part)


def _line(row: Row, columns: tuple[str, ...]) -> bytes:
    values = (row[name] for name in columns)
    text = "\t".join("\\N" if one is None else one.translate(_ESCAPES) for one in values)
    return f"{text}\n".encode()
