"""`POST /mirrors/statements`: a mirror that the archive's people know says what it holds.

Laws: the door never decides whose mirror it is: a person has accepted each one once, from a file;
one address sends one statement at a time, so that nobody keeps all places from mirrors.

Not here: proving a statement (the port's side).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from phonotheque.errors import BadRequestError, UnavailableError
from phonotheque.listen.sound.sending import group_of
from phonotheque.listen.sound.traffic import Traffic
from phonotheque.listen.threads import ThreadRoute

STATEMENTS = "/mirrors/statements"
MOST_STATEMENT_BYTES = 16 << 20
"""10,500 torrents with all their answers take 15 MB; what is longer comes as a file."""

DEADLINE_S = 300.0
"""For all of a statement: 16 MiB over a line of half a megabit a second. The server (`archive.
listening.protocol`) ends much sooner who sends less than that for a minute."""

_MOST_AT_ONCE = 4
"""So many may be on their way in: they lie in memory, and nobody knows yet who sends them."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a statement came to.

    Attributes:
        mirror: Id of the mirror.
        is_new: Whether it was not known before.
        torrents: How many were judged how.
    """

    mirror: str
    is_new: bool
    torrents: dict[str, int]


class Statements(Protocol):
    """Where statements are proven and counted."""

    def take(self, data: bytes) -> Counted:
        """Prove a statement and count it, durable on return. One at a time; idempotent.

        Raises:
            BadRequestError: It cannot be believed.
            ConflictError: Nobody accepted this mirror yet, or its key is another one now.
            UnavailableError: Another one is being proven, or the disk refused.
        """


def statement_routes(
    statements: Statements, traffic: Traffic, deadline_s: float = DEADLINE_S
) -> APIRouter:
    """Return the address that mirrors report to.

    Args:
        deadline_s: Within which a statement must have come whole.
    """
    router = APIRouter(route_class=ThreadRoute, include_in_schema=False)
    coming: set[str] = set()

    @router.post(STATEMENTS)
    async def take(request: Request) -> JSONResponse:
        who = group_of(request.scope)
        if who in coming or len(coming) >= _MOST_AT_ONCE:
            raise UnavailableError("statements", "others are coming in just now", "Send it later.")
        coming.add(who)
        try:
            async with asyncio.timeout(deadline_s):
                data = await request.body()
            counted = await traffic.in_thread(partial(statements.take, data), is_long=True)
        except TimeoutError as error:
            wrong = f"it did not come whole within {deadline_s:g} s"
            todo = "Send it over a faster line, or bring it as a file."
            raise BadRequestError("the statement", wrong, todo) from error
        finally:
            coming.discard(who)
        told = {"mirror": counted.mirror, "new": counted.is_new, "torrents": counted.torrents}
        return JSONResponse(told)

    return router
