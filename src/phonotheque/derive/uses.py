"""Which copies were used when, and how large they are together: what eviction goes by.

Laws: the order is that of use, told by a counter and not by a clock; losing the file costs the
order of use and nothing else: it is then made again from what lies in the folder. Every call opens
and closes the file, so that threads and forked processes may share one.

Not here: what is evicted and how (`phonotheque.derive.cache`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from phonotheque.errors import PhonothequeError, UnavailableError
from phonotheque.sqlite_refusals import refusal

_TABLE = """
CREATE TABLE IF NOT EXISTS copy (
    path        TEXT PRIMARY KEY,         -- below the cache's folder
    size_bytes  INTEGER NOT NULL,         -- with its record
    used        INTEGER NOT NULL          -- the larger, the later
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS copy_by_use ON copy (used, path, size_bytes);
"""
_NEXT = "(SELECT coalesce(max(used), 0) + 1 FROM copy)"
_WAIT_S = 30
_VERSION = 1

Listing = Callable[[], Iterable[tuple[str, int]]]
"""Gives path and size of all that lies in the cache."""


class Uses:
    """The uses of the copies of one cache.

    Args:
        path: The SQLite file; made when it is absent or damaged.
        listing: What lies in the cache, asked for only then.
    """

    def __init__(self, path: Path, listing: Listing) -> None:
        self._path = path
        self._listing = listing

    def add(self, path: str, size_bytes: int) -> None:
        """Note a copy that was made just now."""
        with self._open() as db:
            db.execute(f"INSERT OR REPLACE INTO copy VALUES (?, ?, {_NEXT})", (path, size_bytes))

    def touch(self, path: str) -> None:
        """Note that a copy is used now. Says nothing where that cannot be written."""
        newest = "(SELECT max(used) FROM copy)"
        with suppress(UnavailableError), self._open() as db:
            db.execute(
                f"UPDATE copy SET used = {_NEXT} WHERE path = ? AND used < {newest}", (path,)
            )

    def forget(self, path: str) -> None:
        """Note that a copy is gone."""
        with self._open() as db:
            db.execute("DELETE FROM copy WHERE path = ?", (path,))

    def total_bytes(self) -> int:
        """Bytes of all copies together."""
        with self._open() as db:
            return int(db.execute("SELECT coalesce(sum(size_bytes), 0) FROM copy").fetchone()[0])

    def least_recently_used(self) -> list[tuple[str, int]]:
        """Path and size of all copies, the one unused for longest first."""
        with self._open() as db:
            return db.execute("SELECT path, size_bytes FROM copy ORDER BY used, path").fetchall()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            db = self._connect()
        except sqlite3.OperationalError as error:
            raise self._refusal(error) from error
        try:
            yield db
        except sqlite3.Error as error:
            raise self._refusal(error) from error
        finally:
            db.close()

    def _connect(self) -> sqlite3.Connection:
        try:
            return self._ready()
        except sqlite3.OperationalError:
            raise
        except (sqlite3.DatabaseError, UnicodeDecodeError):  # damaged: nothing in it is lost
            for ending in ("", "-wal", "-shm"):
                self._path.with_name(f"{self._path.name}{ending}").unlink(missing_ok=True)
            return self._ready()

    def _ready(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, timeout=_WAIT_S)
        try:
            # A power loss may damage the file: then it is made again. No copy waits for the disk.
            db.execute("PRAGMA synchronous = OFF")
            if db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                self._fill(db)
        except BaseException:
            db.close()
            raise
        return db

    def _fill(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        if db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:  # nobody was faster
            for statement in _TABLE.split(";"):
                db.execute(statement)
            rows = [(path, size, number) for number, (path, size) in enumerate(self._listing(), 1)]
            db.executemany("INSERT OR REPLACE INTO copy VALUES (?, ?, ?)", rows)
            db.execute(f"PRAGMA user_version = {_VERSION}")
        db.execute("COMMIT")

    def _refusal(self, error: sqlite3.Error) -> PhonothequeError:
        todo = "Check the disk and its permissions; the file may be deleted."
        return refusal(self._path, error, todo, damage=UnavailableError)
