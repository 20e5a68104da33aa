"""Private lists in `people.sqlite`: kept, read, erased.

Laws: a list is there whole or not at all, whatever is killed; looking changes nothing; of what was
erased no byte is left in the file. Nothing else in an archive is made of them: no register line, no
catalogue, no count.

Each list has two tables of its own, whose pages have nothing of anything else and are overwritten
with zeros when they are dropped. Of rows deleted from a table that stays SQLite leaves pieces in
gaps of its pages, `secure_delete` or not. A transaction that is killed may leave pieces in free
pages, which it does not restore: whatever is kept or erased next writes the file anew. It also
leaves `people.sqlite-journal` beside the file, with pages as they were, until somebody next looks.

The file belongs to `register.people`, whose tables these never touch. Each list says in which
format it is written; tables are only added to.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from phonotheque.catalogue.private_lists.rows import COLUMNS, row_of, song_in
from phonotheque.catalogue.private_lists.song import Song
from phonotheque.errors import (
    BadReferenceError,
    BadRequestError,
    ConflictError,
    FormatTooNewError,
    MalformedError,
    UnavailableError,
)
from phonotheque.sqlite_refusals import refusals

FORMAT = 1

_LONGEST_NAME = 100
_HEAD = "private_list_{0}"
_SONGS = "private_song_{0}"
_MAKE_HEAD = (
    f"CREATE TABLE {_HEAD} (name TEXT NOT NULL, kept_at TEXT NOT NULL, songs INTEGER NOT NULL,"
    " plays INTEGER, format INTEGER NOT NULL)"
)
_MAKE_SONGS = f"CREATE TABLE {_SONGS} ({COLUMNS}, PRIMARY KEY (place)) WITHOUT ROWID"
_ADD_HEAD = f"INSERT INTO {_HEAD} SELECT ?, ?, count(*), sum(times), {FORMAT} FROM {_SONGS}"
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
        return sorted(kept for kept, _ in self._heads())

    def one(self, name: str) -> Kept:
        """Return a list.

        Raises:
            BadReferenceError: There is none of this name.
            FormatTooNewError: A later program wrote one.
        """
        return self._head(name)[0]

    def songs(self, name: str) -> Iterator[Song]:
        """Give the songs of a list, in their order; nobody who writes waits meanwhile.

        Raises:
            BadReferenceError: There is no list of this name.
            MalformedError: A row is damaged.
            UnavailableError: Somebody replaced or erased it meanwhile.
        """
        head = self._head(name)
        place = count = 0
        while rows := self._page(head, place):
            for row in rows:
                try:
                    yield song_in(row)
                except ValueError as error:
                    todo = "Erase it and add it again, or bring the file back from a backup."
                    raise MalformedError(f"the list {name}", "a row is damaged", todo) from error
            place, count = rows[-1][0], count + len(rows)
        if count != head[0].songs:
            todo = "Bring people.sqlite back from a backup, or erase the list."
            raise MalformedError(f"the list {name}", "songs of it are missing", todo)

    def keep(self, name: str, at: str, songs: Iterable[Song], *, is_replacing: bool) -> None:
        """Keep a list, whole, in one transaction.

        Args:
            at: The instant, as register lines carry it.
            is_replacing: Erase a list of this name that is there.

        Raises:
            ConflictError: There is one, and it is not to be replaced.
            UnavailableError: The disk refused; all is as it was, or, as it then says, the list is
                kept and the file was not written anew behind it.
        """
        self._wipe()
        with self._transaction():
            numbers = {kept.name: number for kept, number in self._heads()}
            if name in numbers and not is_replacing:
                raise taken(name)
            if name in numbers:
                self._drop(numbers[name])
            number = max(numbers.values(), default=0) + 1
            self._db.execute(_MAKE_HEAD.format(number))
            self._db.execute(_MAKE_SONGS.format(number))
            self._db.executemany(_ADD_SONG.format(number), map(row_of, songs))
            self._db.execute(_ADD_HEAD.format(number), (name, at))
        self._wipe_behind("it is kept")

    def erase(self, name: str) -> Kept:
        """Forget a list: its name, its songs and that it was there.

        Raises:
            BadReferenceError: There is none of this name.
            UnavailableError: The disk refused; all is as it was, or, as it then says, the list is
                erased and the file was not written anew behind it.
        """
        with self._transaction():
            kept, number = self._head(name)
            self._drop(number)
        self._wipe_behind("it is erased")
        return kept

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _heads(self) -> list[tuple[Kept, int]]:
        with refusals(self._path, _CHECK):
            found = []
            for (number,) in self._db.execute(_NUMBERS).fetchall():
                head = _HEAD.format(number)
                query = f"SELECT format FROM {head} WHERE typeof(format) = 'integer'"
                form, *_ = self._db.execute(query).fetchone() or (0,)
                if form > FORMAT:  # before anything that a later program may have changed
                    wrong = f"a private list has format {form}, this program knows up to {FORMAT}"
                    raise FormatTooNewError("people.sqlite", wrong, "Install a newer Phonotheque.")
                query = f"SELECT name, kept_at, songs, plays FROM {head}"
                try:
                    kept = msgspec.convert(self._db.execute(query).fetchone(), Kept)
                except msgspec.ValidationError as error:
                    wrong = "the head of a private list is damaged"
                    raise MalformedError("people.sqlite", wrong, _CHECK) from error
                found.append((kept, number))
            return found

    def _head(self, name: str) -> tuple[Kept, int]:
        found = next((one for one in self._heads() if one[0].name == name), None)
        if found is None:
            todo = "See `phono lists show` for those there are."
            raise BadReferenceError(name, "there is no private list of this name", todo)
        return found

    def _page(self, head: tuple[Kept, int], after: int) -> list[tuple[Any, ...]]:
        """Return the next songs of a list that is still the one that it was."""
        kept, number = head
        with refusals(self._path, _CHECK):
            self._db.execute("BEGIN")
            try:
                if head not in self._heads():
                    wrong = "the list was changed while it was read"
                    raise UnavailableError(kept.name, wrong, "Run again.")
                return self._db.execute(_PAGE.format(number), (after,)).fetchall()
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
