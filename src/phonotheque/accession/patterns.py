"""Patterns of paths, as `rights.toml` has them: `*`, `?` and `**`, and nothing else.

Laws: a pattern matches whole paths; `*` is any run of characters of one name, also none; `?` is
exactly one character; `**` alone between slashes is any run of folders, also none, and as the last
part everything below. Every other character means itself: names of albums are full of brackets.
Case counts; Unicode form does not (both sides are compared in NFC, as macOS stores another form).

Cost: linear for most patterns, at worst the product of the lengths; never exponential.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

MAX_LENGTH = 1024
"""Longest pattern in characters."""

_T = TypeVar("_T")


class BadPatternError(ValueError):
    """A pattern that cannot match any path, or may not mean what was meant; says why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern of paths relative to one folder. `text` is as written."""

    text: str
    _parts: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = tuple(unicodedata.normalize("NFC", self.text).split("/"))
        if wrong := _fault(self.text, parts):
            raise BadPatternError(wrong)
        object.__setattr__(self, "_parts", parts)

    def matches(self, path: str) -> bool:
        """Whether a relative path with slashes matches, as a whole."""
        names = unicodedata.normalize("NFC", path).split("/")
        if self._parts[-1] == "**":  # everything *below*: at least one name is left for it
            return _matches(names[:-1], self._parts, "**", _name_matches)
        return _matches(names, self._parts, "**", _name_matches)

    def __str__(self) -> str:
        return self.text


def _fault(text: str, parts: tuple[str, ...]) -> str:
    if not text or len(text) > MAX_LENGTH:
        return f"a pattern has 1 to {MAX_LENGTH} characters, this has {len(text)}"
    if "\\" in text:
        return "folders are separated by / and not by \\"
    if any(ord(sign) < 32 for sign in text):
        return "it holds a control character"
    if "" in parts:
        return "it begins or ends with /, or has two of them together"
    if "." in parts or ".." in parts:
        return "it leaves its folder or stays in place with . or .."
    if any("**" in part and part != "**" for part in parts):
        return "** stands alone between slashes"
    return ""


def _name_matches(pattern: str, name: str) -> bool:
    return _matches(name, pattern, "*", _sign_matches)


def _sign_matches(pattern: str, sign: str) -> bool:
    return pattern in ("?", sign)


def _matches(
    items: Sequence[_T], pattern: Sequence[_T], star: _T, same: Callable[[_T, _T], bool]
) -> bool:
    """Hold items against a pattern in which `star` stands for any run of them.

    Only the last star can ever have to take more: what an earlier one could take, it could too.
    """
    at = here = 0
    last_star, taken = -1, 0
    while at < len(items):
        if here < len(pattern) and pattern[here] == star:
            last_star, taken = here, at
            here += 1
        elif here < len(pattern) and same(pattern[here], items[at]):
            at += 1
            here += 1
        elif last_star >= 0:
            taken += 1
            at, here = taken, last_star + 1
        else:
            return False
    return all(part == star for part in pattern[here:])
