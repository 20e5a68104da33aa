"""Sheets: out to a spreadsheet program and back, whatever it makes of them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.catalogue.corrections.cells import read_cell, write_cell
from phonotheque.catalogue.corrections.comparing import compare
from phonotheque.catalogue.corrections.sheet import COLUMNS, read_sheet, write_sheet
from phonotheque.catalogue.kinds import Kind
from phonotheque.errors import BadRequestError

GID = "0f0e0d0c-0b0a-5908-8706-050403020100"
HELD = {
    "title": '=HYPERLINK("http://x";"Ödland; Teil 2")',
    "credit": '椎名, the "Band"',
    "length": "225000",
    "first_release_date": "1999-02",
    "isrcs": '["USRC17607839","USRC17607840"]',
    "explicit": "true",
}


def written(held=HELD, kind=Kind.RECORDING, separator=","):
    return "".join(write_sheet([(kind, GID, held)], separator))


def changed(text, **cells):
    """A sheet as a spreadsheet program saves it after somebody changed cells."""
    separator = next(one for one in "\t;," if one in text.partition("\n")[0])
    head, *rows = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=separator)
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(
        [head, *([cells.get(name, cell) for name, cell in zip(head, row, strict=True)]
                 for row in rows)]
    )  # fmt: skip
    return out.getvalue()


def saved(text, separator, end="\r\n", *, is_quoted=False):
    """The same cells as another program writes them."""
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=separator, lineterminator=end, quoting=quoting).writerows(rows)
    return out.getvalue()


PROGRAMS = {
    "LibreOffice": lambda text: saved(text, ",", "\n").encode(),
    "LibreOffice, all quoted": lambda text: saved(text, ";", "\n", is_quoted=True).encode(),
    "Excel, CSV UTF-8": lambda text: ("\ufeff" + saved(text, ";")).encode(),
    "Excel, with a hint": lambda text: ("sep=;\r\n" + saved(text, ";")).encode(),
    "Excel, Unicode text": lambda text: saved(text, "\t").encode("utf-16"),
    "another byte order": lambda text: ("\ufeff" + saved(text, ",")).encode("utf-16-be"),
    "Google, without a last end of line": lambda text: saved(text, ",").rstrip().encode(),
}
"""What spreadsheet programs make of a sheet when they save it as text."""


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_sheet_comes_back_from_every_program(program):
    """Untouched it corrects nothing; one cell changed is one correction, exactly as typed."""
    (row,) = read_sheet(program(written()), "x.csv").rows
    assert (row.kind, row.id) == ("recording", GID)
    untouched = compare(row, Kind.RECORDING, HELD)
    assert (untouched.changes, untouched.refused) == ([], [])
    (row,) = read_sheet(
        program(changed(written(), title="Ödland; 椎名", explicit="WAHR")), "x"
    ).rows
    (change,) = compare(row, Kind.RECORDING, HELD).changes
    assert (change.place.field, change.was, change.now) == ("title", HELD["title"], "Ödland; 椎名")


@given(st.text() | st.from_regex(r"'*[=+@\-\t]?[0-9.:eE-]{0,12}", fullmatch=True))
def test_a_cell_is_read_back_exactly(text):
    """Whatever a text is, the cell that is written means it, and a program runs none of it."""
    cell = write_cell(text)
    assert read_cell(cell) == text
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d"))


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "+4", "-2", "00602445790128", "1999-02", "1/2", "Feb 99", "1E5"]
)
def test_what_a_program_would_change_is_kept_a_text(text):
    """Formulas, leading zeros, dates and powers have an apostrophe in front; titles have none."""
    assert write_cell(text) == "'" + text
    assert write_cell("'" + text) == "''" + text
    assert write_cell("'Round Midnight") == "'Round Midnight"
    assert read_cell("'Round Midnight") == "'Round Midnight"


def test_two_editors_of_one_field():
    """The second is told both values and corrects nothing there; the rest of the row counts."""
    sheet = changed(written(), title="Mine", length="3:50")
    (row,) = read_sheet(sheet.encode(), "x.csv").rows
    theirs = HELD | {"title": "Theirs", "credit": "Somebody new"}
    found = compare(row, Kind.RECORDING, theirs)
    assert [(one.place.field, one.now) for one in found.changes] == [("length", "230000")]
    (stale,) = found.refused
    assert (stale.field, stale.mine, stale.theirs, stale.is_stale) == (
        *("title", "Mine", "Theirs"), True,
    )  # fmt: skip
    forced = compare(row, Kind.RECORDING, theirs, is_forced=True)
    assert {one.place.field: one.now for one in forced.changes} == {
        "title": "Mine", "length": "230000",
    }  # fmt: skip
    same = compare(row, Kind.RECORDING, HELD | {"title": "Mine", "length": "230000"})
    assert (same.changes, same.refused) == ([], [])


def test_without_was_nothing_is_overwritten():
    """Somebody removed the column `was`: what differs is refused, as nobody knows who is newer."""
    head, *rows = csv.reader(io.StringIO(changed(written(), title="Mine").lstrip("\ufeff")))
    text = "\n".join(",".join(f'"{c}"' for c in row[:3]) for row in (head, *rows))
    (row,) = read_sheet(text.encode(), "x.csv").rows
    found = compare(row, Kind.RECORDING, HELD)
    assert not found.changes
    assert [(one.field, one.is_stale) for one in found.refused] == [("title", True)]


@pytest.mark.parametrize(
    ("cells", "field", "words"),
    [
        ({"length": "long"}, "length", "3:45"),
        ({"title": ""}, "title", "not empty"),
        ({"country": "DE"}, "country", "no such field"),
        ({"kind": "artist"}, "kind", "it is a recording"),
        ({"credit": '??, the "Band"'}, "credit", "UTF-8"),
    ],
)
def test_cells_that_correct_nothing(cells, field, words):
    """A value that cannot be, a field of another kind, letters that a program lost: refused."""
    (row,) = read_sheet(changed(written(), **cells).encode(), "x.csv").rows
    found = compare(row, Kind.RECORDING, HELD)
    assert not found.changes
    assert [one.field for one in found.refused] == [field]
    assert words in found.refused[0].wrong


def test_an_empty_cell_takes_the_field_away():
    """Where something stood and the cell is empty now, the field is taken away."""
    (row,) = read_sheet(changed(written(), isrcs="").encode(), "x.csv").rows
    (change,) = compare(row, Kind.RECORDING, HELD).changes
    assert (change.place.field, change.now) == ("isrcs", "")


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"", "no columns"),
        (b"a,b\n1,2\n", "no columns"),
        (b"kind,id,titel\n", "titel"),
        (b"kind,id,title,title\n", "twice"),
        ("kind,id,title\nrecording,x,Ödland\n".encode("cp1252"), "UTF-8"),
        (b"\xff\xfe" + "kind,id".encode("utf-16-le") + b"\x00", "UTF-16"),
    ],
)
def test_what_is_no_sheet_is_refused(data, wrong):
    """Other columns, and encodings that cannot be told, are refused as a whole and named."""
    with pytest.raises(BadRequestError, match=wrong):
        read_sheet(data, "x.csv")


def test_rows_that_cannot_be_read_are_told_with_their_line():
    """The rows around one with too many cells are read."""
    text = "kind,id,title\nrecording,a,A\nrecording,b,B,C\n,,\nrecording,c,C\n"
    sheet = read_sheet(text.encode(), "x.csv")
    assert [(row.line, row.id) for row in sheet.rows] == [(2, "a"), (5, "c")]
    ((place, _),) = sheet.refused
    assert place == "x.csv, line 3"


def test_columns_are_those_of_the_page():
    """A sheet has kind, id and every field, reason and was."""
    (head,) = csv.reader([written().lstrip("\ufeff").partition("\r")[0]])
    assert tuple(head) == COLUMNS
