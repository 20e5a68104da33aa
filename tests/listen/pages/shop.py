"""A small library in memory behind the ports of the listening door, with sound that plays.

It keeps the laws that the ports' docstrings state; who wants the real one opens an archive.
"""

from __future__ import annotations

import io
import math
import random
import wave
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid5

import numpy as np
from fastapi import FastAPI
from PIL import Image
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from phonotheque.catalogue.kinds import Kind
from phonotheque.errors import BadReferenceError
from phonotheque.listen.app import Health, make_app
from phonotheque.listen.metrics import Metrics, make_metrics
from phonotheque.listen.pages.about_guard import Watched, guard_routes
from phonotheque.listen.pages.rendering import Pages
from phonotheque.listen.pages.routes import page_routes
from phonotheque.listen.ports import Ports
from phonotheque.listen.sound.ports import Asked as SoundAsked
from phonotheque.listen.sound.ports import Offer
from phonotheque.listen.values import (
    Album,
    AlbumTrack,
    Answer,
    Artist,
    Choice,
    Counts,
    Drawn,
    Facet,
    Gone,
    Hit,
    Label,
    Link,
    Listing,
    Mention,
    Order,
    Pool,
    Shelf,
    Song,
    Suggestions,
)
from phonotheque.music.digest import Sha256
from phonotheque.music.rights import Code, Verdict

SPACE = UUID("5f3f1a52-7ab1-4a0c-9d0e-1f6f4f6f2b11")
BY_SA = "https://creativecommons.org/licenses/by-sa/4.0/"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"

ALBUMS = (
    (
        "Ledger of Small Rains",
        "Saltmarsh Relay",
        "Tidewrack Editions",
        2019,
        BY_SA,
        (
            "Gauge at Zero",
            "Ferry, Unlit",
            "A Clerk Counts the Drops",
            "Tide Table, Read Aloud",
            "Small Rains",
            "Ledger Closed",
        ),
    ),
    (
        "Office Hours",
        "Bureau of Small Bells",
        "Tidewrack Editions",
        2024,
        CC0,
        (
            "Lunch Is Rung",
            "Rain Delay at the Velodrome",
            "The Eleven Silences",
        ),
    ),
    (
        "Return to Weather",
        "Kestrel Post Office",
        "Depot",
        2014,
        BY_SA,
        (
            "It Rained on the Envelope",
            "Forecast: Rain, Then Cake",
        ),
    ),
)

HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>\u202egnp.exe{{7*7}}"


GUARDED = Watched(
    in_hour=40, in_day=300, in_month=2_000, log_days=14, watched_at="2026-11-23T06:00:00Z"
)


def gid(name: str) -> UUID:
    """The gid of a thing in this library."""
    return uuid5(SPACE, name)


