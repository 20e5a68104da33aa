"""An allowance of bytes: so many a second and no more, so that others have the disk, too.

Laws: over any length of time no more is allowed than the rate times that time and one second's
worth; what was not used is not saved up. The clock and the wait are given, so that a test needs
neither.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic, sleep


class Allowance:
    """Bytes that may be read. Threads may share one.

    Args:
        bytes_per_s: The rate; 0 for no limit.
        clock: Seconds, never going back.
        wait: Waits so many seconds.
    """

    def __init__(
        self,
        bytes_per_s: int,
        clock: Callable[[], float] = monotonic,
        wait: Callable[[float], object] = sleep,
    ) -> None:
        self._bytes_per_s = bytes_per_s
        self._clock = clock
        self._wait = wait
        self._paid_until = clock()
        self._lock = Lock()

    def take(self, size_bytes: int) -> None:
        """Return when so many bytes more may be read."""
        if not self._bytes_per_s:
            return
        with self._lock:
            now = self._clock()
            self._paid_until = max(self._paid_until, now - 1) + size_bytes / self._bytes_per_s
            ahead_s = self._paid_until - now
        if ahead_s > 0:
            self._wait(ahead_s)
