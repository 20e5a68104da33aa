"""The addresses of the API.

Laws: only GET, HEAD and a POST that reads; every list is gone on with by `after`, at the same cost
on every page; what is withdrawn is answered with 410 and the reason, what nothing has with 404.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from phonotheque.errors import BadReferenceError, BadRequestError
from phonotheque.listen.api import parameters as asked
from phonotheque.listen.api.answering import PREFLIGHT, ApiRoute, problem, reply, withdrawn
from phonotheque.listen.api.list_routes import Drew, add_lists, nobody_hears
from phonotheque.listen.api.lookup_routes import add_lookups
from phonotheque.listen.api.openapi import description_of
from phonotheque.listen.api.opening import PREFIX, add_get, documented
from phonotheque.listen.api.writing import encoded
from phonotheque.listen.item_values import Item
from phonotheque.listen.ports import Items, Library, Plays
from phonotheque.listen.values import Album, Artist, Counts, Gone, Label, Song

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY")


def api_routes(
    library: Library,
    items: Items | None = None,
    plays: Plays | None = None,
    drew: Drew = nobody_hears,
) -> APIRouter:
    """Return the API.

    Args:
        library: What there is to be found.
        items: All facts of a recording; without it `/items` has nothing.
        plays: What was heard at this door; without it its chart is empty.
        drew: Hears what was drawn for whom.
    """
    router = APIRouter(prefix=PREFIX, route_class=ApiRoute, include_in_schema=True)
    add_lookups(router, library)
    _add_things(router, library)
    add_lists(router, library, plays, drew)
    _add_items(router, items)
    _add_papers(router, library)
    _add_rest(router)
    return router


def _add_things(router: APIRouter, library: Library) -> None:
    """One song, album, artist or label with what belongs to it."""
    things: tuple[tuple[str, str, type, Callable[[UUID], Any]], ...] = (
        ("song", "A song: a recording, and the albums it is on.", Song, library.song),
        ("album", "An album: a release with its songs, in order.", Album, library.album),
        ("artist", "An artist, with the first page of albums and songs.", Artist, library.artist),
        ("label", "A label, with the first page of its albums.", Label, library.label),
    )
    for name, summary, kind, find in things:
        _add_thing(router, f"{name}s", summary, kind, find)


def _add_thing(
    router: APIRouter, name: str, summary: str, kind: type, find: Callable[[UUID], Any]
) -> None:
    def thing(request: Request, gid: asked.Gid) -> Response:
        return _found(request, gid, name, find(gid))

    add_get(
        router,
        f"/{name}/{{gid}}",
        thing,
        documented(summary, kind, tag="Look-up", problems=(400, 404, 410)),
    )


def _found(request: Request, gid: UUID, name: str, found: Any) -> Response:
    if found is None:
        raise BadReferenceError(
            str(gid), f"nothing of {name} has it", f"Search for it: {PREFIX}/search?q=…"
        )
    if isinstance(found, Gone):
        return problem(request, withdrawn(found), status=410)
    return reply(found)


def _add_items(router: APIRouter, items: Items | None) -> None:
    def item(request: Request, gid: asked.Gid) -> Response:
        return _found(request, gid, "items", None if items is None else items.item(gid))

    summary = "All facts of a recording: rights and evidence, files, integrity, copies, history."
    add_get(
        router,
        "/items/{gid}",
        item,
        documented(summary, Item, tag="Look-up", problems=(400, 404, 410)),
    )


def _add_papers(router: APIRouter, library: Library) -> None:
    def counts() -> Response:
        return reply(library.counts())

    add_get(router, "/counts", counts, documented("How much there is.", Counts, tag="Lists"))
    told: list[bytes] = []

    @router.api_route("", methods=["GET", "HEAD"], include_in_schema=False)
    @router.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def front() -> Response:
        return RedirectResponse(f"{PREFIX}/openapi.json", 307)

    @router.api_route("/openapi.json", methods=["GET", "HEAD"], include_in_schema=False)
    def openapi() -> Response:
        if not told:
            told.append(encoded(description_of(router)))
        fields = {"cache-control": "public, max-age=3600"}
        return Response(told[0], media_type="application/json", headers=fields)


def _add_rest(router: APIRouter) -> None:
    """What no other address has: told as a problem, and what a browser asks beforehand."""
    known = tuple(router.routes)

    @router.api_route("/{rest:path}", methods=list(METHODS), include_in_schema=False)
    def rest(request: Request) -> Response:
        methods = _methods(known, request)
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=PREFLIGHT)
        path = request.url.path[:200]
        if not methods:
            raise BadReferenceError(path, "there is nothing here", f"See {PREFIX}/openapi.json.")
        wrong = f"{request.method} is not understood here"
        error = BadRequestError(path, wrong, f"Use {' or '.join(methods)}.")
        return problem(request, error, status=405, headers={"allow": ", ".join(methods)})


def _methods(known: tuple[Any, ...], request: Request) -> list[str]:
    """The methods of an address; none when there is no such address."""
    path = request.url.path
    found = {one for route in known if route.path_regex.match(path) for one in route.methods}
    return sorted(found | {"OPTIONS"}) if found else []
