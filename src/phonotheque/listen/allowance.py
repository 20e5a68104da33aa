"""A plain allowance for recordings that may be heard and not kept, where no guard can be asked.

Laws: what counts is a recording that is new to a listener, never a request: ranges of one play, and
what was heard before, are free; nobody is refused more than the rest of an hour at once; who hears
music as people do never meets it.

The numbers: of people with long histories of listening, nobody opened more than 32 recordings that
were new to him in an hour, and 252 in a day (real maxima; see docs/explanation/listening.md).

Memory holds who heard what for a day at most, as keyed hashes, in the process alone.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

from phonotheque.listen.gate import Refusal, Wish
from phonotheque.listen.greeting import Greeting
from phonotheque.listen.listener import Listener

_HOUR_S = 3_600
_DAY_S = 24 * _HOUR_S
_REASON = "from this address more recordings were opened that may only be heard than one can hear"
_TODO = "Wait a little. What was heard before, and all that is free, still plays."


@dataclass(slots=True)
class _Seen:
    """What one listener opened: digests of recordings, with the instant of the first time."""

    at: dict[bytes, float] = field(default_factory=dict)


class Allowance:
    """Counts for one process. Threads may share it.

    Args:
        clock: Seconds that never go back.
        in_hour: Most new recordings in an hour.
        in_day: Most new recordings in a day.
        most: Listeners who are remembered; who came longest ago is forgotten first.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        in_hour: int = 40,
        in_day: int = 300,
        most: int = 50_000,
    ) -> None:
        self._clock = clock
        self._in_hour = in_hour
        self._in_day = in_day
        self._most = most
        self._seen: OrderedDict[bytes, _Seen] = OrderedDict()
        self._key = secrets.token_bytes(32)
        self._lock = Lock()

    def refuses(self, wish: Wish) -> Refusal | None:
        """Say why a recording is not opened now; None when it may be. See `Guard`."""
        now = self._clock()
        who, what = self._digest(wish.listener.group.encode()), self._digest(wish.gid.bytes)
        with self._lock:
            seen = self._seen.setdefault(who, _Seen())
            self._seen.move_to_end(who)
            if what in seen.at and now - seen.at[what] < _DAY_S:
                return None
            while seen.at and now - next(iter(seen.at.values())) >= _DAY_S:
                del seen.at[next(iter(seen.at))]
            wait_s = self._wait_s(list(seen.at.values()), now)
            if wait_s > 0:
                return Refusal(int(wait_s) + 1, _REASON, _TODO)
            seen.at.pop(what, None)
            seen.at[what] = now
            while len(self._seen) > self._most:
                self._seen.popitem(last=False)
        return None

    def is_known(self, wish: Wish) -> bool:  # noqa: ARG002
        """All is in memory. See `Guard`."""
        return True

    def still_may(self, wish: Wish) -> bool:  # noqa: ARG002
        """What is being sent goes on. See `Guard`."""
        return True

    def greets(self, listener: Listener) -> Greeting:
        """A listener is an address, and gets nothing to be known by. See `Guard`."""
        return Greeting(self._digest(listener.group.encode()).hex()[:16])

    def drew(self, listener: Listener, gids: Sequence[UUID]) -> None:
        """Nothing follows from it. See `Guard`."""

    def is_drawn(self, wish: Wish) -> bool:  # noqa: ARG002
        """Nobody knows. See `Guard`."""
        return False

    def guessed(self, wish: Wish) -> str:  # noqa: ARG002
        """Nobody looks. See `Guard`."""
        return ""

    def _wait_s(self, times: list[float], now: float) -> float:
        """How long until one more fits; `times` in order."""
        waits = [
            (times[-most] if most else now) + span_s - now
            for most, span_s in ((self._in_hour, _HOUR_S), (self._in_day, _DAY_S))
            if len(times) >= most
        ]
        return min(max([0.0, *waits]), _HOUR_S)

    def _digest(self, data: bytes) -> bytes:
        return hashlib.blake2b(data, key=self._key, digest_size=12).digest()
