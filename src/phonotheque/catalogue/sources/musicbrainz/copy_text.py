r"""PostgreSQL's COPY text: a row a line, tabs between values, `\N` for null, backslash escapes.

Laws: a row with another number of columns, with bytes that are no UTF-8, or with a number that is
none, is refused with its line, and the rows around it are read; a value comes out exactly as it
went in. Arrow splits and converts; Python sees only values with a backslash, and lines of a stretch
in which something is wrong.

Source: PostgreSQL 17 documentation, COPY, "Text Format".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.reading.lines import Stretch

Numbers: TypeAlias = npt.NDArray[np.int64]

COLUMNS = "a wrong number of columns"
NO_UTF8 = "bytes that are no UTF-8"
NO_NUMBER = "a number that is none"
CARRIAGE_RETURN = "a carriage return within the row"

_END = b"\\.\n"
"""What marked the end of data before PostgreSQL 7.4, and still may."""


@dataclass(frozen=True, slots=True)
class Form:
    """The columns of a table and those that are wanted.

    Attributes:
        names: All, in their order.
        wanted: The wanted ones: `pa.int64()` or `pa.string()`.
    """

    names: tuple[str, ...]
    wanted: Mapping[str, pa.DataType]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a stretch.

    Attributes:
        table: The wanted columns, each one chunk.
        lines: Number of the line of each row.
        data: The stretch, from which lines can be had again.
        first: Number of its first line.
    """

    table: pa.Table
    lines: Numbers
    data: bytes
    first: int

    def column(self, name: str) -> pa.Array:
        """A column as one array."""
        column = self.table.column(name)
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()

    def raw(self, chosen: npt.NDArray[np.bool_]) -> pa.Array:
        """The lines of the chosen rows as they were written, null for all others."""
        if not chosen.any():
            return pa.nulls(len(chosen), pa.string())
        written = self.data.split(b"\n")
        texts: list[str | None] = [None] * len(chosen)
        for place in np.flatnonzero(chosen):
            texts[place] = written[self.lines[place] - self.first].decode("utf-8", "replace")
        return pa.array(texts, pa.string())


def parse(stretch: Stretch, form: Form, refusals: Refusals) -> Rows:
    """Read the rows of a stretch; what cannot be read is refused.

    Args:
        stretch: Whole lines.
        form: The columns.
        refusals: Where refused rows are noted.
    """
    data = stretch.data
    count = stretch.lines
    if data.endswith(_END) and (len(data) == len(_END) or data[-len(_END) - 1] == 0x0A):
        data, count = data[: -len(_END)], count - 1
    lines = np.arange(stretch.line, stretch.line + count)
    if b"\r" not in data:
        try:
            table = _read(data, form)
        except pa.ArrowInvalid:  # something is wrong somewhere: it is looked for line by line
            table = None
        if table is not None and table.num_rows == count:
            return Rows(_unescaped(table), lines, stretch.data, stretch.line)
    sound, lines = _sound(data, stretch.line, form, refusals)
    return Rows(_unescaped(_read(sound, form)), lines, stretch.data, stretch.line)


def _read(data: bytes, form: Form) -> pa.Table:
    if not data:
        return pa.schema(list(form.wanted.items())).empty_table()
    return pacsv.read_csv(
        pa.BufferReader(data),
        pacsv.ReadOptions(
            use_threads=False, block_size=len(data) + 1, column_names=list(form.names)
        ),
        pacsv.ParseOptions(
            delimiter="\t",
            quote_char=False,
            double_quote=False,
            escape_char=False,
            ignore_empty_lines=False,
        ),
        pacsv.ConvertOptions(
            include_columns=list(form.wanted),
            column_types=dict(form.wanted),
            null_values=["\\N"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


_NUMBER = re.compile(rb"-?[0-9]{1,18}|\\N")


def _sound(data: bytes, first: int, form: Form, refusals: Refusals) -> tuple[bytes, Numbers]:
    """Keep the lines that can be read; refuse the others."""
    width = len(form.names) - 1
    numbers = [
        place
        for place, name in enumerate(form.names)
        if name in form.wanted and pa.types.is_integer(form.wanted[name])
    ]
    kept, lines = [], []
    for line, written in enumerate(data.removesuffix(b"\n").split(b"\n"), first):
        row = written.removesuffix(b"\r")
        reason = _fault(row, width, numbers)
        if reason:
            refusals.row(line, reason, row)
        else:
            kept.append(row)
            lines.append(line)
    return b"".join(row + b"\n" for row in kept), np.array(lines, np.int64)


def _fault(row: bytes, width: int, numbers: Sequence[int]) -> str:
    if row.count(b"\t") != width:
        return COLUMNS
    if b"\r" in row:
        return CARRIAGE_RETURN
    try:
        row.decode("utf-8")
    except UnicodeDecodeError:
        return NO_UTF8
    cells = row.split(b"\t")
    if not all(_NUMBER.fullmatch(cells[place]) for place in numbers):
        return NO_NUMBER
    return ""


def _unescaped(table: pa.Table) -> pa.Table:
    """Resolve escapes in the columns that have any."""
    for place, field in enumerate(table.schema):
        column = table.column(place)
        if field.type != pa.string():
            continue
        escaped = pc.match_substring(column, "\\").fill_null(False)
        if pc.any(escaped).as_py():
            made = _replaced(column.combine_chunks(), escaped.combine_chunks(), unescape)
            table = table.set_column(place, field, made)
    return table


def _replaced(column: pa.Array, chosen: pa.Array, law: Callable[[str], str]) -> pa.Array:
    made: list[Any] = [law(text) for text in column.filter(chosen).to_pylist()]
    return pc.replace_with_mask(column, chosen, pa.array(made, pa.string()))


_ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def unescape(text: str) -> str:
    r"""Resolve the backslash escapes of one value: `\\` is a backslash, `\t` a tab, `\101` an A."""
    stretches = text.encode().split(rb"\\")  # at backslashes, of which a value may be full
    return b"\\".join(_ESCAPE.sub(_meant, one) for one in stretches).decode("utf-8", "replace")


def _meant(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code[:1] == b"x" and len(code) > 1:
        return bytes([int(code[1:], 16)])
    if code[:1].isdigit() and code[:1] < b"8":
        return bytes([int(code, 8) & 0xFF])
    return _LETTERS.get(code, code)
