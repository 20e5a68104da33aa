"""The sheet that goes to a spreadsheet program and comes back: a row for each thing.

Columns: `kind`, `id` (a gid), every field that may be corrected, `reason`, and `was`, which knows
what each field said when the sheet was made: with it somebody else's newer correction is seen.

Laws: a sheet that comes back as it was made says nothing new; columns and rows may be sorted, moved
and left out; what cannot be read is refused with its line, and the rows around it are read. Read
are commas, semicolons and tabs, with and without a byte order mark, UTF-8 and the UTF-16 that Excel
writes. Other encodings are refused: taken for the wrong one they change letters silently.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256

from phonotheque.catalogue.corrections.cells import read_cell, write_cell
from phonotheque.catalogue.corrections.fields import ALL_FIELDS, FIELDS, format_value
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.mapped.csv_text import CsvForm, CsvText, parse_header
from phonotheque.catalogue.sources.reading.lines import Stretch
from phonotheque.errors import BadRequestError

KIND, ID, REASON, WAS = "kind", "id", "reason", "was"
COLUMNS = (KIND, ID, *ALL_FIELDS, REASON, WAS)
SEPARATORS = (",", ";", "\t")

MOST_BYTES = 256 << 20
"""Longest sheet that is read: a million rows have about as much."""

_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_SAVE = "Save it as CSV in UTF-8 (Excel: `CSV UTF-8`), with `kind` and `id` in the first line."


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a sheet that came back.

    Attributes:
        line: Number of its line.
        cells: Text of each field whose column is there.
        was: What `was` knows of each field: a few digits of its digest.
    """

    line: int
    kind: str
    id: str
    cells: Mapping[str, str]
    reason: str
    was: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What came back: rows, and what was refused as (line and reason)."""

    rows: tuple[Row, ...]
    refused: tuple[tuple[str, str], ...] = ()


def mark_of(shown: str) -> str:
    """Return what `was` keeps of the text of a cell."""
    return sha256(shown.encode()).hexdigest()[:8]


def write_sheet(
    things: Iterable[tuple[Kind, str, Mapping[str, str]]], separator: str = ","
) -> Iterator[str]:
    """Give the lines of a sheet, the first of them with a byte order mark, without which Excel
    takes UTF-8 for something else.

    Args:
        things: Kind and gid of each, and what each field holds, as the register keeps it.
    """
    yield "\ufeff" + _line(COLUMNS, separator)
    for kind, gid, held in things:
        fields = FIELDS[kind]
        shown = {name: format_value(form, held.get(name, "")) for name, form in fields.items()}
        marks = "was " + " ".join(mark_of(shown[name]) for name in fields)
        cells = [write_cell(shown.get(name, "")) for name in ALL_FIELDS]
        yield _line((str(kind), gid, *cells, "", marks), separator)


def _line(cells: Iterable[str], separator: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerow(cells)
    return out.getvalue()


def read_sheet(data: bytes, name: str) -> Sheet:
    """Read a sheet that a spreadsheet program saved.

    Args:
        name: What it is called in errors.

    Raises:
        BadRequestError: It is no sheet of ours, or in an encoding that cannot be told.
    """
    text = _decoded(data, name)
    lines_before = 1
    if text.lower().startswith("sep="):  # Excel's own hint
        text, lines_before = text.partition("\n")[2], 2
    head, _, rest = text.partition("\n")
    separator, names = _header(head.rstrip("\r"), name)
    wanted = tuple(one for one in COLUMNS if one in names)
    refusals = Refusals(name)
    stretch = Stretch(rest.encode(), lines_before + 1, 0, rest.count("\n"))
    texts = CsvText(CsvForm(names, wanted, separator), refusals).parse(stretch, is_last=True)
    columns = {one: texts.columns[one].to_pylist() for one in wanted}
    rows = tuple(
        _row(int(line), {one: read_cell(columns[one][n] or "") for one in wanted})
        for n, line in enumerate(texts.lines)
        if any(columns[one][n] for one in wanted)
    )
    batch = refusals.batch({}, read=0, place="", done_bytes=0)
    return Sheet(rows, tuple((one.place, one.reason) for one in batch.refusals))


def _decoded(data: bytes, name: str) -> str:
    if len(data) > MOST_BYTES:
        raise BadRequestError(name, "it is longer than 256 MiB", "Cut it into several.")
    marks = [(mark, encoding) for mark, encoding in _MARKS.items() if data.startswith(mark)]
    mark, encoding = marks[0] if marks else (b"", "utf-8")
    try:
        return data[len(mark) :].decode(encoding).lstrip("\ufeff")  # some add one to one
    except UnicodeDecodeError as error:
        raise BadRequestError(name, f"it is not {encoding.upper()}", _SAVE) from error


def _header(line: str, name: str) -> tuple[str, tuple[str, ...]]:
    for separator in SEPARATORS:
        names = tuple(one.strip().lower() for one in parse_header(line, separator))
        if KIND in names and ID in names:
            break
    else:
        raise BadRequestError(name, "its first line names no columns `kind` and `id`", _SAVE)
    for one in names:
        if one and one not in COLUMNS:
            near = get_close_matches(one, COLUMNS, n=1)
            hint = f"Did you mean `{near[0]}`? " if near else ""
            raise BadRequestError(name, f"no field is called {one!r}", f"{hint}Remove the column.")
        if one and names.count(one) > 1:
            raise BadRequestError(name, f"the column {one!r} is there twice", "Remove one.")
    return separator, names


def _row(line: int, cells: dict[str, str]) -> Row:
    kind = cells[KIND].strip().lower()
    marks = cells.get(WAS, "").split()
    fields = FIELDS[Kind(kind)] if kind in FIELDS else {}
    was = dict(zip(fields, marks[1:], strict=False)) if marks[:1] == [WAS] else {}
    told = {one: text for one, text in cells.items() if one in ALL_FIELDS}
    return Row(line, kind, cells[ID].strip(), told, cells.get(REASON, "").strip(), was)
