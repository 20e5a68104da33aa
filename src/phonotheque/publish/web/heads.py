"""The head of a request as a value, and the answer that follows from it; pure.

Laws: HEAD is answered as GET without the body; an entity tag is strong and is the digest of the
bytes, so that a part is never put to parts of other bytes (`If-Range`); what cannot be understood
for certain is refused and ends the connection, so that nothing can be smuggled behind it; a head is
read in time that grows with its length alone, and no header of an answer can become two.

Source: RFC 9110 sections 5.5, 8.8, 13 and 14; RFC 9112 sections 2 to 6.
Not here: sockets (`server`), what is there to be sent (`shelves`). The listening door reads and
writes its lines as it is done here, too (`archive.listening.plain_requests`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from phonotheque.publish.web.ranges import Span, UnsatisfiableError, parse_range

MAX_HEAD_BYTES = 16 << 10
"""Longest head that is read: browsers send under 2 KiB."""

_LINE = re.compile(rb"([A-Z]{1,16}) ([!-~\x80-\xff]+) HTTP/1\.([01])")

FIELD = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):"
    rb"[ \t]*+([!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?[ \t]*"
)
"""One header: its name, and its value from letter to letter, None when it is empty. Blanks before a
value are never given back, and a value ends with a letter: there is one way to read a line."""


class BadHeadError(Exception):
    """A request that cannot be understood for certain."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        method: "GET", "HEAD" or any other.
        target: As it was written.
        fields: Headers, names in lower case; several of one name with commas between.
        is_kept: Whether the connection may serve another request.
    """

    method: str
    target: str
    fields: Mapping[str, str]
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered.

    Attributes:
        status: The status.
        fields: Headers, without those of the connection.
        span: Which bytes of the file follow; None for none.
        text: What follows instead of a file.
    """

    status: HTTPStatus
    fields: Mapping[str, str] = field(default_factory=dict)
    span: Span | None = None
    text: bytes = b""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known of a file before it is sent.

    Attributes:
        size_bytes: Its length.
        etag: 64 hexadecimal digits: the digest of its bytes.
        fields: Its headers: its type, its licence, what holds for text and data mining.
    """

    size_bytes: int
    etag: str
    fields: Mapping[str, str]


def parse_head(head: bytes) -> Request:
    """Read the head of a request, up to its empty line.

    Raises:
        BadHeadError: It is none of HTTP/1.0 or 1.1, or can be read in two ways.
    """
    line, *rest = head.split(b"\r\n")
    match = _LINE.fullmatch(line)
    if match is None:
        raise BadHeadError
    fields: dict[str, str] = {}
    for raw in rest:
        found = FIELD.fullmatch(raw)
        if found is None:
            raise BadHeadError
        name, value = found[1].decode().lower(), (found[2] or b"").decode("latin-1")
        if name in fields and name in ("host", "content-length", "range"):
            raise BadHeadError
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    is_newer = match[3] == b"1"
    if is_newer and "host" not in fields:
        raise BadHeadError
    # A body is not read, so nothing after it can be told from it.
    has_body = "transfer-encoding" in fields or fields.get("content-length", "0") != "0"
    tokens = {token.strip().lower() for token in fields.get("connection", "").split(",")}
    is_kept = ("close" not in tokens if is_newer else "keep-alive" in tokens) and not has_body
    return Request(match[1].decode(), match[2].decode("latin-1"), fields, is_kept)


def answer(request: Request, shown: Shown | None) -> Answer:
    """Return what is answered to a request.

    Args:
        request: The request.
        shown: What its target names; None when that is nothing that may be given.
    """
    if request.method not in ("GET", "HEAD"):
        return refuse(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})
    if shown is None:
        return refuse(HTTPStatus.NOT_FOUND)
    etag = f'"{shown.etag}"'
    # Looked at again each time: what was removed must not live on in a cache on the way.
    fields = {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "no-cache", **shown.fields}
    if _names(request.fields.get("if-none-match", ""), etag):
        return Answer(HTTPStatus.NOT_MODIFIED, fields)
    wanted = request.fields.get("range", "")
    if request.method == "HEAD" or request.fields.get("if-range", etag) != etag:
        wanted = ""  # a part of other bytes is of no use to whoever asks (RFC 9110, 13.1.5)
    try:
        span = parse_range(wanted, shown.size_bytes)
    except UnsatisfiableError:
        headers = {"Content-Range": f"bytes */{shown.size_bytes}"}
        return refuse(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers)
    if span is None:
        whole = Span(0, shown.size_bytes)
        return Answer(HTTPStatus.OK, {**fields, "Content-Length": str(whole.size_bytes)}, whole)
    fields["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{shown.size_bytes}"
    fields["Content-Length"] = str(span.size_bytes)
    return Answer(HTTPStatus.PARTIAL_CONTENT, fields, span)


def _names(header: str, etag: str) -> bool:
    """Whether a list of entity tags names this one; weak comparison, as RFC 9110, 13.1.2 has it."""
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return etag in tags or "*" in tags


_WORDS = {
    HTTPStatus.BAD_REQUEST: "This request cannot be understood.",
    HTTPStatus.NOT_FOUND: "There is nothing here that may be given.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Things can only be fetched here: GET and HEAD.",
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: "The file ends before that.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The head of the request is too long.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many connections from one address. Wait a little.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong here. Whoever runs this was told.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Too busy, or the archive is at work. Wait a little.",
}


def refuse(status: HTTPStatus, fields: Mapping[str, str] | None = None) -> Answer:
    """Return a refusal with a sentence for people."""
    text = f"{_WORDS[status]}\n".encode()
    said = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(text))}
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        said["Retry-After"] = "10"
    return Answer(status, {**said, "Cache-Control": "no-store", **(fields or {})}, text=text)


def encode_head(reply: Answer, date: str, *, is_kept: bool) -> bytes:
    """Return the head of an answer as bytes.

    Args:
        reply: The answer.
        date: This instant, as HTTP writes it.
        is_kept: Whether the connection may serve another request.

    Raises:
        ValueError: A header has an end of line in it, or letters that headers cannot have.
    """
    fields = {
        "Date": date,
        "Server": "Phonotheque",
        "Access-Control-Allow-Origin": "*",  # all of it is for everybody, other pages' scripts too
        "X-Content-Type-Options": "nosniff",
        **reply.fields,
        "Connection": "keep-alive" if is_kept else "close",
    }
    lines = [f"HTTP/1.1 {reply.status.value} {reply.status.phrase}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return join_lines([line.encode("latin-1") for line in lines])


def join_lines(lines: Sequence[bytes]) -> bytes:
    """Return a head of its lines, with the empty one that ends it.

    Raises:
        ValueError: One has an end of line in it: it would be two.
    """
    head = b"\r\n".join((*lines, b"", b""))
    if head.count(b"\n") != len(lines) + 1 or head.count(b"\r") != len(lines) + 1:
        raise ValueError("a header has an end of line in it")
    return head
