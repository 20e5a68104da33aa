"""`/download/album/<gid>.zip`: all songs of an album that may be kept, with a text about them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from phonotheque.errors import (
    BadReferenceError,
    IntegrityError,
    NotHeldError,
    NotShareableError,
    NotWholeError,
    PhonothequeError,
    UnavailableError,
)
from phonotheque.listen.gate import Passed, Refusal, Wish
from phonotheque.listen.ports import Library
from phonotheque.listen.sound.album_zip import Checksums, Packed, packed_paper, zip_resource
from phonotheque.listen.sound.ports import Making, Purpose, Resource
from phonotheque.listen.sound.refused import refusal_response
from phonotheque.listen.sound.routes import SoundDoor, parse_form, parse_gid
from phonotheque.listen.sound.sending import Sending, group_of
from phonotheque.listen.sound.traffic import BrokenOffError
from phonotheque.listen.sound.zip_form import Member
from phonotheque.listen.values import Album, AlbumTrack, SoundForm
from phonotheque.music.file_names import safe_part

MOST_SONGS = 1000
"""Of one zip: the longest releases there are have some hundreds."""

_ABOUT = "About these files.txt"

_PATIENCE_S = 50.0
"""For copies that have to be made first; proxies wait a minute for the first word."""


@dataclass(frozen=True, slots=True)
class AlbumDoor:
    """What whole albums are made with."""

    sound: SoundDoor
    library: Library
    checksums: Checksums = field(default_factory=Checksums)

    def open(self, album: Album, form: SoundForm, scope: Scope) -> Resource | Making | Refusal:
        """Open an album as a zip for who asks, or have the first of its copies made that is
        missing; the guard's refusal of one song is one of all.

        Raises:
            NotShareableError: None of its songs may be kept in this form.
            UnavailableError: The disk refused, or too many copies are being made.
        """
        songs: list[Packed] = []
        told: list[str] = []
        several = any(track.medium > 1 for track in album.tracks)
        for track in album.tracks[:MOST_SONGS]:
            packed, line = self._song(track, form, scope, has_media=several)
            if isinstance(packed, (Future, Refusal)):
                return packed
            songs += [packed] if packed else []
            told.append(line)
        if not songs:
            raise NotShareableError(
                str(album.hit.gid), "none of its songs may be kept", "Its page says why."
            )
        title = safe_part(" - ".join(filter(None, (album.hit.credit, album.hit.title))))
        about = packed_paper(_ABOUT, _about(album, told))
        return zip_resource(title, [*_told_apart(songs), about], self.checksums)

    def _song(
        self, track: AlbumTrack, form: SoundForm, scope: Scope, *, has_media: bool
    ) -> tuple[Packed | Making | Refusal | None, str]:
        """A song as a file of the zip, a copy that is being made, or why not now; and a line about
        it."""
        place = _place(track, has_media=has_media)
        if track.song is None or not track.song.is_held:
            return None, f"{place}{track.title}: not in this archive"
        wish = Wish(track.song.gid, scope["listener"], form, Purpose.KEEP)
        try:
            passed = self.sound.ask(wish, scope)
            if isinstance(passed, Refusal):
                return passed, ""
            group = group_of(scope)
            resource = self.sound.sounds.open(passed.asked, passed.sha256, group=group)
        except PhonothequeError as error:
            if isinstance(error, UnavailableError) and not isinstance(error, NotWholeError):
                raise  # too busy now: a zip that lacks songs for that would be believed whole
            return None, f"{place}{track.title}: not in here: {error.wrong}"
        if isinstance(resource, Future):
            return resource, ""
        resource.data.close()
        name = f"{place}{resource.file_name}"
        licence = passed.verdict.statement.licence if passed.verdict.statement else ""
        opened = partial(self._opened, wish, passed, resource.etag)
        packed = Packed(Member(name, resource.size_bytes), resource.etag, opened)
        return packed, f"{name}\n   {licence or 'see its page'}"

    def _opened(self, wish: Wish, passed: Passed, etag: str) -> _Reading:
        resource = self.sound.sounds.open(passed.asked, passed.sha256)
        if isinstance(resource, Future) or resource.etag != etag:  # its tags were corrected, say
            if not isinstance(resource, Future):
                resource.data.close()
            gid = str(passed.asked.gid)
            raise NotShareableError(gid, "it changed meanwhile", "Ask for it anew.")
        if passed.is_restricted:
            still_may = partial(self.sound.still_may, wish, resource)
            resource = replace(resource, still_may=still_may)
        return _Reading(resource)


class _Reading:
    """A song that is being read."""

    def __init__(self, resource: Resource) -> None:
        self.read = resource.data.read
        self.close = resource.data.close
        self.still_may = resource.still_may


def album_routes(door: AlbumDoor) -> list[BaseRoute]:
    """The route of whole albums; it comes before that of single songs."""
    return [Route("/download/album/{gid}.zip", _Endpoint(door), methods=["GET", "HEAD"])]


class _Endpoint:
    """The address, as an ASGI application."""

    def __init__(self, door: AlbumDoor) -> None:
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gid = parse_gid(scope["path_params"]["gid"])
        form = parse_form(scope) or SoundForm.ORIGINAL
        traffic = self._door.sound.traffic

        def opened() -> Resource | Making | Refusal:
            album = self._door.library.album(gid)
            if not isinstance(album, Album):
                raise BadReferenceError(
                    str(gid), "there is no album of this gid", "Search for it in the catalogue."
                )
            return self._door.open(album, form, scope)

        clock, group = asyncio.get_running_loop().time, group_of(scope)
        until = clock() + _PATIENCE_S
        work = partial(traffic.in_thread, opened, is_long=True, group=group)
        while isinstance(resource := await work(), Future):
            with suppress(IntegrityError, NotHeldError, NotWholeError):  # then it is left out
                await traffic.made(resource, group)
            if clock() >= until:
                raise UnavailableError(
                    str(gid), "copies of its songs are still being made", "Ask again in a minute."
                )
        if isinstance(resource, Refusal):
            answer = refusal_response(resource, scope, self._door.sound.refusal_page)
            await answer(scope, receive, send)
            return
        gone = asyncio.ensure_future(_gone(receive))
        sending = Sending(resource, traffic, is_kept=True, is_long=True, is_gone=gone.done)
        try:
            await sending(scope, send)
        finally:
            gone.cancel()


async def _gone(receive: Receive) -> None:
    """Wait until the other end goes away."""
    with suppress(BrokenOffError):
        while (await receive())["type"] != "http.disconnect":
            pass


def _place(track: AlbumTrack, *, has_media: bool) -> str:
    """What a name begins with: "2-07 ", "07 "; no number where nobody gave one."""
    parts = [str(track.medium)] if has_media else []
    parts += [f"{track.position:02d}"] if track.position else []
    return f"{'-'.join(parts)} " if parts else ""


def _told_apart(songs: list[Packed]) -> Iterator[Packed]:
    """The same songs, none with the name of another."""
    taken: set[str] = set()
    for song in songs:
        name, number = song.member.name, 1
        while name.casefold() in taken:
            number += 1
            stem, dot, ending = song.member.name.rpartition(".")
            name = f"{stem} ({number}){dot}{ending}" if dot else f"{ending} ({number})"
        taken.add(name.casefold())
        yield Packed(Member(name, song.member.size_bytes), song.etag, song.open)


def _about(album: Album, told: list[str]) -> str:
    title = " by ".join(filter(None, (album.hit.title, album.hit.credit)))
    lines = (line.replace("\r", " ") for line in told)
    return (
        f"{title}\n\nEach file, and the licence that it comes under:\n\n" + "\n".join(lines) + "\n"
    )
