"""CSV and TSV as programs export them: any separator, a first row that names the columns.

Two kinds of histories have no such row, and are told by what stands in them: the log that players
without a network keep (.scrobbler.log), and what "Last.fm to CSV" writes.

Laws: a row is bounded, and so is what one bad quote can swallow; a row that cannot be read is told,
and the next one is read.

Source: the Audioscrobbler port of Rockbox, "Portable Player Logging", 1.1.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from phonotheque.catalogue.match.entry import Entry, Plays, entry_of, refused
from phonotheque.catalogue.match.reading.columns import (
    MOST_CELLS,
    Columns,
    columns_of,
    said_in_row,
)
from phonotheque.catalogue.match.reading.lines import Source
from phonotheque.catalogue.match.reading.playlists import TOO_LONG
from phonotheque.catalogue.match.reading.times import day_of_instant
from phonotheque.errors import BadRequestError
from phonotheque.music.formulas import meant

_SEPARATORS = ",;\t|"
_SAYS = "sep="
_CODES = ("isrcs", "mbids")
_PLAYER_LOG = "#AUDIOSCROBBLER/"
_OF_PLAYER_LOG = ["artist", "album", "title", "number", "duration_s", "rating", "ts", "track_mbid"]
_RATING, _SKIPPED = 5, "S"
_OF_SCROBBLES = ["artist", "album", "title", "ts"]
_LAST_FM_TIME = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4},? \d{1,2}:\d\d", re.ASCII)
_MOST_LINES_OF_A_ROW = 200
"""Lines that one row may have in quotes: an open quote swallows no more."""


def says_separator(line: str) -> bool:
    """Whether a line stands before the first row and says what separates cells: `sep=;`."""
    return line.casefold().startswith(_SAYS)


def separator_of(line: str) -> str:
    """Return what separates the cells of a first row: what it has most of outside of quotes."""
    line = line.strip("\r\n")
    if says_separator(line) and len(line) == len(_SAYS) + 1 and line[-1] != '"':
        return line[-1]
    bare = "".join(line.split('"')[::2])
    return max(_SEPARATORS, key=bare.count)


def header_of(line: str) -> tuple[list[str], str]:
    """Return the cells of a first row, and what separates them."""
    separator = separator_of(line)
    return _cells(line, separator), separator


def _cells(line: str, separator: str) -> list[str]:
    """Return the cells of a first row; none when it cannot be read."""
    try:
        return next(csv.reader([line], delimiter=separator), [])[:MOST_CELLS]
    except csv.Error:
        return []


def begins_table(line: str) -> bool:
    """Whether a line is the first of a table of songs: names columns, or has known ones."""
    header, _ = header_of(line)
    if line.startswith(_PLAYER_LOG) or _is_scrobble(header):
        return True
    found = columns_of(header)
    return ("title" in found and len(header) > 1) or not found.keys().isdisjoint(_CODES)


def _is_scrobble(cells: list[str]) -> bool:
    """Whether a row is one of "Last.fm to CSV"."""
    is_it = len(cells) == len(_OF_SCROBBLES) and _LAST_FM_TIME.fullmatch(cells[-1])
    return bool(is_it and day_of_instant(cells[-1]))


class _Lines:
    """Lines for the reader of CSV; those that are too long are kept apart."""

    def __init__(self, source: Source) -> None:
        self._lines = source.lines()
        self.number = 0
        self.too_long: list[int] = []
        self.of_row = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        for line in self._lines:
            self.number = line.number
            if line.text is None:
                self.too_long.append(line.number)
                continue
            self.of_row += 1
            if self.of_row > _MOST_LINES_OF_A_ROW:
                raise csv.Error("a quote is never closed")
            return line.text + "\n"
        raise StopIteration


def read_spreadsheet(source: Source, file: str) -> Iterator[Entry]:
    """Give an entry for each row behind the first.

    Raises:
        BadRequestError: The first row names no title and no identifier.
    """
    lines = _Lines(source)
    first = next(lines, "")
    if first.startswith(_PLAYER_LOG):
        yield from _player_log(lines)
        return
    if says_separator(first):
        separator = separator_of(first)
        header = _cells(next(lines, ""), separator)
    else:
        header, separator = header_of(first)
    if _is_scrobble(header):
        columns = columns_of(_OF_SCROBBLES)
        yield entry_of(lines.number, said_in_row(columns, _OF_SCROBBLES, header))
        yield from _rows(lines, _OF_SCROBBLES, columns, separator)
        return
    columns = columns_of(header)
    if not columns.keys() & {"title", "mbids", "isrcs"}:
        named = ", ".join(cell.strip()[:30] for cell in header[:8]) or "nothing"
        todo = "Name its columns artist and title in the first row, or give --format text."
        raise BadRequestError(file, f"its first row names no title: {named}", todo)
    yield from _rows(lines, header, columns, separator)


def _player_log(lines: _Lines) -> Iterator[Entry]:
    """Give the rows of a player's log; one that is marked as skipped is a play of nothing."""
    columns = columns_of(_OF_PLAYER_LOG)
    for line in lines:
        lines.of_row = 0
        for number in lines.too_long:
            yield refused(number, TOO_LONG)
        lines.too_long.clear()
        row = line.rstrip("\n").split("\t")[:MOST_CELLS]
        if line.startswith("#") or not line.strip():
            continue
        said = said_in_row(columns, _OF_PLAYER_LOG, row)
        if len(row) > _RATING and row[_RATING].strip() == _SKIPPED:
            said = said._replace(plays=Plays(0))
        yield entry_of(lines.number, said)
    for number in lines.too_long:
        yield refused(number, TOO_LONG)


def _rows(lines: _Lines, header: list[str], columns: Columns, separator: str) -> Iterator[Entry]:
    reader = csv.reader(lines, delimiter=separator)
    while True:
        lines.of_row = 0
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield refused(lines.number, f"the row cannot be read: {error}")
            continue
        for number in lines.too_long:
            yield refused(number, TOO_LONG)
        lines.too_long.clear()
        if row is None:
            return
        if any(cell.strip() for cell in row):
            cells = [meant(cell) for cell in row[:MOST_CELLS]]
            yield entry_of(lines.number, said_in_row(columns, header, cells))
