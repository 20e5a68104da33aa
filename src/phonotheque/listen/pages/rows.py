"""Rows of lists, written as markup: what a page has a hundred of.

By a template a row takes five times as long: each value goes through some calls of the template's
own, and a page of an artist has two thousand. What stands on a page once is left to templates.

Laws: those of `phonotheque.listen.pages.rendering`: whatever is no markup yet is escaped here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from markupsafe import Markup, escape

from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.pages.marking import marked
from phonotheque.listen.pages.playable import cover_path, may_play, song_attribute
from phonotheque.listen.pages.said import PATHS, clock, licence_short
from phonotheque.listen.pages.words import Words
from phonotheque.listen.values import Album, AlbumTrack, Hit, Mention
from phonotheque.publish.pages.texts import plain

_PICTURED = (Kind.RECORDING, Kind.RELEASE)


@dataclass(frozen=True, slots=True)
class Sides:
    """What is known of the songs of an album beside the songs.

    Attributes:
        hearable: Songs that may be heard here.
        small: Paths of their waveforms.
        listens: How often each was heard, as a sentence.
        media: How many media there are.
    """

    hearable: Collection[UUID]
    small: Mapping[UUID, str]
    listens: Mapping[UUID, Markup]
    media: int


class Rows:
    """Writes rows.

    Args:
        icon: Draws a sign by its name.
    """

    def __init__(self, icon: Callable[[str], Markup]) -> None:
        self._enqueue = icon("enqueue")
        self._hearts = f'<span class="off">{icon("heart")}</span>'
        self._hearts += f'<span class="on">{icon("heart-full")}</span>'
        self._pause = f'<span class="when-playing">{icon("pause")}</span>'
        self._play = f'<span class="when-paused">{icon("play")}</span>{self._pause}'

    def songs(
        self,
        words: Words,
        hits: Iterable[Hit],
        label: str,
        first: int = 1,
        told: Mapping[UUID, Markup] | None = None,
    ) -> Markup:
        """A numbered list of songs.

        Args:
            label: What the list is of.
            first: Number of the first.
            told: What is said of some songs in place of their licence.
        """
        told, lines = told or {}, [f'<ol class="tracks" aria-label="{escape(label)}">']
        for number, hit in enumerate(hits, first):
            note = told[hit.gid] if hit.gid in told else licence_short(hit.licence)
            album = f", <i>{thing(hit.album, Kind.RELEASE)}</i>" if hit.album else ""
            keys = f'<span class="quiet">{words("not held")}</span>'
            if may_play(hit):
                keys = f"{self.play_key(words, hit)}{self.keep_keys(words, hit)}"
            lines.append(
                f'<li{_played(hit)}><span class="n" aria-hidden="true">{number}</span>'
                f'<img src="{cover_path(hit)}" alt="" width="44" height="44" loading="lazy">'
                f'<span class="t"><a href="/song/{hit.gid}"><bdi>{_text(hit.title)}</bdi></a>'
                f'</span><span class="by">{who(words, hit)}{album}</span>'
                f'<span class="ln">{escape(note)}</span><span class="d">{clock(hit.length_ms)}'
                f'</span><span class="acts">{keys}</span></li>'
            )
        return Markup("\n".join([*lines, "</ol>\n"]))

    def sides(self, words: Words, album: Album, sides: Sides) -> Markup:
        """The songs of an album, below a heading for each medium where there are several."""
        lines, medium = list[str](), -1
        for track in album.tracks:
            if track.medium != medium and sides.media > 1:
                lines.append(f'<li class="medium">{words("Disc {n}", n=track.medium)}</li>')
            medium = track.medium
            lines.append(self._side(words, album.hit, track, sides))
        return Markup("".join(lines))

    def _side(self, words: Words, album: Hit, track: AlbumTrack, sides: Sides) -> str:
        song, title, number = track.song, _text(track.title), _number(track)
        if song is None:
            return (
                f'<li><span class="key" aria-hidden="true"><span class="num">{number}</span></span>'
                f'<p class="t"><bdi>{title}</bdi></p><span></span><span class="ls"></span>'
                '<span class="d"></span>\n'
                f'<span class="acts"><span class="quiet">{words("not held")}</span></span></li>\n'
            )
        key = f'<span class="key" aria-hidden="true"><span class="num">{number}</span></span>'
        acts = f'<span class="quiet">{words("kept") if song.is_held else words("not held")}</span>'
        played = ""
        if song.gid in sides.hearable:
            played = f' data-song="{escape(song_attribute(song))}"'
            key = self._side_key(words, song, title, number)
            acts = self.keep_keys(words, song)
        by = ""
        if song.credit and song.credit != album.credit:
            by = f'<span class="by"><bdi>{_text(song.credit)}</bdi></span>'
        return (
            f'<li{played}>{key}<p><a class="t" href="/song/{song.gid}"><bdi>{title}</bdi></a>{by}'
            f'</p>{_wave(sides.small.get(song.gid))}<span class="ls">'
            f'{sides.listens.get(song.gid, "")}</span><span class="d">{clock(song.length_ms)}'
            f'</span>\n<span class="acts">{acts}</span></li>\n'
        )

    def _side_key(self, words: Words, song: Hit, title: Markup, number: Markup) -> str:
        if not number:
            return self.play_key(words, song)
        said = words("Play {number}, {title}", number=number, title=title)
        return (
            f'<a class="key" data-do="play" href="/sound/{song.gid}" aria-label="{said}">'
            f'<span class="when-paused num">{number}</span>{self._pause}</a>'
        )

    def play_key(self, words: Words, hit: Hit, *, is_big: bool = False) -> Markup:
        """The button that plays a song."""
        said = words("Play {title}", title=_text(hit.title))
        return Markup(
            f'<a class="key{" play big" if is_big else ""}" data-do="play" href="/sound/{hit.gid}"'
            f' aria-label="{said}">{self._play}</a>'
        )

    def keep_keys(self, words: Words, hit: Hit) -> Markup:
        """The buttons that put a song into the queue, and on one's shelf."""
        title = _text(hit.title)
        queued = words("Add {title} to the queue", title=title)
        kept = words("Keep {title}", title=title)
        return Markup(
            '<button class="key scripted" type="button" data-do="enqueue"'
            f' aria-label="{queued}" hidden>{self._enqueue}</button>\n'
            '<button class="key scripted" type="button" data-do="keep" aria-pressed="false"'
            f' aria-label="{kept}" hidden>{self._hearts}</button>'
        )


