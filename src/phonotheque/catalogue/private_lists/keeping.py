"""Private lists in `people.sqlite`: kept, read, erased.

Laws: a list is there whole or not at all, whatever is killed; what is read to its end is what was
kept, or an error, whatever became of the file; looking changes nothing; of what was erased no byte
is left in the file. Nothing else in an archive is made of them: no register line, no
catalogue, no count.

Each list has a digest of its songs, and one of all that is said of it. A list whose name SQLite
itself lost, in its table of tables, is not there: who reads all lists is not told of it.

Each list has two tables of its own, whose pages have nothing of anything else and are overwritten
with zeros when they are dropped. Of rows deleted from a table that stays SQLite leaves pieces in
gaps of its pages, `secure_delete` or not. A transaction that is killed may leave pieces in free
pages, which it does not restore: whatever is kept or erased next writes the file anew. It also
leaves `people.sqlite-journal` beside the file, with pages as they were, until somebody next looks.

The file belongs to `register.people`, whose tables these never touch. Each list says in which
format it is written; tables are only added to.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from phonotheque.catalogue.private_lists.rows import COLUMNS, Row, row_of, song_in
from phonotheque.catalogue.private_lists.song import Song
from phonotheque.errors import (
    BadReferenceError,
    BadRequestError,
    ConflictError,
    FormatTooNewError,
    FormatTooOldError,
    MalformedError,
    UnavailableError,
)
from phonotheque.sqlite_refusals import refusals

FORMAT = 2

_LONGEST_NAME = 100
_HEAD = "private_list_{0}"
_SONGS = "private_song_{0}"
_MAKE_HEAD = (
    f"CREATE TABLE {_HEAD} (name TEXT NOT NULL, kept_at TEXT NOT NULL, songs INTEGER NOT NULL,"
    " plays INTEGER, format INTEGER NOT NULL, songs_sha256 BLOB NOT NULL, sha256 BLOB NOT NULL)"
)
_MAKE_SONGS = f"CREATE TABLE {_SONGS} ({COLUMNS}, PRIMARY KEY (place)) WITHOUT ROWID"
_COUNT = f"SELECT count(*), sum(times) FROM {_SONGS}"
_ADD_HEAD = f"INSERT INTO {_HEAD} VALUES (?, ?, ?, ?, {FORMAT}, ?, ?)"
_ADD_SONG = f"INSERT INTO {_SONGS} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_NUMBERS = """
SELECT CAST(substr(name, 14) AS INTEGER) FROM sqlite_master
WHERE type = 'table' AND name GLOB 'private_list_[1-9]*'
"""
_AT_ONCE = 1_000
_PAGE = (
    f"SELECT {', '.join(name.split()[0] for name in COLUMNS.split(','))} FROM {_SONGS}"
    f" WHERE place > ? ORDER BY place LIMIT {_AT_ONCE}"
)
_CHECK = "Check the disk; bring the file back from a backup."


class Kept(NamedTuple):
    """One private list.

    Attributes:
        kept_at: Instant at which it was taken in.
        songs: Distinct songs.
        plays: Of all songs; None where it is no history.
    """

    name: str
    kept_at: str
    songs: int
    plays: int | None


class _Head(NamedTuple):
    """A list with the number of its tables and the digest of its songs."""

    kept: Kept
    number: int
    songs_sha256: bytes


class PrivateLists:
    """The private lists of one archive.

    Args:
        path: `people.sqlite`; it is made by `register.people.People` only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with refusals(path, _CHECK):
            self._db = sqlite3.connect(path, isolation_level=None, timeout=30)
            self._db.execute("PRAGMA synchronous = EXTRA")  # as `register.people` has them
            self._db.execute("PRAGMA secure_delete = ON")

    def all(self) -> list[Kept]:
        """Return all lists, by name.

        Raises:
            FormatTooNewError: A later program wrote one.
        """
        return sorted(head.kept for head in self._heads())

    def one(self, name: str) -> Kept:
        """Return a list.

        Raises:
            BadReferenceError: There is none of this name.
            FormatTooNewError: A later program wrote one.
        """
        return self._head(name).kept

    def songs(self, name: str) -> Iterator[Song]:
        """Give the songs of a list, in their order; nobody who writes waits meanwhile.

        Raises:
            BadReferenceError: There is no list of this name.
            MalformedError: A row is damaged; when that is seen by the digest of all, behind the
                last song.
            UnavailableError: Somebody replaced or erased it meanwhile.
        """
        head = self._head(name)
        place, read = 0, hashlib.sha256()
        while rows := self._page(head, place):
            for row in rows:
                try:
                    yield song_in(row)
                except ValueError as error:
                    todo = "Erase it and add it again, or bring the file back from a backup."
                    raise MalformedError(f"the list {name}", "a row is damaged", todo) from error
                read.update(_encode(row))
            place = rows[-1][0]
        if read.digest() != head.songs_sha256:
            todo = "Bring people.sqlite back from a backup, or erase the list."
            raise MalformedError(f"the list {name}", "its songs are not those that were kept", todo)

    def keep(self, name: str, at: str, songs: Iterable[Song], *, is_replacing: bool) -> None:
        """Keep a list, whole, in one transaction.

        Args:
            at: The instant, as register lines carry it.
            songs: In order of place.
            is_replacing: Erase a list of this name that is there.

        Raises:
            ConflictError: There is one, and it is not to be replaced.
            UnavailableError: The disk refused; all is as it was, or, as it then says, the list is
                kept and the file was not written anew behind it.
        """
        self._wipe()
        with self._transaction():
            numbers = {head.kept.name: head.number for head in self._heads()}
            if name in numbers and not is_replacing:
                raise taken(name)
            if name in numbers:
                self._drop(numbers[name])
            number = max(numbers.values(), default=0) + 1
            self._db.execute(_MAKE_HEAD.format(number))
            self._db.execute(_MAKE_SONGS.format(number))
            read = hashlib.sha256()
            self._db.executemany(_ADD_SONG.format(number), _counted(map(row_of, songs), read))
            counts = self._db.execute(_COUNT.format(number)).fetchone()
            said = (name, at, *counts, read.digest())
            self._db.execute(_ADD_HEAD.format(number), (*said, _digest_of_head(said)))
        self._wipe_behind("it is kept")

    def erase(self, name: str) -> Kept:
        """Forget a list: its name, its songs and that it was there.

        Raises:
            BadReferenceError: There is none of this name.
            UnavailableError: The disk refused; all is as it was, or, as it then says, the list is
                erased and the file was not written anew behind it.
        """
        with self._transaction():
            head = self._head(name)
            self._drop(head.number)
        self._wipe_behind("it is erased")
        return head.kept

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _heads(self) -> list[_Head]:
        with refusals(self._path, _CHECK):
            numbers = self._db.execute(_NUMBERS).fetchall()
            return [self._head_of(number) for (number,) in numbers]

    def _head_of(self, number: int) -> _Head:
        table = _HEAD.format(number)
        query = f"SELECT format FROM {table} WHERE typeof(format) = 'integer'"
        form, *_ = self._db.execute(query).fetchone() or (0,)
        if form > FORMAT:  # before anything that a later program may have changed
            wrong = f"a private list has format {form}, this program knows up to {FORMAT}"
            raise FormatTooNewError("people.sqlite", wrong, "Install a newer Phonotheque.")
        if form == 1:
            todo = "Export and erase it with the Phonotheque that kept it, then add it again."
            raise FormatTooOldError("people.sqlite", "a private list has format 1", todo)
        query = f"SELECT name, kept_at, songs, plays, songs_sha256, sha256 FROM {table}"
        row: Row = self._db.execute(query).fetchone() or ()
        wrong = "the head of a private list is damaged"
        try:
            *said, songs_sha256, sha256 = row
            kept = msgspec.convert(said, Kept)
        except (msgspec.ValidationError, ValueError) as error:
            raise MalformedError("people.sqlite", wrong, _CHECK) from error
        if sha256 != _digest_of_head((*said, songs_sha256)):
            raise MalformedError("people.sqlite", wrong, _CHECK)
        return _Head(kept, number, songs_sha256)

    def _head(self, name: str) -> _Head:
        found = next((one for one in self._heads() if one.kept.name == name), None)
        if found is None:
            todo = "See `phono lists show` for those there are."
            raise BadReferenceError(name, "there is no private list of this name", todo)
        return found

    def _page(self, head: _Head, after: int) -> list[Row]:
        """Return the next songs of a list that is still the one that it was."""
        with refusals(self._path, _CHECK):
            self._db.execute("BEGIN")
            try:
                if head not in self._heads():
                    wrong = "the list was changed while it was read"
                    raise UnavailableError(head.kept.name, wrong, "Run again.")
                return self._db.execute(_PAGE.format(head.number), (after,)).fetchall()
            finally:
                self._db.execute("ROLLBACK")

    def _drop(self, number: int) -> None:
        self._db.execute(f"DROP TABLE {_SONGS.format(number)}")
        self._db.execute(f"DROP TABLE {_HEAD.format(number)}")

    def _wipe(self) -> None:
        """Write the file anew where it has free pages, of which each may hold what was killed."""
        with refusals(self._path, _CHECK):
            (free,) = self._db.execute("PRAGMA freelist_count").fetchone()
            if free:
                self._db.execute("VACUUM")

    def _wipe_behind(self, done: str) -> None:
        """Wipe once a change is made, which stands also where this fails."""
        try:
            self._wipe()
        except UnavailableError as error:
            wrong = f"{done}, but the file could not be written anew: {error.wrong}"
            todo = "Free some space; the next list that is added or erased writes it anew."
            raise type(error)(error.thing, wrong, todo) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with refusals(self._path, _CHECK):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def _encode(row: Row) -> bytes:
    """A row as its digest has it: JSON, one line each."""
    return msgspec.json.encode(row) + b"\n"


def _digest_of_head(said: Row) -> bytes:
    return hashlib.sha256(_encode((*said, FORMAT))).digest()


def _counted(rows: Iterable[Row], read: hashlib._Hash) -> Iterator[Row]:
    """Pass rows on, and take them into a digest."""
    for row in rows:
        read.update(_encode(row))
        yield row


def check_name(name: str) -> str:
    """Return a name that a list may have.

    Raises:
        BadRequestError: It is empty, too long, or has what cannot be seen.
    """
    if name.strip() != name or not name or len(name) > _LONGEST_NAME or not name.isprintable():
        wrong = f"a name has 1 to {_LONGEST_NAME} letters that can be seen"
        raise BadRequestError(name[:_LONGEST_NAME], wrong, "Give another one with --name.")
    return name


def taken(name: str) -> ConflictError:
    """Return the refusal of a name that a list has already."""
    todo = "Give another name, or --replace to erase the one that is there."
    return ConflictError(name, "there is a private list of this name", todo)
