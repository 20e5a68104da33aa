"""What somebody who removes says: the reason for everybody, and what is kept for few.

Laws: a reason is one line that everybody may read for ever, so it names no person: neither who
asked nor an e-mail address; a case has one name, and no two cases have the same.

Not here: carrying it out (`erasing`), telling it to the world (`tombstones`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from phonotheque.errors import BadRequestError
from phonotheque.music.email_addresses import has_email_address

MAX_REASON = 500
"""Letters of a reason: it stands in every mirror's copy of the tombstones."""

_CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_OWN_CASE = re.compile(r"([0-9]{4})-([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Request:
    """Why something is to be removed.

    Attributes:
        reason: As everybody may read it.
        evidence: A text or address, kept where it can be erased; "" for none.
        requested_by: A name, kept where it can be erased; "" for nobody.
        case: Name of the case; "" lets the archive choose one.

    Raises:
        BadRequestError: The reason or the case cannot be published as it is.
    """

    reason: str
    evidence: str = ""
    requested_by: str = ""
    case: str = ""

    def __post_init__(self) -> None:
        check_public(self.reason, "--reason", self.requested_by)
        check_case(self.case)


@dataclass(frozen=True, slots=True)
class Objection:
    """A counter-notice: somebody contradicts a removal. Attributes as in `Request`.

    Raises:
        BadRequestError: The summary cannot be published as it is.
    """

    case: str
    summary: str
    evidence: str = ""
    received_from: str = ""

    def __post_init__(self) -> None:
        check_public(self.summary, "--summary", self.received_from)


def check_public(text: str, option: str, person: str) -> None:
    """Refuse a text that must not stand where everybody reads it and nobody can erase it.

    Args:
        text: The text.
        option: What it was given with.
        person: A name that must not be in it; "" for none.

    Raises:
        BadRequestError: It is empty, too long, more than one line, or names a person.
    """
    wrong = ""
    if not text.strip():
        wrong = "it is empty"
    elif len(text) > MAX_REASON:
        wrong = f"it has {len(text)} letters, at most {MAX_REASON} are told"
    elif not text.isprintable():
        wrong = "it is more than one line, or has control characters"
    elif has_email_address(text):
        wrong = "it has an e-mail address in it"
    elif person.strip() and person.strip().casefold() in text.casefold():
        wrong = f'it names "{person}"'
    if wrong:
        todo = (
            "Say in one line why, without the name or address of a person: everybody can read it, "
            "and it cannot be taken back. What only few may read goes into --evidence."
        )
        raise BadRequestError(option, wrong, todo)


def check_case(case: str) -> None:
    """Refuse a name that cannot be one of a case; "" is none and passes.

    Raises:
        BadRequestError: It has other characters, or too many.
    """
    if case and not _CASE.fullmatch(case):
        todo = "Use up to 64 letters without marks, digits, and . _ -."
        raise BadRequestError("--case", f"{case!r} is no name of a case", todo)


def next_case(known: Iterable[str], year: int) -> str:
    """Return the name of a new case: "2026-1", "2026-2"; numbers are not given twice."""
    numbers = [0]
    for case in known:
        match = _OWN_CASE.fullmatch(case)
        if match and int(match[1]) == year:
            numbers.append(int(match[2]))
    return f"{year}-{max(numbers) + 1}"
