"""What a case book can hold, one kind of line each.

Laws: a line says all that is needed to know what holds now; no line has what a person wrote: words
lie beside the book where they can be forgotten, and a line has their SHA-256. Field order here is
the order in the line; fields are only added, at the end, with a default.

Source: the tables are in docs/reference/case-book.md.
"""

from __future__ import annotations

import msgspec

from phonotheque.guard.decisions import Decision, Finding, Permit
from phonotheque.guard.rungs import Rung

FORMAT = 1


class Begun(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="entry", tag="begun"):
    """The first line: since when accounts are watched, and until when nothing is carried out."""

    format: int
    second: int
    shadow_until: int


class Decided(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="entry", tag="decided"):
    """A decision, and what it was made of. `case` is new, or the one that the account has."""

    case: str
    decision: Decision
    finding: Finding | None = None


class Answered(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="entry", tag="answered"):
    """The question was answered, well or not. `words` is the SHA-256 of what was written."""

    case: str
    second: int
    is_passed: bool
    words: str = ""


class Wrote(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="entry", tag="wrote"):
    """A message. `by` is "account" or the name of whoever wrote for the service."""

    case: str
    second: int
    by: str
    words: str


class Appealed(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="entry", tag="appealed"):
    """Somebody objects. `words` is the SHA-256 of what was written."""

    case: str
    second: int
    words: str


class Settled(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="entry", tag="settled"):
    """A person looked at a case.

    Attributes:
        rung: What holds from now on; `Rung.NONE`: the decision is taken back.
        until: Until when.
        by: Who looked.
        reason: Why, in words that name nobody.
        is_appeal: It answers an appeal.
        is_wrong: The decision should not have been made: the finding becomes a lesson.
    """

    case: str
    second: int
    rung: Rung
    until: int
    by: str
    reason: str
    is_appeal: bool = False
    is_wrong: bool = False


class Permitted(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="entry", tag="permitted"
):
    """A permit; a later one of the same account takes its place, and one that is over ends it."""

    permit: Permit


Entry = Begun | Decided | Answered | Wrote | Appealed | Settled | Permitted
"""Any line."""
