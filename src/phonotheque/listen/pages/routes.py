"""All pages as one set of routes, and the files that they load."""

from __future__ import annotations

import gzip
from functools import cache

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from phonotheque.listen.pages.asking import House, unknown
from phonotheque.listen.pages.assets import house_assets
from phonotheque.listen.pages.browsing import add_things
from phonotheque.listen.pages.lists import add_lists
from phonotheque.listen.pages.playing import add_passing_on, add_playing
from phonotheque.listen.pages.rendering import Pages
from phonotheque.listen.ports import Ports
from phonotheque.listen.threads import PageRoute

_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


def page_routes(ports: Ports, pages: Pages) -> APIRouter:
    """Return the routes of all pages for listening."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)
    house = House(ports, pages)
    add_things(router, house)
    add_lists(router, house)
    add_playing(router, house)
    add_passing_on(router, house)

    @router.get("/assets/{digest}/{name:path}")
    def asset(request: Request, digest: str, name: str) -> Response:
        held = house_assets()
        if held.root != f"/assets/{digest}/" or name not in held.files:
            raise unknown(request)
        fields, data = dict(_FOR_EVER), held.files[name]
        if name.endswith((".css", ".js", ".svg")) and _takes_gzip(request):
            data = _packed(name)
            fields["Content-Encoding"] = "gzip"
        return Response(data, media_type=held.media_type(name), headers=fields)

    for route in router.routes:
        if isinstance(route, APIRoute) and route.methods == {"GET"}:
            route.methods.add("HEAD")  # answered as GET is; the server leaves the body out
    return router


def _takes_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")


@cache
def _packed(name: str) -> bytes:
    return gzip.compress(house_assets().files[name], 9, mtime=0)
