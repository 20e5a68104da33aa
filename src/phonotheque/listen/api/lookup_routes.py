"""Search and look-up: by words, by any identifier, by a thousand at once."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from phonotheque.errors import BadReferenceError, BadRequestError
from phonotheque.listen.api import parameters as asked
from phonotheque.listen.api.answering import problem, reply, withdrawn
from phonotheque.listen.api.opening import add_get, documented
from phonotheque.listen.api.values import Hits, LookedUp, OfCode, OfGid
from phonotheque.listen.ports import Library
from phonotheque.listen.values import Answer, Gone, Hit, Suggestions

_TAG = "Look-up"


class Many(BaseModel):
    """Identifiers to look up, a thousand at most in all."""

    model_config = ConfigDict(extra="forbid")

    gids: list[UUID] = Field(
        default=[],
        max_length=asked.MOST_AT_ONCE,
        description="Gids or MBIDs.",
        examples=[[asked.SOME_GID]],
    )
    isrcs: list[str] = Field(
        default=[], max_length=asked.MOST_AT_ONCE, examples=[[asked.SOME_ISRC]]
    )
    barcodes: list[str] = Field(
        default=[], max_length=asked.MOST_AT_ONCE, examples=[[asked.SOME_BARCODE]]
    )


def _some_of(words: str) -> Any:
    return Query(max_length=asked.MOST_IN_AN_ADDRESS, description=words)


def add_lookups(router: APIRouter, library: Library) -> None:
    """Open the addresses of search and look-up."""
    _add_search(router, library)
    _add_one(router, library)
    _add_many(router, library)


def _add_search(router: APIRouter, library: Library) -> None:
    def search(
        q: asked.Text,
        kind: asked.Kinds = None,
        limit: asked.AnswerLimit = 20,
        typing: asked.Typing = False,  # noqa: FBT002  # it is named in the address
    ) -> Response:
        return reply(library.search(q, kind, limit=limit, is_typing=typing))

    def suggest(q: asked.Text, limit: asked.AnswerLimit = 6) -> Response:
        return reply(library.suggest(q, limit=limit))

    add_get(
        router,
        "/search",
        search,
        documented("Search the catalogue.", Answer, tag=_TAG, problems=(400,)),
    )
    add_get(
        router,
        "/suggest",
        suggest,
        documented("The best of each kind, while somebody types.", Suggestions, tag=_TAG),
    )


def _add_one(router: APIRouter, library: Library) -> None:
    def gid(request: Request, gid: asked.Gid) -> Response:
        (found,) = library.by_gids([gid])
        if isinstance(found, Gone):
            return problem(request, withdrawn(found), status=410)
        if found is None:
            raise BadReferenceError(str(gid), "nothing has it", "Search for its name.")
        return reply(found)

    def isrc(isrc: asked.IsrcText) -> Response:
        return reply(Hits(tuple(library.by_isrcs([asked.isrc(isrc)])[0])))

    def barcode(barcode: asked.BarcodeText) -> Response:
        return reply(Hits(tuple(library.by_barcodes([asked.barcode(barcode)])[0])))

    told = documented(
        "What a gid or MBID stands for, of any kind.", Hit, tag=_TAG, problems=(400, 404, 410)
    )
    add_get(router, "/gid/{gid}", gid, told)
    add_get(router, "/isrc/{isrc}", isrc, documented("The songs of an ISRC.", Hits, tag=_TAG))
    told = documented("The albums of a barcode.", Hits, tag=_TAG)
    add_get(router, "/barcode/{barcode}", barcode, told)


def _add_many(router: APIRouter, library: Library) -> None:
    def some(
        gid: Annotated[list[UUID], _some_of("Gids or MBIDs.")] = [],  # noqa: B006  # FastAPI copies it
        isrc: Annotated[list[str], _some_of("ISRCs.")] = [],  # noqa: B006
        barcode: Annotated[list[str], _some_of("Barcodes.")] = [],  # noqa: B006
    ) -> Response:
        return reply(_looked_up(library, gid, isrc, barcode))

    def many(wanted: Annotated[Many, Body()]) -> Response:
        return reply(_looked_up(library, wanted.gids, wanted.isrcs, wanted.barcodes))

    told = documented("Look up some identifiers, up to 50 of each kind.", LookedUp, tag=_TAG)
    add_get(router, "/lookup", some, told)
    told = documented(
        "Look up many identifiers, up to 1,000 in all. Changes nothing.", LookedUp, tag=_TAG
    )
    router.add_api_route(
        "/lookup",
        many,
        methods=["POST"],
        summary=told.summary,
        tags=[told.tag],
        responses=told.responses,
        operation_id="post_lookup",
        response_model=None,
    )


def _looked_up(
    library: Library, gids: list[UUID], isrcs: list[str], barcodes: list[str]
) -> LookedUp:
    count = len(gids) + len(isrcs) + len(barcodes)
    if count > asked.MOST_AT_ONCE:
        todo = f"Ask for {asked.MOST_AT_ONCE:,} at a time."
        raise BadRequestError(f"{count:,} identifiers", "are too many", todo)
    found = library.by_gids(gids) if gids else []
    songs = library.by_isrcs([asked.isrc(one) for one in isrcs]) if isrcs else []
    albums = library.by_barcodes([asked.barcode(one) for one in barcodes]) if barcodes else []
    return LookedUp(
        tuple(map(_of_gid, gids, found)),
        tuple(OfCode(code, tuple(hits)) for code, hits in zip(isrcs, songs, strict=True)),
        tuple(OfCode(code, tuple(hits)) for code, hits in zip(barcodes, albums, strict=True)),
    )


def _of_gid(gid: UUID, found: Hit | Gone | None) -> OfGid:
    if isinstance(found, Gone):
        return OfGid(gid, gone=found)
    return OfGid(gid, hit=found)
