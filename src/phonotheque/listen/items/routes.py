"""Pages of one item, of one's own work, and of what was removed; forms that people send.

Laws: the page of what was removed stays, with the reason, and says so to programs (410); the page
of what is held and may not be given says why (its bytes are answered with 451); a form that was
taken leads to a page that tells what came of it.

Source: RFC 9110 section 15.5.11 (410) and 15.4.4 (303), RFC 7725 (451).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from phonotheque.errors import BadReferenceError, BadRequestError, UnavailableError
from phonotheque.listen.form_body import form_body
from phonotheque.listen.item_values import Item
from phonotheque.listen.items.answering import look_for
from phonotheque.listen.items.forms import MAX_FORM_BYTES, MAX_LINE, parse_message
from phonotheque.listen.items.held_rows import held_rows
from phonotheque.listen.items.ports import BulkDoor, Reports
from phonotheque.listen.items.values import Concern, Report
from phonotheque.listen.limits import Bucket
from phonotheque.listen.pages.rendering import Pages, words_of
from phonotheque.listen.pages.words import Words
from phonotheque.listen.ports import Items, Library
from phonotheque.listen.threads import PageRoute
from phonotheque.listen.values import Gone, Hit
from phonotheque.music.digest import Sha256

MOST_PAGES = 10_000

LETTERS_A_DAY = 20
"""From one address; who has more to say writes it in one."""

_Letters = partial(Bucket, time.monotonic, per_s=LETTERS_A_DAY / 86_400, burst=LETTERS_A_DAY)


@dataclass(frozen=True, slots=True)
class ItemRoom:
    """What the item pages are made from, and how many letters are taken from one address."""

    library: Library
    items: Items
    reports: Reports
    bulk: BulkDoor
    pages: Pages
    letters: Bucket = field(default_factory=_Letters)


def item_routes(room: ItemRoom) -> APIRouter:
    """Return the addresses of items, reports and removals."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)
    _add_items(router, room)
    _add_reports(router, room)
    _add_work(router, room)
    return router


def _add_items(router: APIRouter, room: ItemRoom) -> None:
    @router.api_route("/item/{name}", methods=["GET", "HEAD"])
    def item(request: Request, name: str) -> Response:
        gid = _gid(room, name)
        if str(gid) != name:
            return RedirectResponse(f"/item/{gid}", status_code=302)
        found = _item(room, gid)
        if isinstance(found, Gone):
            return room.pages.html(request, "gone.html", status=410, gone=found)
        if found.hit.gid != gid:  # given up for another, or another's
            return RedirectResponse(f"/item/{found.hit.gid}", status_code=302)
        return room.pages.html(request, "item.html", **_shown(words_of(request), found))

    @router.api_route("/log", methods=["GET", "HEAD"])
    def log(request: Request, page: int = 1) -> Response:
        if not 1 <= page <= MOST_PAGES:
            raise BadRequestError("page", f"there is no page {page}", "Begin at /log.")
        removals, has_more = room.bulk.removals(page)
        return room.pages.html(
            request, "log.html", removals=removals, has_more=has_more, page=page, here="log"
        )


def _add_reports(router: APIRouter, room: ItemRoom) -> None:
    @router.api_route("/item/{gid}/report", methods=["GET", "HEAD"])
    def report_form(request: Request, gid: UUID) -> Response:
        found = _item(room, gid)
        if isinstance(found, Gone):
            return room.pages.html(request, "gone.html", status=410, gone=found)
        concerns = _concerns(words_of(request), is_claim_first=False)
        return room.pages.html(request, "report.html", hit=found.hit, concerns=concerns, choices=())

    @router.post("/item/{gid}/report")
    async def report(request: Request, gid: UUID) -> Response:  # noqa: ARG001
        return await _taken(room, request)

    @router.api_route("/report/{number}", methods=["GET", "HEAD"])
    def reported(request: Request, number: str) -> Response:
        found: Report | None = room.reports.report(number)
        if found is None:
            raise BadReferenceError(number[:80], "there is no report of this number", "Check it.")
        headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
        return room.pages.html(request, "reported.html", report=found, headers=headers)


