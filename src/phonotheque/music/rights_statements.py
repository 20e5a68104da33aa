"""The twelve statements of rightsstatements.org: what is known about rights, granting nothing.

Law: a statement is no licence; it says what an institution believes, so nobody may pass copies on
because of it. "CNE" says that nobody has looked.

Source: rightsstatements.org/page/1.0 and "Requirements for the Technical Infrastructure for
Standardized International Rights Statements", 1.2, section on URIs.
"""

from __future__ import annotations

import re

NOT_EVALUATED = "CNE"

RIGHTS_STATEMENTS = {
    "InC": "In Copyright",
    "InC-OW-EU": "In Copyright - EU Orphan Work",
    "InC-EDU": "In Copyright - Educational Use Permitted",
    "InC-NC": "In Copyright - Non-Commercial Use Permitted",
    "InC-RUU": "In Copyright - Rights-holder(s) Unlocatable or Unidentifiable",
    "NoC-CR": "No Copyright - Contractual Restrictions",
    "NoC-NC": "No Copyright - Non-Commercial Use Only",
    "NoC-OKLR": "No Copyright - Other Known Legal Restrictions",
    "NoC-US": "No Copyright - United States",
    NOT_EVALUATED: "Copyright Not Evaluated",
    "UND": "Copyright Undetermined",
    "NKC": "No Known Copyright",
}
"""Codes to names."""

_CODES = {code.lower(): code for code in RIGHTS_STATEMENTS}
_ADDRESS = re.compile(
    r"https?://(?:www\.)?rightsstatements\.org/(?:vocab|page|data)/([a-z-]+)/1\.0/?(?:\?.*)?"
)


def parse_rights_code(text: str) -> str | None:
    """Read an address, a code in any case, or the words "all rights reserved"; None otherwise."""
    lower = text.lower()
    if lower in ("all rights reserved", "in copyright"):
        return "InC"
    match = _ADDRESS.fullmatch(lower)
    return _CODES.get(match[1] if match else lower)


def format_rights_uri(code: str) -> str:
    """The identifier of a statement: http by definition, compared as text, never made https."""
    return f"http://rightsstatements.org/vocab/{code}/1.0/"
