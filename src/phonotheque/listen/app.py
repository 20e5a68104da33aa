"""The application: all rooms of the listening door under one rim.

Not here: which archive stands behind it (`phonotheque.archive.listening.door`), how it is run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from phonotheque import __version__
from phonotheque.errors import (
    BadReferenceError,
    BadRequestError,
    PhonothequeError,
    UnavailableError,
)
from phonotheque.listen.asked_form import prefers_page
from phonotheque.listen.http_status import http_status, told_thing
from phonotheque.listen.metrics import Metrics
from phonotheque.listen.route_table import RouteTable
from phonotheque.listen.sound.sending import group_of
from phonotheque.listen.threads import AnsweringThreads, answering, asking

ErrorPage = Callable[[Request, int, PhonothequeError], Response]
"""Makes the answer for a person who sees it in a browser."""

_RETRY_S = 10


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the door can do its work.

    Attributes:
        is_well: All that is needed to find and hear music can be read.
        told: What is said of each part, flat.
    """

    is_well: bool
    told: dict[str, str]


def make_app(
    rooms: Sequence[APIRouter],
    routes: Sequence[BaseRoute],
    error_page: ErrorPage | None,
    health: Callable[[], Health],
    metrics: Metrics,
) -> FastAPI:
    """Put all rooms into one application.

    Args:
        rooms: Pages, API, items, torrents; what is asked for goes to the first that has it.
        routes: Those of sound and pictures, asked before the rooms.
        error_page: None where there are no pages: errors are JSON then.
        health: Asked by `/healthz`.
        metrics: Told by `/metrics`, to this machine and to the archive's own rooms.
    """
    app = FastAPI(
        title="Phonotheque",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    _add_papers(app, health, metrics)
    papers = list(app.router.routes)
    of_rooms = [route for room in rooms for route in room.routes]
    # Not `include_router`: that keeps a router in the router and asks each route twice, which took
    # a third of a look-up.
    app.router.routes[:] = [RouteTable([*routes, *papers, *of_rooms])]

    def on_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, PhonothequeError)
        return _answer(request, http_status(error), error, error_page)

    def on_http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _answer(request, error.status_code, _as_ours(request, error), error_page)

    def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return _answer(request, 422, _misspoken(error), error_page)

    app.add_exception_handler(PhonothequeError, on_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    return app


class Front:
    """The rooms, and a short way to what is asked for most: a play is hundreds of requests.

    Args:
        app: All rooms.
        short: What answers to GET and HEAD of `/<first>/<name>`, by the first part.
        error_page: As of `make_app`.
        threads: Where answers are made.
    """

    def __init__(
        self,
        app: ASGIApp,
        short: Mapping[str, ASGIApp],
        error_page: ErrorPage | None,
        threads: AnsweringThreads,
    ) -> None:
        self._app = app
        self._threads = threads
        self._short = short
        self._error_page = error_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        first, _, name = scope["path"][1:].partition("/")
        short = self._short.get(first)
        if short is None or not name or "/" in name or scope["method"] not in ("GET", "HEAD"):
            answering.set(self._threads)
            asking.set(group_of(scope))
            await self._app(scope, receive, send)
            return
        scope["path_params"] = {"name": name}
        try:
            await short(scope, receive, send)
        except PhonothequeError as error:
            response = _answer(Request(scope), http_status(error), error, self._error_page)
            await response(scope, receive, send)


def _add_papers(app: FastAPI, health: Callable[[], Health], metrics: Metrics) -> None:
    @app.api_route("/healthz", methods=["GET", "HEAD"], include_in_schema=False)
    def healthz() -> Response:  # in a thread of the framework: not behind the pages that wait
        found = health()
        body = {"status": "ok" if found.is_well else "unwell", **found.told}
        fields = {"Cache-Control": "no-store"}
        return JSONResponse(body, 200 if found.is_well else 503, headers=fields)

    @app.api_route("/metrics", methods=["GET", "HEAD"], include_in_schema=False)
    def tell_metrics(request: Request) -> Response:
        listener = request.scope["listener"]
        if not (listener.is_machine or listener.place.is_premises):
            raise BadReferenceError("/metrics", "there is nothing here", "See the home page.")
        kind = "text/plain; version=0.0.4; charset=utf-8"
        fields = {"Content-Type": kind, "Cache-Control": "no-store"}
        return PlainTextResponse(metrics.text(), headers=fields)


def _answer(
    request: Request, status: int, error: PhonothequeError, error_page: ErrorPage | None
) -> Response:
    """An error as a page for a person, as JSON for a program."""
    if error_page is not None and prefers_page(request.headers.get("accept", "")):
        response = error_page(request, status, error)
    else:
        told = error.fields() | {"thing": told_thing(error, status)}
        response = JSONResponse(told, status_code=status)
    response.headers["Cache-Control"] = "no-store"
    if isinstance(error, UnavailableError) and "Retry-After" not in response.headers:
        response.headers["Retry-After"] = str(_RETRY_S)
    return response


def _as_ours(request: Request, error: HTTPException) -> PhonothequeError:
    """What the framework refused, in our words."""
    path = request.url.path[:200]
    if error.status_code == 404:
        return BadReferenceError(path, "there is nothing here", "Search, or see the home page.")
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "GET")
        return BadRequestError(path, f"{request.method} is not understood here", f"Use {allowed}.")
    return BadRequestError(path, str(error.detail).lower(), "Correct the request.")


def _misspoken(error: RequestValidationError) -> BadRequestError:
    first: dict[str, Any] = next(iter(error.errors()), {})
    place = str((first.get("loc") or ("the request",))[-1])
    if first.get("type") == "int_parsing":
        return BadRequestError(place, "it is no whole number", "Correct it in the address.")
    wrong = str(first.get("msg", "it cannot be understood"))
    return BadRequestError(place, wrong[:1].lower() + wrong[1:], "Correct it, and ask again.")