def _add_work(router: APIRouter, room: ItemRoom) -> None:
    @router.api_route("/work", methods=["GET", "HEAD"])
    def work(request: Request, q: str = "") -> Response:
        sought = " ".join(q.split())[:MAX_LINE]
        shown: dict[str, Any] = {"sought": sought, "answer": None, "at": ""}
        if sought:
            shown["answer"] = answer = look_for(room.library, sought)
            shown["held"] = held_rows(words_of(request), answer.held)
            shown["at"] = datetime.now(UTC).isoformat(timespec="minutes")
        concerns = _concerns(words_of(request), is_claim_first=True)
        return room.pages.html(request, "work.html", here="work", concerns=concerns, **shown)

    @router.post("/work")
    async def ask(request: Request) -> Response:
        return await _taken(room, request)


async def _taken(room: ItemRoom, request: Request) -> Response:
    """Keep what a form says, and lead to the page that tells what came of it."""
    message = parse_message(await form_body(request, MAX_FORM_BYTES))
    if room.letters.wait_s(request.scope["listener"].group) > 0:
        wrong = f"{LETTERS_A_DAY} letters came from it in a day"
        todo = "Send the next one later, or write to the archive in another way."
        raise UnavailableError("This address", wrong, todo)
    number = await run_in_threadpool(room.reports.take, message)
    return RedirectResponse(f"/report/{number}", status_code=303)


def _gid(room: ItemRoom, name: str) -> UUID:
    """The gid that an address names: itself, or that of the song whose file has this digest."""
    try:
        if len(name) == 64:
            hit = room.library.song_of(Sha256.parse(name))
            if hit is not None:
                return hit.gid
        return UUID(name)
    except ValueError as error:
        raise BadReferenceError(name[:80], "it is no gid", "Search for the recording.") from error


def _item(room: ItemRoom, gid: UUID) -> Item | Gone:
    found = room.items.item(gid)
    if found is None:
        raise BadReferenceError(
            str(gid), "no recording has this gid", "Search for it in the catalogue."
        )
    return found


def _shown(words: Words, item: Item) -> dict[str, Any]:
    """What the template of an item is given beside it."""
    governing = next((one for one in item.evidence if one.is_governing), None)
    return {
        "item": item,
        "governing": governing.licence if governing else None,
        "albums": _with_torrents(item),
        "uses": {
            "stream": words("Hear it here"),
            "redistribute": words("Share it"),
            "commercial": words("Use it for money"),
            "derive": words("Change it"),
            "mine": words("Train models on it"),
        },
        "verdicts": {
            "intact": words("Intact"),
            "damaged": words("Damaged"),
            "unknown": words("Not known"),
            "removed": words("Removed"),
        },
        "likenesses": {
            "same": words("Same"),
            "likely": words("Likely"),
            "related": words("Related"),
        },
    }


def _with_torrents(item: Item) -> tuple[Hit, ...]:
    """Releases whose torrents may be worth asking for: this recording is in them."""
    shared = next((one for one in item.permissions if one.use == "redistribute"), None)
    return item.albums if shared and shared.is_allowed else ()


def _concerns(words: Words, *, is_claim_first: bool) -> list[tuple[str, Any]]:
    said = {
        Concern.DAMAGED: words("It sounds wrong, or a file is broken."),
        Concern.CORRECT: words("A name, a credit, a licence or another fact is wrong."),
        Concern.REMOVE: words("It should not be here: remove it."),
        Concern.RESERVE: words(
            "Reserve it against training of models; people may go on listening."
        ),
        Concern.OTHER: words("Something else."),
    }
    first = (Concern.REMOVE, Concern.CORRECT, Concern.RESERVE, Concern.OTHER)
    return [(one.value, said[one]) for one in (first if is_claim_first else said)]
