"""Pages of one item and of what was removed.

Laws: the page of what was removed stays, with the reason, and says so to programs (410); the page
of what is held and may not be given says why (its bytes are answered with 451).

Source: RFC 9110 section 15.5.11 (410), RFC 7725 (451). Not here: forms (`letter_routes`).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from phonotheque.errors import BadReferenceError, BadRequestError
from phonotheque.listen.item_values import Item
from phonotheque.listen.items.letter_routes import add_letters
from phonotheque.listen.items.room import ItemRoom
from phonotheque.listen.pages.rendering import words_of
from phonotheque.listen.pages.words import Words
from phonotheque.listen.threads import PageRoute
from phonotheque.listen.values import Gone, Hit
from phonotheque.music.digest import Sha256

MOST_PAGES = 10_000


def item_routes(room: ItemRoom) -> APIRouter:
    """Return the addresses of items, reports and removals."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)
    _add_items(router, room)
    add_letters(router, room)
    return router


def _add_items(router: APIRouter, room: ItemRoom) -> None:
    @router.api_route("/item/{name}", methods=["GET", "HEAD"])
    def item(request: Request, name: str) -> Response:
        gid = _gid(room, name)
        if str(gid) != name:
            return RedirectResponse(f"/item/{gid}", status_code=302)
        found = room.item(gid)
        if isinstance(found, Gone):
            return room.pages.html(request, "gone.html", status=410, gone=found)
        if found.hit.gid != gid:  # given up for another, or another's
            return RedirectResponse(f"/item/{found.hit.gid}", status_code=302)
        return room.pages.html(request, "item.html", **_shown(words_of(request), found))

    @router.api_route("/log", methods=["GET", "HEAD"])
    def log(request: Request, page: int = 1) -> Response:
        if not 1 <= page <= MOST_PAGES:
            raise BadRequestError("page", f"there is no page {page}", "Begin at /log.")
        removals, has_more = room.bulk.removals(page)
        return room.pages.html(
            request, "log.html", removals=removals, has_more=has_more, page=page, here="log"
        )


def _gid(room: ItemRoom, name: str) -> UUID:
    """The gid that an address names: itself, or that of the song whose file has this digest."""
    try:
        if len(name) == 64:
            hit = room.library.song_of(Sha256.parse(name))
            if hit is not None:
                return hit.gid
        return UUID(name)
    except ValueError as error:
        raise BadReferenceError(name[:80], "it is no gid", "Search for the recording.") from error


def _shown(words: Words, item: Item) -> dict[str, Any]:
    """What the template of an item is given beside it."""
    return {
        "item": item,
        "limits": _limits(item),
        "albums": _with_torrents(item),
        "uses": {
            "stream": words("Hear it here"),
            "redistribute": words("Share it"),
            "commercial": words("Use it for money"),
            "derive": words("Change it"),
            "mine": words("Train models on it"),
        },
        "verdicts": {
            "intact": words("Intact"),
            "damaged": words("Damaged"),
            "unknown": words("Not known"),
            "removed": words("Removed"),
        },
        "likenesses": {
            "same": words("Same"),
            "likely": words("Likely"),
            "related": words("Related"),
        },
    }


def _limits(item: Item) -> str:
    """Why what was said of it is no licence to everybody now; "" where it is one, or none was."""
    if item.hit.licence is not None or not any(one.is_governing for one in item.evidence):
        return ""
    return next((one.reason for one in item.permissions if one.use == "redistribute"), "")


def _with_torrents(item: Item) -> tuple[Hit, ...]:
    """Releases whose torrents may be worth asking for: this recording is in them."""
    shared = next((one for one in item.permissions if one.use == "redistribute"), None)
    return item.albums if shared and shared.is_allowed else ()
