"""Covers, waveforms and reports of plays: what a page asks for beside its text."""

from __future__ import annotations

import re
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import cast
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from phonotheque.errors import (
    BadReferenceError,
    BadRequestError,
    IntegrityError,
    NotHeldError,
    UnavailableError,
)
from phonotheque.listen.ports import Pictures, Plays
from phonotheque.listen.sound.ports import Resource
from phonotheque.listen.sound.routes import parse_gid
from phonotheque.listen.sound.sending import Sending, group_of
from phonotheque.listen.sound.traffic import Traffic
from phonotheque.listen.values import CoverSize

_COVER = re.compile(r"(.{36})-(250|500|1200)(?:\.jpg)?")
_FOR_AN_HOUR = "public, max-age=3600"
_MOST_REPORT_BYTES = 2048
_MOST_MS = 24 * 3600 * 1000


class PlayReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a player reports.

    Attributes:
        play: A UUID that the player made when the track began.
        gid: What was played.
        played_ms: How much of it was heard by now.
    """

    play: str
    gid: str
    played_ms: int


@dataclass(frozen=True, slots=True)
class SmallDoor:
    """What these are answered with."""

    pictures: Pictures
    plays: Plays
    traffic: Traffic


def small_routes(door: SmallDoor) -> list[BaseRoute]:
    """The routes of covers, waveforms and plays."""
    reads = ["GET", "HEAD"]

    async def wave(request: Request) -> Response:
        gid = parse_gid(request.path_params["gid"])
        drawn = await door.traffic.in_thread(
            partial(door.pictures.wave, gid), group=group_of(request.scope)
        )
        if drawn is None:
            raise BadReferenceError(str(gid), "it has no waveform here", "See its page.")
        fields = {"Cache-Control": _FOR_AN_HOUR}
        return Response(drawn, media_type="image/svg+xml", headers=fields)

    async def heard(request: Request) -> Response:
        report = await _report(request)
        play, gid = parse_gid(report.play), parse_gid(report.gid)
        request.scope["item"], request.scope["played_ms"] = str(gid), report.played_ms
        who = request.scope["listener"].group
        counted = await door.traffic.in_thread(
            partial(door.plays.heard, play, gid, report.played_ms, who), group=who
        )
        return JSONResponse({"counted": counted}, headers={"Cache-Control": "no-store"})

    return [
        Route("/cover/{name}", _Cover(door), methods=reads),
        Route("/wave/{gid}.svg", wave, methods=reads),
        Route("/plays", heard, methods=["POST"]),
    ]


class _Cover:
    """`/cover/<gid>-<pixels>.jpg`; where there is none, the sleeve that is drawn instead."""

    def __init__(self, door: SmallDoor) -> None:
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match = _COVER.fullmatch(scope["path_params"]["name"])
        if match is None:
            raise _nothing(Request(scope))
        gid, size = parse_gid(match[1]), cast(CoverSize, int(match[2]))
        kept = _FOR_AN_HOUR
        try:
            found = await self._found(gid, size, group_of(scope))
        except UnavailableError:  # too many are being made: for now it is as if there were none
            found, kept = None, "no-store"
        if found is None:
            fields = {"Cache-Control": kept}
            sleeve = RedirectResponse(f"/sleeve/{gid}.svg", status_code=302, headers=fields)
            await sleeve(scope, receive, send)
            return
        resource = replace(found, fields={**found.fields, "Cache-Control": _FOR_AN_HOUR})
        await Sending(resource, self._door.traffic)(scope, send)

    async def _found(self, gid: UUID, size: CoverSize, group: str) -> Resource | None:
        traffic, cover = self._door.traffic, partial(self._door.pictures.cover, gid, size, group)
        found = await traffic.in_thread(cover, group=group)
        if isinstance(found, Future):
            with suppress(
                IntegrityError, NotHeldError
            ):  # there is none, as is seen when it is asked
                await traffic.made(found, group)
            found = await traffic.in_thread(cover, group=group)
        return None if isinstance(found, Future) else found


async def _report(request: Request) -> PlayReport:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_REPORT_BYTES:
            raise BadRequestError("the report", "it is too long", "See docs/reference/plays.md.")
    try:
        report = msgspec.json.decode(body, type=PlayReport)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError(
            "the report", "it is not as it should be", "See docs/reference/plays.md."
        ) from error
    if not 0 <= report.played_ms <= _MOST_MS:
        raise BadRequestError("played_ms", "nobody heard so much", "Give milliseconds of one play.")
    return report


def _nothing(request: Request) -> BadReferenceError:
    return BadReferenceError(request.url.path[:200], "there is nothing here", "See the home page.")
