"""One line of somebody's list, as far as it can be understood.

Laws: an entry holds what the line says and nothing that was guessed from the catalogue; a line that
cannot be read is an entry, too, with the reason: as many entries come out as lines go in.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

import msgspec

MOST_LETTERS = 1_000
"""Letters of a title or name; what is longer is no title, and comparing it would take long."""

MOST_READINGS = 4
"""Ways in which one line is understood: each costs a question."""

MOST_PLAYS = 1_000_000
"""Of one line: above it a number counts something else, such as the listens of everybody."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""Line ends and other letters that no name has: some formats could not hold them."""
_DASHES = (" - ", " \u2013 ", " \u2014 ")


class Reading(NamedTuple):
    """Who and what a line names, in one way to understand it."""

    artist: str
    title: str


class Plays(NamedTuple):
    """How often and when a song was played, as a listening history says.

    Attributes:
        times: 0 where it was begun and left again.
        first_on, last_on: Days in UTC; None where it does not say. Nothing finer is kept.
    """

    times: int
    first_on: date | None = None
    last_on: date | None = None


class Entry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One line.

    Attributes:
        number: Place in the list, from 1.
        artist, title: As the line says them; a title alone may be "Artist - Title".
        readings: How they may be meant, the likeliest first; none when it has no title.
        album: Release that it names; "" for none.
        length_ms: None when it does not say.
        mbids: UUIDs of recordings, as text.
        isrcs: As written.
        plays: None where the list is no history.
        wrong: Why the line cannot be used; "" when it can.
    """

    number: int
    artist: str = ""
    title: str = ""
    readings: tuple[Reading, ...] = ()
    album: str = ""
    length_ms: int | None = None
    mbids: tuple[str, ...] = ()
    isrcs: tuple[str, ...] = ()
    plays: Plays | None = None
    wrong: str = ""

    @property
    def asked(self) -> str:
        """What the line asks for, in words."""
        if self.readings:
            artist, title = self.readings[0]
            return f"{artist} - {title}" if artist else title
        return next(iter((*self.mbids, *self.isrcs)), "")


class Said(NamedTuple):
    """What a line says, before it is understood: every format gives this."""

    artist: str = ""
    title: str = ""
    album: str = ""
    length_ms: int | None = None
    mbids: tuple[str, ...] = ()
    isrcs: tuple[str, ...] = ()
    plays: Plays | None = None


def entry_of(number: int, said: Said) -> Entry:
    """Understand what a line says; control letters in it are a space."""
    artist, title, album = map(_plain, (said.artist, said.title, said.album))
    if max(map(len, (artist, title, album))) > MOST_LETTERS:
        return refused(number, f"a title or name has more than {MOST_LETTERS:,} letters")
    if not (title or said.mbids or said.isrcs):
        return refused(number, "it names no title and no identifier")
    return Entry(
        number=number,
        artist=artist,
        title=title,
        readings=readings_of(artist, title),
        album=album,
        length_ms=said.length_ms if said.length_ms and said.length_ms > 0 else None,
        mbids=said.mbids[:8],
        isrcs=said.isrcs[:8],
        plays=said.plays,
    )


def _plain(text: str) -> str:
    return _CONTROLS.sub(" ", text).strip()


def refused(number: int, wrong: str) -> Entry:
    """Return the entry of a line that cannot be used."""
    return Entry(number=number, wrong=wrong)


def readings_of(artist: str, title: str) -> tuple[Reading, ...]:
    """Return in which ways artist and title may be meant.

    A title alone that has a dash may be "Artist - Title" or the other way about; a title may repeat
    its artist; a name may be turned about, as in "Bowie, David".
    """
    if not title:
        return ()
    found = []
    if artist:
        found.append(Reading(artist, title))
        head, dash, tail = _cut(title)
        if dash and head.casefold() == artist.casefold():
            found.append(Reading(artist, tail))
        family, comma, given = artist.partition(", ")
        if comma and "," not in given and "&" not in given:
            found.append(Reading(f"{given} {family}", title))
        return tuple(found[:MOST_READINGS])
    head, dash, tail = _cut(title)
    if not dash:
        return (Reading("", title),)
    found.append(Reading(head, tail))
    middle, second, rest = _cut(tail)
    if second:
        found += [Reading(head, rest), Reading(f"{head}{dash}{middle}", rest)]
    found.append(Reading(tail, head))
    return tuple(found[:MOST_READINGS])


def _cut(text: str) -> tuple[str, str, str]:
    """Cut a text at its first dash that stands between spaces."""
    places = [(text.find(dash), dash) for dash in _DASHES if dash in text]
    if not places:
        return text, "", ""
    at, dash = min(places)
    return text[:at].strip(), dash, text[at + len(dash) :].strip()
