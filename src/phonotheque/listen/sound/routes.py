"""Addresses of sound: `/sound/<gid>` to hear it, `/download/<gid>` to keep it.

Every one of them asks the gate, for every request. They are plain ASGI and not functions of the
framework, because a play is many small requests: what was told a moment ago and is open already is
answered without a thread; whatever may have to be waited for is asked in one.
"""

from __future__ import annotations

import re
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import parse_qs
from uuid import UUID

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from phonotheque.errors import (
    BadReferenceError,
    BadRequestError,
    IntegrityError,
    NotHeldError,
    NotWholeError,
    UnavailableError,
)
from phonotheque.listen.gate import Gate, Guard, Passed, Refusal, Wish
from phonotheque.listen.sound.ports import NotAtHandError, Purpose, Resource, Sounds
from phonotheque.listen.sound.refused import RefusalPage, refusal_response
from phonotheque.listen.sound.sending import Sending, group_of
from phonotheque.listen.sound.traffic import Traffic
from phonotheque.listen.values import SoundForm

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass
class SoundDoor:
    """What sound is sent with.

    Attributes:
        gate: Asked for every byte.
        sounds: Opened behind it.
        traffic: Of this process.
        proxy_prefix: See `Sending`.
        refusal_page: Tells a person that the guard refuses; None where there are no pages.
    """

    gate: Gate
    sounds: Sounds
    traffic: Traffic = field(default_factory=Traffic)
    proxy_prefix: str = ""
    refusal_page: RefusalPage | None = None

    def __post_init__(self) -> None:
        self._at_once = Gate(self.sounds.at_once, _GuardAtHand(self.gate.guard))

    async def send(self, wish: Wish, scope: Scope, send: Send) -> None:
        """Send a recording, or the guard's refusal.

        A file that turns out to be damaged before a word was said is passed over for the next one;
        when there is none, for an access copy, which may have been made while it was whole.

        Raises:
            PhonothequeError: It may not be had, or not now; nothing was said yet.
        """
        tried: set[object] = set()
        while True:
            try:
                passed = await self._ask(wish, scope)
            except BadReferenceError:
                guessed = partial(self.gate.guard.guessed, wish)
                scope["guessed"] = await self.traffic.in_thread(guessed, group=group_of(scope))
                raise
            if isinstance(passed, Refusal):
                await refusal_response(passed, scope, self.refusal_page)(scope, _nothing, send)
                return
            scope["sound"] = passed
            try:
                await self._send(wish, passed, scope, send)
                return
            except (IntegrityError, NotHeldError, NotWholeError):
                offered = (passed.asked.form, passed.sha256)
                if offered not in tried:
                    tried.add(offered)
                    continue
                if wish.form is not None or passed.asked.form is not SoundForm.ORIGINAL:
                    raise
                copy = replace(wish, form=SoundForm.OPUS)
                if not isinstance(await self._ask(copy, scope), Passed):
                    raise
                wish = copy

    def ask(self, wish: Wish, scope: Scope) -> Passed | Refusal:
        """Ask the gate, and greet who may have what is restricted: once for each request. For
        threads. Raises as `Gate.ask`."""
        return _asked(self.gate, wish, scope)

    def still_may(self, wish: Wish, resource: Resource) -> bool:
        """Whether something restricted may be sent on, by its rights and the guard."""
        return resource.still_may() and self.gate.guard.still_may(wish)

    async def _ask(self, wish: Wish, scope: Scope) -> Passed | Refusal:
        try:
            return _asked(self._at_once, wish, scope)
        except NotAtHandError:
            work = partial(self.ask, wish, scope)
            return await self.traffic.in_thread(work, group=group_of(scope))

    async def _send(self, wish: Wish, passed: Passed, scope: Scope, send: Send) -> None:
        resource = await self._open(passed, group_of(scope))
        if passed.is_restricted:
            scope["of_bytes"] = resource.size_bytes
            resource = replace(resource, still_may=partial(self.still_may, wish, resource))
        is_kept = passed.asked.purpose is Purpose.KEEP
        is_long = passed.asked.form is SoundForm.DRESSED
        await Sending(resource, self.traffic, self.proxy_prefix, is_kept, is_long)(scope, send)

    async def _open(self, passed: Passed, group: str) -> Resource:
        asked, sha256, is_proven = passed.asked, passed.sha256, bool(self.proxy_prefix)
        found = self.sounds.at_hand(asked, sha256, is_proven=is_proven)
        if found is not None:
            return found
        is_long = is_proven or asked.form is SoundForm.DRESSED
        opened = partial(self.sounds.open, asked, sha256, is_proven=is_proven, group=group)
        made = await self.traffic.in_thread(opened, is_long=is_long, group=group)
        if isinstance(made, Future):
            await self.traffic.made(made, group)
            made = await self.traffic.in_thread(opened, is_long=is_long, group=group)
        if isinstance(made, Future):
            raise UnavailableError(
                "the copy", "it was made and went at once", "Give `copies.max_bytes` more room."
            )
        return made


