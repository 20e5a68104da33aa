"""Sending what is open: whole or a range, as fast as the other end takes it and no faster.

Laws: HEAD is answered as GET without the body; what is sent first was read before a word was said,
so that what is damaged is refused and never begun; a range is one read; what is sent to all at once
is bounded, however many they are (`traffic`). That the other end takes it in time is seen to by the
server, which knows what was taken.

Source: RFC 9110 sections 8.8, 13 and 14 (`phonotheque.publish.web.heads` decides).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import quote

from starlette.types import Message, Scope, Send

from phonotheque.errors import PhonothequeError
from phonotheque.listen.sound.ports import Resource
from phonotheque.listen.sound.traffic import BLOCK_BYTES, BrokenOffError, Traffic
from phonotheque.publish.web.heads import Answer, Request, Shown, answer
from phonotheque.publish.web.ranges import Span

ZERO_COPY = "http.response.zerocopysend"
"""Message and extension of ASGI: the server sends a part of a file itself."""

_NOT_PLAIN = re.compile(r"[^ !#$&-\[\]-~]")  # quotation marks, backslash, per cent, all but ASCII


@dataclass(frozen=True, slots=True)
class Sending:
    """How one thing is sent.

    Attributes:
        resource: What. It is closed when it was sent, or could not be.
        traffic: Of this process.
        proxy_prefix: Where a proxy in front finds the archive's folder, so that it sends the file
            itself ("/archive/"); "" when there is none.
        is_kept: It is to be saved, under its name, and not played.
        is_long: Much has to be read for it before a word can be said.
        is_gone: Whether the other end went away; asked while much is read.
    """

    resource: Resource
    traffic: Traffic
    proxy_prefix: str = ""
    is_kept: bool = False
    is_long: bool = False
    is_gone: Callable[[], bool] = bool

    async def __call__(self, scope: Scope, send: Send) -> None:
        """Answer a GET or HEAD.

        Raises:
            PhonothequeError: It cannot be read; nothing was said yet.
            BrokenOffError: It cannot be finished.
        """
        try:
            await self._answer(scope, send)
        finally:
            self.resource.data.close()

    async def _answer(self, scope: Scope, send: Send) -> None:
        shown = Shown(self.resource.size_bytes, self.resource.etag, self._fields())
        reply = answer(request_of(scope), shown)
        is_known = reply.status == HTTPStatus.NOT_MODIFIED
        if self.proxy_prefix and self.resource.path is not None and not is_known:
            await send(_start(HTTPStatus.OK, self._handed_over()))
            await send({"type": "http.response.body", "body": b""})
        elif scope["method"] == "HEAD" or reply.span is None:
            await send(_start(reply.status, reply.fields))
            body = reply.text if scope["method"] != "HEAD" else b""
            await send({"type": "http.response.body", "body": body})
        else:
            with self.traffic.body(group_of(scope), self.resource.still_may):
                await self._send(reply, reply.span, scope, send)

    async def _send(self, reply: Answer, span: Span, scope: Scope, send: Send) -> None:
        block = await self._block(span.start, span.end, scope)
        await send(_start(reply.status, reply.fields))
        at = span.start
        while True:
            at += block.size_bytes
            await _taken(send, block.message(is_last=at >= span.end))
            if at >= span.end:
                return
            try:
                block = await self._block(at, span.end, scope)
            except PhonothequeError as error:
                raise BrokenOffError from error

    async def _block(self, begin: int, end: int, scope: Scope) -> _Block:
        """The next bytes: where they lie, if the server can send them from there, else read."""
        lying = getattr(self.resource.data, "file_at_hand", None)  # see `FileReadable`
        if lying is not None and ZERO_COPY in scope.get("extensions", ()):
            until = min(end, begin + BLOCK_BYTES)
            file = lying(begin, until)
            if file is not None:
                return _Block(until - begin, b"", file, begin)
        until = min(end, begin + self.traffic.block_bytes)
        return _Block(until - begin, await self._read(begin, until, group_of(scope)))

    async def _read(self, begin: int, end: int, group: str) -> bytes | bytearray:
        data = self.resource.data
        block = data.at_hand(begin, end)
        is_ready = getattr(data, "is_ready", None)  # see `PreparedReadable`
        while is_ready is not None and not is_ready(begin, end):
            if self.is_gone():
                raise BrokenOffError
            prepare = partial(data.prepare, begin, end)  # type: ignore[attr-defined]
            await self.traffic.in_thread(prepare, is_long=self.is_long, group=group)
        if block is None:
            read = partial(data.read, begin, end)
            block = await self.traffic.in_thread(read, is_long=self.is_long, group=group)
        return block

    def _fields(self) -> dict[str, str]:
        kind = "attachment" if self.is_kept else "inline"
        return {
            "Content-Type": self.resource.media_type,
            "Content-Disposition": disposition(kind, self.resource.file_name),
            "Cache-Control": "no-cache",
            **self.resource.fields,
        }

    def _handed_over(self) -> dict[str, str]:
        """What a proxy is told: it answers ranges itself, of a file that was proven whole, under
        the name that it has here.

        Source: nginx, ngx_http_proxy_module, "X-Accel-Redirect"; Caddy, `intercept`.
        """
        path = f"{self.proxy_prefix}{self.resource.path}"
        etag = f'"{self.resource.etag}"'
        told = {"ETag": etag, "Content-Length": "0", "X-Accel-Redirect": quote(path)}
        return {**self._fields(), **told}


@dataclass(frozen=True, slots=True)
class _Block:
    """Bytes of a body: read, or where they lie."""

    size_bytes: int
    data: bytes | bytearray
    file: BinaryIO | None = None
    offset: int = 0

    def message(self, *, is_last: bool) -> Message:
        if self.file is None:
            return {"type": "http.response.body", "body": self.data, "more_body": not is_last}
        where = {"file": self.file, "offset": self.offset, "count": self.size_bytes}
        return {"type": ZERO_COPY, **where, "more_body": not is_last}


async def _taken(send: Send, message: Message) -> None:
    try:
        await send(message)
    except (OSError, RuntimeError) as error:  # it went away
        raise BrokenOffError from error


def group_of(scope: Scope) -> str:
    """Who asks, as limits count; "" where no rim stands before."""
    listener = scope.get("listener")
    return str(listener.group) if listener is not None else ""


def request_of(scope: Scope) -> Request:
    """The head of a request as `phonotheque.publish.web` reads it."""
    return Request(scope["method"], scope["path"], fields_of(scope), is_kept=True)


def fields_of(scope: Scope) -> Mapping[str, str]:
    """Headers, names in lower case; several of one name with commas between, cookies with
    semicolons (RFC 9113, 8.2.3)."""
    known: Mapping[str, str] | None = scope.get("fields")
    if known is not None:
        return known
    fields: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name in fields:
            value = fields[name] + ("; " if name == "cookie" else ", ") + value
        fields[name] = value
    scope["fields"] = fields
    return fields


def _start(status: HTTPStatus, fields: Mapping[str, str]) -> Message:
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in fields.items()]
    return {"type": "http.response.start", "status": status.value, "headers": headers}


def disposition(kind: str, file_name: str) -> str:
    """A Content-Disposition with a name in any script. Source: RFC 6266, RFC 8187."""
    plain = _NOT_PLAIN.sub("_", file_name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
