"""Plain requests, answered without a protocol library: most of what listeners send.

A play is hundreds of requests, each of which is a line, some headers and no body. What is written
in that one plain way is read here with two regular expressions and answered directly, which is four
times as fast as the general way; whatever is written otherwise in the least goes to that.

Laws: what is read here means the same to every reader of HTTP, so that nothing can be smuggled; an
answer has the length that it names, or its connection ends; no header of an answer can become two.

Source: RFC 9112 sections 2 to 7 and 9.3.
"""

from __future__ import annotations

import re
from asyncio import AbstractEventLoop, CancelledError, Future
from typing import Any, BinaryIO, NamedTuple, Protocol
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Scope

from phonotheque.listen.sound.sending import ZERO_COPY
from phonotheque.listen.sound.traffic import BrokenOffError
from phonotheque.publish.web.heads import FIELD, MAX_HEAD_BYTES, join_lines

_LINE = re.compile(rb"(GET|HEAD) (/[!-~]*) HTTP/1\.1")
_NOT_PLAIN = frozenset(
    (b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"te", b"trailer")
)
_NO_BODY = (204, 304)


class Plain(NamedTuple):
    """The head of a plain request."""

    method: str
    target: bytes
    headers: list[tuple[bytes, bytes]]


def parse_plain(data: bytes) -> Plain | None:
    """Read the head of a request that has no body; None when it is anything else, or two."""
    if len(data) > MAX_HEAD_BYTES or data.find(b"\r\n\r\n") != len(data) - 4:
        return None
    line, *lines = data[:-4].split(b"\r\n")
    first = _LINE.fullmatch(line)
    if first is None:
        return None
    headers: list[tuple[bytes, bytes]] = []
    hosts = 0
    for one in lines:
        found = FIELD.fullmatch(one)
        if found is None:
            return None
        name, value = found[1].lower(), found[2] or b""
        hosts += name == b"host"
        if name in _NOT_PLAIN or (name == b"connection" and value.lower() != b"keep-alive"):
            return None
        headers.append((name, value))
    return Plain(first[1].decode(), first[2], headers) if hosts == 1 else None


def scope_of(plain: Plain, client: object, server: object) -> Scope:
    """A request as ASGI has it."""
    raw_path, _, query = plain.target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": server,
        "client": client,
        "scheme": "http",
        "method": plain.method,
        "root_path": "",
        "path": unquote(raw_path.decode("ascii")),
        "raw_path": raw_path,
        "query_string": query,
        "headers": plain.headers,
        "extensions": {ZERO_COPY: {}},
    }


class Connection(Protocol):
    """The other end, as an answer is written to it. All raise `BrokenOffError` when it is gone."""

    loop: AbstractEventLoop

    async def write(self, data: bytes) -> None:
        """Write, and wait until all of it was taken."""

    async def send_file(self, file: BinaryIO, offset: int, count: int, head: bytes) -> None:
        """Write a head and a part of a file, and wait likewise."""

    def finished(self, cycle: Cycle) -> None:
        """An answer is whole, or it is not and never will be."""


class Cycle:
    """One plain request and its answer; to uvicorn it is a cycle like its own.

    Args:
        scope: The request.
        connection: Where the answer goes.
        defaults: Headers of every answer.
        phrases: Of statuses.
    """

    def __init__(
        self,
        scope: Scope,
        connection: Connection,
        defaults: list[tuple[bytes, bytes]],
        phrases: dict[int, bytes],
    ) -> None:
        self._scope = scope
        self._connection = connection
        self._defaults = defaults
        self._phrases = phrases
        self._head = b""
        self._left: int | None = None
        self._is_chunked = False
        self._is_asked = False
        self._gone: Future[None] | None = None
        self.disconnected = False
        self.keep_alive = True
        self.response_started = False
        self.response_complete = False
        self.message_event = self

    def set(self) -> None:
        """The other end went away, if nothing else was said."""
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)

    async def run(self, app: ASGIApp) -> None:
        """Have it answered."""
        try:
            await app(self._scope, self._receive, self._send)
        except (BrokenOffError, CancelledError):
            pass  # it cannot be finished, or the server ends: the connection does, too
        finally:
            self._connection.finished(self)

    async def _receive(self) -> Message:
        if not self._is_asked:
            self._is_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        if not self.disconnected and not self.response_complete:
            self._gone = self._connection.loop.create_future()
            await self._gone
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self.disconnected:
            raise BrokenOffError
        if message["type"] == "http.response.start":
            if self.response_started:
                raise RuntimeError("an answer begins once")
            self._head = self._encode_head(message["status"], message["headers"])
            self.response_started = True
            return
        if not self.response_started or self.response_complete:
            raise RuntimeError("a body comes after a head, and before its end")
        if message["type"] == ZERO_COPY:
            head, self._head = self._head, b""
            self._count(message["count"])
            await self._connection.send_file(
                message["file"], message["offset"], message["count"], head
            )
        else:
            await self._send_body(message)
        if not message.get("more_body", False):
            if self._left:
                raise BrokenOffError
            self.response_complete = True
            self.set()

    async def _send_body(self, message: Message) -> None:
        body, is_last = message.get("body", b""), not message.get("more_body", False)
        head, self._head = self._head, b""
        if self._scope["method"] == "HEAD":
            body, self._left = b"", None
        elif self._is_chunked:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n" * is_last
        else:
            self._count(len(body))
        if head or body:
            await self._connection.write(head + body if head and body else head or body)

    def _count(self, count: int) -> None:
        if self._left is not None:
            self._left -= count
            if self._left < 0:
                raise BrokenOffError

    def _encode_head(self, status: int, headers: Any) -> bytes:
        lines = [b"HTTP/1.1 %d %b" % (status, self._phrases[status])]
        for name, value in self._defaults:
            lines.append(b"%b: %b" % (name, value))
        for name, value in headers:
            lines.append(b"%b: %b" % (name, value))
            if name == b"content-length":
                self._left = int(value)
            elif name == b"connection" and value == b"close":
                self.keep_alive = False
        if status in _NO_BODY:
            self._left = None
        elif self._left is None:
            self._is_chunked = True
            lines.append(b"transfer-encoding: chunked")
        return join_lines(lines)
