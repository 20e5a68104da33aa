"""Spreadsheets as text: values with a delimiter between them, quoted where they need it.

Laws: a row means what Python's `csv` makes of it; a row with another number of values, with bytes
that are none of the encoding, or with a quote that is never closed, is refused with its line, and
the rows around it are read. A quoted value may have ends of lines in it.

Rows without such values are split by Arrow, a stretch at a time; a stretch in which anything is
unusual by Python. Source: RFC 4180.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.mapped.texts import Texts, lines_of
from phonotheque.catalogue.sources.musicbrainz.copy_text import COLUMNS
from phonotheque.catalogue.sources.reading.lines import Stretch

NO_TEXT = "bytes that are none of the encoding"
UNCLOSED = "a quote that is not closed"

MOST_RECORD_LINES = 1_000
"""Most lines of one row: a quote that is not closed must not swallow the rest of the file."""

MOST_LETTERS = 1 << 24
"""Of one value that is read: a row with a longer one is refused."""

Record = tuple[int, int, list[str]]
"""A row: the place of its first line in the stretch, how many lines, its values."""


@dataclass(frozen=True, slots=True)
class CsvForm:
    """How a file is written.

    Attributes:
        names: The columns in their order.
        wanted: Those that are read.
        delimiter: What stands between values.
        encoding: Name of its encoding, in which line ends and delimiters are as in ASCII.
    """

    names: tuple[str, ...]
    wanted: tuple[str, ...]
    delimiter: str = ","
    encoding: str = "utf-8"


class CsvText:
    """Reads stretches one after the other; a row may go on in the next."""

    def __init__(self, form: CsvForm, refusals: Refusals) -> None:
        self._form = form
        self._refusals = refusals
        self._held = b""
        self._held_line = 0

    def parse(self, stretch: Stretch, *, is_last: bool) -> Texts:
        """Read the rows of a stretch, and what was left of the one before.

        Args:
            stretch: What follows the stretch before.
            is_last: Whether nothing follows.
        """
        data, line = self._held + stretch.data, self._held_line if self._held else stretch.line
        self._held = b""
        if b"\r\n" in data:
            data = data.replace(b"\r\n", b"\n")
        text = self._decoded(data)
        if text is not None and b"\r" not in text and (table := self._read(text)) is not None:
            columns = dict(zip(self._form.wanted, _arrays(table), strict=True))
            lines = np.arange(line, line + table.num_rows)
            return Texts(columns, lines, lines_of(text))
        return self._slowly(data, line, is_last=is_last)

    def _decoded(self, data: bytes) -> bytes | None:
        """The stretch in UTF-8, or None when some of it is not in its encoding."""
        try:
            if self._form.encoding != "utf-8":
                return data.decode(self._form.encoding).encode()
            data.decode()
        except UnicodeError:
            return None
        return data

    def _read(self, data: bytes) -> pa.Table | None:
        """Let Arrow split a stretch; None unless each line of it is a row."""
        names = [str(place) for place in range(len(self._form.names))]  # its own may be double
        wanted = [str(self._form.names.index(name)) for name in self._form.wanted]
        if not data:
            return pa.table({name: pa.array([], pa.string()) for name in wanted})
        count = data.count(b"\n") + (not data.endswith(b"\n"))
        last = data[data.rfind(b"\n", 0, len(data) - 1) + 1 :].decode()
        if last.count('"') and next(_records([last], self._form.delimiter))[1] != 1:
            return None  # its last row goes on in the next stretch
        try:
            table = pacsv.read_csv(
                pa.BufferReader(data),
                pacsv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
                pacsv.ParseOptions(delimiter=self._form.delimiter, ignore_empty_lines=False),
                pacsv.ConvertOptions(
                    include_columns=wanted,
                    column_types={name: pa.string() for name in wanted},
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid:  # a row has another number of values
            return None
        return table if table.num_rows == count else None

    def _slowly(self, data: bytes, line: int, *, is_last: bool) -> Texts:
        """Split a stretch in which something is unusual, line by line."""
        lines = self._sound_lines(data, line)
        width = len(self._form.names)
        rows: list[list[str]] = []
        begins: list[int] = []
        raw: list[str] = []
        place = 0
        while place < len(lines):
            texts = [text for _, text in lines[place:]]
            for start, count, values in _records(texts, self._form.delimiter):
                first = place + start
                if count < 0:  # it goes on behind the last line
                    if not is_last and len(lines) - first < MOST_RECORD_LINES:
                        self._hold(lines[first:])
                        place = len(lines)
                    else:
                        self._refusals.row(lines[first][0], UNCLOSED, lines[first][1])
                        place = first + 1
                    break
                if values and len(values) != width:
                    self._refusals.row(lines[first][0], COLUMNS, lines[first][1])
                elif values:
                    rows.append(values)
                    begins.append(lines[first][0])
                    raw.append("\n".join(text for _, text in lines[first : first + count]))
            else:
                place = len(lines)
        return self._texts(rows, begins, raw)

    def _sound_lines(self, data: bytes, first: int) -> list[tuple[int, str]]:
        """The lines that are in their encoding, with their numbers; others are refused."""
        found = []
        for line, written in enumerate(data.removesuffix(b"\n").split(b"\n"), first):
            try:
                found.append((line, written.removesuffix(b"\r").decode(self._form.encoding)))
            except UnicodeError:
                self._refusals.row(line, NO_TEXT, written)
        return found

    def _hold(self, lines: Sequence[tuple[int, str]]) -> None:
        """Keep the beginning of a row that goes on in the next stretch."""
        self._held_line = lines[0][0]
        self._held = "".join(f"{text}\n" for _, text in lines).encode(self._form.encoding)

    def _texts(self, rows: list[list[str]], begins: list[int], raw: list[str]) -> Texts:
        columns = {}
        for name in self._form.wanted:
            place = self._form.names.index(name)
            columns[name] = pa.array([row[place] or None for row in rows], pa.string())
        return Texts(columns, np.array(begins, np.int64), pa.array(raw, pa.string()))


def _arrays(table: pa.Table) -> list[pa.Array]:
    return [column.combine_chunks() for column in table.columns]


def _records(lines: Sequence[str], delimiter: str) -> Iterator[Record]:
    """Rows of some lines; the last has -1 lines when it goes on behind them."""
    taken = 0
    is_over = False

    def feed() -> Iterator[str]:
        nonlocal taken, is_over
        for text in lines:
            taken += 1
            yield text.removesuffix("\n") + "\n"
        is_over = True

    reader = csv.reader(feed(), delimiter=delimiter)
    while taken < len(lines):
        start = taken
        try:
            values = _next_row(reader)
        except csv.Error:  # a value of more than `MOST_LETTERS`
            yield start, -1, []
            return
        yield start, -1 if is_over else taken - start, values


def parse_header(line: str, delimiter: str) -> tuple[str, ...]:
    """Return the names of the columns that stand in the first line of a file; none in one that
    cannot be read."""
    try:
        names = _next_row(csv.reader([line], delimiter=delimiter))
    except (StopIteration, csv.Error):  # no line, or a name of more than `MOST_LETTERS`
        return ()
    return tuple(name.strip() for name in names)


def _next_row(reader: Iterator[list[str]]) -> list[str]:
    """Return the next row, whatever others in this process let `csv` read, and let them be."""
    before = csv.field_size_limit(MOST_LETTERS)
    try:
        return next(reader)
    finally:
        csv.field_size_limit(before)
