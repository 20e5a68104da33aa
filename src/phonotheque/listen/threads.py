"""Threads that answer: a few, which stay, the one that answered last first.

What a thread reads of the catalogue it has open for itself, and what it read a moment ago it reads
again for next to nothing. The threads of the framework come and go, and in a rush up to forty of
them open the catalogue, each for itself, just when everybody waits: so these are few, have opened
it before the door is, and the next answer is made by the thread that is warm.

Laws: work is begun in the order in which it came; one address has all of these threads but one at
most, and what more it asks waits for these; what nobody waits for any more is not begun.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from contextvars import ContextVar
from functools import partial, wraps
from inspect import signature
from queue import SimpleQueue
from threading import Barrier, Lock, Thread
from typing import Any, ParamSpec, TypeVar

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from phonotheque.listen.shares import Shares

Given = ParamSpec("Given")
Told = TypeVar("Told")
_Work = Callable[[], Callable[[], object]]
"""What is done; it returns what tells of it, which may wake whoever has the next."""


class AnsweringThreads:
    """A few threads. They end with the process, or when they are closed.

    Args:
        count: How many. They take turns on one processor as it is; several keep one long search
            from holding up all others, and wait for a disk at the same time.
    """

    def __init__(self, count: int) -> None:
        self._lock = Lock()
        self._shares = Shares(max(1, count - 1))
        self._idle: list[SimpleQueue[_Work | None]] = []
        self._waiting: deque[_Work] = deque()
        self._boxes: list[SimpleQueue[_Work | None]] = [SimpleQueue() for _ in range(count)]
        for box in self._boxes:
            self._idle.append(box)
            Thread(target=self._live, args=(box,), name="answering", daemon=True).start()

    def close(self) -> None:
        """Let them end when they have done what they were given."""
        for box in self._boxes:
            box.put(None)

    def begin(self, ready: Callable[[], object]) -> None:
        """Do something once in each of them, in one after the other, and wait for that. Nothing
        else was given to them."""
        together, turn = Barrier(len(self._boxes) + 1), Lock()

        def once() -> Callable[[], object]:
            with turn, suppress(Exception):  # who asks for the same is told of it
                ready()
            return together.wait

        self._idle.clear()
        for box in self._boxes:  # to each its own: a quick one would take what is another's
            box.put(once)
        together.wait()

    async def run(self, function: Callable[[], Told], group: str = "") -> Told:
        """Return what a function returns in one of them. Raises what it raises.

        Args:
            group: For whom; "" where that does not count.
        """
        async with self._shares.place(group):
            return await self._run(function)

    async def _run(self, function: Callable[[], Told]) -> Told:
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Told] = loop.create_future()

        def work() -> Callable[[], object]:
            if told.cancelled():
                return _nobody
            try:
                tell = partial(_succeed, told, function())
            except StopIteration as error:  # which no future takes
                tell = partial(_fail, told, RuntimeError(repr(error)))
            except BaseException as error:  # whoever waits is told of it
                tell = partial(_fail, told, error)
            return partial(loop.call_soon_threadsafe, tell)

        self._give(work)
        return await told

    def _give(self, work: _Work) -> None:
        with self._lock:
            box = self._idle.pop() if self._idle else None
            if box is None:
                self._waiting.append(work)
        if box is not None:
            box.put(work)

    def _live(self, box: SimpleQueue[_Work | None]) -> None:
        while (work := box.get()) is not None:
            while work is not None:
                tell = work()
                with self._lock:
                    work = self._waiting.popleft() if self._waiting else None
                    if work is None:
                        self._idle.append(box)
                with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    tell()


def _nobody() -> None:
    """Nobody waits."""


def _succeed(future: asyncio.Future[Told], told: Told) -> None:
    if not future.done():  # whoever waited was cancelled
        future.set_result(told)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


answering: ContextVar[AnsweringThreads | None] = ContextVar("answering", default=None)
"""The threads of the door that a request came to; None leaves it to those of the framework."""

asking: ContextVar[str] = ContextVar("asking", default="")
"""Who asks, as limits count; "" where that does not count."""


def in_thread(function: Callable[Given, Told]) -> Callable[Given, Awaitable[Told]]:
    """Return what does the same in a thread that answers; routes are made of it."""

    @wraps(function)
    async def threaded(*given: Given.args, **named: Given.kwargs) -> Told:
        threads = answering.get()
        if threads is None:
            return await run_in_threadpool(function, *given, **named)
        return await threads.run(partial(function, *given, **named), asking.get())

    return threaded


class ThreadRoute(APIRoute):
    """A route whose answer is made in a thread that answers, unless it is a coroutine."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **given: Any) -> None:
        if not asyncio.iscoroutinefunction(endpoint):
            endpoint = in_thread(endpoint)
        super().__init__(path, endpoint, **given)


class PageRoute(ThreadRoute):
    """The same for pages: what takes the request and texts alone is called without a detour.

    The framework reads and checks what a function is given by a general way, which takes 0.2 ms of
    the 2 that a page does. A text is what stands in the address, so there is nothing to check.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **given: Any) -> None:
        super().__init__(path, endpoint, **given)
        taken = signature(endpoint, eval_str=True).parameters
        texts = {name: one.default for name, one in taken.items() if one.annotation in _TEXTS}
        is_plain = "request" in taken and len(texts) == len(taken) - 1
        if is_plain and not asyncio.iscoroutinefunction(endpoint):
            of_path = tuple(texts.keys() & self.param_convertors.keys())
            asked = {name: default for name, default in texts.items() if name not in of_path}
            self.app = _answers(self.endpoint, of_path, asked)


_TEXTS = (str, str | None)


def _answers(
    endpoint: Callable[..., Any], of_path: Collection[str], asked: Mapping[str, str | None]
) -> ASGIApp:
    """Return what answers with what a function returns.

    Args:
        of_path: What it takes of the path.
        asked: What it takes of the query, and what it takes where that is not there.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        query = request.query_params if asked and scope["query_string"] else {}
        texts = {name: query.get(name, default) for name, default in asked.items()}
        named = {name: scope["path_params"][name] for name in of_path}
        response = await endpoint(request=request, **named, **texts)
        await response(scope, receive, send)

    return app
