"""A statement of a mirror that never comes whole keeps its place for a bounded time."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import FastAPI

from phonotheque.errors import BadRequestError
from phonotheque.listen.sound.traffic import Traffic
from phonotheque.listen.statement_routes import STATEMENTS, statement_routes


class Nobody:
    """Takes no statement."""

    def take(self, data):
        raise AssertionError("it came whole")


def test_a_statement_that_does_not_end_is_let_go_of():
    """A sender who sends a byte and then nothing is refused when the deadline is over."""
    app = FastAPI()
    app.router.routes.extend(statement_routes(Nobody(), Traffic(), deadline_s=0.01).routes)
    scope = {
        "type": "http", "method": "POST", "path": STATEMENTS, "raw_path": STATEMENTS.encode(),
        "headers": [], "query_string": b"", "scheme": "http", "server": ("localhost", 80),
        "client": ("203.0.113.7", 1), "http_version": "1.1", "root_path": "",
    }  # fmt: skip

    async def send_nothing_more():
        sent = []

        async def receive():
            if sent:
                await asyncio.Event().wait()
            sent.append(1)
            return {"type": "http.request", "body": b"{", "more_body": True}

        async def send(message):
            """The framework tells of the error, and raises it."""

        await app(scope, receive, send)

    with pytest.raises(BadRequestError, match="did not come whole"):
        asyncio.run(send_nothing_more())
