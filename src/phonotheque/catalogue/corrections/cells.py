"""Cells of a sheet: texts that no spreadsheet program takes for a formula, a number or a date.

A cell that begins with `=`, `+`, `-` or `@` is run as a formula by the programs that open the
sheet; one that looks like a number or a date is rewritten by them (00602445790128, 1999-02). An
apostrophe in front keeps a text a text.

Laws: `read_cell(write_cell(text)) == text` for every text; no cell that is written begins as a
formula does; what needs no apostrophe has none.
"""

from __future__ import annotations

import re

from phonotheque.music.formulas import begins_formula

_APOSTROPHE = "'"
_NUMBER_LIKE = re.compile(
    r"\s*(?:0\d+|\d{12,}|\d+(?:[.,]\d+)?[eE]\d+|\d{1,4}[-/.:]\d{1,2}(?:[-/.:]\d{1,4})?.*"
    r"|\d{1,2}[-. ]?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*.*"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*[-. ]?\d{1,4})\s*",
    re.IGNORECASE | re.DOTALL,
)


def write_cell(text: str) -> str:
    """Return a text as it stands in a cell."""
    return _APOSTROPHE + text if _is_endangered(text) else text


def read_cell(cell: str) -> str:
    """Return the text of a cell, written here or by anybody."""
    if cell.startswith(_APOSTROPHE) and _is_endangered(cell[1:]):
        return cell[1:]
    return cell


def _is_endangered(text: str) -> bool:
    """Whether a text needs an apostrophe; one that begins with one, where the rest does."""
    bare = text.lstrip(_APOSTROPHE)
    return begins_formula(bare) or bool(_NUMBER_LIKE.fullmatch(bare))
