"""A song of a private list: what somebody's own list says of it, and no more than is needed.

Laws: a song holds nothing that was guessed from the catalogue, so it can be matched anew with each;
of a history it has how often it was played and the first and last day, no instant, no device, no
account; making an entry of a song and a song of that entry changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from phonotheque.catalogue.match.entry import Entry, Plays, Reading, Said, entry_of
from phonotheque.music.identifiers import Isrc, Mbid


class Song(NamedTuple):
    """One distinct song.

    Attributes:
        place: From 1: in a history the most played is first, in a playlist it stands as it stood.
        artist, title: As the list says them; a title alone may be "Artist - Title".
        album: "" where it does not say.
        mbids, isrcs: Those that are some, in their one form.
        plays: None where the list is no history.
    """

    place: int
    artist: str
    title: str
    album: str
    length_ms: int | None
    mbids: tuple[str, ...]
    isrcs: tuple[str, ...]
    plays: Plays | None

    @property
    def named(self) -> Reading:
        """Who and what is likeliest meant, for people and for other programs."""
        readings = self.entry().readings
        return readings[0] if readings else Reading(self.artist, self.title)

    def entry(self) -> Entry:
        """Return it as a line that can be matched."""
        return entry_of(
            self.place,
            Said(
                self.artist,
                self.title,
                self.album,
                self.length_ms,
                self.mbids,
                self.isrcs,
                self.plays,
            ),
        )


def song_of(entry: Entry) -> Song:
    """Return the song that a line names; of identifiers those that are some."""
    return Song(
        entry.number,
        entry.artist,
        entry.title,
        entry.album,
        entry.length_ms,
        tuple(dict.fromkeys(_mbids(entry.mbids))),
        tuple(dict.fromkeys(_isrcs(entry.isrcs))),
        entry.plays,
    )


def _mbids(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        try:
            yield Mbid.parse(text).uuid
        except ValueError:
            continue


def _isrcs(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        try:
            yield Isrc.parse(text).code
        except ValueError:
            continue
