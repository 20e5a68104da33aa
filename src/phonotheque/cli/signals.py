"""Stopping what runs until it is told to stop: Ctrl-C, and SIGTERM as service managers send it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event


def stop_at_signals() -> Event:
    """Return an event that Ctrl-C and SIGTERM set, from now on."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


@contextmanager
def until_stopped() -> Iterator[Event]:
    """Let the block end in its own way when it is told to stop, and only then the command.

    Raises:
        KeyboardInterrupt: At the end of the block, when it was told to.
    """
    stop = stop_at_signals()
    yield stop
    if stop.is_set():
        raise KeyboardInterrupt
