"""Stopping what runs until it is told to stop: Ctrl-C, and SIGTERM as service managers send it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from phonotheque.stopping import Stop


def stop_at_signals() -> Stop:
    """Return what Ctrl-C and SIGTERM set, from now on."""
    stop = Stop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


class StoppedError(Exception):
    """A command was told to stop, and says in words of its own what that means."""


@contextmanager
def until_stopped(words: str = "") -> Iterator[Stop]:
    """Let the block end in its own way when it is told to stop, and only then the command.

    Args:
        words: What is told then, where the words for all commands are not true.

    Raises:
        KeyboardInterrupt: At the end of the block, when it was told to.
        StoppedError: Instead, with words.
    """
    stop = stop_at_signals()
    yield stop
    if stop.is_set():
        raise StoppedError(words) if words else KeyboardInterrupt
