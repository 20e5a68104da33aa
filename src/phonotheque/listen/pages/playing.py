"""What the player needs beside pages of things: draws, waveforms, sleeves, playlists, embedding.

Laws: a draw says from how many, and its seed draws the same again; a playlist that comes in is only
names to look up. That others may frame the embedded player, and it alone, is the rim's matter.
"""

from __future__ import annotations

import json
from time import monotonic
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from phonotheque.derive.waveform import levels
from phonotheque.errors import BadRequestError
from phonotheque.listen.pages.asking import House, gid_of, unknown
from phonotheque.listen.pages.browsing import embed_code
from phonotheque.listen.pages.drawing import drawn_sleeve
from phonotheque.listen.pages.drawn import DRAWN_AT_ONCE, Asked, draw_view
from phonotheque.listen.pages.playable import album_songs, cover_path, may_play, playable
from phonotheque.listen.pages.playlists import (
    JSPF_TYPE,
    M3U_TYPE,
    MOST_BYTES,
    Named,
    format_jspf,
    format_m3u8,
    parse_playlist,
)
from phonotheque.listen.pages.rendering import words_of
from phonotheque.listen.pages.said import PATHS
from phonotheque.listen.pages.uploads import uploaded
from phonotheque.listen.sound.sending import disposition
from phonotheque.listen.threads import in_thread
from phonotheque.listen.values import Album, Hit, Song
from phonotheque.music.file_names import safe_part

_FOR_MINUTES = {"Cache-Control": "public, max-age=300"}
"""What may be removed, or measured anew."""

_NOT_KEPT = {"Cache-Control": "no-store"}
_BARS = 200
_SLEEVE_SONGS = 7
_LOOKED_UP = 50
"""Entries of a playlist without a gid that are searched for; the rest is told as not found."""

_LOOKED_UP_S = 2.0
"""For how long, of one playlist."""

_EMBED_SIZE = (480, 82)


def add_playing(router: APIRouter, house: House) -> None:
    """Add the routes around the player."""
    for path, template, here in (
        ("/player", "player.html", "player"),
        ("/shelf", "shelf.html", "shelf"),
        ("/help", "help.html", "help"),
    ):
        _add_page(router, house, path, template, here)

    @router.get("/shuffle")
    def shuffle(
        request: Request, heard: str = "", licence: str = "", seed: str = "", after: int = 0
    ) -> Response:
        return _shuffle(request, house, Asked(heard, licence), seed, after)

    @router.get("/shuffle.json")
    def draw(heard: str = "", licence: str = "", seed: str = "", after: int = 0) -> Response:
        pool = Asked(heard, licence).pool()
        drawn = house.ports.library.draw(pool, seed=seed, after=after, limit=DRAWN_AT_ONCE)
        told = {
            "songs": [playable(hit) for hit in drawn.hits],
            "count": drawn.count,
            "seed": drawn.seed,
            "after": drawn.after,
        }
        return JSONResponse(told, headers=_NOT_KEPT)

    @router.get("/wave/{gid}.json")
    def wave_points(request: Request, gid: str) -> Response:
        return _wave_points(house, gid_of(request, gid))

    @router.get("/sleeve/{gid}.svg")
    def sleeve(request: Request, gid: str) -> Response:
        return _sleeve(house, gid_of(request, gid))


def add_passing_on(router: APIRouter, house: House) -> None:
    """Add the routes by which music goes to other players and pages, and lists come in."""

    @router.get("/playlist/album/{gid}.{form}")
    def playlist(request: Request, gid: str, form: str) -> Response:
        return _playlist(request, house, gid, form)

    @router.post("/playlist/import")
    async def bring_in(request: Request) -> Response:
        name, data = await uploaded(request, MOST_BYTES)
        return await in_thread(_bring_in)(request, house, name, data)

    @router.get("/embed/{gid}")
    def embed(request: Request, gid: str) -> Response:
        return _embed(request, house, gid_of(request, gid))

    @router.get("/oembed")
    def oembed(request: Request, url: str = "", format: str = "json") -> Response:
        return _oembed(request, house, url, format)

    @router.get("/opensearch.xml")
    def opensearch(request: Request) -> Response:
        text = house.pages.text(request, "opensearch.xml")
        return Response(text, media_type="application/opensearchdescription+xml")


def _add_page(router: APIRouter, house: House, path: str, template: str, here: str) -> None:
    @router.get(path)
    def page(request: Request) -> Response:
        return house.pages.html(request, template, here=here)


def _shuffle(request: Request, house: House, asked: Asked, seed: str, after: int) -> Response:
    library = house.ports.library
    drawn = library.draw(asked.pool(), seed=seed, after=after, limit=DRAWN_AT_ONCE)
    view = draw_view(words_of(request), library, asked, drawn, after)
    headers = {} if seed else _NOT_KEPT
    return house.pages.html(request, "shuffle.html", headers=headers, here="browse", draw=view)


def _wave_points(house: House, gid: UUID) -> Response:
    """What the deck draws and levels by: left and right peaks of each bar, 0 to 255."""
    points, bars = house.ports.pictures.points(gid), []
    if points is not None:
        bars = (levels(points, _BARS)[:, (0, 2)] * 255).round().astype(int).flatten().tolist()
    told = {
        "bars": bars,
        "gainDb": house.ports.sounds.gain_db(gid),
        "lengthMs": house.ports.sounds.length_ms(gid),
    }
    # Of what is not measured yet nothing is kept: the next build may know it.
    return JSONResponse(told, headers=_NOT_KEPT if points is None else _FOR_MINUTES)


