"""The rim of the door: what holds for every request, whatever it asks for.

Laws: every answer has a number that is in the log, too, and the headers of `listen.headers`; a
request that changes something and comes from another site's page is refused; who asks too often is
told when to come again; what goes wrong inside is told to the operator, and to nobody else.

CSRF: the one cookie says whose budget counts, and nothing is done in anybody's name; browsers say
where a request comes from, and that is believed (W3C Fetch Metadata; RFC 6454 for `Origin`). A
program that says nothing is no browser.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from phonotheque.listen.gate import Passed
from phonotheque.listen.headers import added_to, for_one
from phonotheque.listen.limits import Bucket
from phonotheque.listen.listener import Listener, Surroundings
from phonotheque.listen.log import Line, Pseudonyms, Sink, client_of
from phonotheque.listen.metrics import Metrics
from phonotheque.listen.sound.sending import ZERO_COPY, fields_of
from phonotheque.listen.sound.traffic import BrokenOffError
from phonotheque.listen.statement_routes import MOST_STATEMENT_BYTES, STATEMENTS
from phonotheque.listen.turning_away import forged, mistake, too_long, too_often

_KINDS = {
    "api": "api",
    "sound": "sound",
    "download": "sound",
    "cover": "picture",
    "wave": "picture",
    "sleeve": "picture",
    "torrents": "torrent",
    "assets": "paper",
    "healthz": "paper",
    "metrics": "paper",
    "plays": "api",
}
_ENDPOINTS = {
    "sound": "/sound/{gid}",
    "download": "/download/{gid}",
    "cover": "/cover/{gid}",
    "wave": "/wave/{gid}.svg",
    "plays": "/plays",
}
"""Those that are no functions of the framework, which says what was asked for of the others."""

_UNCOUNTED = frozenset(("sound", "picture", "paper"))
OPEN_PATHS = ("/api/",)
"""Where pages of other sites may ask, too: nothing is changed there."""

MOST_BODY_BYTES = 1 << 20
"""Of a request: a form with a long letter, a thousand identifiers."""

LONG_BODIES = {
    "/playlist/import": (4 << 20) + (64 << 10),
    STATEMENTS: MOST_STATEMENT_BYTES,
}
"""Where more may be sent: a file in its frame."""

_MOST_LISTENERS = 4096
_MOST_KEY = 512
_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class Rim:
    """Everything around the routes, as an ASGI application.

    Attributes:
        app: The routes.
        surroundings: Which proxies are believed.
        sink: The access log.
        pseudonyms: Who is who in it.
        metrics: Counts of this worker.
        bucket: How often one listener may ask for pages and answers.
        form_bucket: How often one may send a form.
        on_fault: Told of mistakes of ours, one line each.
    """

    app: ASGIApp
    surroundings: Surroundings
    sink: Sink
    pseudonyms: Pseudonyms
    metrics: Metrics
    bucket: Bucket
    form_bucket: Bucket
    on_fault: Callable[[str], None]
    _prefix: str = field(default_factory=partial(secrets.token_hex, 4))
    _numbers: Iterator[int] = field(default_factory=count)
    _listeners: dict[tuple[str | None, ...], Listener] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._country = self.surroundings.country_header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        fields = fields_of(scope)
        listener = self._listener(scope, fields)
        scope["listener"] = listener
        scope["scheme"] = "https" if listener.is_secure else "http"
        told = _Told(scope, send, f"{self._prefix}{next(self._numbers):08x}")
        scope["request_id"] = told.id
        try:
            refusal = self._refusal(scope, fields, listener)
            if refusal is not None:
                await refusal(scope, receive, told.send)
            else:
                await self.app(scope, _bounded(receive, _most_body(scope)), told.send)
        except BrokenOffError:
            told.is_broken = True
        except Exception as error:
            self.on_fault(f"{scope['method']} {scope['path']!r}: {type(error).__name__}: {error}")
            if not told.status:
                await mistake(told.id)(scope, receive, told.send)
        finally:
            self._tell(scope, fields, listener, told)

    def _listener(self, scope: Scope, fields: Any) -> Listener:
        """Who asks; the same value for all requests of one, who sends hundreds for each play."""
        peer = scope["client"][0] if scope.get("client") else ""
        names = ("x-forwarded-for", "x-forwarded-proto", self._country, "cookie")
        told = tuple(map(fields.get, names))
        key = (peer, scope["scheme"], *told)
        listener = self._listeners.get(key)
        if listener is None:
            listener = self.surroundings.listener(peer, scope["scheme"], fields)
            if len(self._listeners) >= _MOST_LISTENERS:
                self._listeners.clear()
            if sum(len(text or "") for text in told) <= _MOST_KEY:  # nobody fills the memory
                self._listeners[key] = listener
        return listener

    def _refusal(self, scope: Scope, fields: Any, listener: Listener) -> ASGIApp | None:
        kind = kind_of(scope["path"])
        is_unsafe = scope["method"] not in _SAFE_METHODS
        is_open = scope["path"].startswith(OPEN_PATHS)
        if int_of(fields.get("content-length", "0")) > _most_body(scope):
            return too_long(_most_body(scope))
        if is_unsafe and not is_open and not is_own_page(fields):
            return forged()
        if is_unsafe and kind != "api":
            wait_s = self.form_bucket.wait_s(listener.group)
        elif kind in _UNCOUNTED or listener.is_machine:
            wait_s = 0.0
        else:
            wait_s = self.bucket.wait_s(listener.group)
        if wait_s <= 0:
            return None
        self.metrics.add("phonotheque_refused_total")
        return too_often(wait_s)

    def _tell(self, scope: Scope, fields: Any, listener: Listener, told: _Told) -> None:
        seconds = time.perf_counter() - told.begun
        kind = kind_of(scope["path"])
        status = told.status or 499  # it went away before it was answered
        self.metrics.answered(kind, status, seconds)
        if kind == "sound":
            self.metrics.add("phonotheque_sound_bytes_total", told.sent_bytes)
        passed = scope.get("sound")
        address = self.pseudonyms.of(listener.group)
        item = _UUID.search(scope["path"].lower())
        self.sink.write(
            Line(
                at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                id=told.id,
                address=address,
                network=self.pseudonyms.of(listener.network),
                client=client_of(fields.get("user-agent", "")),
                account=_account(scope, address),
                method=scope["method"],
                endpoint=_endpoint(scope),
                item=scope.get("item") or (item[0] if item else ""),
                form=passed.asked.form.value if isinstance(passed, Passed) else "",
                restricted=isinstance(passed, Passed) and passed.is_restricted,
                status=status,
                bytes=told.sent_bytes,
                ms=round(seconds * 1000, 3),
                played_ms=scope.get("played_ms", 0),
                of_bytes=scope.get("of_bytes", 0),
                chosen=scope.get("chosen", False),
                canary=bool(scope.get("guessed")),
                over_budget="refused" in scope and scope["refused"].is_over_budget,
            )
        )


@dataclass
class _Told:
    """What was answered so far."""

    scope: Scope
    to: Send
    id: str
    begun: float = field(default_factory=time.perf_counter)
    status: int = 0
    sent_bytes: int = 0
    is_broken: bool = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = self._headers(message["status"], message["headers"])
            await self.to({**message, "headers": headers})
            self.status = message["status"]  # not before: it may be one that cannot be said
            return
        await self.to(message)
        if message["type"] == "http.response.body":
            self.sent_bytes += len(message.get("body", b""))
        elif message["type"] == ZERO_COPY:
            self.sent_bytes += message["count"]

    def _headers(self, status: int, given: Any) -> list[tuple[bytes, bytes]]:
        headers = [(bytes(name).lower(), bytes(value)) for name, value in given]
        named = dict(headers)
        kind = b"" if status == 304 else named.get(b"content-type", b"")
        is_frame = self.scope["path"].startswith("/embed/")
        added = added_to(kind, is_known=status == 304, is_frame=is_frame)
        headers += [one for one in added if one[0] not in named]
        headers.append((b"x-request-id", self.id.encode()))
        greeting = self.scope.get("greeting")
        if greeting is None:
            return headers
        if greeting.cookie:
            headers.append((b"set-cookie", greeting.cookie.encode()))
        return for_one(headers)


def int_of(text: str) -> int:
    """Read a number; what is none is more than anything."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 1 << 62


