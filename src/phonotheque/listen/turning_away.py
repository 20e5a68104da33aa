"""What the rim answers by itself: to who asks too often, sends too much, or comes from elsewhere.

Law: each says what is wrong and what to do, in words that any program can read (JSON), and is kept
by no cache.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse


def too_often(wait_s: float) -> JSONResponse:
    """Tell when to come again, and where all of it can be had at once."""
    body = {
        "error": "too-often",
        "thing": "this address",
        "wrong": "it asks more often than a person and his machine would",
        "todo": "Wait a little. All that is free can be had at once at /torrents/.",
    }
    fields = {"Retry-After": str(int(wait_s) + 1), "Link": '</torrents/>; rel="alternate"'}
    return _answer(429, body, fields)


def too_long(most_bytes: int) -> JSONResponse:
    """Tell how much may be sent."""
    body = {
        "error": "too-long",
        "thing": "this request",
        "wrong": f"it has more than {most_bytes >> 10} KiB",
        "todo": "Send less at once.",
    }
    return _answer(413, body)


def forged() -> JSONResponse:
    """Refuse what the page of another site sent in somebody's name."""
    body = {
        "error": "another-site",
        "thing": "this request",
        "wrong": "it comes from a page of another site",
        "todo": "Open the page here and send its form again.",
    }
    return _answer(403, body)


def mistake(number: str) -> JSONResponse:
    """Own up to a mistake of ours, and say nothing else of it; `number` is the request's."""
    body = {
        "error": "mistake",
        "thing": f"request {number}",
        "wrong": "something went wrong here",
        "todo": "Whoever runs this was told. Ask again later.",
    }
    return _answer(500, body)


def _answer(
    status: int, body: Mapping[str, str], fields: Mapping[str, str] | None = None
) -> JSONResponse:
    headers = {**(fields or {}), "Cache-Control": "no-store"}
    return JSONResponse(body, status_code=status, headers=headers)
