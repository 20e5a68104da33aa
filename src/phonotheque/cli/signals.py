"""Stopping what runs until it is told to stop: Ctrl-C, and SIGTERM as service managers send it."""

from __future__ import annotations

import signal
from threading import Event


def stop_at_signals() -> Event:
    """Return an event that Ctrl-C and SIGTERM set, from now on."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