def _most_body(scope: Scope) -> int:
    return LONG_BODIES.get(scope["path"], MOST_BODY_BYTES)


def _bounded(receive: Receive, most_bytes: int) -> Receive:
    """A body that breaks off when it is longer than it may be, whatever it says, or ends early."""
    left, is_whole = most_bytes, False

    async def bounded() -> Message:
        nonlocal left, is_whole
        message = await receive()
        if not is_whole:
            left -= len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if left < 0 or message["type"] == "http.disconnect":
                raise BrokenOffError
        return message

    return bounded


def is_own_page(fields: Any) -> bool:
    """Whether a request comes from a page of this door, or from no page at all."""
    site = fields.get("sec-fetch-site")
    if site is not None:
        return bool(site in ("same-origin", "none"))
    origin = fields.get("origin")
    if origin is None:
        return True
    host = origin.partition("://")[2]
    return bool(host) and host.lower() == fields.get("host", "").lower()


def kind_of(path: str) -> str:
    """What is asked for, for counts and limits."""
    first = path[1:].partition("/")[0]
    return _KINDS.get(first, "page")


def _account(scope: Scope, address: str) -> str:
    """Who played what is restricted, was refused it, or guessed, where that is not the address."""
    greeting, refused = scope.get("greeting"), scope.get("refused")
    account = str(scope.get("guessed", ""))
    if greeting is not None:
        account = str(greeting.account)
    elif refused is not None:
        account = str(refused.account)
    return "" if account == address else account


def _endpoint(scope: Scope) -> str:
    """The route as it is written in the reference; an address that no route has is none."""
    path = getattr(scope.get("route"), "path", None)
    return str(path or _ENDPOINTS.get(scope["path"][1:].partition("/")[0], "-"))
