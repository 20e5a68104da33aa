"""Letters that people send: a report about an item, the question about one's own work.

Laws: a form that was taken leads to a page that tells what came of it; one that lacks something
comes back filled in, as nothing but an answer, with what is missing said at its field.

Source: RFC 9110 section 15.4.4 (303), WCAG 2.2 success criteria 3.3.1 and 3.3.3.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from phonotheque.errors import BadReferenceError, UnavailableError
from phonotheque.listen.form_body import form_body
from phonotheque.listen.items.answering import look_for
from phonotheque.listen.items.forms import MAX_FORM_BYTES, MAX_LINE, Fault, Filled, parse_form
from phonotheque.listen.items.held_rows import held_rows
from phonotheque.listen.items.room import LETTERS_A_DAY, ItemRoom
from phonotheque.listen.items.values import Concern, Report
from phonotheque.listen.pages.rendering import words_of
from phonotheque.listen.pages.words import Words
from phonotheque.listen.values import Gone

ShowAgain = Callable[[Request, Filled], Response]


def add_letters(router: APIRouter, room: ItemRoom) -> None:
    """Add the forms and the page of what came of one."""
    _add_reports(router, room)
    _add_work(router, room)


def _add_reports(router: APIRouter, room: ItemRoom) -> None:
    def shown(request: Request, gid: UUID, filled: Filled) -> Response:
        found = room.item(gid)
        if isinstance(found, Gone):
            return room.pages.html(request, "gone.html", status=410, gone=found)
        form = _form(request, filled, is_claim_first=False)
        return _page(room, request, "report.html", form, hit=found.hit, choices=())

    @router.api_route("/item/{gid}/report", methods=["GET", "HEAD"])
    def report_form(request: Request, gid: UUID) -> Response:
        return shown(request, gid, _NEW)

    @router.post("/item/{gid}/report")
    async def report(request: Request, gid: UUID) -> Response:
        return await _taken(room, request, lambda asked, filled: shown(asked, gid, filled))

    @router.api_route("/report/{number}", methods=["GET", "HEAD"])
    def reported(request: Request, number: str) -> Response:
        found: Report | None = room.reports.report(number)
        if found is None:
            raise BadReferenceError(number[:80], "there is no report of this number", "Check it.")
        headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
        return room.pages.html(request, "reported.html", report=found, headers=headers)


def _add_work(router: APIRouter, room: ItemRoom) -> None:
    def shown(request: Request, filled: Filled) -> Response:
        sought = filled.sought
        told: dict[str, Any] = {"sought": sought, "answer": None, "at": "", "choices": ()}
        if sought:
            told["answer"] = answer = look_for(room.library, sought)
            told["held"] = held_rows(words_of(request), answer.held)
            told["choices"] = answer.held
            told["at"] = datetime.now(UTC).isoformat(timespec="minutes")
        offered = {hit.gid for hit in told["choices"]}
        told["others"] = [gid for gid in filled.items if gid not in offered]
        form = _form(request, filled, is_claim_first=True)
        return _page(room, request, "work.html", form, here="work", **told)

    @router.api_route("/work", methods=["GET", "HEAD"])
    def work(request: Request, q: str = "") -> Response:
        return shown(request, Filled(sought=" ".join(q.split())[:MAX_LINE]))

    @router.post("/work")
    async def ask(request: Request) -> Response:
        return await _taken(room, request, shown)


_NEW = Filled()


async def _taken(room: ItemRoom, request: Request, show_again: ShowAgain) -> Response:
    """Keep what a form says, and lead to the page that tells what came of it."""
    filled = parse_form(await form_body(request, MAX_FORM_BYTES))
    if filled.faults():
        return await run_in_threadpool(show_again, request, filled)
    if room.letters.wait_s(request.scope["listener"].group) > 0:
        wrong = f"{LETTERS_A_DAY} letters came from it in a day"
        todo = "Send the next one later, or write to the archive in another way."
        raise UnavailableError("This address", wrong, todo)
    number = await run_in_threadpool(room.reports.take, filled.message())
    return RedirectResponse(f"/report/{number}", status_code=303)


def _page(
    room: ItemRoom, request: Request, template: str, form: dict[str, Any], **shown: Any
) -> Response:
    """A page with a form: one that came back is not kept anywhere, and says so to programs."""
    if request.method != "POST":
        return room.pages.html(request, template, **form, **shown)
    headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    return room.pages.html(request, template, status=400, headers=headers, **form, **shown)


def _form(request: Request, filled: Filled, *, is_claim_first: bool) -> dict[str, Any]:
    """What the fields of a form are given; one that was not sent yet has no faults."""
    words, faults = words_of(request), filled.faults() if request.method == "POST" else {}
    return {
        "concerns": _concerns(words, is_claim_first=is_claim_first),
        "filled": filled,
        "faults": {field: _said(words, fault) for field, fault in faults.items()},
    }


def _said(words: Words, fault: Fault) -> Markup:
    return {
        Fault.NOT_CHOSEN: words("Choose one."),
        Fault.EMPTY: words("Say in a few sentences what is wrong."),
        Fault.TOO_LONG: words("This is too long: write less."),
        Fault.NO_ADDRESS: words("Give an address, so that the archive can ask and answer."),
        Fault.NOT_SWORN: words("Tick this if it is so; else choose another reason above."),
    }[fault]


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
