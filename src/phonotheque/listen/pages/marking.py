"""What was sought, marked in what was found."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from markupsafe import Markup, escape


def marked(text: str, sought: str) -> Markup:
    """Mark in a title what was sought, in any case: a word of one or two letters where a word
    begins, a longer one wherever it stands."""
    shown, done = "", 0
    folded = text.casefold()
    places = range(len(text)) if len(folded) == len(text) else _places(text)
    for first, behind in sorted(_found(folded, _words(sought))):
        begin, end = places[first], places[behind - 1] + 1
        if begin >= done:
            shown += f"{escape(text[done:begin])}<mark>{escape(text[begin:end])}</mark>"
            done = end
    return Markup(f"{shown}{escape(text[done:])}")


def _places(text: str) -> list[int]:
    """Where each letter of a folded text comes from: `ß` is folded into two."""
    return [at for at, letter in enumerate(text) for _ in letter.casefold()]


@lru_cache(64)  # the same for every row of a page
def _words(sought: str) -> frozenset[str]:
    return frozenset(sought.casefold().split())


def _found(text: str, words: frozenset[str]) -> Iterator[tuple[int, int]]:
    for word in words:
        at = text.find(word)
        while at >= 0:
            if len(word) > 2 or not text[at - 1 : at].isalnum():
                yield at, at + len(word)
            at = text.find(word, at + len(word))
