"""Files that stay open for a while after they were read: a play is a file asked for many times.

Laws: who takes a file gets one that is open until it lets go; a file that nobody has is closed when
more are open than there may be, or when it was not asked for in a minute, so that what was removed
gives its room back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import RLock
from time import monotonic
from typing import Generic, Protocol, TypeVar

_IDLE_S = 60.0


class Closable(Protocol):
    """Something that is open."""

    def close(self) -> None:
        """Let go of it."""


Opened = TypeVar("Opened", bound=Closable)


@dataclass(slots=True)
class _Entry(Generic[Opened]):
    value: Opened
    users: int
    used_at: float
    is_current: bool = True


class Lease(Generic[Opened]):
    """Something open that is not closed before `close` is called here."""

    def __init__(self, entry: _Entry[Opened], files: OpenFiles[Opened]) -> None:
        self._entry: _Entry[Opened] | None = entry
        self._files = files
        self.value = entry.value

    def close(self) -> None:
        """Let go of it. Safe to call twice."""
        entry, self._entry = self._entry, None
        if entry is not None:
            self._files.give_back(entry)


class OpenFiles(Generic[Opened]):
    """Open files by what they are asked for with. Threads may share it.

    Args:
        most: How many stay open while nobody has them.
    """

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._entries: OrderedDict[Hashable, _Entry[Opened]] = OrderedDict()
        self._lock = RLock()  # what is closed may hold a file of these itself, and give it back

    def taken(self, key: Hashable, is_current: Callable[[Opened], bool]) -> Lease[Opened] | None:
        """Return what is open; None when it is not, or not current any more."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or not is_current(entry.value):
                return None
            return self._lease(key, entry)

    def take(
        self,
        key: Hashable,
        make: Callable[[], Opened],
        is_current: Callable[[Opened], bool] = lambda _: True,
    ) -> Lease[Opened]:
        """Return what is open, or open it.

        Args:
            key: What is wanted.
            make: Opens it. Two who come at once may both; one of the two is used.
            is_current: Whether what is open is still what would be opened now.
        """
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and is_current(entry.value):
                return self._lease(key, entry)
        value = make()
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and is_current(entry.value):
                value.close()
                return self._lease(key, entry)
            if entry is not None:
                self._drop(key)
            entry = self._entries[key] = _Entry(value, 0, 0.0)
            lease = self._lease(key, entry)
            self._tidy()
        return lease

    def give_back(self, entry: _Entry[Opened]) -> None:
        """One user fewer; called by leases."""
        with self._lock:
            entry.users -= 1
            if not entry.users and not entry.is_current:
                entry.value.close()

    def close(self) -> None:
        """Close all that nobody has; what somebody has is closed when it is given back."""
        with self._lock:
            for key in list(self._entries):
                self._drop(key)

    def _lease(self, key: Hashable, entry: _Entry[Opened]) -> Lease[Opened]:
        entry.users += 1
        entry.used_at = monotonic()
        self._entries.move_to_end(key)
        return Lease(entry, self)

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key)
        entry.is_current = False
        if not entry.users:
            entry.value.close()

    def _tidy(self) -> None:
        """Close what was unused for longest; the order of the entries is that of their use."""
        oldest = monotonic() - _IDLE_S
        for key, entry in list(self._entries.items()):
            if len(self._entries) <= self._most and entry.used_at >= oldest:
                return
            if not entry.users:
                self._drop(key)
