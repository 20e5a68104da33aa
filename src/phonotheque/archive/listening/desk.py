"""An archive opened for one thread that answers for days, and what it told a moment ago.

Laws: what is answered is what the register says now, a removal or a decision of a moment ago
included (a moment is 20 ms: a look costs 40 µs, and a listener's next range comes seconds later);
what was told before is told again, to any thread, only while nothing at all was written, the
catalogue is the same one and so is the day. Nothing is written, and no writer is kept waiting.

The index is one file that a writer adds to, so it stays open while the register grows; it is opened
again when it is another file, when the settings changed, or when lines lie there that no writer
brought into it. Who took it before may be in the middle of an answer still: the one that was open
before is closed with the next opening.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Hashable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple, TypeVar, cast

from phonotheque.archive.bulk.decisions import Decisions, Look
from phonotheque.archive.finding.serving import FOLDER
from phonotheque.archive.opening import Archive, open_to_read, today
from phonotheque.catalogue.snapshot import POINTER
from phonotheque.disk import refusal
from phonotheque.errors import PhonothequeError
from phonotheque.listen.sound.ports import NotAtHandError

Told = TypeVar("Told")
State = tuple[int, int] | None

_LOOK_S = 0.02
_REOPEN_S = 5.0
_MOST = 20_000


class Moment(NamedTuple):
    """What an answer depends on: the archive's register and settings, the day, the catalogue."""

    look: Look
    day: date
    catalogue: State


def catalogue_state(root: Path) -> State:
    """What tells one catalogue of an archive from the next; None when there is none."""
    try:
        found = os.stat(root / FOLDER / POINTER)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


@dataclass(slots=True)
class _Memory:
    """What was told at one moment, and when it was last seen to be the same."""

    moment: Moment | None = None
    told: dict[Hashable, Any] = field(default_factory=dict)
    looked_at: float = -_LOOK_S


class Shared:
    """What the desks of one archive remember together. Threads may share it.

    Args:
        root: The archive's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._decisions = Decisions(root)
        self._lock = threading.Lock()
        self._memory = _Memory()

    def look(self) -> Moment:
        """What is there now.

        Raises:
            UnavailableError: There is no archive there any more.
        """
        try:
            with self._lock:
                look = self._decisions.look()
        except OSError as error:
            raise refusal(str(self._root), error) from error
        return Moment(look, today(), catalogue_state(self._root))

    def memory_of(self, moment: Moment, seen_at: float) -> _Memory:
        """What was told at a moment, which is now the last one that was seen."""
        with self._lock:
            if self._memory.moment != moment:
                self._memory = _Memory(moment)
            self._memory.looked_at = seen_at
            return self._memory

    def recollect(self, key: Hashable) -> Any:
        """Return what was told, if nothing changed since.

        Raises:
            NotAtHandError: It was not, or may be another now.
        """
        memory = self._memory
        now = monotonic()
        if now - memory.looked_at >= _LOOK_S:
            try:
                moment = self.look()
            except PhonothequeError as error:
                raise NotAtHandError from error
            if memory.moment != moment:
                raise NotAtHandError
            memory.looked_at = now
        try:
            return memory.told[key]
        except KeyError:
            raise NotAtHandError from None


class Desk:
    """One archive, for one thread.

    Args:
        root: The archive's folder.
        shared: What others told; None for a desk by itself.

    Attributes:
        looked_at: When it last saw what is there: a reading of the monotonic clock.
    """

    def __init__(self, root: Path, shared: Shared | None = None) -> None:
        self._root = root
        self._shared = shared or Shared(root)
        self._open = ExitStack()
        self._before = ExitStack()
        self._archive: Archive | None = None
        self._memory = _Memory()
        self._seen: Moment | None = None
        self._is_behind = False
        self.looked_at = -_LOOK_S
        self._opened_at = -_REOPEN_S

    def archive(self) -> Archive:
        """Return the archive as it is now.

        Raises:
            UnavailableError: It cannot be read now, or it is not there any more.
        """
        if self._archive is None or monotonic() - self.looked_at >= _LOOK_S:
            self._look()
        assert self._archive is not None
        return self._archive

    def recall(self, key: Hashable, tell: Callable[[Archive], Told]) -> Told:
        """Return what `tell` says of the archive, or said since anything was written.

        Args:
            key: What is told.
            tell: Says it.
        """
        archive, told = self.archive(), self._memory.told
        try:
            return cast(Told, told[key])
        except KeyError:
            pass
        said = tell(archive)
        if len(told) >= _MOST:
            told.clear()
        told[key] = said
        return said

    def close(self) -> None:
        """Let go of the archive."""
        self._archive = None
        with self._before:
            self._open.close()

    def __del__(self) -> None:
        # A thread that ended is tidied up by another one, in which SQLite closes nothing; what it
        # had open goes with the value itself.
        with suppress(sqlite3.ProgrammingError):
            self.close()

    def _look(self) -> None:
        now = monotonic()
        moment, before = self._shared.look(), self._seen
        is_other = before is None or moment.look[2:] != before.look[2:]
        is_late = self._is_behind and now - self._opened_at > _REOPEN_S
        if self._archive is None or is_other or is_late:
            self._before.close()
            self._before, self._open = self._open, ExitStack()
            self._archive = self._seen = None
            self._archive = self._open.enter_context(open_to_read(self._root))
            self._opened_at = now
        # Lines that a writer has not brought into the index yet: what is told now is not kept.
        self._is_behind = not moment.look.is_known_to(self._archive)
        if self._is_behind:
            self._memory = _Memory()
        else:
            self._memory = self._shared.memory_of(moment, now)
        self._seen = moment
        self.looked_at = now


class Desks:
    """One desk for each thread that asks; it is let go of when the thread ends.

    Args:
        root: The archive's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._shared = Shared(root)
        self._of_thread = threading.local()

    def here(self) -> Desk:
        """Return the desk of this thread."""
        desk: Desk | None = getattr(self._of_thread, "desk", None)
        if desk is None:
            desk = self._of_thread.desk = Desk(self.root, self._shared)
        return desk

    def recall(self, key: Hashable, tell: Callable[[Archive], Told]) -> Told:
        """Return what `tell` says; see `Desk.recall`."""
        return self.here().recall(key, tell)

    def recollect(self, key: Hashable, tell: object = None) -> Any:  # noqa: ARG002
        """Return what was said, without waiting for anything.

        Args:
            key: What was told.
            tell: Of `recall`, whose place this can take; not called.

        Raises:
            NotAtHandError: It was not told, or may be another now.
        """
        return self._shared.recollect(key)