class Shop:
    """All ports at once.

    Args:
        albums: Title, artist, label, year, licence, titles of songs.
        length_ms: Of every song.
    """

    def __init__(self, albums: Sequence[tuple] = ALBUMS, length_ms: int = 20_000) -> None:
        self.length_ms = length_ms
        self.streamed: set[UUID] = set()
        self.hits: dict[UUID, Hit] = {}
        self.albums: dict[UUID, Album] = {}
        self.gone: dict[UUID, Gone] = {}
        self.covers: set[UUID] = set()
        self.listeners: dict[UUID, int] = {}
        self.refused: dict[UUID, Verdict] = {}
        for album in albums:
            self._put(*album)

    def _put(self, title, credit, label, year, licence, titles) -> None:
        artist = self._keep(Hit(kind=Kind.ARTIST, gid=gid(f"artist {credit}"), title=credit))
        house = self._keep(Hit(kind=Kind.LABEL, gid=gid(f"label {label}"), title=label))
        made = {
            "credit": credit,
            "artist": Mention(artist.title, artist.gid),
            "year": year,
            "licence": licence,
            "is_held": True,
            "is_free": True,
            "genres": ("field recording", "slow"),
        }
        album = self._keep(
            Hit(
                kind=Kind.RELEASE,
                gid=gid(f"album {title}"),
                title=title,
                songs=len(titles),
                label=Mention(house.title, house.gid),
                **made,
            )
        )
        tracks = []
        for place, name in enumerate(titles, 1):
            song = self._keep(
                Hit(
                    kind=Kind.RECORDING,
                    gid=gid(f"song {title} {name}"),
                    title=name,
                    album=Mention(title, album.gid),
                    length_ms=self.length_ms,
                    **made,
                )
            )
            tracks.append(
                AlbumTrack(medium=1, position=place, number=str(place), title=name, song=song)
            )
        self.albums[album.gid] = Album(
            hit=album,
            tracks=tuple(tracks),
            length_ms=len(titles) * self.length_ms,
            labels=(Mention(house.title, house.gid),),
        )
        self.covers.add(album.gid)

    def _keep(self, hit: Hit) -> Hit:
        return self.hits.setdefault(hit.gid, hit)

    def named(self, title: str) -> Hit:
        return next(hit for hit in self.hits.values() if hit.title == title)

    def of(self, kind: Kind) -> list[Hit]:
        return [hit for hit in self.hits.values() if hit.kind is kind]

    # -- Library ----------------------------------------------------------------------------------

    def version(self) -> str:
        return "1"

    def counts(self) -> Counts:
        songs = self.of(Kind.RECORDING)
        return Counts(
            songs=len(songs),
            albums=len(self.albums),
            artists=len(self.of(Kind.ARTIST)),
            labels=len(self.of(Kind.LABEL)),
            held=len(songs),
            free=len(songs),
            as_of="2026-11-20T12:00:00Z",
        )

    def search(self, text, kind=None, *, limit=20, is_typing=False) -> Answer:
        words = text.casefold().split()
        found = [
            hit
            for hit in self.hits.values()
            if (kind is None or hit.kind is kind)
            and all(word in f"{hit.title} {hit.credit or ''}".casefold() for word in words)
        ]
        return Answer(tuple(found[:limit]))

    def suggest(self, text, *, limit=6) -> Suggestions:
        kinds = (Kind.RECORDING, Kind.RELEASE, Kind.ARTIST, Kind.LABEL)
        return Suggestions(*(self.search(text, kind, limit=limit) for kind in kinds))

    def by_gids(self, gids):
        return [self.gone.get(one) or self.hits.get(one) for one in gids]

    def by_isrcs(self, codes):
        return [[] for _ in codes]

    def by_barcodes(self, codes):
        return [[] for _ in codes]

    def _of_kind(self, one, kind):
        hit = self.hits.get(one)
        return hit if hit and hit.kind is kind else None

    def song(self, one):
        if one in self.gone:
            return self.gone[one]
        hit = self._of_kind(one, Kind.RECORDING)
        if hit is None:
            return None
        albums = (self.hits[hit.album.gid],) if hit.album and hit.album.gid else ()
        return Song(hit=hit, albums=albums)

    def album(self, one):
        return self.gone.get(one) or self.albums.get(one)

    def artist(self, one):
        hit = self._of_kind(one, Kind.ARTIST)
        if hit is None:
            return self.gone.get(one)
        links = (Link(scheme="support", value="x", address="https://example.org/pay"),)
        return Artist(
            hit=hit,
            albums=self.listing(Choice(kind=Kind.RELEASE, artist=one)),
            songs=self.listing(Choice(artist=one)),
            links=links,
        )

    def label(self, one):
        hit = self._of_kind(one, Kind.LABEL)
        if hit is None:
            return self.gone.get(one)
        return Label(hit=hit, albums=self.listing(Choice(kind=Kind.RELEASE, label=one)))

    def listing(self, choice: Choice, *, after=None, limit=50) -> Listing:
        found = [hit for hit in self.of(choice.kind) if self._is_meant(hit, choice)]
        found = [hit for hit in found if choice.is_free in (None, hit.is_free)]
        if choice.order is Order.NEW:
            found.reverse()
        begin = int(after or 0)
        page = found[begin : begin + limit]
        more = str(begin + limit) if begin + limit < len(found) else None
        return Listing(tuple(page), more)

    def _is_meant(self, hit: Hit, choice: Choice) -> bool:
        return (
            (choice.artist is None or (hit.artist is not None and hit.artist.gid == choice.artist))
            and (choice.label is None or (hit.label is not None and hit.label.gid == choice.label))
            and (choice.genre is None or choice.genre in hit.genres)
            and (choice.years is None or hit.year == choice.years[0])
            and (choice.licence is None or choice.licence == self._licence(hit))
        )

    @staticmethod
    def _licence(hit: Hit) -> str:
        return "cc0" if hit.licence == CC0 else "cc-by-sa"

    def shelves(self, facet: Facet) -> tuple[Shelf, ...]:
        songs = self.of(Kind.RECORDING)
        named = {
            Facet.GENRE: lambda hit: hit.genres[0],
            Facet.YEAR: lambda hit: str(hit.year),
            Facet.LICENCE: self._licence,
            Facet.COLLECTION: lambda hit: "netlabels",
        }[facet]
        names = sorted({named(hit) for hit in songs})
        titles = {"cc0": "CC0 1.0", "cc-by-sa": "CC BY-SA"}
        return tuple(
            Shelf(name, titles.get(name, name), sum(named(hit) == name for hit in songs))
            for name in names
        )

    def draw(self, pool: Pool, *, seed="", after=0, limit=20) -> Drawn:
        seed = seed or "7f3a19c2"
        songs = [
            hit
            for hit in self.of(Kind.RECORDING)
            if pool.licence is None or self._licence(hit) == pool.licence
        ]
        random.Random(seed).shuffle(songs)
        end = after + limit
        return Drawn(tuple(songs[after:end]), len(songs), seed, end if end < len(songs) else None)

    def objects(self, one):
        return ()

    def song_of(self, sha256):
        return None

    def formerly(self, name):
        return ()

    # -- Sounds, Pictures, Plays ----------------------------------------------------------------

    def may(self, asked: SoundAsked) -> Offer | None:
        if asked.gid not in self.hits:
            return None
        verdict = self.refused.get(asked.gid, Verdict(Code.LICENSED, "its licence says so"))
        is_free = verdict.allowed and asked.gid not in self.streamed
        return Offer(Sha256(asked.gid.bytes * 2), verdict, is_free=is_free)

    def length_ms_of(self, one):
        return self.length_ms

    def gain_db(self, one):
        return -6.0

    def hue(self, one):
        return one.int % 24

    def points(self, one):
        hit = self._of_kind(one, Kind.RECORDING)
        if hit is None:
            return None
        rng = random.Random(one.int)
        loud = [
            int(40 + 180 * abs(math.sin(at / 31 + one.int % 7)) * (0.6 + 0.4 * rng.random()))
            for at in range(400)
        ]
        return bytes(
            value for one_ in loud for value in (one_, one_ // 2, one_ * 9 // 10, one_ // 2)
        )

    def most_heard(self, days, limit):
        ranked = sorted(self.listeners.items(), key=lambda pair: -pair[1])
        return tuple((one, count * 2, count) for one, count in ranked[:limit])


class SoundsOf:
    """`Sounds` has a method of the name that the shop has as a number."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.may, self.gain_db = shop.may, shop.gain_db

    def length_ms(self, one):
        return self.shop.length_ms


def tone(shop: Shop, one: UUID) -> bytes:
    """A song as WAV: one tone, another for each song."""
    rate = 8000
    time_s = np.arange(rate * shop.length_ms // 1000) / rate
    pitch_hz = 220 * 2 ** ((one.int % 24) / 12)
    samples = (np.sin(2 * np.pi * pitch_hz * time_s) * 9000).astype("<i2")
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return held.getvalue()


def picture(one: UUID) -> bytes:
    """A cover: a flat colour with a square."""
    colour = tuple(60 + (one.int >> shift) % 150 for shift in (0, 8, 16))
    image = Image.new("RGB", (250, 250), colour)
    image.paste((240, 220, 60), (90, 90, 160, 160))
    held = io.BytesIO()
    image.save(held, "JPEG")
    return held.getvalue()


def make_shop_app(shop: Shop, folder: Path, address: str = "") -> FastAPI:
    """The pages over the shop, with sound and covers."""
    plays: list[dict] = []

    def sound(request: Request) -> Response:
        one = UUID(request.path_params["gid"])
        if one not in shop.hits:
            raise BadReferenceError(str(one), "there is no such song", "Take another one.")
        path = folder / f"{one}.wav"
        if not path.exists():
            path.write_bytes(tone(shop, one))
        return FileResponse(path, media_type="audio/wav")

    def cover(request: Request) -> Response:
        one = UUID(request.path_params["name"][:36])
        if one in shop.covers and one.int % 4:
            return Response(picture(one), media_type="image/jpeg")
        return RedirectResponse(f"/sleeve/{one}.svg", 302)

    async def heard(request: Request) -> Response:
        plays.append(await request.json())
        return Response('{"counted": true}', media_type="application/json")

    ports = Ports(
        library=shop, sounds=SoundsOf(shop), pictures=shop, copies=None, items=None, plays=shop
    )
    make_metrics(folder / "metrics", 1)
    pages = Pages("Slow Rain Archive", address)
    app = make_app(
        [page_routes(ports, pages), guard_routes(pages, shop.counts, lambda: GUARDED)],
        [
            Route("/sound/{gid}", sound),
            Route("/cover/{name}", cover),
            Route("/plays", heard, methods=["POST"]),
        ],
        pages.error,
        lambda: Health(True, {}),
        Metrics(folder / "metrics", 0, 1),
    )
    app.state.plays = plays
    return app


def hostile_shop() -> Shop:
    """A library whose every text is an attack."""
    shop = Shop([(HOSTILE, HOSTILE, HOSTILE, 1999, HOSTILE, (HOSTILE, "javascript:alert(3)"))])
    for one, hit in shop.hits.items():
        shop.hits[one] = replace(
            hit,
            genres=(HOSTILE,),
            barcode=HOSTILE,
            catalog_number=HOSTILE,
            isrc=HOSTILE,
            country=HOSTILE,
        )
    return shop
