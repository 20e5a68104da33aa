"""Which bytes of a file a request asks for; pure.

Source: RFC 9110 section 14 (range requests). Of several ranges in one request the whole file is
sent, as section 14.2 allows: no client of ours asks for them, and many small ones are an attack.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes=\s*([0-9]{0,19})-([0-9]{0,19})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `start` to before `end`."""

    start: int
    end: int

    @property
    def size_bytes(self) -> int:
        """How many they are."""
        return self.end - self.start


class UnsatisfiableError(Exception):
    """The range lies behind the file's end."""


def parse_range(header: str, size_bytes: int) -> Span | None:
    """Return the span that a Range header asks for; None when the whole file is to be sent.

    Args:
        header: Its value.
        size_bytes: Length of the file.

    Raises:
        UnsatisfiableError: It is a range, and none of its bytes is in the file.
    """
    match = _ONE.fullmatch(header)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:  # the last so many
        if not int(match[2]) or not size_bytes:
            raise UnsatisfiableError
        return Span(max(size_bytes - int(match[2]), 0), size_bytes)
    start = int(match[1])
    last = int(match[2]) if match[2] else size_bytes - 1
    if match[2] and last < start:
        return None  # no range at all: the header counts as absent
    if start >= size_bytes:
        raise UnsatisfiableError
    return Span(start, min(last + 1, size_bytes))
