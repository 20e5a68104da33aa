"""Whether a process was told to stop: said by a signal's handler, waited for by anybody.

Laws: whoever is interrupted by the handler while he waits is woken by it, and one that a signal
came too early for, before he slept, hears it within a second; what a forked child is told is told
to it alone.

`threading.Event` keeps neither: its `set` takes a lock, which the wait that was interrupted may
hold, in the very same thread; a wait without an end sleeps on where the signal came just before it.
"""

from __future__ import annotations

import math
import os
import select
import time
import weakref
from contextlib import suppress

_LONGEST_SLEEP_S = 1.0


class Stop:
    """It is set once and for all; asked and waited for as `threading.Event` is."""

    def __init__(self) -> None:
        self._is_set, self._process = False, os.getpid()
        reads, self._writes = os.pipe()
        os.set_blocking(self._writes, False)
        self._waking = select.poll()
        self._waking.register(reads, select.POLLIN)
        weakref.finalize(self, _close, reads, self._writes)

    def set(self) -> None:
        """Say so, from wherever, at any moment of any thread."""
        self._is_set = True
        if os.getpid() == self._process:  # a child has the handler, and this end of the pipe, too
            with suppress(BlockingIOError):  # it is full of such words already
                os.write(self._writes, b"\0")

    def is_set(self) -> bool:
        """Whether it was said."""
        return self._is_set

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it is said, or for so many seconds; returns whether it was."""
        ends = time.monotonic() + (math.inf if timeout_s is None else timeout_s)
        while not self._is_set and (left_s := ends - time.monotonic()) > 0:
            self._waking.poll(1_000 * min(left_s, _LONGEST_SLEEP_S))
        return self._is_set


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
