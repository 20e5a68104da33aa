"""Routes of the API that answer with many things: lists, charts, shelves and draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.api import parameters
from phonotheque.listen.api.answering import reply
from phonotheque.listen.api.opening import add_get, documented
from phonotheque.listen.api.parameters import Asked, Listed, ListedAlbums
from phonotheque.listen.api.values import Chart, ChartEntry, Shelves
from phonotheque.listen.listener import Listener
from phonotheque.listen.ports import Library, Plays
from phonotheque.listen.values import Choice, Drawn, Hit, Listing, Shelf

_TAG = "Lists"


Drew = Callable[[Listener, Sequence[UUID]], None]
"""Hears that the service itself drew restricted recordings for somebody."""


def nobody_hears(listener: Listener, gids: Sequence[UUID]) -> None:
    """Forget what was drawn."""


def add_lists(router: APIRouter, library: Library, plays: Plays | None, drew: Drew) -> None:
    """Open the addresses of lists."""
    _add_songs(router, library)
    _add_names(router, library)
    _add_chart(router, library, plays)
    _add_shelves(router, library)
    _add_draw(router, library, drew)


def _page(
    request: Request, library: Library, choice: Choice, after: str | None, limit: int
) -> Response:
    """A page, with the address of the next."""
    found = library.listing(choice, after=after, limit=limit)
    if found.after is None:
        return reply(found)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
    return reply(found, link=f"{request.url.path}?{urlencode([*kept, ('after', found.after)])}")


def _add_songs(router: APIRouter, library: Library) -> None:
    def songs(request: Request, asked: Annotated[Listed, Query()]) -> Response:
        return _page(request, library, asked.choice(Kind.RECORDING), asked.after, asked.limit)

    def albums(request: Request, asked: Annotated[ListedAlbums, Query()]) -> Response:
        choice = asked.choice(Kind.RELEASE, asked.label)
        return _page(request, library, choice, asked.after, asked.limit)

    told = documented("Songs, page by page.", Listing, tag=_TAG, problems=(400, 404))
    add_get(router, "/songs", songs, told)
    told = documented("Albums, page by page.", Listing, tag=_TAG, problems=(400, 404))
    add_get(router, "/albums", albums, told)


def _add_names(router: APIRouter, library: Library) -> None:
    for kind in (Kind.ARTIST, Kind.LABEL):
        _add_names_of(router, library, kind)


def _add_names_of(router: APIRouter, library: Library, kind: Kind) -> None:
    def names(
        request: Request,
        held: parameters.Held = None,
        after: parameters.After = None,
        limit: parameters.PageLimit = 50,
    ) -> Response:
        return _page(request, library, Choice(kind=kind, is_held=held), after, limit)

    summary = f"{kind.capitalize()}s, the most heard first, page by page."
    add_get(router, f"/{kind}s", names, documented(summary, Listing, tag=_TAG))


def _add_chart(router: APIRouter, library: Library, plays: Plays | None) -> None:
    def chart(
        days: Annotated[int, Query(ge=1, le=3_650, description="Within how many days.")] = 7,
        limit: parameters.AnswerLimit = 20,
    ) -> Response:
        heard = plays.most_heard(days, limit) if plays is not None else ()
        hits = library.by_gids([gid for gid, _, _ in heard])
        entries = (
            ChartEntry(hit, count, listeners)
            for hit, (_, count, listeners) in zip(hits, heard, strict=True)
            if isinstance(hit, Hit)
        )
        return reply(Chart(days, tuple(entries)))

    told = documented("What was heard most at this door.", Chart, tag=_TAG)
    add_get(router, "/charts/heard", chart, told)


def _add_shelves(router: APIRouter, library: Library) -> None:
    def shelves(facet: parameters.Facets) -> Response:
        found: tuple[Shelf, ...] = library.shelves(facet)
        return reply(Shelves(found))

    summary = "Genres, years, licences or collections of which this archive has songs."
    add_get(router, "/shelves/{facet}", shelves, documented(summary, Shelves, tag=_TAG))


def _add_draw(router: APIRouter, library: Library, drew: Drew) -> None:
    def draw(request: Request, asked: Annotated[Asked, Query()]) -> Response:
        found = library.draw(asked.pool, seed=asked.seed, after=asked.after, limit=asked.limit)
        response = reply(found)
        if not asked.seed:
            response.headers["cache-control"] = "no-store"
            restricted = [hit.gid for hit in found.hits if not hit.is_free]
            if restricted and "listener" in request.scope:
                drew(request.scope["listener"], restricted)
        return response

    summary = "Draw songs of this archive: each equally likely, none twice under one seed."
    add_get(router, "/draw", draw, documented(summary, Drawn, tag=_TAG))
