"""The common and the combined log format, as nginx and Apache write them.

    83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /a/b HTTP/1.1" 200 203023 "from" "program"

Lines are read as a table with blanks between columns; the few that are no such rows are read one by
one. Columns after the program's name, which many services add, are not looked at.

Source: Apache HTTP Server 2.4, mod_log_config, "Common Log Format" and "combined".
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.csv

from phonotheque.guard.score.columns import Column, Raw, joined, of_arrow, of_words, paired
from phonotheque.guard.score.opening import LONGEST_LINE_BYTES

_LINE = re.compile(
    rb"(\S+) \S+ [^\[]*\[(\S+ [^\]\s]*)\] "
    rb'"((?:[^"\\]|\\.){1,8192})" (\d{3}) (?:\d+|-)(?: "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)")?'
)
_COMMON, _COMBINED = 8, 10
_QUOTES = (2, 6)
"""Quotation marks of a line of each."""

_WORDS = pa.dictionary(pa.int32(), pa.binary())


def is_combined(line: bytes) -> bool:
    """Return whether a line is of one of these formats."""
    return _LINE.match(line) is not None


def read_combined(block: bytes) -> Raw:
    """Read whole lines."""
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    rows, odd = _as_table(block) if block.isascii() else (None, [])
    if rows is not None and len(rows.account.codes) + len(odd) == lines:
        return _with_odd(rows, odd)
    # A quotation mark that nobody closed has joined lines: those are read apart.
    tidy: list[bytes] = []
    odd = []
    for line in block.split(b"\n"):
        is_tidy = b"\\" not in line and line.count(b'"') in _QUOTES and line.isascii()
        (tidy if is_tidy else odd).append(line)
    rows, more = _as_table(b"\n".join(tidy))
    odd = [line for line in odd if line.strip()] + more
    return _with_odd(rows, odd) if rows is not None else _one_by_one(odd)


def _as_table(block: bytes) -> tuple[Raw | None, list[bytes]]:
    """Read lines as rows; those that are not go back as they are."""
    columns = _columns(block)
    odd: list[bytes] = []
    if not columns:
        return None, [line for line in block.split(b"\n") if line.strip()]

    def leave(row: pyarrow.csv.InvalidRow) -> str:
        odd.append(row.text.encode())
        return "skip"

    names = [f"c{number}" for number in range(columns)]
    used = ["c0", "c3", "c4", "c5", "c6", *(["c9"] if columns >= _COMBINED else [])]
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(block),
            read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=4 << 20),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=" ", escape_char="\\", invalid_row_handler=leave
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(used, _WORDS),
                include_columns=used,
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:  # a row that no reader of tables takes
        return None, [line for line in block.split(b"\n") if line.strip()]
    account, clock, zone, asked, status, *agent = (of_arrow(table.column(name)) for name in used)
    time = paired(clock, zone)
    return Raw(
        account, asked, time, status, None, agent[0] if agent else None, None, None, malformed=0
    ), odd


def _columns(block: bytes) -> int:
    """How many columns the first line has that is of these formats; 0 when none is near."""
    for line in block[: 1 << 16].split(b"\n", 100):
        found = _LINE.match(line)
        if found is not None and b"\\" not in line and line.count(b'"') in _QUOTES:
            columns = len(re.sub(rb'"[^"]*"', b"-", line).split(b" "))
            return columns if columns >= _COMMON else 0
    return 0


def _with_odd(rows: Raw, odd: list[bytes]) -> Raw:
    if not odd:
        return rows
    more = _one_by_one(odd)
    agent = None
    if rows.agent is not None and more.agent is not None:
        agent = joined(rows.agent, more.agent)
    return Raw(
        joined(rows.account, more.account), joined(rows.asked, more.asked),
        joined(rows.time, more.time), joined(rows.status, more.status),
        None, agent, None, None, more.malformed,
    )  # fmt: skip


def _one_by_one(lines: list[bytes]) -> Raw:
    found = [_LINE.match(line) for line in lines if len(line) <= LONGEST_LINE_BYTES]
    rows = [one.groups() for one in found if one is not None]
    columns = [of_words(column) for column in zip(*rows, strict=True)]
    account, time, asked, status, agent = columns or [_nothing()] * 5
    return Raw(account, asked, time, status, None, agent, None, None, len(lines) - len(rows))


def _nothing() -> Column:
    return Column(np.zeros(0, np.int32), [])
