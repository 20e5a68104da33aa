"""The case book as a running door reads it: when it has changed; and who tells that it cannot be.

Laws: a book that stays as it is, read or damaged, costs a look at two entries of its folder and is
proven once; that it cannot be read is told once, and once that it can be again; nothing else
follows from it: what was decided before holds, and nothing new does.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock, Thread
from time import monotonic

from phonotheque.archive.guarding.desk import GuardDesk
from phonotheque.errors import MalformedError, PhonothequeError
from phonotheque.guard.book.cases import Cases
from phonotheque.guard.book.file import HEAD, LINES

_State = tuple[tuple[int, ...], ...]
_HOLDS = (
    "Meanwhile budgets hold, as does what was decided before; "
    "`phono guard check` says if it is whole."
)
_LOOKING_SHARE = 20
"""A book is proven for a twentieth of the time at most, however long it is and often written to."""


class KeptCases:
    """The cases of a book as it was read last. Threads may share it, and change nothing in it."""

    def __init__(self, desk: GuardDesk) -> None:
        self._desk = desk
        self._lock = Lock()
        self._found: Cases | MalformedError = Cases()
        self._state: _State | None = None

    @property
    def is_new(self) -> bool:
        """Whether the book is another one than was read last, or could not be reached then."""
        return self._now() != self._state

    def read(self) -> Cases:
        """Return what holds now. Raises as `GuardDesk.read`."""
        with self._lock:  # one reads what has grown, and the others wait for that
            # Looked at before the book is: what is written in between is read the next time.
            state = self._now()
            if state != self._state:
                self._state = None  # until it was reached
                self._found = self._proven()
                self._state = state
            found = self._found
        if isinstance(found, MalformedError):
            raise MalformedError(found.thing, found.wrong, found.todo)
        return found

    def _proven(self) -> Cases | MalformedError:
        try:
            return self._desk.read().cases
        except MalformedError as error:
            return MalformedError(error.thing, error.wrong, error.todo)  # without what was read

    def _now(self) -> _State:
        """Changes with each edit, also one that leaves the length, and with who may read it."""
        return tuple(_entry(self._desk.root / path) for path in (LINES, HEAD))


class BookWatch:
    """Tells the operator of a door when its case book cannot be read.

    Args:
        kept: The book.
        on_fault: Told of it, one line each.
    """

    def __init__(self, kept: KeptCases, on_fault: Callable[[str], None]) -> None:
        self._kept = kept
        self._on_fault = on_fault
        self._is_told = False
        self._thread: Thread | None = None
        self._again_at = 0.0

    def tick(self) -> None:
        """Look beside whoever calls this, about once a second, if there is anything new."""
        is_looking = self._thread is not None and self._thread.is_alive()
        if not is_looking and monotonic() >= self._again_at and self._kept.is_new:
            self._thread = Thread(target=self.look, name="case book", daemon=True)
            self._thread.start()

    def look(self) -> None:
        """Read what is new, and tell what has become of it."""
        begun = monotonic()
        self._tell()
        now = monotonic()
        self._again_at = now + _LOOKING_SHARE * (now - begun)

    def _tell(self) -> None:
        try:
            self._kept.read()
        except PhonothequeError as error:
            if not self._is_told:
                self._on_fault(f"the case book of the guard cannot be read: {error} {_HOLDS}")
            self._is_told = True
            return
        if self._is_told:
            self._on_fault("the case book of the guard can be read again")
        self._is_told = False


def _entry(path: os.PathLike[str]) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError as error:
        return (error.errno or 0,)
    return found.st_ino, found.st_ctime_ns, found.st_size