def covers(words: Words, hits: Iterable[Hit]) -> Markup:
    """Things by their pictures."""
    lines = ['<ul class="covers">']
    for hit in hits:
        by = _text(hit.credit or "") if hit.kind is Kind.ARTIST else who(words, hit)
        year = f", {hit.year}" if hit.year else ""
        lines.append(
            f'<li class="cover"><a href="{PATHS[hit.kind]}{hit.gid}"><img src="{cover_path(hit)}"'
            ' alt="" width="240" height="240" loading="lazy">'
            f'<span class="t"><bdi>{_text(hit.title)}</bdi></span></a>'
            f'<span class="a">{by}{year}</span></li>'
        )
    return Markup("\n".join([*lines, "</ul>\n"]))


def found(words: Words, hits: Iterable[Hit], sought: str, group: str) -> Markup:
    """What a search found, of one group; what was sought is marked."""
    rows = [
        _found(words, hit, sought, f"{group}-{number}") for number, hit in enumerate(hits, start=1)
    ]
    return Markup("\n".join(rows))


def _found(words: Words, hit: Hit, sought: str, name: str) -> str:
    picture = note = beside = end = ""
    if hit.kind in _PICTURED:
        picture = f'<img src="{cover_path(hit)}" alt="" width="64" height="64" loading="lazy">'
        by = marked(plain(hit.credit), sought) if hit.credit else words("unknown")
        note = "" if hit.is_held else f", {words('not held')}"
    else:
        by = words("Artist") if hit.kind is Kind.ARTIST else words("Label")
        beside = f", {_text(hit.credit)}" if hit.credit else ""
    if hit.kind is Kind.RECORDING:
        beside = f", <i>{marked(plain(hit.album.name), sought)}</i>" if hit.album else ""
        end = f'<span class="li">{escape(licence_short(hit.licence))}</span>'
        end += f'<span class="d">{clock(hit.length_ms)}</span>'
    elif hit.kind is Kind.RELEASE and hit.year:
        beside = f", {hit.year}"
    return (
        f'<a class="hit" id="{name}" href="{PATHS[hit.kind]}{hit.gid}"{_played(hit)}>{picture}'
        f'<span class="t"><bdi>{marked(plain(hit.title), sought)}</bdi></span>\n'
        f'<span class="by"><bdi>{by}{beside}</bdi>{note}</span>{end}</a>\n'
    )


def thing(mention: Mention, kind: Kind) -> Markup:
    """A thing that is named, with a link where it has a page."""
    name = f"<bdi>{_text(mention.name)}</bdi>"
    link = f'<a href="{PATHS[kind]}{mention.gid}">{name}</a>'
    return Markup(link if mention.gid else name)


def who(words: Words, hit: Hit) -> Markup:
    """Who made a song or album."""
    artist = hit.artist
    if artist and artist.gid and hit.credit in (None, "", artist.name):
        return thing(artist, Kind.ARTIST)
    name = _text(hit.credit) if hit.credit else words("unknown")
    if artist and artist.gid:
        return Markup(f'<a href="/artist/{artist.gid}"><bdi>{name}</bdi></a>')
    return Markup(f"<bdi>{name}</bdi>")


def _number(track: AlbumTrack) -> Markup:
    """Its number as printed; nothing where there is none, which "0" stands for."""
    return _text("" if track.number == "0" else track.number)


def _text(text: str) -> Markup:
    return escape(plain(text))


def _played(hit: Hit) -> str:
    return f' data-song="{escape(song_attribute(hit))}"' if may_play(hit) else ""


def _wave(path: str | None) -> str:
    if path is None:
        return "<span></span>"
    return (
        '<svg class="wv" viewBox="0 0 220 26" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="wv-thin" d="{path}"/></svg>'
    )
