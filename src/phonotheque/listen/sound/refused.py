"""What somebody is answered whom the guard refuses a recording: a page, or values.

Law: both say why, when to come again, and where more can be done or read; no cache keeps either.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from phonotheque.listen.asked_form import prefers_page
from phonotheque.listen.gate import Refusal

RefusalPage = Callable[[Request, Refusal], Response]
"""Makes the answer for a person who sees it in a browser."""

_BULK = "All that is free can be had at once at the bulk door: /torrents/."


def refusal_response(refusal: Refusal, scope: Scope, page: RefusalPage | None) -> Response:
    """The answer to who is to come again later.

    Args:
        page: None where there are no pages.
    """
    request = Request(scope)
    if page is not None and prefers_page(request.headers.get("accept", "")):
        response = page(request, refusal)
    else:
        response = JSONResponse(_values(refusal), status_code=429)
    response.headers["Retry-After"] = str(refusal.retry_after_s)
    response.headers["Link"] = '</torrents/>; rel="alternate"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _values(refusal: Refusal) -> dict[str, str]:
    return {
        "error": "too-many",
        "thing": "sound",
        "wrong": refusal.reason,
        "todo": f"{refusal.act}: {refusal.page}. {refusal.todo} {_BULK}",
        "page": refusal.page,
        "act": refusal.act,
    }
