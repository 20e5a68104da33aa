"""The page that tells everybody what the guard watches here, why and for how long.

Law: what it says of this archive comes from its settings and from what its guard does now; what
is the same in every archive stands in the template, and is held against the code by a test.
`docs/explanation/what-the-guard-watches.md` says the same at more length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from phonotheque.listen.gate import ABOUT_GUARD
from phonotheque.listen.pages.rendering import Pages
from phonotheque.listen.threads import PageRoute
from phonotheque.listen.values import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """How one archive is guarded. Instants are ISO 8601 in UTC, "" for none.

    Attributes:
        in_hour, in_day, in_month: Restricted recordings that are new to an account which it may
            open in an hour, a day, 30 days; where one is 0, none is opened.
        log_days: Days of which the access log is kept; 0 where none is written.
        watched_at: When the program that looks at the log last wrote down what it knows.
        shadow_until: Until when what that program finds is not carried out.
    """

    in_hour: int
    in_day: int
    in_month: int
    log_days: int
    watched_at: str = ""
    shadow_until: str = ""


def guard_routes(
    pages: Pages, counts: Callable[[], Counts], watched: Callable[[], Watched]
) -> APIRouter:
    """Return the address of the page.

    Args:
        counts: How much there is, and how much of it is free.
        watched: Asked for each answer.
    """
    router = APIRouter(route_class=PageRoute, include_in_schema=False)

    @router.api_route(ABOUT_GUARD, methods=["GET", "HEAD"])
    def about_guard(request: Request) -> Response:
        told = counts()
        return pages.html(
            request, "guard.html", watched=watched(), is_all_free=told.held == told.free
        )

    return router
