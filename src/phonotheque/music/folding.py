"""Folding: the one rule by which written words are the same word, for rows and for queries.

Laws: `fold` never raises, whatever the text; folding what is folded changes nothing; words hold
letters, digits and marks alone, so that no separator, control character, direction mark,
private-use or unassigned code point is ever part of one. Text in scripts that put no spaces between
words comes out as whole runs: what is done with those is the searcher's affair.

What is folded: case, compatibility forms (full width, ligatures, circled digits), diacritics of the
scripts that can be read without them (Latin, Greek, Cyrillic; the points of Hebrew and Arabic).
What is kept: vowel signs of Indic scripts, voicing marks of kana, syllables of Hangul: without
those a word is another word.

Source: Unicode Standard Annex 15 (normal forms), chapter 3.13 (case folding).
"""

from __future__ import annotations

import re
from unicodedata import category, normalize

_DROPPED = re.compile(
    "["
    "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # combining diacritics
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # points and accents of Hebrew
    "\u0640\u064b-\u065f\u0670"  # Arabic: the stretch, vowel marks, hamza above and below
    "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"  # variation selectors
    "]"
)
_NO_LETTER = re.compile(r"[\W_]")
_ASCII_WORD = re.compile("[a-z0-9]+")


def words(text: str) -> list[str]:
    """Return the folded words of a text, in its order.

    Decomposed (NFKD), marks dropped, composed again (NFKC), case folded, and split on what is no
    letter, digit or mark.
    """
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return _NO_LETTER.sub(_mark_or_space, _bare(text)).split()


def fold(text: str) -> str:
    """Return the folded words with one space between them: equal texts are the same name."""
    return " ".join(words(text))


def _bare(text: str) -> str:
    """Drop marks, forms and case. A second time where the first left something to do: the folded
    case of a few letters decomposes again."""
    for _ in range(3):
        bare = normalize("NFKC", _DROPPED.sub("", normalize("NFKD", text))).casefold()
        if bare == text:
            break
        text = bare
    return text


def _mark_or_space(found: re.Match[str]) -> str:
    return found[0] if category(found[0])[0] == "M" else " "
