"""COPY text and CSV: whatever went in comes out, whatever is damaged is refused alone."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.mapped.csv_text import CsvForm, CsvText, parse_header
from phonotheque.catalogue.sources.musicbrainz.copy_text import Form, parse, unescape
from phonotheque.catalogue.sources.reading.lines import Stretch

FORM = Form(("id", "name", "other"), {"id": pa.int64(), "name": pa.string()})
letters = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8) | st.text(
    '\\N\t\n\r\b\f\v"x41,', max_size=8
)


def escaped(text: str | None) -> str:
    """A value as PostgreSQL writes it."""
    if text is None:
        return "\\N"
    plain = ("\\", "\b", "\f", "\n", "\r", "\t", "\v")
    for sign, code in zip(plain, ("\\", "b", "f", "n", "r", "t", "v"), strict=True):
        text = text.replace(sign, "\\" + code)
    return text


def read(data: bytes, first: int = 1):
    refusals = Refusals("t")
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    rows = parse(Stretch(data, first, 0, lines), FORM, refusals)
    return rows, refusals.batch({}, read=0, place="", done_bytes=0)


@given(st.lists(st.tuples(st.integers(-5, 10**17), st.none() | letters, letters), min_size=1))
def test_what_was_copied_out_comes_in(table):
    """Every value comes out as it went in: null, empty, backslashes, tabs, ends of lines."""
    data = "".join(f"{n}\t{escaped(a)}\t{escaped(b)}\n" for n, a, b in table).encode()
    rows, batch = read(data)
    assert rows.column("id").to_pylist() == [row[0] for row in table]
    assert rows.column("name").to_pylist() == [row[1] for row in table]
    assert rows.lines.tolist() == list(range(1, len(table) + 1))
    assert batch.refused == 0


damage = st.sampled_from(
    [b"1\t2", b"", b"x\ty\tz", b"1\t\xff\tz", b"1\ta\tb\tc", b"1\ta\rb\tc", b"1.5\ta\tb"]
)


@given(st.lists(st.tuples(st.just(b"7\tgood\t-") | damage, st.booleans()), min_size=1))
def test_damaged_rows_are_refused_alone(written):
    """Of sound and damaged rows in any order the sound ones come, with their lines."""
    data = b"".join(row + b"\n" for row, _ in written)
    rows, batch = read(data, first=100)
    wanted = [n for n, (row, _) in enumerate(written, 100) if row.startswith(b"7")]
    assert rows.lines.tolist() == wanted
    assert rows.column("name").to_pylist() == ["good"] * len(wanted)
    assert batch.refused == len(written) - len(wanted)
    marks = [False] * len(wanted)
    if marks:
        marks[-1] = True
        raw = rows.raw(__import__("numpy").array(marks)).to_pylist()
        assert raw[-1] == "7\tgood\t-"


@pytest.mark.parametrize(
    ("written", "meant"),
    [(r"a\x41b", "aAb"), (r"\101", "A"), (r"\q", "q"), (r"\303\274", "ü"), ("x\\", "x\\")],
)
def test_all_escapes(written, meant):
    """Octal and hexadecimal escapes are bytes; a backslash before another letter is dropped."""
    assert unescape(written) == meant


def test_the_mark_of_the_end_is_no_row():
    """`\\.` at the end, as older servers wrote it, is not a row."""
    rows, batch = read(b"1\ta\tb\n\\.\n")
    assert rows.lines.tolist() == [1]
    assert batch.refused == 0
    assert read(b"\\.\n")[0].lines.tolist() == []


# -- CSV


values = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=6) | st.text(
    '",\n; ', max_size=6
)


@given(
    st.lists(st.tuples(values, values, values), min_size=1, max_size=30),
    st.integers(1, 40),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_csv_is_what_python_reads(table, size, quoting):
    """Cut anywhere between lines, a file gives the rows that Python's `csv` gives."""
    made = io.StringIO(newline="")
    csv.writer(made, lineterminator="\n", quoting=quoting).writerows(table)
    lines = made.getvalue().encode().splitlines(keepends=True)
    lines = made.getvalue().encode().split(b"\n")
    lines = [line + b"\n" for line in lines[:-1]]
    refusals = Refusals("t")
    reader = CsvText(CsvForm(("a", "b", "c"), ("c", "a")), refusals)
    found = []
    for at in range(0, len(lines), size):
        part = lines[at : at + size]
        texts = reader.parse(Stretch(b"".join(part), at + 1, 0, len(part)), is_last=False)
        found += zip(*(texts.columns[n].to_pylist() for n in "ac"), texts.lines, strict=True)
    texts = reader.parse(Stretch(b"", len(lines) + 1, 0, 0), is_last=True)
    found += zip(*(texts.columns[n].to_pylist() for n in "ac"), texts.lines, strict=True)
    wanted, line = [], 1
    for a, b, c in table:
        wanted.append((a or None, c or None, line))
        line += 1 + a.count("\n") + b.count("\n") + c.count("\n")
    assert found == wanted
    assert refusals.rows == 0


@pytest.fixture
def strict():
    """Somebody else in this process reads short values only."""
    before = csv.field_size_limit(10)
    yield
    assert csv.field_size_limit(before) == 10


def test_how_long_a_value_may_be_is_a_bound_of_ours(strict, monkeypatch):
    """A value is read or refused by our bound, whatever others in this process let `csv` read; and
    theirs stays what it was."""
    monkeypatch.setattr("phonotheque.catalogue.sources.mapped.csv_text.MOST_LETTERS", 20)
    refusals = Refusals("t")
    reader = CsvText(CsvForm(("a", "b"), ("a", "b")), refusals)
    rows = [("x" * 20, "a\nb"), ("y" * 21, "c\nd"), ("z" * 15, "e\nf")]
    data = "".join(f'{a},"{b}"\n' for a, b in rows).encode()
    texts = reader.parse(Stretch(data, 1, 0, 6), is_last=True)
    assert texts.columns["a"].to_pylist() == ["x" * 20, "z" * 15]
    assert refusals.rows > 0
    assert parse_header("a,bbbbbbbbbbbb", ",") == ("a", "bbbbbbbbbbbb")
    assert parse_header("a," + "b" * 21, ",") == ()
