"""A long body that comes at half a megabit a second comes whole; a slower one is let go of."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI

from phonotheque.archive.listening import protocol
from phonotheque.archive.listening.protocol import BODY_S, MOST_BODY_S
from phonotheque.archive.listening.serving import server_of
from phonotheque.errors import UnavailableError
from phonotheque.listen.sound.traffic import Traffic
from phonotheque.listen.statement_routes import (
    DEADLINE_S,
    MOST_STATEMENT_BYTES,
    STATEMENTS,
    statement_routes,
)

HEAD = b"POST /mirrors/statements HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
BLOCK = bytes(64 << 10)


class _Taking:
    """An application that takes a body; `came` is how much, `is_gone` that it broke off."""

    def __init__(self) -> None:
        self.came, self.more, self.is_gone = 0, asyncio.Event(), asyncio.Event()

    async def __call__(self, scope, receive, send):
        while (message := await receive())["type"] == "http.request":
            self.came += len(message["body"])
            self.more.set()
        self.is_gone.set()

    async def took(self, most):
        async with asyncio.timeout(60):
            while self.came < most:
                self.more.clear()
                await self.more.wait()


@asynccontextmanager
async def _sending(length):
    """The application, the server's end of a connection to it, and the sender's."""
    app, ends = _Taking(), []
    server = server_of(app, lambda: None)
    server.config.load()
    loop = asyncio.get_running_loop()

    def connected():
        given = {"config": server.config, "server_state": server.server_state, "app_state": {}}
        ends.append(protocol.PatientProtocol(**given))
        return ends[-1]

    listening = await loop.create_server(connected, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    writer.write(HEAD % length)
    writer.write(BLOCK)
    await app.took(len(BLOCK))
    try:
        yield app, ends[0], writer
    finally:
        writer.close()
        listening.close()


def test_a_body_that_comes_in_time_is_waited_for():
    """Beyond the minute that any body has: a second for each 64 KiB that came."""

    async def send():
        async with _sending(MOST_STATEMENT_BYTES) as (app, connection, writer):
            begun = asyncio.get_running_loop().time()
            connection.check(begun)
            writer.write(9 * BLOCK)
            await app.took(10 * len(BLOCK))
            connection.check(begun + BODY_S + 8)
            assert not connection.transport.is_closing()
            connection.check(begun + BODY_S + 11)
            async with asyncio.timeout(60):
                await app.is_gone.wait()

    asyncio.run(send())


def test_a_body_of_any_length_ends():
    """What comes fast enough for ever is let go of all the same."""

    async def send():
        async with _sending(1 << 40) as (app, connection, writer):
            begun = asyncio.get_running_loop().time()
            connection.check(begun)
            blocks = int(MOST_BODY_S)
            for _ in range(blocks):
                writer.write(BLOCK)
                await writer.drain()
            await app.took(blocks * len(BLOCK))
            connection.check(begun + MOST_BODY_S - 1)
            assert not connection.transport.is_closing()
            connection.check(begun + MOST_BODY_S + 1)
            assert connection.transport.is_closing()

    asyncio.run(send())


def test_the_longest_statement_has_its_time():
    """The server waits as long as the route does for what comes at half a megabit a second."""
    takes_s = MOST_STATEMENT_BYTES / (500_000 / 8)
    assert takes_s < DEADLINE_S <= MOST_BODY_S
    assert BODY_S + MOST_STATEMENT_BYTES / len(BLOCK) > takes_s


def test_one_address_does_not_keep_all_places():
    """While one statement of it is coming in another is refused; that of a mirror elsewhere is
    taken."""

    class Nobody:
        def take(self, data):
            raise AssertionError("it came whole")

    app = FastAPI()
    app.router.routes.extend(statement_routes(Nobody(), Traffic()).routes)

    async def ask(host, begun):
        async def receive():
            begun.set()
            return await asyncio.Event().wait()

        async def send(message):
            """The framework tells of the error, and raises it."""

        await app(_scope(host), receive, send)

    async def all_of_them():
        tasks = []
        for host in ("192.0.2.1", "192.0.2.2"):
            begun = asyncio.Event()
            tasks.append(asyncio.create_task(ask(host, begun)))
            async with asyncio.timeout(60):
                await begun.wait()
            with pytest.raises(UnavailableError, match="others are coming in"):
                async with asyncio.timeout(60):
                    await ask("192.0.2.1", asyncio.Event())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(all_of_them())


def _scope(host):
    class Listener:
        group = host

    return {
        "type": "http", "method": "POST", "path": STATEMENTS, "raw_path": STATEMENTS.encode(),
        "headers": [], "query_string": b"", "scheme": "http", "server": ("localhost", 80),
        "client": (host, 1), "http_version": "1.1", "root_path": "", "listener": Listener(),
    }  # fmt: skip
