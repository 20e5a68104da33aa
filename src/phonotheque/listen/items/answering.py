"""Is my work in here? What the catalogue answers to a name, a title or an identifier.

Laws: only what an identifier names, or bears the very name that was asked for, or bore it before it
was corrected, counts as an answer; so does whom a credit names among others; what merely resembles
it does not, because somebody may act on it; No is said only where all was searched that may bear
the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.query.parsing import parse
from phonotheque.errors import BadReferenceError, BadRequestError
from phonotheque.listen.ports import Library
from phonotheque.listen.values import Album, Answer, Choice, Hit
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
        is_cut_off: Whether a search was broken off, or could not be made: what was not found may
            be here all the same.
    """

    held: tuple[Hit, ...]
    shared: int
    known: int
    is_partial: bool
    is_cut_off: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """Songs that are meant.

    Attributes:
        has_more: Whether their list goes on.
        is_cut_off: As of the whole answer.
    """

    songs: tuple[Hit, ...] = ()
    has_more: bool = False
    is_cut_off: bool = False


def look_for(library: Library, sought: str) -> WorkAnswer:
    """Say what is held of somebody's work.

    Args:
        sought: A name, a title, an ISRC, a barcode, a gid or MBID.
    """
    parts = list(_parts(library, sought))
    found = {hit.gid: hit for part in parts for hit in part.songs}
    held = [hit for hit in found.values() if hit.is_held]
    shown = tuple(held[:MOST_HELD])
    return WorkAnswer(
        held=shown,
        shared=sum(hit.is_free for hit in shown),
        known=len(found) - len(held),
        is_partial=len(held) > len(shown) or any(part.has_more for part in parts),
        is_cut_off=any(part.is_cut_off for part in parts),
    )


def _parts(library: Library, sought: str) -> Iterator[_Part]:
    """Songs that are meant, by what led to them."""
    if _is_identifier(sought):
        first = library.search(sought, limit=_NAMESAKES)
        if first.used == "identifier":
            for hit in first.hits:
                yield from _behind(library, hit)
            return
    wanted = words(sought)
    for kind in (Kind.ARTIST, Kind.LABEL, Kind.RELEASE):
        answer = _searched(library, sought, kind, _NAMESAKES)
        yield _Part(is_cut_off=answer.is_partial)
        for hit in answer.hits:
            if words(hit.title) == wanted:
                yield from _behind(library, hit)
    answer = _searched(library, sought, Kind.RECORDING, _LISTED)
    songs = (hit for hit in answer.hits if wanted == words(hit.title) or _is_named(wanted, hit))
    yield _Part(tuple(songs), is_cut_off=answer.is_partial)
    if wanted:
        yield _Part(library.formerly(sought))


def _is_named(wanted: list[str], hit: Hit) -> bool:
    """Whether a song names somebody as who made it: alone, or as one of several."""
    credit = hit.credit or ""
    return wanted == words(credit) or wanted in map(words, _AND.split(credit))


_AND = re.compile(
    r"\s*[,;/&+]\s*|\s+(?:and|und|et|y|x|vs\.?|with|feat\.?|ft\.?|featuring)\s+", re.IGNORECASE
)
"""What stands between those whom a credit names; a credit that is one name is compared whole."""


def _is_identifier(sought: str) -> bool:
    try:
        return parse(sought).identifier is not None
    except BadRequestError:  # no query, but it may be a name: `Year: Zero`
        return False


def _searched(library: Library, sought: str, kind: Kind, limit: int) -> Answer:
    """What has the words of a name; partial where nothing can be searched for: `!!!`."""
    try:
        return library.search(_quoted(sought), kind, limit=limit)
    except BadRequestError:
        return Answer((), is_partial=True)


def _behind(library: Library, hit: Hit) -> Iterator[_Part]:
    """Songs of an artist, label or album; a song itself."""
    match hit.kind:
        case Kind.RECORDING:
            yield _Part((hit,))
        case Kind.RELEASE:
            yield _of_album(library, hit)
        case Kind.ARTIST:
            try:
                listing = library.listing(Choice(artist=hit.gid), limit=_LISTED)
            except BadReferenceError:
                return
            yield _Part(listing.hits, has_more=listing.after is not None)
        case Kind.LABEL:
            albums = library.listing(Choice(kind=Kind.RELEASE, label=hit.gid), limit=20)
            yield _Part(has_more=albums.after is not None)
            yield from (_of_album(library, album) for album in albums.hits)


def _of_album(library: Library, hit: Hit) -> _Part:
    album = library.album(hit.gid)
    if not isinstance(album, Album):
        return _Part()
    return _Part(tuple(track.song for track in album.tracks if track.song is not None))


def _quoted(sought: str) -> str:
    """A text that the query language takes for words alone, whatever stands in it."""
    return " ".join(words(sought)) or sought
