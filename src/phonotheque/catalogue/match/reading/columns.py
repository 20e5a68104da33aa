"""Names of columns as exports write them, and what a row of such columns says.

Laws: a row is one play when it says when it was heard, or how long; it is as many as it counts; it
is none, and no part of a history, when it says neither. What was heard for less than half a minute
is a play of nothing: services write down what was skipped, too.

Read so: CSV and TSV by their first row, JSON objects by their keys. Names are compared folded, so
"Track Name", "track_name" and "Track name" are one; the languages are those of the programs whose
exports are met most.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from phonotheque.catalogue.match.entry import MOST_PLAYS, Plays, Said
from phonotheque.catalogue.match.reading.times import day_if_instant, day_of_instant, day_of_text
from phonotheque.music.folding import fold

_NAMES = {
    "artist": (
        "artist|artist name|artist names|artist name s|artists|track artist|track artist name"
        "|creator|performer|band|interpret|kunstler|artiste|artista|interprete|trackartist"
        "|master metadata album artist name|artistname|artist clean|album artist|album artist name"
    ),
    "title": (
        "title|track|track name|track title|song|song name|song title|trackname|songname|recording"
        "|recording name|titel|titre|titulo|titolo|name|master metadata track name|song clean"
    ),
    "album": (
        "album|album name|album title|release|release name|release title|albumname"
        "|master metadata album album name"
    ),
    "length": (
        "duration|duration ms|track duration ms|track duration|length|length ms|time|total time"
        "|duration s|duration seconds|seconds|lange|duree|dauer|milliseconds|durationms"
    ),
    "mbids": (
        "mbid|recording mbid|musicbrainz recording id|musicbrainz track id|musicbrainz id"
        "|track mbid|musicbrainz trackid|identifier"
    ),
    "isrcs": "isrc|isrcs|isrc code|isrc s|external ids",
    "heard": (
        "uts|listened at|played at|scrobbled at|timestamp|ts|timems|time ms|endtime|end time"
        "|utc time|scrobble time|date uts"
    ),
    "dated": "date|time",
    "heard_ms": "ms played|msplayed",
    "count": "plays|play count|playcount|listens|scrobbles|times played",
    "first": "first played|first listen|first scrobble",
    "last": "last played|last listen|last scrobble|play date utc",
}
_RANKS = {
    field: {name: place for place, name in enumerate(names.split("|"))}
    for field, names in _NAMES.items()
}
MOST_CELLS = 1_000
"""Of a row, of its header, of the values of an object: what stands behind them says nothing."""
_LEAST_MS = 30_000
"""A play is heard for so long, as services count it: half a minute."""
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,3}))?")
_MS_FROM = 10_000
"""A bare number from here on is in milliseconds: no piece is 10,000 s long in a list of songs, and
none is shorter than 10 s."""
_MOST_MS = 7 * 24 * 3_600_000

Columns = dict[str, list[int]]
"""Which columns hold a field, the best named first."""


def columns_of(header: Sequence[str]) -> Columns:
    """Return which columns hold what: what stands behind a # in a name is an account's."""
    found: Columns = {}
    names = [fold(name.partition("#")[0]) for name in header]
    for field, ranks in _RANKS.items():
        if places := [place for place, name in enumerate(names) if name in ranks]:
            found[field] = sorted(places, key=lambda place: ranks[names[place]])
    return found


def said_in_row(columns: Columns, header: Sequence[str], row: Sequence[str]) -> Said:
    """Return what a row says; cells that it lacks say nothing."""

    def first(field: str) -> tuple[str, str]:
        for place in columns.get(field, ()):
            if place < len(row) and row[place].strip():
                return header[place], row[place].strip()
        return "", ""

    name, length = first("length")
    return Said(
        first("artist")[1],
        first("title")[1],
        first("album")[1],
        parse_length(length, name),
        split_codes(first("mbids")[1]),
        split_codes(first("isrcs")[1]),
        _plays_in_row(columns, row) if columns.keys() & _OF_HISTORIES else None,
    )


_OF_HISTORIES = frozenset(("heard", "dated", "heard_ms", "count"))


def _plays_in_row(columns: Columns, row: Sequence[str]) -> Plays | None:
    def cells(field: str) -> Iterator[str]:
        return (row[place].strip() for place in columns.get(field, ()) if place < len(row))

    if count := next((one for one in cells("count") if one), ""):
        if not re.fullmatch(r"\d{1,7}", count) or int(count) > MOST_PLAYS:
            return None
        days = [next(filter(None, map(day_of_text, cells(one))), None) for one in ("first", "last")]
        return Plays(int(count), *days)
    heard = chain(map(day_of_instant, cells("heard")), map(day_if_instant, cells("dated")))
    day = next(filter(None, heard), None)
    heard_ms = next((one for one in cells("heard_ms") if re.fullmatch(r"\d{1,12}", one)), None)
    if day is None and heard_ms is None:
        return None
    is_play = heard_ms is None or int(heard_ms) >= _LEAST_MS
    return Plays(1, day, day) if is_play else Plays(0)


def said_in_object(record: Mapping[str, Any]) -> Said:
    """Return what a flat JSON object says."""
    header = tuple(map(str, islice(record, MOST_CELLS)))
    row = [_text(record[name]) for name in header]
    return said_in_row(_columns_of_keys(header), header, row)


@lru_cache(maxsize=32)
def _columns_of_keys(header: tuple[str, ...]) -> Columns:
    """The same for keys of objects, which are alike from one to the next."""
    return columns_of(header)


_TEXTS = ("name", "#text", "albumtitle", "uts", "isrc")
"""Keys under which services put a text that is an object of its own."""


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value[:8])))
    if isinstance(value, dict):
        inner = (value[name] for name in _TEXTS if name in value)
        return next((one for one in inner if isinstance(one, str)), "")
    return str(value) if isinstance(value, str | int | float) else ""


def split_codes(text: str) -> tuple[str, ...]:
    """Return codes of a cell that may have several."""
    return tuple(part for part in re.split(r"[,;|\s]+(?=\S{8})", text[:500]) if part)


def parse_length(text: str, name: str = "") -> int | None:
    """Read a length in ms: "3:45", "1:02:03", "225" (seconds), "225000"; None when it is none.

    Args:
        name: Of the column: "duration_ms" says what a number is in.
    """
    text = text.strip()
    if found := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
        return (hours * 3_600 + minutes * 60 + seconds) * 1_000 or None
    if not re.fullmatch(r"\d{1,12}(?:[.,]\d{1,9})?", text):
        return None
    number = float(text.replace(",", "."))
    folded = fold(name).split()
    if "ms" in folded or "milliseconds" in folded:
        found_ms = number
    elif "s" in folded or "seconds" in folded:
        found_ms = number * 1_000
    else:
        found_ms = number if number >= _MS_FROM else number * 1_000
    return round(found_ms) if 0 < found_ms <= _MOST_MS else None
