"""Texts that a spreadsheet program would run: no cell that we write may begin as a formula does.

Source: OWASP, "CSV Injection".
"""

from __future__ import annotations

_BEGINNINGS = tuple("=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20")
"""What a formula, or a call of another program, may begin with; full width forms are read alike."""


def begins_formula(text: str) -> bool:
    """Whether a spreadsheet program may take a text for a formula."""
    return text.lstrip(" ").startswith(_BEGINNINGS)


def harmless(cell: object) -> object:
    """Return what may stand in a cell: a text that begins as a formula gets an apostrophe.

    One that begins so behind apostrophes gets one more, so that `meant` gives each text back.
    """
    return f"'{cell}" if isinstance(cell, str) and begins_formula(cell.lstrip("'")) else cell


def meant(cell: str) -> str:
    """Return what a cell means that `harmless` may have written: without its apostrophe."""
    return cell[1:] if cell.startswith("'") and begins_formula(cell.lstrip("'")) else cell
