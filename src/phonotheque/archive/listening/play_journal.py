"""Plays, counted once each: `journals/plays/<day>.jsonl`, and a table of what stands in it.

Laws: a play that was told to be counted is on the disk, in a line of its own, and one that is
reported again (after a lost answer, by another worker, after a crash) has no second line; who heard
it stands nowhere: only whether this listener was new to the recording is kept, and what tells that
is a hash under a key that is gone after 90 days.

Write order: the line durable, then the table, which is made again from the lines when it is lost
(`play_table`). Plays of this day and the day before are told apart, by UTC: who reports one again
does so within 24 hours or not at all (`docs/reference/plays.md`).

A line: `{"play": ..., "gid": ..., "object": ..., "new": true}`; `object` is the file that the
recording is known by, `new` is left out where it is false.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from threading import Lock
from uuid import UUID

from phonotheque.archive.listening.play_table import FOLDER, Play, PlayTable, add_up
from phonotheque.disk import Disk, LocalDisk, make_folders
from phonotheque.errors import PhonothequeError
from phonotheque.music.digest import Sha256


@dataclass(frozen=True, slots=True)
class Report:
    """A play that somebody reports.

    Attributes:
        listener: A hash of who heard it and what, 16 bytes, under the key of `epoch`.
        epoch: Number of the key.
    """

    play: UUID
    gid: UUID
    object: Sha256
    listener: bytes
    epoch: int


@dataclass
class PlayJournal:
    """The plays of one archive. Threads and processes may share it, each with its own value.

    Attributes:
        root: The archive's folder.
        disk: The same, as lines are written to it.
        day: The day, UTC.
    """

    root: Path
    disk: Disk
    day: Callable[[], date] = lambda: datetime.now(UTC).date()
    _waiting: list[tuple[Report, Future[bool]]] = field(default_factory=list)
    _queue: Lock = field(default_factory=Lock)
    _turn: Lock = field(default_factory=Lock)

    @cached_property
    def _table(self) -> PlayTable:
        return PlayTable(self.root, self.disk, self.day)

    def count(self, report: Report) -> bool:
        """Count a play, durable on return; those who report at the same time share one sync.

        Returns:
            Whether it is counted now; false when it was before.

        Raises:
            UnavailableError: The disk refused: it is not known to be counted, report it again.
        """
        done: Future[bool] = Future()
        with self._queue:
            self._waiting.append((report, done))
        with self._turn:
            if not done.done():
                with self._queue:
                    taken, self._waiting = self._waiting, []
                self._settle(taken)
        return done.result()

    def heard(self) -> dict[Sha256, tuple[int, int]]:
        """Return plays and listeners of every object that was ever heard, to the last line."""
        query = "SELECT object, sum(plays), sum(listeners) FROM total GROUP BY object"
        self._table.alone(lambda _: None)  # what somebody left who was killed is taken in
        rows = self._table.read(query)
        return {Sha256(name): (plays, people) for name, plays, people in rows}

    def most_heard(self, days: int, limit: int) -> tuple[tuple[UUID, int, int], ...]:
        """Return what was heard most in the last days: gid, plays, listeners. Keeps nobody who
        counts waiting.

        Cost: a row for each day and recording.
        """
        return self._most(days, 0, "sum(listeners) DESC, sum(plays) DESC", limit)

    def most_played(
        self, days: int, limit: int, least_listeners: int
    ) -> tuple[tuple[UUID, int, int], ...]:
        """Return what was played most in the last days, of what so many people heard: as
        `most_heard` does."""
        return self._most(days, least_listeners, "sum(plays) DESC, sum(listeners) DESC", limit)

    def _most(
        self, days: int, least_listeners: int, order: str, limit: int
    ) -> tuple[tuple[UUID, int, int], ...]:
        since = (self.day() - timedelta(days=days - 1)).isoformat()
        query = f"""SELECT gid, sum(plays), sum(listeners) FROM total WHERE day >= ? GROUP BY gid
                    HAVING sum(listeners) >= ? ORDER BY {order}, gid LIMIT ?"""
        rows = self._table.read(query, (since, least_listeners, limit))
        return tuple((UUID(bytes=gid), plays, people) for gid, plays, people in rows)

    def _settle(self, taken: Sequence[tuple[Report, Future[bool]]]) -> None:
        reports = [report for report, _ in taken]
        try:
            counted = self._table.alone(lambda db: self._write(db, reports))
        except PhonothequeError as error:
            for _, done in taken:
                done.set_exception(error)
        except BaseException as error:
            for _, done in taken:
                done.set_exception(error)
            raise
        else:
            for (_, done), is_new in zip(taken, counted, strict=True):
                done.set_result(is_new)

    def _write(self, db: sqlite3.Connection, reports: Sequence[Report]) -> list[bool]:
        """Write the lines of those that were not counted yet; the table after the disk."""
        day = self.day().isoformat()
        counted, plays = [], []
        db.execute("BEGIN IMMEDIATE")
        try:
            db.execute("DELETE FROM play WHERE day < ?", (self._table.oldest_told_apart(),))
            for report in reports:
                is_new = _changes(db, "INSERT OR IGNORE INTO play VALUES (?, ?)",
                                  (report.play.bytes, day))  # fmt: skip
                counted.append(is_new)
                if is_new:
                    db.execute("DELETE FROM listener WHERE epoch < ?", (report.epoch,))
                    seen = (report.listener, report.epoch)
                    is_first = _changes(db, "INSERT OR IGNORE INTO listener VALUES (?, ?)", seen)
                    plays.append(Play(report.play, report.gid, report.object, is_first))
            if plays:
                size_bytes = self._append(day, b"".join(play.line for play in plays))
                add_up(db, day, plays)
                db.execute("INSERT OR REPLACE INTO place VALUES (?, ?)", (day, size_bytes))
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        return counted

    def _append(self, day: str, data: bytes) -> int:
        """Write lines, durable on return; the length of the day's file is returned."""
        path = f"{FOLDER}/{day}.jsonl"
        is_begun = self.disk.stat(path) is not None
        if not is_begun:
            make_folders(self.disk, FOLDER)
        writer = self.disk.append(path)
        try:
            writer.write(data)
            writer.sync()
        finally:
            writer.close()
        if not is_begun:
            self.disk.sync_folder(FOLDER)
        written = self.disk.stat(path)
        assert written is not None
        return written.size_bytes


def _changes(db: sqlite3.Connection, query: str, values: tuple[object, ...]) -> bool:
    return db.execute(query, values).rowcount == 1


def journal_of(root: Path) -> PlayJournal:
    """The plays of the archive in a folder."""
    return PlayJournal(root, LocalDisk(root))


def heard_here(root: Path) -> dict[Sha256, tuple[int, int]]:
    """Return plays and listeners of all that was ever heard at an archive's door.

    Raises:
        UnavailableError: The table of plays cannot be used.
    """
    return journal_of(root).heard() if (root / FOLDER).is_dir() else {}
