"""A document in JSON, cut into its values: where each stands, one after the other.

Laws: the text is JSON already (`msgspec` passed over it), so that its quotes and brackets are
right; nothing is held of a value, so that however many there are, memory is that of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Text = bytes | bytearray

_LONGEST_NAME = 100

_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+[{}\[\]]', re.DOTALL)
_PLAIN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[^\s,\]}"]++', re.DOTALL)
_BETWEEN = re.compile(rb"[\s,:]*+")


def begin_of(text: Text) -> int:
    """Return where the one value of a text begins."""
    return _after(_BETWEEN, text, 0)


def elements(text: Text, begin: int) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each value of a list that begins at a place."""
    place = _after(_BETWEEN, text, begin + 1)
    while text[place] != ord("]"):
        end = _end_of(text, place)
        yield place, end
        place = _after(_BETWEEN, text, end)


def members(text: Text, begin: int) -> Iterator[tuple[str, int]]:
    """Yield name and begin of each value of an object that begins at a place.

    The name is as it is written, without looking into escapes; "" is one of more than 100 bytes.

    Cost: a value is passed over when the next one is asked for, and not before.
    """
    place = _after(_BETWEEN, text, begin + 1)
    while text[place] != ord("}"):
        end = _end_of(text, place)
        value = _after(_BETWEEN, text, end)
        is_name = end - place <= _LONGEST_NAME
        yield text[place + 1 : end - 1].decode("utf-8", "replace") if is_name else "", value
        place = _after(_BETWEEN, text, _end_of(text, value))


def _end_of(text: Text, begin: int) -> int:
    if text[begin] not in b"{[":
        return _after(_PLAIN, text, begin)
    place, depth = begin, 0
    while True:
        place = _after(_BRACKET, text, place)
        depth += 1 if text[place - 1] in b"{[" else -1
        if not depth:
            return place


def _after(form: re.Pattern[bytes], text: Text, begin: int) -> int:
    found = form.match(text, begin)
    if found is None:
        raise ValueError("the text is no JSON")
    return found.end()
