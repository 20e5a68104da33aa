"""How every request of the API is answered: errors as problems, strong ETags, CORS for reading.

Laws: an error of ours becomes a problem (RFC 9457) with its own status; the ETag is a digest of the
very bytes, so equal tags mean equal answers, and who has them already is told so with 304; any page
of any site may read, because nothing here depends on who asks.

Source: RFC 9110 sections 8.8.3 and 13.1.2 (ETag, If-None-Match), RFC 9457, the Fetch standard (CORS
protocol).
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from phonotheque.errors import BadRequestError, NotHeldError, PhonothequeError
from phonotheque.listen.api.values import Problem
from phonotheque.listen.api.writing import encoded
from phonotheque.listen.http_status import http_status, told_thing
from phonotheque.listen.threads import ThreadRoute
from phonotheque.listen.values import Gone

JSON = "application/json"
PROBLEM = "application/problem+json"
CACHE_S = 30
"""How long an answer may be used again unasked: what is removed is gone from copies soon."""
RETRY_S = 10

CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "ETag, Link, Retry-After",
}
PREFLIGHT = {
    "access-control-allow-methods": "GET, HEAD, POST",
    "access-control-allow-headers": "Accept, Content-Type, If-None-Match",
    "access-control-max-age": "86400",
}


class ApiRoute(ThreadRoute):
    """A route whose every answer keeps the laws of this module."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Return what answers a request."""
        answer = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                response = await answer(request)
            except RequestValidationError as error:
                return problem(request, _refusal(error))
            except HTTPException as error:  # a body that is no JSON
                return problem(request, _unread(error), status=error.status_code)
            except PhonothequeError as error:
                return problem(request, error)
            return _tagged(request, response)

        return guarded


def reply(value: Any, *, link: str | None = None) -> Response:
    """Return the answer that a value is.

    Args:
        link: Where the next page is; None when this is the last.
    """
    headers = {"cache-control": f"public, max-age={CACHE_S}"}
    if link is not None:
        headers["link"] = f'<{link}>; rel="next"'
    return Response(encoded(value), media_type=JSON, headers=headers)


def problem(
    request: Request,
    error: PhonothequeError,
    *,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer that an error is."""
    number = status or http_status(error)
    thing = told_thing(error, number)
    told = Problem(
        type=f"urn:phonotheque:error:{error.code}",
        title=_title(error),
        status=number,
        detail=f"{thing}: {error.wrong}. {error.todo}",
        instance=request.url.path,
        code=error.code,
        thing=thing,
        wrong=error.wrong,
        todo=error.todo,
    )
    more = {"retry-after": str(RETRY_S)} if number == 503 else {}
    fields = {**CORS, "cache-control": "no-store", **more, **(headers or {})}
    return Response(encoded(told), number, fields, PROBLEM)


def withdrawn(gone: Gone) -> NotHeldError:
    """What is said of something withdrawn."""
    why = gone.public_note or gone.reason or "no reason is recorded"
    when = f" on {gone.decided_at}" if gone.decided_at else ""
    return NotHeldError(str(gone.gid), f"it was withdrawn{when}: {why}", "See /log.")


def _title(error: PhonothequeError) -> str:
    first = (type(error).__doc__ or "").strip().split("\n")[0]
    return first.rstrip(".")


def _unread(error: HTTPException) -> BadRequestError:
    wrong = str(error.detail)[:200]
    return BadRequestError(
        "the request", wrong[:1].lower() + wrong[1:], "See /api/v1/openapi.json."
    )


def _refusal(error: RequestValidationError) -> BadRequestError:
    """The first thing that is wrong with a request, in our words."""
    found = error.errors()[0]
    where = [str(part) for part in found.get("loc", ()) if part not in ("query", "path", "body")]
    thing = ".".join(where) or "the request"
    wrong = str(found.get("msg", "cannot be read"))
    return BadRequestError(
        thing[:100], wrong[:1].lower() + wrong[1:200], "See /api/v1/openapi.json."
    )


def _tagged(request: Request, response: Response) -> Response:
    for name, value in CORS.items():
        response.headers[name] = value
    if response.status_code != 200 or request.method not in ("GET", "HEAD"):
        return response
    tag = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    if _is_known(request.headers.get("if-none-match", ""), tag):
        kept = {
            name: value
            for name, value in response.headers.items()
            if name not in ("content-length", "content-type")
        }
        return Response(status_code=304, headers={**kept, "etag": tag})
    response.headers["etag"] = tag
    return response


def _is_known(header: str, tag: str) -> bool:
    """Whether one of the tags that a client has is this one; weak ones compare equal."""
    if header.strip() == "*":
        return True
    return tag in (one.strip().removeprefix("W/") for one in header.split(","))
