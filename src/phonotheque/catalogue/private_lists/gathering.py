"""From the lines of a list to its distinct songs, however many there are.

Two lines name one song when artist and title are the same words and the identifiers are the same.
What was said of the others first counts; plays are added up.

Laws: memory is bounded; what does not fit lies meanwhile in a file that never has a name, so that
nothing of it is left when the program is killed; the same lines give the same songs in the same
order; every line is counted as kept, begun only, or refused.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from phonotheque.catalogue.match.entry import Entry, Plays
from phonotheque.catalogue.private_lists.rows import COLUMNS, row_of, song_in
from phonotheque.catalogue.private_lists.song import Song, song_of
from phonotheque.errors import BadRequestError
from phonotheque.music.folding import fold
from phonotheque.sqlite_refusals import refusals

MOST_SONGS = 2_000_000
"""Distinct songs of one list: some 300 MB. Nobody has heard more."""

_AT_ONCE = 20_000
"""Songs that are brought together in memory before they are written."""
_TOLD = 20
"""Refused lines that are told with their reasons."""

_PLACE = "the temporary folder"
_TODO = "Free some space there, or name another folder with SQLITE_TMPDIR."
_TABLE = f"""
CREATE TABLE gathered (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, {COLUMNS});
"""
_ADD = """
INSERT INTO gathered VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET
    album = CASE album WHEN '' THEN excluded.album ELSE album END,
    length_ms = coalesce(length_ms, excluded.length_ms),
    times = coalesce(times + excluded.times, times, excluded.times),
    first_on = coalesce(min(first_on, excluded.first_on), first_on, excluded.first_on),
    last_on = coalesce(max(last_on, excluded.last_on), last_on, excluded.last_on)
"""
_IN_ORDER = "SELECT * FROM gathered ORDER BY coalesce(times, 0) DESC, place"


class Refused(NamedTuple):
    """A line that cannot be used: where it stands, and why."""

    file: str
    number: int
    reason: str


@dataclass(slots=True)
class Gathering:
    """What became of the lines of a list.

    Attributes:
        lines: All of them.
        songs: Distinct songs.
        plays: Of all songs; None where the list is no history.
        begun: Plays that were begun and left again: they are no plays.
        refused: Lines that cannot be used.
        told: The first of those.
    """

    lines: int = 0
    songs: int = 0
    plays: int | None = None
    begun: int = 0
    refused: int = 0
    told: list[Refused] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        """Return the counts as a record."""
        names = ("lines", "songs", "plays", "begun", "refused")
        told = [one._asdict() for one in self.told]
        return {**{name: getattr(self, name) for name in names}, "refusals": told}


class Gathered:
    """Distinct songs, where they can be read in order once all lines are in."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.counts = Gathering()
        self._waiting: dict[tuple[object, ...], Song] = {}

    def take(self, entries: Iterable[Entry], file: str, on_lines: Callable[[int], None]) -> None:
        """Take in all lines of a file.

        Raises:
            BadRequestError: There are too many songs.
            UnavailableError: The disk refused.
        """
        counts = self.counts
        for entry in entries:
            counts.lines += 1
            if entry.wrong:
                self._refuse(entry, file, entry.wrong)
            elif entry.plays is not None and not entry.plays.times:
                counts.begun += 1
            else:
                self._add(entry, file)
            if not counts.lines % _AT_ONCE:
                on_lines(counts.lines)
        self._write(file)

    def _refuse(self, entry: Entry, file: str, wrong: str) -> None:
        counts = self.counts
        counts.refused += 1
        if len(counts.told) < _TOLD:
            counts.told.append(Refused(file, entry.number, wrong))

    def _add(self, entry: Entry, file: str) -> None:
        song = song_of(entry)
        if not (song.title or song.mbids or song.isrcs):
            self._refuse(entry, file, "it names no title, and its identifiers are none")
            return
        key = (song.artist, song.title, song.mbids, song.isrcs)  # bounded, as the entry's are not
        other = self._waiting.get(key)
        if other is None:
            self._waiting[key] = song._replace(place=self.counts.lines)
        else:
            self._waiting[key] = _joined(other, entry)
        if entry.plays is not None:
            self.counts.plays = (self.counts.plays or 0) + entry.plays.times
        if len(self._waiting) >= _AT_ONCE:
            self._write("the list")

    def _write(self, file: str) -> None:
        rows = [(_key_of(song), *row_of(song)) for song in self._waiting.values()]
        self._waiting.clear()
        with refusals(_PLACE, _TODO):
            self._db.execute("BEGIN")  # else each row would be a transaction
            self._db.executemany(_ADD, rows)
            self._db.execute("COMMIT")
            (count,) = self._db.execute("SELECT max(id) FROM gathered").fetchone()
        self.counts.songs = count or 0
        if self.counts.songs > MOST_SONGS:
            todo = "Give a part of it."
            raise BadRequestError(file, f"it has more than {MOST_SONGS:,} songs", todo)

    def songs(self) -> Iterator[Song]:
        """Give the songs in their order, with places from 1 on.

        Raises:
            UnavailableError: The disk refused: sorting needs room, too.
        """
        with refusals(_PLACE, _TODO):
            for place, row in enumerate(self._db.execute(_IN_ORDER), start=1):
                yield song_in(row[2:])._replace(place=place)


@contextmanager
def gathering() -> Iterator[Gathered]:
    """Make room for the songs of a list, and forget them at the end."""
    db = sqlite3.connect("", isolation_level=None)  # "": a file that is unlinked when it is made
    try:
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA cache_size = -32768")
        db.execute(_TABLE)
        yield Gathered(db)
    finally:
        db.close()


def _joined(one: Song, other: Entry) -> Song:
    """Bring together what two lines say of a song, the first before the second."""
    place, artist, title, album, length_ms, mbids, isrcs, plays = one
    album, length_ms = album or other.album, length_ms or other.length_ms
    plays = _sum(plays, other.plays)
    return Song(place, artist, title, album, length_ms, mbids, isrcs, plays)


def _sum(one: Plays | None, other: Plays | None) -> Plays | None:
    if one is None or other is None:
        return one or other

    def of(pick: Callable[[list[date]], date], days: tuple[date | None, ...]) -> date | None:
        found = [day for day in days if day is not None]
        return pick(found) if found else None

    first_on = of(min, (one.first_on, other.first_on))
    last_on = of(max, (one.last_on, other.last_on))
    return Plays(one.times + other.times, first_on, last_on)


def _key_of(song: Song) -> bytes:
    """16 bytes that are the same for lines of one song.

    A name in which nothing is a letter ("!!!") is kept as it is: it would be as good as none.
    """
    texts = (fold(text) or text for text in (song.artist, song.title))
    whole = "\0".join((*texts, *song.mbids, "", *song.isrcs))
    return hashlib.blake2b(whole.encode(errors="surrogatepass"), digest_size=16).digest()
