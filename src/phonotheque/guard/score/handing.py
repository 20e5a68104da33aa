"""Verdicts handed on to those who act on them, also to one that is away for a while.

Laws: nothing that a sink refuses ends the watching; a sink that fails is told once until it works
again; the last verdict about everybody waits for it, and is taken when it works.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic

from phonotheque.errors import UnavailableError
from phonotheque.guard.score.following import Verdict
from phonotheque.guard.score.sinks import Sink

_FIRST_S, _LONGEST_S = 1.0, 60.0
"""After so long a sink is tried again: at first, and at most, twice as long each time."""


class Handing:
    """Hands verdicts on to several sinks."""

    def __init__(
        self,
        sinks: Sequence[Sink],
        tell: Callable[[str], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Begin with nothing that waits.

        Args:
            tell: Is told what fails, and what works again.
            clock: Gives seconds, that never go back.
        """
        self._queues = [_Queue(sink, tell, clock) for sink in sinks]

    def take(self, verdict: Verdict) -> None:
        """Hand one on; to a sink that is away later."""
        for queue in self._queues:
            queue.add(verdict)

    def probe(self) -> None:
        """Tell which sinks would take nothing now, before there is anything to take."""
        for queue in self._queues:
            queue.probe()

    def try_again(self) -> None:
        """Hand on what waits where it is time to."""
        for queue in self._queues:
            queue.empty()


class _Queue:
    """What one sink has to take."""

    def __init__(self, sink: Sink, tell: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._sink, self._tell, self._clock = sink, tell, clock
        self._waiting: dict[str, Verdict] = {}
        self._told: set[str] = set()
        self._pause_s = self._next = 0.0

    def add(self, verdict: Verdict) -> None:
        """Try one at once: what the sink refuses may be another one alone."""
        self._waiting.pop(verdict.account, None)
        self._try(verdict)

    def probe(self) -> None:
        """Tell it when the sink would take nothing now."""
        try:
            self._sink.probe()
        except UnavailableError as error:
            self._say(error)

    def empty(self) -> None:
        """Let the sink take what waits, unless it refused one a moment ago."""
        if not self._waiting or self._clock() < self._next:
            return
        for verdict in list(self._waiting.values()):
            del self._waiting[verdict.account]
            if not self._try(verdict):  # it waits behind the others now
                return
        self._tell("What had to wait was handed on.")
        self._told.clear()
        self._pause_s = 0.0

    def _try(self, verdict: Verdict) -> bool:
        try:
            self._sink.take(verdict)
        except UnavailableError as error:
            self._waiting[verdict.account] = verdict
            self._say(error)
            self._pause_s = min(max(2 * self._pause_s, _FIRST_S), _LONGEST_S)
            self._next = self._clock() + self._pause_s
            return False
        if not self._waiting:
            self._told.clear()
        return True

    def _say(self, error: UnavailableError) -> None:
        if error.thing not in self._told:
            self._tell(f"{error} What waits is handed on when it works again.")
            self._told.add(error.thing)
