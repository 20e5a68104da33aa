"""What accounts spent of their budgets, shared by all workers: `state/guard/spending.sqlite`.

Laws: a recording counts once for an account in 30 days, however often it is asked for; what was
refused is not counted; two workers never grant more than one budget; nobody can read from the table
what anybody heard: that an account opened a recording is one keyed hash of both together, which is
erased with the first request an hour after its 30 days, or of a worker that was started since.

It may be lost: then everybody's budget is whole again. No answer waits longer than a blink for
another process: who cannot be told is an error here, and the door counts by itself meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from phonotheque.errors import PhonothequeError, UnavailableError
from phonotheque.guard.budgets import HOUR, MONTH, Ask, Limit, Spent, ask, open_one
from phonotheque.sqlite_refusals import refusal

FILE = "state/guard/spending.sqlite"
_VERSION = 1
_BUSY_S = 0.05
_SCHEMA = """
CREATE TABLE opened (mark BLOB PRIMARY KEY, second INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX opened_at ON opened (second);
CREATE TABLE spent (name BLOB PRIMARY KEY, until TEXT NOT NULL, latest REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX spent_until ON spent (latest);
"""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one name may open.

    Attributes:
        name: Whose it is: a keyed hash.
        limits: How much; one of no tracks at all lets nothing be opened.
    """

    name: bytes
    limits: tuple[Limit, ...]


@dataclass
class Spending:
    """What was spent in one archive, as one worker has it open. Threads may share it.

    Attributes:
        root: The archive's folder.
    """

    root: Path
    _db: sqlite3.Connection | None = None
    _forgot: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def is_opened(self, mark: bytes, now: float) -> bool:
        """Whether an account opened a recording within 30 days.

        Raises:
            UnavailableError: It cannot be told.
        """
        with self._lock:
            return self._is_opened(self._ready(), mark, now)

    def open_one(self, mark: bytes, budgets: Sequence[Budget], now: float) -> Ask | None:
        """Open a recording, if it was opened before or every budget allows it.

        Returns:
            None when it is opened; else what the budget says that is the longest used up.

        Raises:
            UnavailableError: It cannot be told.
        """
        with self._lock:
            db = self._ready()
            try:
                return self._open(db, mark, budgets, now)
            except sqlite3.Error as error:
                self._let_go()
                raise self._away(error) from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._let_go()

    def _open(
        self, db: sqlite3.Connection, mark: bytes, budgets: Sequence[Budget], now: float
    ) -> Ask | None:
        db.execute("BEGIN IMMEDIATE")
        try:
            self._forget(db, now)
            if self._is_opened(db, mark, now):
                return None
            spent = [_spent(db, budget.name) for budget in budgets]
            asked = [_ask(budget, one, now) for budget, one in zip(budgets, spent, strict=True)]
            refused = max(asked, key=lambda one: one.wait_s, default=None)
            if refused is not None and refused.wait_s > 0:
                return refused
            for budget, one in zip(budgets, spent, strict=True):
                _put(db, budget.name, open_one(budget.limits, one, now))
            db.execute("INSERT OR REPLACE INTO opened VALUES (?, ?)", (mark, int(now)))
            return None
        finally:
            db.execute("COMMIT")

    def _is_opened(self, db: sqlite3.Connection, mark: bytes, now: float) -> bool:
        try:
            row = db.execute("SELECT second FROM opened WHERE mark = ?", (mark,)).fetchone()
        except sqlite3.Error as error:
            self._let_go()
            raise self._away(error) from error
        return row is not None and isinstance(row[0], int) and now - row[0] < MONTH

    def _forget(self, db: sqlite3.Connection, now: float) -> None:
        """Let go of what counts no more, once an hour, whichever way the clock went."""
        if abs(now - self._forgot) >= HOUR:
            self._forgot = now
            db.execute("DELETE FROM opened WHERE second < ?", (int(now) - MONTH,))
            db.execute("DELETE FROM spent WHERE latest < ?", (now,))

    def _ready(self) -> sqlite3.Connection:
        if self._db is None:
            try:
                (self.root / FILE).parent.mkdir(parents=True, exist_ok=True)
                self._db = self._made()
            except (sqlite3.Error, OSError) as error:
                raise self._away(error) from error
        return self._db

    def _made(self) -> sqlite3.Connection:
        try:
            return _connected(self.root / FILE)
        except sqlite3.OperationalError:
            raise
        except (sqlite3.DatabaseError, UnicodeDecodeError):  # damaged: it may be lost
            for ending in ("", "-wal", "-shm"):
                (self.root / f"{FILE}{ending}").unlink(missing_ok=True)
            return _connected(self.root / FILE)

    def _away(self, error: sqlite3.Error | OSError) -> PhonothequeError:
        todo = "Check the disk; it may be deleted."
        return refusal(self.root / FILE, error, todo, damage=UnavailableError)

    def _let_go(self) -> None:
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None


def _connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S, check_same_thread=False)
    try:
        db.execute("PRAGMA synchronous = OFF")  # it may be lost
        if db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("BEGIN IMMEDIATE")
            if db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {_VERSION}")
            db.execute("COMMIT")
    except BaseException:
        db.close()
        raise
    return db


def _ask(budget: Budget, spent: Spent, now: float) -> Ask:
    none = next((limit for limit in budget.limits if limit.tracks == 0), None)
    if none is not None:
        return Ask(float(none.seconds), none, 0)
    return ask(budget.limits, spent, now)


def _spent(db: sqlite3.Connection, name: bytes) -> Spent:
    row = db.execute("SELECT until FROM spent WHERE name = ?", (name,)).fetchone()
    try:
        return Spent() if row is None else Spent(tuple(map(float, row[0].split())))
    except (AttributeError, ValueError):  # damaged: it may be lost
        return Spent()


def _put(db: sqlite3.Connection, name: bytes, spent: Spent) -> None:
    until = " ".join(map(repr, spent.until))
    db.execute("INSERT OR REPLACE INTO spent VALUES (?, ?, ?)", (name, until, max(spent.until)))
