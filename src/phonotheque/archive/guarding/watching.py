"""Watching over a listening door: its access log in, decisions out, within seconds.

Laws: each turn reads what is new in the log and nothing else; what was decided is in the case book
before a snapshot says that its lines were read, so a kill at any moment loses no verdict and counts
no event twice: whoever starts again reads on behind the snapshot, finds what was found since, and
the ladder knows from the book what was decided on it. One process watches at a time.

What is decided follows from the log alone: without a snapshot, or with one that is damaged or of a
time that is not there yet, all of the log that is kept is read again, and nothing is decided twice.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from phonotheque.archive.guarding.compiling import compile_ahead
from phonotheque.archive.guarding.descriptions import Descriptions
from phonotheque.archive.guarding.desk import GuardDesk
from phonotheque.archive.guarding.incidents import is_taking
from phonotheque.archive.guarding.log_reading import LogReader, Place
from phonotheque.archive.guarding.names import MOST_ACCOUNTS
from phonotheque.archive.guarding.play_ledger import ledger_of
from phonotheque.archive.guarding.suspected import SuspectedPlays
from phonotheque.archive.guarding.suspicion import Suspicion
from phonotheque.archive.guarding.takings import read_lines
from phonotheque.archive.guarding.watch_state import PATH, kept, resumed, without_idle
from phonotheque.disk import make_folders, refusal
from phonotheque.errors import ConflictError, MalformedError
from phonotheque.guard.book.entries import Decided
from phonotheque.guard.book.file import LINES, CaseBook
from phonotheque.guard.book.outcomes import Outcome, outcomes
from phonotheque.guard.decisions import DAY_S
from phonotheque.guard.state import load, save
from phonotheque.music.chain import GENESIS, Head

KEEP_EVERY_S = 60.0
_KEPT_SHARE = 200
"""A snapshot is written for a two-hundredth of the time at most, however large it is: nothing is
decided meanwhile, and of a hundred verdicts 99 are to wait for none."""

_LOCK = "state/guard/watching"


class Watcher:
    """Watches one door. Make it with `watching`.

    Attributes:
        suspicion: What it remembers.
        reader: Of the log.
    """

    def __init__(
        self,
        desk: GuardDesk,
        descriptions: Descriptions,
        fault: Callable[[str], None],
        most_accounts: int = MOST_ACCOUNTS,
    ) -> None:
        """Go on where the last one was, or begin with all of the log that is kept.

        Args:
            desk: Where cases are dealt with.
            descriptions: Of recordings.
            fault: Told of what could not be read, one line each.
            most_accounts: For so many there is room.

        Raises:
            MalformedError: The case book was changed, or lacks what it had when the last snapshot
                was written.
        """
        self._desk, self._descriptions, self._fault = desk, descriptions, fault
        self._most_accounts, self._beyond, self._told_of_room = most_accounts, 0, -1
        self.suspicion, places, known = self._resumed()
        self._book, self._outcomes, self._book_bytes = desk.read(known), list[Outcome](), -1
        self.reader = LogReader(desk.root, fault, places)
        self._keep_at = monotonic() + KEEP_EVERY_S
        self._has_news = False
        self._plays = SuspectedPlays(ledger_of(desk.root, desk.disk))

    def turn(self) -> list[Decided]:
        """Read what is new, and decide about what is found.

        Raises:
            UnavailableError: The log cannot be read, or the book cannot be written: what was found
                is found again by whoever starts again.
        """
        if self.suspicion.is_ahead(self._desk.clock()):
            self._fault("the clock was ahead: all of the access log that is kept is read again")
            self.suspicion = self._going_on(Suspicion(self._descriptions))
            self.reader = LogReader(self._desk.root, self._fault)
        self._read()
        if self.suspicion.told:
            self._look_after_shadow()
        found = self.suspicion.findings()
        decided = self._desk.take_all(found) if found else []
        self.suspicion.found.clear()
        self._tell_of_refused()
        self.tidy()
        if self._has_news and monotonic() >= self._keep_at:
            self.keep()
        return decided

    def tidy(self) -> bool:
        """Forget what is over in a portion of the ledger of plays; returns whether more of it is to
        be tidied today. Each turn does so once: no verdict waits for all of it.

        Raises:
            UnavailableError: The disk refuses.
        """
        if self._plays.is_untidy(self._desk.now):
            self._plays.tidy(self._read_book().cases, self._desk.now, self._fault)
        return self._plays.is_untidy(self._desk.now)

    def keep(self) -> None:
        """Write a snapshot, durable on return; between turns."""
        if not self._has_news:
            return
        begun = monotonic()
        self._plays.write()
        self._book = self._desk.read(self._book.head)
        found = kept(self.suspicion, self.reader.places, self._book.head)
        fewer = without_idle(found, self._most_accounts)
        if fewer is not found:
            self.suspicion = self._going_on(resumed(fewer, self._descriptions)[0])
        make_folders(self._desk.disk, PATH.rpartition("/")[0])
        save(self._desk.disk, PATH, fewer)
        self._has_news = False
        now = monotonic()
        self._keep_at = now + max(KEEP_EVERY_S, _KEPT_SHARE * (now - begun))

    def _resumed(self) -> tuple[Suspicion, dict[str, Place], Head]:
        try:
            snapshot = load(self._desk.disk, PATH)
            if snapshot is not None:
                suspicion, places, known = resumed(snapshot, self._descriptions)
                return self._going_on(suspicion), places, known
        except MalformedError as error:
            self._fault(f"{PATH} {error.wrong}: all of the access log that is kept is read again")
        return self._going_on(Suspicion(self._descriptions)), {}, GENESIS

    def _going_on(self, suspicion: Suspicion) -> Suspicion:
        """What is not in a snapshot: how questions end, and for how many accounts there is room."""
        suspicion.ended, suspicion.most_accounts = self._ended, self._most_accounts
        return suspicion

    def _read(self) -> None:
        """Take in what is new in the log."""
        for block in self.reader.blocks():
            self._has_news = True
            for second, line in read_lines(block, self._unreadable):
                is_taken = self.suspicion.take(second, line, self._desk.clock())
                if is_taken and is_taking(line):
                    self._plays.note(second, line)
            self._plays.choose(self.suspicion)

    def _ended(self) -> list[Outcome]:
        """How questions ended, as the book says after the lines of the log were read: so what ended
        before them is in it."""
        self._read_book()
        return self._outcomes

    def _read_book(self) -> CaseBook:
        """The book, read again where it grew."""
        there = self._desk.disk.stat(LINES)
        size_bytes = 0 if there is None else there.size_bytes
        if size_bytes != self._book_bytes:
            self._book = self._desk.read(self._book.head)
            self._outcomes, self._book_bytes = outcomes(self._book.cases), size_bytes
        return self._book

    def _tell_of_refused(self) -> None:
        for refused in (self.suspicion.refused, self._plays.refused):
            for reason, count in refused.items():
                self._fault(f"{count:,} lines of the access log {reason}")
            refused.clear()
        self._tell_of_room()

    def _tell_of_room(self) -> None:
        """Say once a day that there was none for more accounts."""
        self._beyond += self.suspicion.beyond
        self.suspicion.beyond = 0
        today = self._desk.now // DAY_S
        if self._beyond and today != self._told_of_room:
            self._fault(
                f"there is room for {self._most_accounts:,} accounts (guard.most_accounts): "
                f"{self._beyond:,} lines of the access log were of others, which are not watched; "
                "their budgets hold"
            )
            self._beyond, self._told_of_room = 0, today

    def _look_after_shadow(self) -> None:
        """What is still found when nothing is on paper any more is decided anew."""
        if self._book.cases.begun is None:
            self._book = self._desk.read()
        begun = self._book.cases.begun
        is_shadow = begun is not None and self._desk.now < begun.shadow_until
        if self.suspicion.is_shadow and not is_shadow:
            cases, now = self._read_book().cases, self._desk.now
            self.suspicion.again(lambda name: bool(cases.standing(name, now).answered_groups))
        self._has_news |= self.suspicion.is_shadow != is_shadow
        self.suspicion.is_shadow = is_shadow

    def _unreadable(self) -> None:
        self.suspicion.refused["cannot be read"] += 1


@contextmanager
def watching(
    desk: GuardDesk,
    descriptions: Descriptions,
    fault: Callable[[str], None],
    most_accounts: int = MOST_ACCOUNTS,
) -> Iterator[Watcher]:
    """Watch a door, alone among processes; a snapshot is written at the end. All that it calls is
    compiled when it begins.

    Args:
        desk, descriptions, fault, most_accounts: See `Watcher`.

    Raises:
        ConflictError: Another process watches it.
        UnavailableError: The disk refused.
    """
    with _alone(desk.root):
        compile_ahead()
        watcher = Watcher(desk, descriptions, fault, most_accounts)
        yield watcher
        watcher.keep()


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    path = root / _LOCK
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise refusal(_LOCK, error) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            todo = "One is enough: stop the other one first."
            raise ConflictError("phono guard watch", "another one runs here", todo) from error
        yield
    finally:
        os.close(lock)
