"""The rim of the door: what holds for every request, whatever it asks for.

Laws: every answer has a number that is in the log, too, and headers that let a browser do as little
as possible; a request that changes something and comes from another site's page is refused; who
asks too often is told when to come again, and where all of it can be had at once; what goes wrong
inside is told to the operator, and to nobody else.

CSRF: the one cookie says whose budget counts, and nothing is done in anybody's name; browsers say
where a request comes from, and that is believed (W3C Fetch Metadata; RFC 6454 for `Origin`). A
program that says nothing is no browser.

Source: W3C Content Security Policy 3.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import count
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from phonotheque.listen.gate import Passed
from phonotheque.listen.limits import Bucket
from phonotheque.listen.listener import Listener, Surroundings
from phonotheque.listen.log import Line, Pseudonyms, Sink, client_of
from phonotheque.listen.metrics import Metrics
from phonotheque.listen.sound.sending import ZERO_COPY, fields_of
from phonotheque.listen.sound.traffic import BrokenOffError
from phonotheque.listen.statement_routes import MOST_STATEMENT_BYTES, STATEMENTS
from phonotheque.music.tdm_statement import headers as tdm_headers

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)
_PAGE = _POLICY.format(ancestors="'none'")
_FRAMED = _POLICY.format(ancestors="*")
_DRAWN = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""A picture that is drawn here, opened by itself: its colours stand in it."""
_NO_DOCUMENTS = (b"audio/", b"image/jpeg", b"text/css", b"text/javascript", b"font/")
_NO_PAGE = "default-src 'none'; sandbox; frame-ancestors 'none'"
_ALWAYS = {
    "x-content-type-options": "nosniff",
    **{name.lower(): value for name, value in tdm_headers(None).items()},
}
_OF_PAGES = {
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    "cross-origin-opener-policy": "same-origin",
}
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
                await _mistake(told.id)(scope, receive, told.send)
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
            return _too_long(_most_body(scope))
        if is_unsafe and not is_open and not is_own_page(fields):
            return _forged()
        if is_unsafe and kind != "api":
            wait_s = self.form_bucket.wait_s(listener.group)
        elif kind in _UNCOUNTED or listener.is_machine:
            wait_s = 0.0
        else:
            wait_s = self.bucket.wait_s(listener.group)
        if wait_s <= 0:
            return None
        self.metrics.add("phonotheque_refused_total")
        return _too_often(wait_s)

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
        added = _added(kind, is_known=status == 304, is_frame=is_frame)
        headers += [one for one in added if one[0] not in named]
        headers.append((b"x-request-id", self.id.encode()))
        greeting = self.scope.get("greeting")
        if greeting is None:
            return headers
        if greeting.cookie:
            headers.append((b"set-cookie", greeting.cookie.encode()))
        return _for_one(headers)


def _for_one(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers of what one listener was given: no cache that others share keeps it, lest all behind
    it become the same account (RFC 9111, 5.2.2.7 and 7.3)."""
    said = dict(headers).get(b"cache-control", b"no-cache")
    kept = [one for one in headers if one[0] != b"cache-control"]
    return [*kept, (b"cache-control", said if b"no-store" in said else b"private, " + said)]


@lru_cache(maxsize=256)
def _added(kind: bytes, *, is_known: bool, is_frame: bool) -> tuple[tuple[bytes, bytes], ...]:
    """Headers of every answer, and what a browser may do with it.

    Sound, covers and what a 304 repeats have no policy: a policy of theirs would be put to the page
    that is kept (RFC 9111, 3.2).
    """
    policy: dict[str, str] = {}
    if is_known or kind.startswith(_NO_DOCUMENTS):
        pass
    elif kind.startswith(b"text/html"):
        policy = {**_OF_PAGES, "content-security-policy": _FRAMED if is_frame else _PAGE}
    else:
        is_drawn = kind.startswith(b"image/svg")
        policy = {"content-security-policy": _DRAWN if is_drawn else _NO_PAGE}
    return tuple((name.encode(), value.encode()) for name, value in (_ALWAYS | policy).items())


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


def _too_often(wait_s: float) -> JSONResponse:
    body = {
        "error": "too-often",
        "thing": "this address",
        "wrong": "it asks more often than a person and his machine would",
        "todo": "Wait a little. All that is free can be had at once at /torrents/.",
    }
    fields = {"Retry-After": str(int(wait_s) + 1), "Link": '</torrents/>; rel="alternate"'}
    return JSONResponse(body, status_code=429, headers={**fields, "Cache-Control": "no-store"})


def _too_long(most_bytes: int) -> JSONResponse:
    body = {
        "error": "too-long",
        "thing": "this request",
        "wrong": f"it has more than {most_bytes >> 10} KiB",
        "todo": "Send less at once.",
    }
    return JSONResponse(body, status_code=413, headers={"Cache-Control": "no-store"})


def _forged() -> JSONResponse:
    body = {
        "error": "another-site",
        "thing": "this request",
        "wrong": "it comes from a page of another site",
        "todo": "Open the page here and send its form again.",
    }
    return JSONResponse(body, status_code=403, headers={"Cache-Control": "no-store"})


def _mistake(number: str) -> JSONResponse:
    body = {
        "error": "mistake",
        "thing": f"request {number}",
        "wrong": "something went wrong here",
        "todo": "Whoever runs this was told. Ask again later.",
    }
    return JSONResponse(body, status_code=500, headers={"Cache-Control": "no-store"})
