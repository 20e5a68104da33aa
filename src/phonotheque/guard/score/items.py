"""Which requests are for an item, and for which one.

An item is what a catalogue consists of: a song, a picture, a page. What pages are made of (styles,
scripts, icons) is no item, nor is what only asks whether something is there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from zlib import crc32

from phonotheque.errors import BadRequestError

NO_ITEM = -1

FURNITURE_ENDS = (
    ".css", ".js", ".mjs", ".map", ".ico", ".woff", ".woff2", ".ttf", ".otf", ".eot",
)  # fmt: skip
FURNITURE_BEGINS = ("/favicon", "/robots.txt", "/sitemap", "/.well-known/")
"""How addresses of what pages are made of end and begin, in letters of any case."""

_FURNITURE = re.compile(
    rf"(?i)(?:{'|'.join(map(re.escape, FURNITURE_ENDS))})$"
    rf"|^(?:{'|'.join(map(re.escape, FURNITURE_BEGINS))})".encode()
)
_PICTURE = re.compile(rb"(?i)\.(?:png|jpe?g|gif|webp|avif|svg|bmp)$")
_NUMBER = re.compile(rb"(\d{1,9})\D{0,12}$")


@dataclass(frozen=True, slots=True)
class ItemRule:
    """Finds the item in what was asked for.

    Attributes:
        pattern: With one group, which is the item; None takes the path of any address, without what
            follows a question mark.
    """

    pattern: re.Pattern[bytes] | None = None

    def of(self, asked: bytes) -> bytes | None:
        """Return the item of a request line, of an address or of a name; None where it is none."""
        path = _target(asked)
        if path is None:
            return None
        if self.pattern is not None:
            found = self.pattern.search(path)
            return found.group(1) if found is not None else None
        path = path.partition(b"?")[0]
        return None if _FURNITURE.search(path) else path


def number_of(item: bytes | None) -> int:
    """Return a number from 0 to 2**32 - 1 that stands for an item; `NO_ITEM` for none."""
    return NO_ITEM if item is None else crc32(item)


def counter_of(item: bytes | None) -> int:
    """Return the number that an item's name ends with (`/song/1207.ogg`), or `NO_ITEM`."""
    found = _NUMBER.search(item) if item is not None else None
    return int(found.group(1)) if found is not None else NO_ITEM


def is_picture(item: bytes) -> bool:
    """Return whether an item's name ends as pictures do, which pages are often made of."""
    return _PICTURE.search(item) is not None


def item_rule(pattern: str | None) -> ItemRule:
    """Return the rule of a regular expression.

    Raises:
        BadRequestError: It is none, or has not one group.
    """
    if pattern is None:
        return ItemRule()
    try:
        compiled = re.compile(pattern.encode())
    except re.error as error:
        todo = "Quote what has a meaning in regular expressions, as \\. for a full stop."
        raise BadRequestError(pattern, f"it is no regular expression ({error})", todo) from error
    if compiled.groups != 1:
        todo = "Put brackets around the part that names the item: '/song/([^/]+)'."
        raise BadRequestError(pattern, "it has not one group", todo)
    return ItemRule(compiled)


def _target(asked: bytes) -> bytes | None:
    """What is fetched; None for requests that fetch nothing."""
    method, blank, rest = asked.partition(b" ")
    if not blank:
        return asked
    return rest.partition(b" ")[0] if method == b"GET" else None
