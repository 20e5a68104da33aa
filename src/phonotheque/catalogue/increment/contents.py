"""What an increment says of itself: `increment.json`, checked before anything in it is believed.

Laws: an increment names the state that it begins with and the one that it leads to, each by the
sequence number of a dump and by a digest of all rows and of the ids that were given; what it says
of both adds up. Its files are those of a dump, and `SHA256SUMS` names them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from phonotheque.catalogue.bulk import batches_of
from phonotheque.catalogue.dump.checks import RowsCheck, check_file, check_form, check_said
from phonotheque.catalogue.dump.choosing import DECISIONS
from phonotheque.catalogue.dump.contents import (
    DECISIONS_FILE,
    check_files,
    decisions_in,
    read_small,
)
from phonotheque.catalogue.dump.layout import (
    DELETED,
    INCREMENT,
    SOURCES,
    SUMS,
    Sheet,
    single_path,
    table_path,
    table_sheet,
)
from phonotheque.catalogue.dump.ordered import ACROSS
from phonotheque.catalogue.dump.state import state_of
from phonotheque.catalogue.identity import decisions
from phonotheque.catalogue.snapshot import SourceEntry, number_of
from phonotheque.catalogue.tables import TABLES
from phonotheque.disk import LocalDisk
from phonotheque.errors import BadReferenceError, MalformedError
from phonotheque.music.decoding import UNDECODABLE

FORMAT = 2
"""Version of the form of increments. States of 1 were without next ids."""

_FURTHEST = 1_000_000
"""Builds between the two ends of an increment: nobody makes more of them."""

_AGAIN = "Fetch the increment again."
_ANEW = "Make a full dump again, or ask its publisher for one, and restore that."


class State(msgspec.Struct, frozen=True):
    """A state of the catalogue at either end of an increment.

    Attributes:
        sequence: Number of the dump.
        state: Digest of all that `tables` and `next_ids` say.
        tables: Digest of the rows of each table, by its path in a dump.
        next_ids: For each table the lowest number that was no id of the epoch yet.
    """

    sequence: int
    state: str
    tables: dict[str, str]
    next_ids: dict[str, int]


class Increment(msgspec.Struct, frozen=True):
    """What an increment is.

    Attributes:
        snapshot: Name of the snapshot that it leads to.
        made_at: When that was built, ISO 8601 in UTC.
        epoch: The epoch in which ids mean something.
        inputs: Digest of all that the snapshot was made of.
        is_whole: Whether all sources of the snapshot are in it.
        sources: Those of `result`, decisions by hand apart.
        rows: Rows of every Parquet file, by its path.
        deleted: Keys that are deleted, by table.
    """

    snapshot: str
    made_at: str
    epoch: str
    inputs: str
    is_whole: bool
    sources: tuple[SourceEntry, ...]
    rows: dict[str, int]
    deleted: dict[str, int]
    base: State
    result: State
    format: int = FORMAT

    @property
    def put(self) -> int:
        """How many rows are put."""
        others = (single_path(DELETED), single_path(SOURCES))
        return sum(rows for path, rows in self.rows.items() if path not in others)


def state_with(sequence: int, tables: Mapping[str, str], next_ids: Mapping[str, int]) -> State:
    """Return a state of which the digests of all tables are known."""
    return State(sequence, state_of(tables, next_ids), dict(tables), dict(next_ids))


def encode_increment(increment: Increment) -> bytes:
    """Return `increment.json`."""
    return msgspec.json.format(msgspec.json.encode(increment), indent=1) + b"\n"


def is_increment(folder: Path) -> bool:
    """Return whether a folder is an increment that is whole."""
    return (folder / SUMS).is_file() and (folder / INCREMENT).is_file()


def read_increment(folder: Path) -> Increment:
    """Return what an increment says of itself.

    Raises:
        BadReferenceError: There is no such folder, or it is no increment, or none that is whole.
        FormatTooOldError: It was made by an earlier program.
        FormatTooNewError: It was made by a later one.
        MalformedError: It says what it cannot mean.
    """
    path = folder / INCREMENT
    if not folder.is_dir():
        todo = "Name a folder that `phono catalogue dump --since` made."
        raise BadReferenceError(str(folder), "there is no such folder", todo)
    if not is_increment(folder):
        todo = "Name a folder that `phono catalogue dump --since` made, or fetch it again."
        raise BadReferenceError(str(folder), "it is no increment of a dump, or not whole", todo)
    data = read_small(path)
    try:
        check_form(path, data, FORMAT, _ANEW)
        increment = msgspec.json.decode(data, type=Increment)
    except UNDECODABLE as error:
        raise MalformedError(str(path), f"it cannot be read: {error}", _AGAIN) from error
    ends = (increment.base, increment.result)
    for one in ends:
        said = (increment.snapshot, increment.made_at, increment.sources, one.next_ids)
        check_said(path, *said)
    if (
        any(one.state != state_of(one.tables, one.next_ids) for one in ends)
        or not 0 < increment.result.sequence - increment.base.sequence <= _FURTHEST
        or increment.result.sequence != number_of(increment.snapshot)
    ):
        raise MalformedError(str(path), "what it says of its states does not add up", _AGAIN)
    return increment


def sheets_in(increment: Increment) -> dict[str, Sheet]:
    """Return the table that each Parquet file of an increment is, by its path.

    Raises:
        MalformedError: A path is none of the layout.
    """
    possible = {single_path(sheet): sheet for sheet in (SOURCES, *ACROSS, DELETED)} | {
        table_path(name, source.name): table_sheet(name)
        for name in TABLES
        for source in (DECISIONS, *increment.sources)
    }
    for path in increment.rows:
        if path not in possible:
            raise MalformedError(path[:200], "it is no file of an increment", _AGAIN)
    return {path: possible[path] for path in increment.rows}


def check_increment(folder: Path, increment: Increment) -> None:
    """Compare every file of an increment that is read with its digest and with what it has to be.

    Raises:
        MalformedError: A file is missing or another one, or has rows or decisions that are none.
        DigestMismatchError: A file is not what it was.
    """
    sheets = sheets_in(increment)
    check_files(folder, (INCREMENT, *decisions_in(folder), *sheets))
    for path, sheet in sheets.items():
        check_file(folder, path, sheet, increment.rows[path], INCREMENT)
        check = RowsCheck(folder / path, sheet)
        for batch in batches_of([folder / path]):
            check.add(batch)
    try:
        decisions.read_all(LocalDisk(folder))
    except MalformedError as error:
        raise MalformedError(str(folder / DECISIONS_FILE), error.wrong, _AGAIN) from error
