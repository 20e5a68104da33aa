"""Names as Discogs writes them: numbered where several have one, varied on a sleeve, joined.

Laws: a name and what tells it apart give the written name again; what stands between two names is
printed with the spaces that Discogs shows and does not write.

Source: Discogs database guidelines 2 (artist) and 4 (label); data.discogs.com.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from xml.etree.ElementTree import Element

from phonotheque.catalogue.gids import key_of

_NUMBERED = re.compile(r"(.*\S)\s+\(([0-9]{1,6})\)\s*", re.DOTALL)
_MOST_DIGITS = 14
"""Keys of recordings are 10,000 times the number of their release, and have 63 bits."""

Identity = tuple[int, str | None]
"""The key of an entity, and its source's own identifier; None where that is the key."""


@lru_cache(maxsize=65_536)
def plain_name(written: str) -> tuple[str, str | None]:
    """Return a name without its number, and the number: "Sun (3)" is the third Sun."""
    found = _NUMBERED.fullmatch(written) if written.endswith((")", " ")) else None
    return (found[1], found[2]) if found else (written, None)


def identity(number: str | None, name: str | None) -> Identity | None:
    """Return who is meant: by number, or by the written name where a dump has none.

    The earliest dumps name artists and labels by name alone, which is why names are numbered. A
    number 0 is how later ones write that somebody has no page.
    """
    if number and number.isdecimal() and len(number) <= _MOST_DIGITS:
        key = int(number)
        if key:
            return key, None
    elif number:
        return None
    return _by_name(name.strip()) if name and name.strip() else None


@lru_cache(maxsize=4_096)
def _by_name(name: str) -> Identity:
    return key_of(name), name


class Credited(NamedTuple):
    """An artist within a credit.

    Attributes:
        identity: Who it is; None where a number cannot be read.
        written: The name with its number.
        name: The name as it is printed here.
        join_phrase: What stands between this name and the next.
    """

    identity: Identity | None
    written: str
    name: str
    join_phrase: str


class Credit(NamedTuple):
    """Who is named together. It has no number in a dump: its key is who is named, and how."""

    key: int
    names: tuple[Credited, ...]


_Written = tuple[str | None, str | None, str | None, str | None]
"""Number, name, variation and join of an artist."""


def credit_of(artists: Element | None) -> Credit | None:
    """Return who is named in an element `artists`; None when nobody is."""
    if artists is None:
        return None
    return _credit(
        tuple(
            (one.findtext("id"), one.findtext("name"), one.findtext("anv"), one.findtext("join"))
            for one in artists
        )
    )


@lru_cache(maxsize=16_384)
def _credit(written: tuple[_Written, ...]) -> Credit | None:
    """Most credits are of somebody who was named a moment ago in the same way."""
    named = [one for one in written if one[1] and one[1].strip()]
    last = len(named) - 1
    names = tuple(_credited(one, is_last=place == last) for place, one in enumerate(named))
    if not names:
        return None
    told = [f"{one.written}\t{one.identity}\t{one.name}\t{one.join_phrase}" for one in names]
    return Credit(key_of("\n".join(told)), names)


def _credited(one: _Written, *, is_last: bool) -> Credited:
    number, name, variation, join = one
    written = (name or "").strip()
    shown = (variation or "").strip() or plain_name(written)[0]
    return Credited(identity(number, written), written, shown, _join_phrase(join, is_last=is_last))


def _join_phrase(written: str | None, *, is_last: bool) -> str:
    """What is printed between two names: "&" has spaces around it, a comma one behind."""
    join = (written or "").strip()
    if not join:
        return "" if is_last else ", "
    if join in (",", ";"):
        return f"{join} "
    return f" {join}" if is_last else f" {join} "