def _asked(gate: Gate, wish: Wish, scope: Scope) -> Passed | Refusal:
    passed = gate.ask(wish)
    if isinstance(passed, Refusal):
        scope["refused"] = passed
    is_restricted = isinstance(passed, Passed) and passed.is_restricted
    if is_restricted and "greeting" not in scope:
        scope["greeting"] = gate.guard.greets(wish.listener)
        scope["chosen"] = gate.guard.is_drawn(wish)
    return passed


class _GuardAtHand:
    """A guard that answers from memory, and else says that it cannot."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.is_known = guard.is_known
        self.still_may = guard.still_may
        self.greets = guard.greets
        self.drew = guard.drew
        self.is_drawn = guard.is_drawn
        self.guessed = guard.guessed

    def refuses(self, wish: Wish) -> Refusal | None:
        """As `Guard.refuses`. Raises `NotAtHandError`."""
        if not self._guard.is_known(wish):
            raise NotAtHandError
        return self._guard.refuses(wish)


def sound_routes(door: SoundDoor) -> list[BaseRoute]:
    """The routes of sound."""
    reads = ["GET", "HEAD"]
    short = short_ways(door)
    return [Route(f"/{first}/{{name}}", short[first], methods=reads) for first in short]


def short_ways(door: SoundDoor) -> dict[str, ASGIApp]:
    """What answers to `/sound/<name>` and `/download/<name>`, by the first part of the path."""
    return {"sound": _Endpoint(door, Purpose.HEAR), "download": _Endpoint(door, Purpose.KEEP)}


class _Endpoint:
    """One kind of address, as an ASGI application."""

    def __init__(self, door: SoundDoor, purpose: Purpose) -> None:
        self._door = door
        self._purpose = purpose

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        wish = parse_wish(scope, self._purpose)
        await self._door.send(wish, scope, send)


def parse_wish(scope: Scope, purpose: Purpose) -> Wish:
    """Read what a request for sound asks for.

    Raises:
        BadReferenceError: Its path names no gid.
        BadRequestError: It names a form that does not exist.
    """
    gid = parse_gid(scope["path_params"]["name"].partition(".")[0])
    form = parse_form(scope)
    if form is None and purpose is Purpose.KEEP:
        form = SoundForm.ORIGINAL
    return Wish(gid, scope["listener"], form, purpose)


def parse_form(scope: Scope) -> SoundForm | None:
    """Read the form that a request asks for; None when it says none.

    Raises:
        BadRequestError: There is no such form.
    """
    query = scope["query_string"].decode("latin-1")
    if not query:
        return None
    try:
        texts = parse_qs(query, max_num_fields=20).get("form", [])
        return SoundForm(texts[-1]) if texts else None
    except ValueError as error:
        forms = ", ".join(SoundForm)
        raise BadRequestError("form", "there is no such form", f"There are {forms}.") from error


def parse_gid(text: str) -> UUID:
    """Read a gid in its one form, with hyphens.

    Raises:
        BadReferenceError: It is none.
    """
    if not _UUID.fullmatch(text):
        raise BadReferenceError(text[:80], "it is no gid", "Search for it in the catalogue.")
    return UUID(text)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
