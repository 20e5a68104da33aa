"""What goes on at once is bounded for each address, and broken off when it may not go on."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import ExitStack
from threading import Event

import pytest

from phonotheque.errors import UnavailableError
from phonotheque.listen.sound import traffic
from phonotheque.listen.sound.traffic import BrokenOffError, Traffic


async def _begun():
    """Every task that was made runs up to where it waits."""
    turn = asyncio.Event()
    asyncio.get_running_loop().call_soon(turn.set)
    await turn.wait()


def test_one_address_does_not_take_all_there_is(monkeypatch):
    """So many bodies at once, then it is told to come again; another address is not."""
    monkeypatch.setattr(traffic, "_MOST_BODIES", 3)

    async def ask():
        made = Traffic()
        with ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(made.body("192.0.2.1", lambda: True))
            with pytest.raises(UnavailableError, match="this address"):
                stack.enter_context(made.body("192.0.2.1", lambda: True))
            stack.enter_context(made.body("192.0.2.2", lambda: True))
            assert made.sending == 4
        with made.body("192.0.2.1", lambda: True):
            assert made.sending == 1

    asyncio.run(ask())


def test_what_may_not_go_on_is_broken_off_and_nothing_else_is():
    """Also while it waits for somebody who takes nothing; who cannot be asked about goes on."""

    def unknown():
        raise UnavailableError("the index", "is busy", "Wait.")

    async def ask():
        made, taken = Traffic(), asyncio.Event()

        async def send(still_may):
            with made.body("192.0.2.1", still_may):
                await taken.wait()

        stopped = asyncio.create_task(send(lambda: False))
        going = [asyncio.create_task(send(one)) for one in (lambda: True, unknown)]
        await _begun()
        assert made.sending == 3
        made.watch()
        with pytest.raises(BrokenOffError):
            await stopped
        assert made.sending == 2
        taken.set()
        await asyncio.gather(*going)

    asyncio.run(ask())


def test_one_address_has_a_part_of_the_threads():
    """However much it asks: others get theirs, and what is taken down is broken off even while
    every thread is held."""

    async def ask():
        made, held, calls = Traffic(threads=8), Event(), []

        def hold():
            calls.append(None)
            held.wait(600)

        asked = [asyncio.create_task(made.in_thread(hold, group="192.0.2.1")) for _ in range(20)]
        await made.in_thread(list, group="192.0.2.2")
        assert len(calls) <= 2
        asked += [
            asyncio.create_task(made.in_thread(hold, group=f"192.0.2.{host}"))
            for host in (3, 3, 4, 4, 5, 5)
        ]

        async def send():
            with made.body("192.0.2.6", lambda: False):
                await asyncio.Event().wait()

        stopped = asyncio.create_task(send())
        await _begun()
        made.watch()
        with pytest.raises(BrokenOffError):
            await stopped
        held.set()
        await asyncio.gather(*asked)
        assert not any(made._shares.values())

    asyncio.run(ask())


def test_what_cannot_be_asked_of_one_is_asked_of_all_others():
    """A mistake in the answer about one body is told once, and breaks off that one not, but others
    that may not go on."""
    faults = []

    def mistaken():
        raise KeyError("it")

    async def ask():
        made, taken = Traffic(on_fault=faults.append), asyncio.Event()

        async def send(still_may):
            with made.body("192.0.2.1", still_may):
                await taken.wait()

        going = [asyncio.create_task(send(mistaken)) for _ in range(2)]
        stopped = asyncio.create_task(send(lambda: False))
        await _begun()
        made.watch()
        with pytest.raises(BrokenOffError):
            await stopped
        taken.set()
        await asyncio.gather(*going)

    asyncio.run(ask())
    assert faults == ["whether something may still be sent: KeyError: 'it'"]


def test_what_is_ordered_for_all_is_not_lost_when_one_goes_away():
    """Who stops waiting cancels nothing that others wait for."""

    async def ask():
        made, making = Traffic(), Future()
        gone, other = (asyncio.create_task(made.made(making, who)) for who in ("a", "b"))
        await _begun()
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        making.set_result(None)
        await other

    asyncio.run(ask())
