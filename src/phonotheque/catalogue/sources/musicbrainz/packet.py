"""A replication packet: `replication-N.tar.bz2`, all that changed in MusicBrainz within an hour.

Both forms are read: that of dbmirror2 (`mbdump/pending_data`: each change with the row before and
after it, in JSON) and the older one (`dbmirror_pending` and `dbmirror_pendingdata`, also called
`Pending` and `PendingData`). Changes come transaction by transaction, in the order in which the
transactions ended, as the server applies them.

Laws: a packet is read whole or refused whole, for a change that is passed over would leave rows
that never were; only rows of tables that are wanted are held, and no more than `MOST_HELD_BYTES`,
however well they are packed. What a row says is `pending`'s.

Source: musicbrainz-server, `admin/ExportAllTables`, `admin/replication/ProcessReplicationChanges`,
`admin/sql/dbmirror2/dbmirror2.sql`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from phonotheque.catalogue.sources.musicbrainz.dump import date_from
from phonotheque.catalogue.sources.musicbrainz.pending import (
    NOT_A_CHANGE,
    Change,
    Entry,
    PairEntry,
    Row,
    UnreadableError,
    change_of,
    change_of_pairs,
    entry_of,
    pair_of,
    pairs_of,
)
from phonotheque.catalogue.sources.musicbrainz.sequence import (
    REPLICATION,
    SCHEMA,
    Increment,
    number_in,
)
from phonotheque.catalogue.sources.reading.archives import is_archive, iter_members
from phonotheque.catalogue.sources.reading.lines import TOO_LONG, Lines, LongLine
from phonotheque.catalogue.sources.reading.stream import Limits, Readable, Stream
from phonotheque.errors import MalformedError

LIMITS = Limits(most_bytes=4 << 30)
"""How much a packet may unpack to: an hour has some 100 MB, the busiest had ten times as much."""

MOST_HELD_BYTES = 2 << 30
"""How much memory the changes of a packet may take: an hour takes some 100 MB, the busiest had ten
times as much."""

_MET_BYTES = 300
"""What a change of any table takes: the end of its transaction is remembered."""
_CHANGE_BYTES = 1_000
"""What a change of a wanted table takes beside its texts, until it is a line among others."""
_TEXT_BYTES = sys.getsizeof("")
_COPIES = 4
"""Times that the letters of a row may be held at once: as they came, as a line, of which each
letter may be escaped or take two bytes, and in the column of such lines."""
_STRETCH_BYTES = 1 << 18
"""About how much is read at once: it is held three times beside."""

_FOLDER = "mbdump/"
_DATA = "pending_data"
_ENTRIES = ("dbmirror_pending", "Pending")
_PAIRS = ("dbmirror_pendingdata", "PendingData")
_NAMES = frozenset((_DATA, "pending_keys", "pending_ts", *_ENTRIES, *_PAIRS))
_ABOUT = frozenset((REPLICATION, SCHEMA, "TIMESTAMP"))
_ABOUT_BYTES = 1 << 10
_AGAIN = "Fetch it again; where it stays so, import a newer full dump."


def is_packet(path: Path) -> bool:
    """Whether a file is a replication packet, by what is in it."""
    with Stream(path, LIMITS) as stream:
        if not is_archive(stream):
            return False
        return any(name in _NAMES for name in _first_table(stream))


def _first_table(stream: Stream) -> Iterator[str]:
    """The name of the first table of an archive, if it has any."""
    for member in iter_members(stream):
        if member.name.startswith(_FOLDER):
            yield member.name.removeprefix(_FOLDER)
            return


def head_of(path: Path) -> Increment:
    """Return which packet a file is.

    Raises:
        MalformedError: It does not say, or is damaged where it begins.
    """
    about: dict[str, bytes] = {}
    with Stream(path, LIMITS) as stream:
        for member in iter_members(stream):
            if member.name.startswith(_FOLDER):
                break
            if member.name in _ABOUT:
                about[member.name] = member.read(_ABOUT_BYTES)
    sequence, schema = (number_in(about, name) for name in (REPLICATION, SCHEMA))
    if sequence is None or schema is None:
        lacking = REPLICATION if sequence is None else SCHEMA
        raise MalformedError(str(path), f"it is a packet without {lacking}", _AGAIN)
    return Increment(path, sequence, schema, date_from(about))


def changes_in(path: Path, wanted: Mapping[str, tuple[str, ...]]) -> Iterator[Change]:
    """Give the changes of the wanted tables, in the order in which they are applied.

    What was given is not held any more.

    Args:
        wanted: The columns of each table; others are passed over.

    Cost: some 5 kB of memory for each change of a wanted table; an hour has about 20,000.

    Raises:
        MalformedError: It is damaged, has a change that cannot be understood, or more of them than
            fit into `MOST_HELD_BYTES`.
    """
    reading = _Reading(path, wanted)
    with Stream(path, LIMITS) as stream:
        is_newer = any(member.name == _FOLDER + _DATA for member in iter_members(stream))
    found = reading.newer() if is_newer else reading.older()
    found.sort(key=lambda one: reading.order_of(one[0]))
    found.reverse()
    while found:
        yield found.pop()[1]


class _Reading:
    """A packet that is being read."""

    def __init__(self, path: Path, wanted: Mapping[str, tuple[str, ...]]) -> None:
        self._path = path
        self._wanted = wanted
        self._ends: dict[int, int] = {}
        self._held_bytes = 0

    def order_of(self, entry: Entry) -> tuple[int, int]:
        """By the end of its transaction, then by itself."""
        return self._ends[entry.transaction], entry.number

    def newer(self) -> list[tuple[Entry, Change]]:
        """The changes of dbmirror2's form."""
        found: list[tuple[Entry, Change]] = []

        def take(fields: list[bytes]) -> None:
            entry = self._met(fields, 6)
            if entry.table in self._wanted:
                change = change_of(entry, *fields[4:6])
                before, after = (self._kept(entry, row) for row in (change.before, change.after))
                found.append((entry, Change(entry.table, before, after)))

        self._each((_DATA,), take)
        return found

    def older(self) -> list[tuple[Entry, Change]]:
        """The changes of the older form: in one table what is changed, in another how."""
        entries: dict[int, PairEntry] = {}
        found: list[tuple[Entry, Change]] = []

        def take(fields: list[bytes]) -> None:
            entry = self._met(fields, 4)
            if entry.table in self._wanted:
                entries[entry.number] = PairEntry(entry)

        def take_pair(fields: list[bytes]) -> None:
            number, is_key, text = pair_of(fields)
            if one := entries.get(number):
                one.add(self._kept(one.entry, pairs_of(text)), is_key=is_key)

        self._each(_ENTRIES, take)
        self._each(_PAIRS, take_pair)
        try:
            while entries:
                _, one = entries.popitem()
                found.append((one.entry, change_of_pairs(one)))
        except UnreadableError as error:
            self._refuse(_PAIRS[0], str(error))
        found.reverse()
        return found

    def _kept(self, entry: Entry, row: Row | None) -> Row | None:
        """The wanted columns of a row: whatever else stands in it, that is what is held."""
        if row is None:
            return None
        kept = {name: row[name] for name in self._wanted[entry.table] if name in row}
        letters = sum(sys.getsizeof(one) - _TEXT_BYTES for one in kept.values() if one)
        self._hold(sys.getsizeof(kept) + len(kept) * _TEXT_BYTES + _COPIES * letters)
        return kept

    def _hold(self, size_bytes: int) -> None:
        self._held_bytes += size_bytes
        if self._held_bytes > MOST_HELD_BYTES:
            limit = f"{MOST_HELD_BYTES:,} bytes of memory"
            raise UnreadableError(f"it is a packet whose changes take more than {limit}")

    def _met(self, fields: list[bytes], most: int) -> Entry:
        if len(fields) < most:
            raise UnreadableError(NOT_A_CHANGE)
        entry = entry_of(fields)
        self._hold(_MET_BYTES + (_CHANGE_BYTES if entry.table in self._wanted else 0))
        last = self._ends.get(entry.transaction, entry.number)
        self._ends[entry.transaction] = max(last, entry.number)
        return entry

    def _each(self, names: tuple[str, ...], take: Callable[[list[bytes]], None]) -> None:
        """Go through the rows of a table, which has one of some names."""
        is_found = False
        with Stream(self._path, LIMITS) as stream:
            for member in iter_members(stream):
                if member.name.removeprefix(_FOLDER) in names:
                    is_found = True
                    self._rows(member, take)
        if not is_found:
            raise MalformedError(str(self._path), f"it is a packet without {names[0]}", _AGAIN)

    def _rows(self, table: Readable, take: Callable[[list[bytes]], None]) -> None:
        for stretch in Lines(table, stretch_bytes=_STRETCH_BYTES):
            if isinstance(stretch, LongLine):
                self._refuse(f"{table.name}, line {stretch.line:,}", TOO_LONG)
            for line, text in enumerate(stretch.data.split(b"\n"), start=stretch.line):
                if not text or text == b"\\.":
                    continue
                try:
                    take(text.split(b"\t"))
                except UnreadableError as error:
                    self._refuse(f"{table.name}, line {line:,}", str(error))

    def _refuse(self, where: str, wrong: str) -> NoReturn:
        raise MalformedError(f"{self._path}: {where}", wrong, _AGAIN)
