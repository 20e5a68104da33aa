"""Threads that answer are shared out: much of one address keeps neither others nor a monitor."""

from __future__ import annotations

import asyncio
from threading import Event, Semaphore
from types import SimpleNamespace

import httpx
import pytest
from fastapi import APIRouter, Response

from phonotheque.listen.app import Front, Health, make_app
from phonotheque.listen.metrics import Metrics, make_metrics
from phonotheque.listen.shares import Shares
from phonotheque.listen.threads import AnsweringThreads, ThreadRoute

PATIENCE_S = 120


@pytest.fixture
def busy(tmp_path):
    """A door with two threads and a page that holds one of them: see `_Busy`."""
    made = _Busy(tmp_path)
    yield made
    made.go_on.set()
    made.threads.close()


async def _turn():
    """Every task that was made runs up to where it waits."""
    for _ in range(2):
        turn = asyncio.Event()
        asyncio.get_running_loop().call_soon(turn.set)
        await turn.wait()


class _Busy:
    """`ask(path, host)` asks as an address does; `/hold` holds a thread until `go_on` is set, each
    that began lets one through `begun`."""

    def __init__(self, folder) -> None:
        self.go_on, self.begun, self.threads = Event(), Semaphore(0), AnsweringThreads(2)
        router = APIRouter(route_class=ThreadRoute)

        @router.get("/hold")
        def hold() -> Response:
            self.begun.release()
            assert self.go_on.wait(PATIENCE_S)
            return Response("held")

        @router.get("/page")
        def page() -> Response:
            return Response("page")

        make_metrics(folder / "metrics", 1)
        metrics = Metrics(folder / "metrics", 0, 1)
        app = make_app([router], [], None, lambda: Health(True, {}), metrics)
        self._front = Front(app, {}, None, self.threads)

    async def ask(self, path, host):
        async def door(scope, receive, send):
            scope["listener"] = SimpleNamespace(group=host)
            await self._front(scope, receive, send)

        transport = httpx.ASGITransport(door)
        async with httpx.AsyncClient(transport=transport, base_url="http://door.test") as one:
            return (await one.get(path)).text

    async def held_by(self, hosts):
        """Begin to hold threads for these addresses, until as many are held as can be."""
        asked = [asyncio.create_task(self.ask("/hold", host)) for host in hosts]
        for _ in range(len(set(hosts))):
            assert await asyncio.to_thread(self.begun.acquire, timeout=PATIENCE_S)
        return asked


def test_one_address_leaves_a_thread_to_others(busy):
    """However much it asks, the page of somebody else is made; and it gets all it asked for."""

    async def ask():
        asked = await busy.held_by(["192.0.2.1"] * 9)
        async with asyncio.timeout(PATIENCE_S):
            assert await busy.ask("/page", "192.0.2.2") == "page"
        assert not busy.begun.acquire(blocking=False)  # of the nine one has begun
        busy.go_on.set()
        assert await asyncio.gather(*asked) == ["held"] * 9

    asyncio.run(ask())


def test_a_busy_door_is_well(busy):
    """Whoever watches the door is answered while pages hold every thread."""

    async def ask():
        asked = await busy.held_by(["192.0.2.1", "192.0.2.2"])
        async with asyncio.timeout(PATIENCE_S):
            assert '"ok"' in await busy.ask("/healthz", "192.0.2.1")
        busy.go_on.set()
        await asyncio.gather(*asked)

    asyncio.run(ask())


def test_what_nobody_waits_for_is_not_begun():
    """What was cancelled while it waited takes no time of those who came after it."""
    threads, go_on, done = AnsweringThreads(1), Event(), []

    async def ask():
        first = asyncio.create_task(threads.run(lambda: go_on.wait(PATIENCE_S)))
        given_up = [asyncio.create_task(threads.run(lambda n=n: done.append(n))) for n in range(9)]
        last = asyncio.create_task(threads.run(lambda: done.append("last")))
        await _turn()  # all of them are given to the threads
        for task in given_up:
            task.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)
        go_on.set()
        await asyncio.gather(first, last)

    try:
        asyncio.run(ask())
    finally:
        threads.close()
    assert done == ["last"]


def test_a_share_is_forgotten_with_its_last_user():
    """Addresses that came and went leave nothing, also those that were cancelled."""

    async def ask():
        shares, entered = Shares(1), []

        async def stay(group):
            async with shares.place(group):
                entered.append(group)
                await asyncio.Event().wait()

        tasks = [asyncio.create_task(stay(group)) for group in ("a", "a", "b", "")]
        await _turn()
        assert (sorted(entered), len(shares)) == (["", "a", "b"], 2)
        tasks[0].cancel()
        await asyncio.gather(tasks[0], return_exceptions=True)
        await _turn()
        assert entered.count("a") == 2
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not shares

    asyncio.run(ask())
