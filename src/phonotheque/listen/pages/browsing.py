"""The pages of things: home, search, song, album, artist, label.

Laws: a page shows what the library says now; nothing here decides what may be heard: the button is
shown where something is held, and the gate answers when it is pressed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from phonotheque.catalogue.kinds import Kind
from phonotheque.errors import UnavailableError
from phonotheque.listen.pages.asking import House, place_of
from phonotheque.listen.pages.describing import Describer
from phonotheque.listen.pages.drawing import bands, hue_class, small_path, wave
from phonotheque.listen.pages.drawn import draw_view
from phonotheque.listen.pages.playable import album_songs, may_play, pictured
from phonotheque.listen.pages.rendering import segment, words_of
from phonotheque.listen.pages.rows import Sides
from phonotheque.listen.pages.said import say_licence
from phonotheque.listen.pages.words import Words
from phonotheque.listen.sound.ports import Asked, Purpose
from phonotheque.listen.values import Album, Choice, Facet, Hit, Order, Pool, Song, SoundForm
from phonotheque.music.rights import Code, Verdict
from phonotheque.publish.pages.texts import format_count, plain

_NEW_ALBUMS = 6
_MOST_HEARD = 8
_HEARD_DAYS = 7
_SIBLINGS = 6
_FORMS_TO_KEEP = (SoundForm.ORIGINAL, SoundForm.DRESSED, SoundForm.OPUS)


def add_things(router: APIRouter, house: House) -> None:
    """Add the routes of the home page and of the pages of single things."""

    @router.get("/")
    def home(request: Request) -> Response:
        return _home(request, house)

    @router.get("/song/{gid}")
    def song(request: Request, gid: str) -> Response:
        found = house.find(request, gid, house.ports.library.song)
        return found if isinstance(found, Response) else _song(request, house, found)

    @router.get("/album/{gid}")
    def album(request: Request, gid: str) -> Response:
        found = house.find(request, gid, house.ports.library.album)
        return found if isinstance(found, Response) else _album(request, house, found)

    @router.get("/artist/{gid}")
    def artist(request: Request, gid: str) -> Response:
        found = house.find(request, gid, house.ports.library.artist)
        if isinstance(found, Response):
            return found
        return house.pages.html(
            request,
            "artist.html",
            artist=found,
            about=describer(request, house).artist(found),
            playable=[hit for hit in found.songs.hits if may_play(hit)],
        )

    @router.get("/label/{gid}")
    def label(request: Request, gid: str) -> Response:
        found = house.find(request, gid, house.ports.library.label)
        if isinstance(found, Response):
            return found
        about = describer(request, house).label(found)
        return house.pages.html(request, "label.html", label=found, about=about)


def describer(request: Request, house: House) -> Describer:
    """Return what writes the head of a page for other machines."""
    return Describer(house.pages.origin(request), house.pages.archive, words_of(request))


def _home(request: Request, house: House) -> Response:
    library, words = house.ports.library, words_of(request)
    counts = library.counts()
    newest = Choice(kind=Kind.RELEASE, order=Order.NEW, is_held=True, is_free=True)
    heard, listeners, note = _most_heard(house, words)
    about = words("An archive of free music that anyone can hear, copy and prove.")
    return house.pages.html(
        request,
        "home.html",
        here="home",
        counts=counts,
        tries=_tries(house, words),
        new=library.listing(newest, limit=_NEW_ALBUMS).hits,
        heard=heard,
        listeners=listeners,
        heard_note=note,
        drawn=None if heard else library.draw(Pool(), seed=_today(), limit=_MOST_HEARD),
        draw=draw_view(words, library),
        about=describer(request, house).house(str(about)),
    )


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _most_heard(house: House, words: Words) -> tuple[list[Hit], dict[UUID, Markup], Markup]:
    """What was heard here lately; while too little was, what the world hears of what is here."""
    try:
        chart = house.ports.plays.most_heard(_HEARD_DAYS, _MOST_HEARD)
    except UnavailableError:  # the page is there all the same
        chart = ()
    told = {gid: people for gid, _, people in chart}
    found = [hit for hit in house.ports.library.by_gids(list(told)) if isinstance(hit, Hit)]
    hits = [hit for hit in found if may_play(hit)]
    if len(hits) >= _MOST_HEARD // 2:
        said = {
            hit.gid: words.n(told.get(hit.gid, 0), "{n} listener", "{n} listeners") for hit in hits
        }
        note = words(
            "By listeners, in the last seven days. A play counts once, without who heard it."
        )
        return hits, said, note
    popular = Choice(kind=Kind.RECORDING, order=Order.HEARD, is_held=True, is_free=True)
    note = words("Of what is here, by all that the catalogue knows.")
    known = house.ports.library.listing(popular, limit=_MOST_HEARD).hits
    return [hit for hit in known if hit.listens], {}, note  # what nobody counted is not the most


def _tries(house: House, words: Words) -> Markup:
    """Ways in that lead to something: a genre, a year, a licence that songs here have."""
    library, links = house.ports.library, []
    for facet, said, which in (
        (Facet.GENRE, "{name}", slice(0, 2)),
        (Facet.YEAR, "music of {name}", slice(-1, None)),
        (Facet.LICENCE, "everything under {name}", slice(0, 1)),
    ):
        for shelf in library.shelves(facet)[which]:
            link = Markup('<a href="/{}/{}">{}</a>')
            named = words(said, name=plain(shelf.title))
            links.append(link.format(facet.value, segment(shelf.name), named))
    return Markup(", ").join(links)


def _album(request: Request, house: House, album: Album) -> Response:
    pictures = house.ports.pictures
    songs = [hit for hit in album_songs(album) if hit.is_free or not _verdict(request, house, hit)]
    points = {song.gid: pictures.points(song.gid) for song in songs}
    laid = [
        (track.song, track.number, points[track.song.gid])
        for track in album.tracks
        if track.song and track.song.gid in points
    ]
    words = words_of(request)
    return house.pages.html(
        request,
        "album.html",
        album=album,
        about=describer(request, house).album(album),
        hue=hue_class(album.hit.gid, pictures.hue(album.hit.gid)),
        licences=_licences(words, album),
        playable=songs,
        sides=Sides(
            hearable={song.gid for song in songs},
            small={gid: small_path(drawn) for gid, drawn in points.items() if drawn},
            listens={
                song.gid: words("{n} listens", n=format_count(song.listens))
                for song in songs
                if song.listens
            },
            media=len({track.medium for track in album.tracks}),
        ),
        bands=bands(laid) if any(drawn for _, _, drawn in laid) else [],
        siblings=_siblings(house, album),
        embed_code=embed_code(house.pages.origin(request), album.hit),
    )


def _licences(words: Words, album: Album) -> Markup:
    """The licences of its songs, as a sentence; "" when none is known."""
    stated = {track.song.licence if track.song else None for track in album.tracks}
    known = {say_licence(words, licence).name for licence in stated}
    names = ", ".join(sorted(known - {""}))
    if not names:
        return Markup()
    if "" in known:
        return words("Songs are under {names}; of some no licence is known.", names=names)
    return words("Its songs are under {names}.", names=names)


def _siblings(house: House, album: Album) -> list[Hit]:
    """Other albums of the same artist."""
    artist = album.hit.artist.gid if album.hit.artist else None
    if artist is None:
        return []
    choice = Choice(kind=Kind.RELEASE, artist=artist)
    hits = house.ports.library.listing(choice, limit=_SIBLINGS + 1).hits
    return [hit for hit in hits if hit.gid != album.hit.gid][:_SIBLINGS]


def _song(request: Request, house: House, song: Song) -> Response:
    hit, words, sounds = song.hit, words_of(request), house.ports.sounds
    verdict = _verdict(request, house, hit)
    points = house.ports.pictures.points(hit.gid) if may_play(hit) else None
    gain_db = sounds.gain_db(hit.gid) if may_play(hit) else None
    kept = _kept(request, house, hit)
    takes = [form.value for form, one in kept.items() if one.allowed]
    return house.pages.html(
        request,
        "song.html",
        song=song,
        item=None,
        about=describer(request, house).song(song),
        hue=hue_class(pictured(hit), house.ports.pictures.hue(pictured(hit))),
        playable=[hit] if verdict is None else [],
        why_not=verdict,
        takes=takes,
        is_only_heard=not takes and _is_granted(request, house, hit),
        limits=_limits(hit, kept),
        is_guarded=_is_guarded(request, house, hit),
        wave=wave(points, hit.length_ms) if points and hit.length_ms else None,
        loudness=None if gain_db is None else _loudness(words, gain_db),
        embed_code=embed_code(house.pages.origin(request), hit),
    )


def _verdict(request: Request, house: House, hit: Hit) -> Markup | None:
    """Why a song cannot be heard here; None when it can, if only a part of it."""
    words, place = words_of(request), place_of(request)
    if not may_play(hit):
        return words("We know this song, but nobody here holds it.")
    answers = [
        house.ports.sounds.may(Asked(hit.gid, form, Purpose.HEAR, place))
        for form in (SoundForm.OPUS, SoundForm.PREVIEW)
    ]
    if any(answer is not None and answer.verdict.allowed for answer in answers):
        return None
    refused = next((answer for answer in answers if answer is not None), None)
    reason = words("Its file is not here.") if refused is None else refused.verdict.reason
    return words("This recording is kept here, and may not be played: {reason}", reason=reason)


def _is_guarded(request: Request, house: House, hit: Hit) -> bool:
    """Whether a song may be heard whole, and not be kept: a play of it is watched."""
    if hit.is_free or not may_play(hit):
        return False
    asked = Asked(hit.gid, SoundForm.OPUS, Purpose.HEAR, place_of(request))
    offer = house.ports.sounds.may(asked)
    return offer is not None and offer.verdict.allowed and not offer.is_free


def _kept(request: Request, house: House, hit: Hit) -> dict[SoundForm, Verdict]:
    """What the resolver says of each form in which a song that is here may be kept."""
    if not may_play(hit):
        return {}
    place = place_of(request)
    asked = [Asked(hit.gid, form, Purpose.KEEP, place) for form in _FORMS_TO_KEEP]
    offers = ((one.form, house.ports.sounds.may(one)) for one in asked)
    return {form: offer.verdict for form, offer in offers if offer is not None}


def _is_granted(request: Request, house: House, hit: Hit) -> bool:
    """Whether all of a song is heard here because this archive, and nobody else, was allowed it."""
    asked = Asked(hit.gid, SoundForm.OPUS, Purpose.HEAR, place_of(request))
    offer = house.ports.sounds.may(asked) if may_play(hit) else None
    return offer is not None and offer.verdict.code is Code.GRANTED


def _limits(hit: Hit, kept: Mapping[SoundForm, Verdict]) -> str:
    """Why what was said of a song is no licence to everybody now; "" where nothing was said."""
    verdict = kept.get(SoundForm.ORIGINAL)
    if hit.licence is not None or verdict is None or verdict.statement is None:
        return ""
    return verdict.reason


def _loudness(words: Words, gain_db: float) -> Markup:
    loud = f"{-18 - gain_db:.1f}".replace("-", "\N{MINUS SIGN}")
    if gain_db >= 0:
        return words("Loudness {loud} LUFS", loud=loud)
    return words("Loudness {loud} LUFS, turned down by {n} dB", loud=loud, n=f"{-gain_db:.1f}")


def embed_code(origin: str, hit: Hit) -> str:
    """Return the HTML with which other pages show a player of a song or album."""
    return str(
        Markup(
            '<iframe src="{}/embed/{}" title="{}" width="480" height="82" loading="lazy"></iframe>'
        ).format(origin, hit.gid, plain(hit.title))
    )
