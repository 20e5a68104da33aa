"""A song as a row of SQLite, and back: days as text, identifiers with spaces between."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from phonotheque.catalogue.match.entry import Plays
from phonotheque.catalogue.private_lists.song import Song

COLUMNS = """
    place INTEGER NOT NULL, artist TEXT NOT NULL, title TEXT NOT NULL, album TEXT NOT NULL,
    length_ms INTEGER, mbids TEXT NOT NULL, isrcs TEXT NOT NULL,
    times INTEGER, first_on TEXT, last_on TEXT
"""
"""Columns of a song in a table. Without `times` it is of no history."""

Row = tuple[Any, ...]
_Read = tuple[
    int, str, str, str, int | None, str, str, int | None, date | None, date | None
]  # fmt: skip


def row_of(song: Song) -> Row:
    """Return a song as a row of `COLUMNS`."""
    plays = song.plays or Plays(0)
    return (
        *(song.place, _storable(song.artist), _storable(song.title), _storable(song.album)),
        *(song.length_ms, " ".join(song.mbids), " ".join(song.isrcs)),
        song.plays and plays.times,
        plays.first_on and plays.first_on.isoformat(),
        plays.last_on and plays.last_on.isoformat(),
    )


def song_in(row: Row) -> Song:
    """Return the song in a row of `COLUMNS`.

    Raises:
        ValueError: The row is damaged.
    """
    try:
        read = msgspec.convert(row, _Read)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
    place, artist, title, album, length_ms, mbids, isrcs, times, first_on, last_on = read
    plays = None if times is None else Plays(times, first_on, last_on)
    codes = tuple(mbids.split()), tuple(isrcs.split())
    return Song(place, artist, title, album, length_ms, *codes, plays)


def _storable(text: str) -> str:
    """A text that UTF-8 can hold: JSON may have half a surrogate pair."""
    return text.encode(errors="replace").decode()
