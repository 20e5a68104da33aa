"""What a check of stored bytes can find wrong: the words that register, screen and tests share."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class FindingKind(StrEnum):
    """A way in which what is stored differs from what is registered.

    missing: registered, but no file is there. truncated: shorter than registered.
    changed: other bytes than registered, or not a regular file. unreadable: the disk refused.
    foreign: a file in `objects/` that is no object. unreferenced: an object nobody registered.
    """

    MISSING = "missing"
    TRUNCATED = "truncated"
    CHANGED = "changed"
    UNREADABLE = "unreadable"
    FOREIGN = "foreign"
    UNREFERENCED = "unreferenced"


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing found. `path` is relative to the archive; `detail` is plain text."""

    kind: FindingKind
    path: str
    detail: str = ""
