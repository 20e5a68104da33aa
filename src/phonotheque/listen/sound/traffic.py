"""How much goes on in one process: threads, bodies under way, and what is waited for.

Laws: what waits for something to be made takes no thread from what waits for the disk; nobody
at one address takes all that there is; what is taken down while it is being sent is broken off
within seconds, however slowly it is taken, and however much else goes on.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter

from phonotheque.errors import PhonothequeError, UnavailableError
from phonotheque.listen.shares import Shares
from phonotheque.listen.sound.ports import Making

BLOCK_BYTES = 1 << 20
"""Most that is read at once."""

_LEAST_BYTES = 64 << 10
_ALL_BYTES = 64 << 20
"""Blocks of all who are being sent to, in one process: with many each is smaller."""

_MADE_S = 50.0
"""An hour of sound takes 40 s, and proxies wait a minute. Who waited longer is told to come again,
and the copy is made."""

_MOST_BODIES = 512
"""Of one address: an eighth of the connections of a worker; a school has one address, too."""

_MOST_WAITING = 8
"""Copies that one address waits for at once; 32 may wait in all."""

_SHARE = 4
"""One address has a quarter of the threads at most; what more it asks waits for these."""

Found = TypeVar("Found")


class BrokenOffError(Exception):
    """A body that cannot be finished: the connection is closed, so that nobody takes it for one."""


@dataclass(eq=False, slots=True)
class _Body:
    """A body under way, and the task that sends it."""

    still_may: Callable[[], bool]
    task: asyncio.Task[Any] | None
    is_over: bool = False


@dataclass
class Traffic:
    """How much is going on in one process; for its loop.

    Attributes:
        threads: How many reads wait for the disk at once.
        long_threads: How many of those that read much before they say anything: whole albums,
            dressed copies.
        on_fault: Told what should not happen, one line each.
    """

    threads: int = 48
    long_threads: int = 8
    on_fault: Callable[[str], None] = lambda _: None
    _bodies: set[_Body] = field(default_factory=set)
    _of_group: Counter[str] = field(default_factory=Counter)
    _waiting: Counter[str] = field(default_factory=Counter)
    _watch: asyncio.Future[None] | None = None

    def __post_init__(self) -> None:
        self._limiters: dict[bool, CapacityLimiter] = {}
        self._shares = {
            is_long: Shares(max(1, threads // _SHARE))
            for is_long, threads in ((False, self.threads), (True, self.long_threads))
        }
        self._fault = ""

    @property
    def sending(self) -> int:
        """Bodies under way."""
        return len(self._bodies)

    async def in_thread(
        self, function: Callable[[], Found], *, is_long: bool = False, group: str = ""
    ) -> Found:
        """Call what may wait for the disk, in a thread.

        Args:
            function: What.
            is_long: It reads much.
            group: For whom; "" where that does not count.
        """
        if not self._limiters:  # made here, where there is a loop
            self._limiters = {
                False: CapacityLimiter(self.threads),
                True: CapacityLimiter(self.long_threads),
            }
        async with self._shares[is_long].place(group):
            return await anyio.to_thread.run_sync(function, limiter=self._limiters[is_long])

    async def made(self, making: Making, group: str) -> None:
        """Wait until something is made; no thread does.

        Args:
            making: What.
            group: Who waits.

        Raises:
            UnavailableError: It takes long, or so many others of this group wait.
            PhonothequeError: It cannot be made.
        """
        _take_one(self._waiting, group, _MOST_WAITING, "copies are being made for it")
        try:
            done = asyncio.shield(asyncio.wrap_future(making))
            await asyncio.wait_for(done, _MADE_S)
        except TimeoutError as error:
            raise UnavailableError(
                "the copy", "it is still being made", "Ask again in a minute."
            ) from error
        finally:
            _give_one(self._waiting, group)

    @contextmanager
    def body(self, group: str, still_may: Callable[[], bool]) -> Iterator[None]:
        """Hold while a body is being sent.

        Args:
            group: To whom.
            still_may: Asked each second or so, in a thread.

        Raises:
            UnavailableError: So many are being sent to this group.
            BrokenOffError: It may not be sent any more.
        """
        _take_one(self._of_group, group, _MOST_BODIES, "things are being sent to it")
        body = _Body(still_may, asyncio.current_task())
        self._bodies.add(body)
        try:
            yield
        except asyncio.CancelledError as error:
            if body.is_over:
                raise BrokenOffError from error
            raise
        finally:
            self._bodies.discard(body)
            _give_one(self._of_group, group)

    def watch(self) -> None:
        """Ask of all bodies under way whether they still may; called each second or so."""
        if self._bodies and (self._watch is None or self._watch.done()):
            self._watch = asyncio.ensure_future(self._break_off(list(self._bodies)))

    async def _break_off(self, bodies: list[_Body]) -> None:
        def asked() -> list[_Body]:
            return [body for body in bodies if not self._still_may(body)]

        own = CapacityLimiter(1)  # it waits for no thread that others have
        for body in await anyio.to_thread.run_sync(asked, limiter=own):
            if body in self._bodies and body.task is not None:
                body.is_over = True
                body.task.cancel()

    def _still_may(self, body: _Body) -> bool:
        """Ask of one body. When it cannot be said now: it was allowed a second ago."""
        try:
            return body.still_may()
        except PhonothequeError:
            return True
        except Exception as error:  # of one body: the others are asked all the same
            fault = f"whether something may still be sent: {type(error).__name__}: {error}"
            if fault != self._fault:
                self._fault = fault
                self.on_fault(fault)
            return True

    @property
    def block_bytes(self) -> int:
        """How much is read at once now."""
        share = _ALL_BYTES // max(self.sending, 1)
        return max(_LEAST_BYTES, min(BLOCK_BYTES, share - share % _LEAST_BYTES))


def _take_one(counts: Counter[str], group: str, most: int, what: str) -> None:
    if counts[group] >= most:
        raise UnavailableError("this address", f"{most} {what} already", "Ask again in a minute.")
    counts[group] += 1


def _give_one(counts: Counter[str], group: str) -> None:
    counts[group] -= 1
    if not counts[group]:
        del counts[group]
