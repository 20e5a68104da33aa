"""What the lines of plays add up to: a table in `state/`, made again from them when it is lost.

Laws: nobody writes into it but who alone holds its lock, and by then every whole line that is on
the disk is in it; reading waits for no lock and writes nothing; a line that is damaged costs the
play that it was, a table that is damaged costs nothing, and a name that is no day's is no journal.

The table is written without a sync, because the lines are what lasts. After a power cut its pages
may be of different instants though SQLite finds nothing wrong with them, so sums are made again at
the first use after the system was started: Linux says which start this is.
"""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import UUID

import msgspec

from phonotheque import sqlite_refusals
from phonotheque.disk import Disk, Entry, Kind, refusal
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.music.digest import Sha256

FOLDER = "journals/plays"
"""Where the lines lie; backed up, never written again."""

TABLE = "state/plays.sqlite"
_LOCK = "state/plays.lock"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_DAYS_TOLD_APART = 2
_VERSION = 2
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.jsonl")
_SCHEMA = """
CREATE TABLE play (id BLOB PRIMARY KEY, day TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX play_of_day ON play (day);
CREATE TABLE listener (hash BLOB PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX listener_of_epoch ON listener (epoch);
CREATE TABLE total (
    day TEXT, gid BLOB, object BLOB, plays INTEGER NOT NULL, listeners INTEGER NOT NULL,
    PRIMARY KEY (day, gid, object)
) WITHOUT ROWID;
CREATE INDEX total_of_object ON total (object, plays, listeners);
CREATE TABLE place (day TEXT PRIMARY KEY, offset INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE made (boot TEXT NOT NULL);
INSERT INTO made VALUES ('');
"""
_BEGIN_AGAIN = "BEGIN; DELETE FROM total; DELETE FROM play; DELETE FROM place; COMMIT;"

Done = TypeVar("Done")


class PlayLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One play, as it is kept."""

    play: str
    gid: str
    object: str
    new: bool = False


@dataclass(frozen=True, slots=True)
class Play:
    """One play, as it is added up."""

    id: UUID
    gid: UUID
    object: Sha256
    is_new: bool

    @property
    def line(self) -> bytes:
        """The line that it is kept as."""
        kept = PlayLine(self.id.hex, str(self.gid), self.object.hex, self.is_new)
        return msgspec.json.encode(kept) + b"\n"


class PlayTable:
    """The table of one archive, in the folder `root`; its lines are read from `disk`."""

    def __init__(self, root: Path, disk: Disk, day: Callable[[], date]) -> None:
        self.root = root
        self.disk = disk
        self.day = day
        self._looked_on: date | None = None

    def alone(self, work: Callable[[sqlite3.Connection], Done]) -> Done:
        """Do something with the table, alone among processes, with every line in it.

        Where the table is found damaged it is made again, and the work is done once more.

        Raises:
            UnavailableError: It cannot be used now.
        """
        with self._lock():
            try:
                try:
                    return self._do(work)
                except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                    if not _is_damage(error):
                        raise
                    self._remove()
                    return self._do(work)
            except sqlite3.Error as error:
                todo = "Check the disk; the file may be deleted."
                raise sqlite_refusals.refusal(self.root / TABLE, error, todo) from error

    def read(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Return rows of the table as it is: lines that a worker who was killed left are in it when
        somebody wrote since.

        Raises:
            UnavailableError: It cannot be read now.
        """
        try:
            return self._rows(query, values)
        except (sqlite3.Error, UnicodeDecodeError):  # there is none yet, or it is damaged
            return self.alone(lambda db: db.execute(query, values).fetchall())

    def _rows(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        name = f"file:{quote(str(self.root / TABLE))}?mode=ro"
        with closing(sqlite3.connect(name, uri=True, timeout=5)) as db:
            if db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                raise sqlite3.DatabaseError("another version")
            return db.execute(query, values).fetchall()

    # -- opening ----------------------------------------------------------------------------------

    @contextmanager
    def _lock(self) -> Iterator[None]:
        try:
            lock = os.open(self.root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise refusal(_LOCK, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _do(self, work: Callable[[sqlite3.Connection], Done]) -> Done:
        with closing(self._ready()) as db:
            self._catch_up(db)
            return work(db)

    def _ready(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.root / TABLE, isolation_level=None, timeout=30)
        try:
            db.execute("PRAGMA synchronous = OFF")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise sqlite3.DatabaseError("another version")
            if not version:
                db.execute("PRAGMA journal_mode = WAL")
                db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
        except BaseException:
            db.close()
            raise
        return db

    def _remove(self) -> None:
        for ending in ("", "-wal", "-shm"):
            (self.root / f"{TABLE}{ending}").unlink(missing_ok=True)
        self._looked_on = None

    # -- lines ------------------------------------------------------------------------------------

    def _catch_up(self, db: sqlite3.Connection) -> None:
        """Take in lines that a worker who was killed left, and cut off what it had begun."""
        if self._looked_on is None:
            self._look_for_a_power_cut(db)
        places = dict(db.execute("SELECT day, offset FROM place"))
        days = list(self._days())
        if any(size_bytes < places.get(day, 0) for day, size_bytes in days):
            db.executescript(_BEGIN_AGAIN)  # an older journal was brought back
            places, self._looked_on = {}, None
            days = list(self._days())
        for day, size_bytes in days:
            if size_bytes != places.get(day, 0):
                self._take_in(db, day, places.get(day, 0))
        self._looked_on = self.day()

    def _look_for_a_power_cut(self, db: sqlite3.Connection) -> None:
        try:
            boot = _BOOT.read_text().strip()
        except OSError:  # the system does not say
            return
        if db.execute("SELECT boot FROM made").fetchone() == (boot,):
            return
        (verdict,) = db.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        db.executescript(_BEGIN_AGAIN)
        db.execute("UPDATE made SET boot = ?", (boot,))

    def _days(self) -> Iterator[tuple[str, int]]:
        """Days of which there are lines, with their bytes: all at first and once a day, then those
        into which lines are still written."""
        if self._looked_on == self.day():
            last = [f"{self.day() - timedelta(days=ago)}.jsonl" for ago in (1, 0)]
            entries = [self.disk.stat(f"{FOLDER}/{name}") for name in last]
        else:
            entries = list(self.disk.list(FOLDER))
        for entry in entries:
            if entry is not None and (day := _day_of(entry)) is not None:
                yield day, entry.size_bytes

    def _take_in(self, db: sqlite3.Connection, day: str, offset: int) -> None:
        path = f"{FOLDER}/{day}.jsonl"
        with self.disk.open(path) as file:
            file.seek(offset)
            data = file.read()
        end = data.rfind(b"\n") + 1
        if end < len(data):  # begun and told to nobody
            self.disk.truncate(path, offset + end)
        plays = [play for line in data[:end].splitlines() if (play := parse_line(line))]
        db.execute("BEGIN IMMEDIATE")
        try:
            if day >= self.oldest_told_apart():
                ids = [(play.id.bytes, day) for play in plays]
                db.executemany("INSERT OR IGNORE INTO play VALUES (?, ?)", ids)
            add_up(db, day, plays)
            db.execute("INSERT OR REPLACE INTO place VALUES (?, ?)", (day, offset + end))
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise

    def oldest_told_apart(self) -> str:
        """The first day whose plays can be reported again."""
        return (self.day() - timedelta(days=_DAYS_TOLD_APART - 1)).isoformat()


def parse_line(line: bytes) -> Play | None:
    """Read a line; None of what is none, or was damaged: it costs the play that it was."""
    try:
        kept = msgspec.json.decode(line, type=PlayLine)
        return Play(UUID(kept.play), UUID(kept.gid), Sha256.parse(kept.object), kept.new)
    except (*UNDECODABLE, ValueError):
        return None


def add_up(db: sqlite3.Connection, day: str, plays: Sequence[Play]) -> None:
    """Add plays to the sums of a day."""
    query = """INSERT INTO total VALUES (?, ?, ?, 1, ?) ON CONFLICT DO UPDATE
               SET plays = plays + 1, listeners = listeners + excluded.listeners"""
    rows = [(day, play.gid.bytes, play.object.raw, int(play.is_new)) for play in plays]
    db.executemany(query, rows)


def _day_of(entry: Entry) -> str | None:
    """The day whose lines a file has; None of a file that is no journal of ours."""
    found = _DAY.fullmatch(entry.name)
    if found is None or entry.kind is not Kind.FILE:
        return None
    try:
        return date.fromisoformat(found[1]).isoformat()
    except ValueError:
        return None


def _is_damage(error: sqlite3.DatabaseError | UnicodeDecodeError) -> bool:
    """Whether the file is what is wrong, and not the disk, or another who holds it."""
    return type(error) in (sqlite3.DatabaseError, UnicodeDecodeError)
