"""Addresses of cases: `/case/<number>`, and its two forms.

Laws: nobody reads the case of another, nor learns whether there is one; no answer of a case is kept
by anybody on the way; what was sent is durable before the page says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from phonotheque.errors import BadRequestError, UnavailableError
from phonotheque.listen.cases.values import CaseDesk
from phonotheque.listen.form_body import form_body
from phonotheque.listen.limits import Bucket
from phonotheque.listen.pages.rendering import Pages
from phonotheque.listen.threads import PageRoute

MOST_FORM_BYTES = 64 << 10
"""4,000 characters, nine bytes for each where the script is not Latin, and the rest of a form."""
LETTERS_A_DAY = 20
_PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_Letters = partial(Bucket, time.monotonic, per_s=LETTERS_A_DAY / 86_400, burst=LETTERS_A_DAY)


@dataclass(frozen=True, slots=True)
class CaseRoom:
    """What pages of cases are made from, and how many letters are taken from one address."""

    desk: CaseDesk
    pages: Pages
    letters: Bucket = field(default_factory=_Letters)


def case_routes(room: CaseRoom) -> APIRouter:
    """Return the addresses of cases."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)

    @router.api_route("/case/{number}", methods=["GET", "HEAD"])
    def case(request: Request, number: str) -> Response:
        shown = room.desk.shown(number, request.scope["listener"])
        return room.pages.html(request, "case.html", case=shown, headers=_PRIVATE)

    @router.post("/case/{number}/appeal")
    async def appeal(request: Request, number: str) -> Response:
        return await _taken(room, request, number, room.desk.appeal)

    @router.post("/case/{number}/answer")
    async def answer(request: Request, number: str) -> Response:
        return await _taken(room, request, number, room.desk.answer)

    return router


async def _taken(
    room: CaseRoom, request: Request, number: str, take: Callable[..., object]
) -> Response:
    """Keep what a form says, and lead back to the case."""
    words = _words(await form_body(request, MOST_FORM_BYTES))
    listener = request.scope["listener"]
    if room.letters.wait_s(listener.group) > 0:
        wrong = f"{LETTERS_A_DAY} letters came from it in a day"
        raise UnavailableError("This address", wrong, "Send the next one later.")
    await run_in_threadpool(take, number, listener, words)
    return RedirectResponse(f"/case/{number}", status_code=303)


def _words(body: bytes) -> str:
    try:
        return parse_qs(body.decode(), max_num_fields=5).get("words", [""])[-1]
    except ValueError as error:
        raise BadRequestError("The form", "it cannot be read", "Send it again.") from error
