"""Addresses of the bulk door below `/torrents/`: releases minted on demand, and all that is
published, which stands at the top as well: whoever follows the archive's address finds it there.

Laws: what is asked for by a path is looked up as the bulk door's own server does, and refused as it
refuses: nobody learns whether a thing is absent or withheld; a torrent of a release names only what
may be shared when it is asked for, and its web seed asks again for every file.

Source: BEP 19 (the path of a web seed: base, then the torrent's folder, then the file).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import UUID

from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from starlette.responses import RedirectResponse

from phonotheque.errors import BadReferenceError, NotShareableError
from phonotheque.listen.items.in_memory import InMemory
from phonotheque.listen.items.ports import BulkDoor
from phonotheque.listen.items.sent import Sent
from phonotheque.listen.pages.rendering import Pages, words_of
from phonotheque.listen.pages.words import Words
from phonotheque.listen.ports import Copies, Library
from phonotheque.listen.sound.ports import Resource
from phonotheque.listen.sound.traffic import Traffic
from phonotheque.listen.threads import PageRoute
from phonotheque.listen.values import Gone
from phonotheque.publish.web.paths import INDEX, parse_target

TORRENT_TYPE = "application/x-bittorrent"


@dataclass(frozen=True, slots=True)
class TorrentRoom:
    """What the torrents are served from."""

    library: Library
    copies: Copies
    bulk: BulkDoor
    pages: Pages
    traffic: Traffic


def torrent_routes(room: TorrentRoom) -> APIRouter:
    """Return the addresses of torrents. The last of all rooms: it has an answer to every path."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)

    @router.api_route("/torrents", methods=["GET", "HEAD"])
    def to_folder() -> Response:
        return RedirectResponse("/torrents/", status_code=308)

    @router.api_route("/torrents/release/{name}", methods=["GET", "HEAD"])
    def release(name: str) -> Response:
        return Sent(_release(room, _gid_of(name)), room.traffic, is_kept=True)

    @router.api_route("/torrents/seed/{gid}/{path:path}", methods=["GET", "HEAD"])
    def web_seed(request: Request, gid: UUID, path: str) -> Response:
        # Compared with the torrent's own paths and no other: no form of a path can lead elsewhere.
        found = room.copies.release_file(gid, tuple(path.split("/")))
        if found is None:
            raise _nothing(request)
        return Sent(found, room.traffic)

    @router.api_route("/torrents/{path:path}", methods=["GET", "HEAD"])
    def published(request: Request) -> Response:
        parts = _parts(request)
        found = room.bulk.find(parts[1:]) or room.bulk.find(parts)
        if found is not None:
            return Sent(_under_this_roof(found, words_of(request)), room.traffic)
        if parts[1:] != (INDEX,):
            raise _nothing(request)
        return room.pages.html(request, "no_torrents.html", here="torrents")

    @router.api_route("/{path:path}", methods=["GET", "HEAD"])
    def at_the_top(request: Request) -> Response:
        found = room.bulk.find(_parts(request))
        if found is None:
            raise _nothing(request)
        return Sent(_under_this_roof(found, words_of(request)), room.traffic)

    return router


_NAVIGATION = b'<nav aria-label="Main">'
"""What the head of every published page has, see `publish.pages` and its `frame.html`."""


def _under_this_roof(found: Resource, words: Words) -> Resource:
    """Give a published page a way to the pages for listening: it knows only of its own folder."""
    if not found.media_type.startswith("text/html"):
        return found
    try:
        page = found.data.read(0, found.size_bytes)
    finally:
        found.data.close()
    link = Markup('\n<a href="/">{}</a>').format(words("Listen")).encode()
    page = page.replace(_NAVIGATION, _NAVIGATION + link, 1)
    return replace(
        found,
        size_bytes=len(page),
        etag=sha256(page).hexdigest(),
        data=InMemory(page),
        path=None,
    )


def _gid_of(name: str) -> UUID:
    stem, _, ending = name.rpartition(".")
    try:
        if ending == "torrent":
            return UUID(stem)
    except ValueError:
        pass
    raise BadReferenceError(name[:80], "no release has this address", "Search for the release.")


def _release(room: TorrentRoom, gid: UUID) -> Resource:
    made = room.copies.release(gid)
    if made is not None:
        return Resource(
            size_bytes=len(made.data),
            etag=sha256(made.data).hexdigest(),  # trackers and web seeds are not in the info-hash
            media_type=TORRENT_TYPE,
            file_name=f"{made.name}.torrent",
            data=InMemory(made.data),
        )
    album = room.library.album(gid)
    if album is None or isinstance(album, Gone):
        raise BadReferenceError(str(gid), "there is no such release", "Search for it.")
    raise NotShareableError(
        str(gid), "nothing of it may be shared in a torrent", "Its songs' pages say why."
    )


def _parts(request: Request) -> tuple[str, ...]:
    """Parts of the path as they were sent, a folder as its first page.

    Raises:
        BadReferenceError: It is not written in the one plain way: nothing has such a path.
    """
    raw = request.scope.get("raw_path") or request.url.path.encode()
    target = raw.decode("latin-1").partition("?")[0]
    found = parse_target(f"{target}{INDEX}" if target.endswith("/") else target)
    if found is None:
        raise _nothing(request)
    return found


def _nothing(request: Request) -> BadReferenceError:
    path = request.url.path[:200]
    return BadReferenceError(path, "there is nothing here", "Search, or see the home page.")
