"""A private list for other programs: CSV with all of it, JSPF and M3U8 for players.

Laws: what was exported as CSV and is read again is the same list, so names stand there as they were
said, and not as they are likeliest meant; no cell can be taken for a formula; a name stays on its
line, whatever stands in it.

Source: RFC 4180; xspf.org/jspf; musicbrainz.org/doc/jspf (identifiers).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import assert_never

from phonotheque.catalogue.match.entry import MOST_PLAYS, Plays
from phonotheque.catalogue.private_lists.song import Song
from phonotheque.music.formulas import harmless

COLUMNS = (
    *("artist", "title", "album", "length_ms", "recording_mbid", "isrc"),
    *("plays", "first_played", "last_played"),
)
"""Columns of the table, as the reader of tables knows them."""


class Form(StrEnum):
    """How a list is written."""

    CSV = "csv"
    JSPF = "jspf"
    M3U8 = "m3u8"


def written(songs: Iterable[Song], name: str, form: Form) -> Iterator[bytes]:
    """Give the bytes of a list, part by part.

    Args:
        name: Of the list; CSV has no place for it.
    """
    match form:
        case Form.CSV:
            return _csv(songs)
        case Form.JSPF:
            return _jspf(songs, name)
        case Form.M3U8:
            return _m3u8(songs, name)
        case _:
            assert_never(form)


def _csv(songs: Iterable[Song]) -> Iterator[bytes]:
    yield _line(COLUMNS)
    for song in songs:
        codes = " ".join(song.mbids), " ".join(song.isrcs)
        said = (song.artist, song.title, song.album, song.length_ms, *codes)
        for plays in _rows_of_plays(song.plays):
            yield _line((*said, *plays))


def _rows_of_plays(plays: Plays | None) -> Iterator[tuple[object, ...]]:
    """Give the last cells of each row: a row counts so many plays only as readers believe."""
    left = plays.times if plays else 0
    while plays and left > MOST_PLAYS:
        yield MOST_PLAYS, plays.first_on, plays.last_on
        left -= MOST_PLAYS
    yield (left, plays.first_on, plays.last_on) if plays else (None, None, None)


def _line(cells: Iterable[object]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow([harmless(cell) for cell in cells])
    return out.getvalue().encode()


def _jspf(songs: Iterable[Song], name: str) -> Iterator[bytes]:
    yield b'{"playlist": {"title": ' + json.dumps(name).encode() + b', "track": ['
    separator = b"\n"
    for song in songs:
        artist, title = song.named
        said = {
            "title": title,
            "creator": artist,
            "album": song.album,
            "duration": song.length_ms,
            "identifier": [
                *(f"https://musicbrainz.org/recording/{one}" for one in song.mbids),
                *(f"isrc:{one}" for one in song.isrcs),
            ],
        }
        yield separator + json.dumps({key: one for key, one in said.items() if one}).encode()
        separator = b",\n"
    yield b"\n]}}\n"


def _m3u8(songs: Iterable[Song], name: str) -> Iterator[bytes]:
    yield f"#EXTM3U\n#PLAYLIST:{_on_a_line(name)}\n".encode()
    before = ""
    for song in songs:
        seconds = round(song.length_ms / 1000) if song.length_ms else -1
        words = _on_a_line(song.entry().asked)
        album = f"#EXTALB:{_on_a_line(song.album)}\n" if song.album != before else ""
        before = song.album  # it holds for what follows, until another is named
        place = words.replace("/", "_").replace("\\", "_")  # no file of ours: a name to look for
        yield f"#EXTINF:{seconds},{words}\n{album}./{place}\n".encode()


def _on_a_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
