"""Names of columns as exports write them, and what a row of such columns says.

Read so: CSV and TSV by their first row, JSON objects by their keys. Names are compared folded, so
"Track Name", "track_name" and "Track name" are one; the languages are those of the programs whose
exports are met most.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from phonotheque.catalogue.match.entry import Said
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
        "|duration s|duration seconds|seconds|lange|duree|dauer|milliseconds"
    ),
    "mbids": (
        "mbid|recording mbid|musicbrainz recording id|musicbrainz track id|musicbrainz id"
        "|track mbid|musicbrainz trackid|identifier"
    ),
    "isrcs": "isrc|isrcs|isrc code|isrc s",
}
_FIELDS = {name: field for field, names in _NAMES.items() for name in names.split("|")}
_RANKS = {name: place for names in _NAMES.values() for place, name in enumerate(names.split("|"))}
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,3}))?")
_MS_FROM = 10_000
"""A bare number from here on is in milliseconds: no piece is 10,000 s long in a list of songs, and
none is shorter than 10 s."""
_MOST_MS = 7 * 24 * 3_600_000

Columns = dict[str, list[int]]
"""Which columns hold a field, the best named first."""


def columns_of(header: Sequence[str]) -> Columns:
    """Return which columns hold what."""
    found: Columns = {}
    names = [fold(name) for name in header]
    for place, name in enumerate(names):
        if name in _FIELDS:
            found.setdefault(_FIELDS[name], []).append(place)
    for places in found.values():
        places.sort(key=lambda place: _RANKS[names[place]])
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
    )


def said_in_object(record: Mapping[str, Any]) -> Said:
    """Return what a flat JSON object says."""
    header = [str(name) for name in record]
    row = [_text(value) for value in record.values()]
    return said_in_row(columns_of(header), header, row)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value[:8] if isinstance(one, str | int | float))
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
