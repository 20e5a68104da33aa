"""Is my work in here? What the catalogue answers to a name, a title or an identifier.

Laws: only what an identifier names, or bears the very name that was asked for, counts as an answer;
what merely resembles it does not, because somebody may act on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.query.parsing import parse
from phonotheque.errors import BadReferenceError, BadRequestError
from phonotheque.listen.ports import Library
from phonotheque.listen.values import Album, Choice, Hit
from phonotheque.music.folding import words

MOST_HELD = 100
"""Recordings that are listed: as many as one form may name."""

_NAMESAKES = 5
_LISTED = 200


@dataclass(frozen=True, slots=True)
class WorkAnswer:
    """What was found.

    Attributes:
        held: Recordings that this archive has, the most heard first.
        shared: How many of these everybody may copy.
        known: How many more recordings were found that it does not have.
        is_partial: Whether there are more.
    """

    held: tuple[Hit, ...]
    shared: int
    known: int
    is_partial: bool


def look_for(library: Library, sought: str) -> WorkAnswer:
    """Say what is held of somebody's work.

    Args:
        sought: A name, a title, an ISRC, a barcode, a gid or MBID.
    """
    found: dict[str, Hit] = {}
    is_partial = False
    try:
        for hit, has_more in _songs(library, sought):
            found.setdefault(str(hit.gid), hit)
            is_partial = is_partial or has_more
    except BadRequestError:  # it cannot be meant: nothing has such a name
        found.clear()
    held = [hit for hit in found.values() if hit.is_held]
    shown = tuple(held[:MOST_HELD])
    is_partial = is_partial or len(held) > len(shown)
    shared = sum(hit.is_free for hit in shown)
    return WorkAnswer(shown, shared, len(found) - len(held), is_partial)


def _songs(library: Library, sought: str) -> Iterator[tuple[Hit, bool]]:
    """Songs that are meant, each with whether there are more of its list.

    Raises:
        BadRequestError: It cannot be meant.
    """
    if parse(sought).identifier is not None:
        first = library.search(sought, limit=_NAMESAKES)
        if first.used == "identifier":
            for hit in first.hits:
                yield from _behind(library, hit)
            return
    wanted = words(sought)
    for kind in (Kind.ARTIST, Kind.LABEL, Kind.RELEASE):
        for hit in library.search(_quoted(sought), kind, limit=_NAMESAKES).hits:
            if words(hit.title) == wanted:
                yield from _behind(library, hit)
    answer = library.search(_quoted(sought), Kind.RECORDING, limit=_LISTED)
    for hit in answer.hits:
        if wanted in (words(hit.title), words(hit.credit or "")):
            yield hit, answer.is_partial


def _behind(library: Library, hit: Hit) -> Iterator[tuple[Hit, bool]]:
    """Songs of an artist, label or album; a song itself."""
    match hit.kind:
        case Kind.RECORDING:
            yield hit, False
        case Kind.RELEASE:
            yield from _of_album(library, hit)
        case Kind.ARTIST:
            try:
                listing = library.listing(Choice(artist=hit.gid), limit=_LISTED)
            except BadReferenceError:
                return
            yield from ((song, listing.after is not None) for song in listing.hits)
        case Kind.LABEL:
            albums = library.listing(Choice(kind=Kind.RELEASE, label=hit.gid), limit=20)
            for album in albums.hits:
                for song, _ in _of_album(library, album):
                    yield song, albums.after is not None


def _of_album(library: Library, hit: Hit) -> Iterator[tuple[Hit, bool]]:
    album = library.album(hit.gid)
    if isinstance(album, Album):
        yield from ((track.song, False) for track in album.tracks if track.song is not None)


def _quoted(sought: str) -> str:
    """A text that the query language takes for words alone, whatever stands in it."""
    return " ".join(words(sought)) or sought