def _sleeve(house: House, gid: UUID) -> Response:
    album = house.ports.library.album(gid)
    gids = [song.gid for song in album_songs(album)] if isinstance(album, Album) else [gid]
    found = [house.ports.pictures.points(one) for one in gids[:_SLEEVE_SONGS]]
    drawn = drawn_sleeve(gid, [points for points in found if points])
    return Response(drawn, media_type="image/svg+xml", headers=_FOR_MINUTES)


# -- playlists ------------------------------------------------------------------------------------


def _playlist(request: Request, house: House, gid: str, form: str) -> Response:
    album = house.find(request, gid, house.ports.library.album)
    if isinstance(album, Response):
        return album
    origin, songs = house.pages.origin(request), album_songs(album)
    match form:
        case "m3u8":
            text, kind = format_m3u8(album.hit.title, songs, origin), M3U_TYPE
        case "jspf":
            text, kind = format_jspf(album.hit.title, songs, origin), JSPF_TYPE
        case _:
            raise unknown(request)
    name = safe_part(" - ".join(filter(None, (album.hit.credit, album.hit.title))))
    fields = {"Content-Disposition": disposition("attachment", f"{name}.{form}")}
    return Response(text, media_type=kind, headers=fields)


def _bring_in(request: Request, house: House, name: str, data: bytes) -> Response:
    title, entries = parse_playlist(data)
    hits, missing = _looked_up(house, entries)
    return house.pages.html(
        request,
        "playlist.html",
        headers=_NOT_KEPT,
        here="shelf",
        title=title or name or str(words_of(request)("A playlist")),
        hits=hits,
        missing=missing,
        playable=[hit for hit in hits if may_play(hit)],
    )


def _looked_up(house: House, entries: list[Named]) -> tuple[list[Hit], list[str]]:
    """Find the songs of a playlist: by gid, else by name; what was not found, as written."""
    library = house.ports.library
    gids = [entry.gid for entry in entries if entry.gid]
    known = dict(zip(gids, library.by_gids(gids), strict=True)) if gids else {}
    hits, missing, searched = [], [], 0
    until = monotonic() + _LOOKED_UP_S
    for entry in entries:
        hit = known.get(entry.gid) if entry.gid else None
        is_in_time = searched < _LOOKED_UP and monotonic() < until
        if not isinstance(hit, Hit) and entry.title and is_in_time:
            searched += 1
            hit = _sought(house, entry)
        if isinstance(hit, Hit) and hit.kind == "recording":
            hits.append(hit)
        else:
            missing.append(" - ".join(part for part in (entry.creator, entry.title) if part))
    return hits, missing


def _sought(house: House, entry: Named) -> Hit | None:
    """The best song of that name; words that mean something in a query are only words here."""
    text = " ".join(
        "".join(c if c.isalnum() else " " for c in f"{entry.creator} {entry.title}").split()
    )
    try:
        found = house.ports.library.suggest(text, limit=1).songs
    except BadRequestError:
        return None
    is_meant = found.hits and found.used in ("exact", "identifier")
    return found.hits[0] if is_meant else None


# -- on other pages -------------------------------------------------------------------------------


def _embed(request: Request, house: House, gid: UUID) -> Response:
    hit, songs = _embedded(house, gid)
    if hit is None or not songs:
        raise unknown(request)
    return house.pages.html(
        request,
        "embed.html",
        title=hit.title,
        by=hit.credit or "",
        cover=cover_path(hit),
        thing_path=f"{PATHS[hit.kind]}{hit.gid}",
        songs=json.dumps([playable(song) for song in songs], ensure_ascii=False),
        first=songs[0].gid,
    )


def _embedded(house: House, gid: UUID) -> tuple[Hit | None, list[Hit]]:
    """A song or album, and what is played of it."""
    song = house.ports.library.song(gid)
    if isinstance(song, Song):
        return song.hit, [song.hit] if may_play(song.hit) else []
    album = house.ports.library.album(gid)
    return (album.hit, album_songs(album)) if isinstance(album, Album) else (None, [])


def _oembed(request: Request, house: House, url: str, form: str) -> Response:
    """Answer with a player for the address of a song or album. Source: oembed.com, 2.3."""
    everybody = {"Access-Control-Allow-Origin": "*"}
    if form != "json":
        return JSONResponse({"error": "only JSON is given"}, 501, headers=everybody)
    origin = house.pages.origin(request)
    is_ours = len(url) < 2000 and url.startswith(f"{origin}/")
    steps = urlsplit(url).path.split("/") if is_ours else []
    if len(steps) != 3 or steps[1] not in ("song", "album"):
        raise unknown(request)
    hit, songs = _embedded(house, gid_of(request, steps[2]))
    if hit is None or not songs:
        raise unknown(request)
    width, height = _EMBED_SIZE
    told = {
        "version": "1.0",
        "type": "rich",
        "title": hit.title,
        "author_name": hit.credit or "",
        "provider_name": house.pages.archive,
        "provider_url": f"{origin}/",
        "thumbnail_url": f"{origin}{cover_path(hit)}",
        "thumbnail_width": 250,
        "thumbnail_height": 250,
        "html": embed_code(origin, hit),
        "width": width,
        "height": height,
    }
    return JSONResponse(told, headers=everybody)
