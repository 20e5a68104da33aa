"""Nearness: titles and names that are not equal in any form, and may yet be the same.

Laws: numbers, single letters and versions must be equal; a word may have one wrong letter (two from
eight letters on), never become another word that the catalogue knows unless the length agrees
(`is_weak`); short words must be equal. "Part 1" is not "Part 2", "Song (Live)" is not "Song".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from phonotheque.catalogue.match.forms import compact, name_forms
from phonotheque.catalogue.match.transliteration import latin
from phonotheque.catalogue.match.versions import versioned
from phonotheque.music.folding import fold
from phonotheque.music.title_key import title_key

LEAST = 85.0
"""Per cent of the letters that are the same, in order: users of large dumps found most there."""

_SHORT, _LONG = 5, 8
_LEAST_NAME = 5
"""Letters of a name of which one may be wrong."""
_FILLERS = frozenset({"the", "a", "an", "and", "of", "in", "to", "on", "o", "n", "de", "la", "el"})
_NUMBER = re.compile(r".*\d.*|[ivx]+|.|one|two|three|four|five|minor|major")


class Nearness(NamedTuple):
    """How near two texts are.

    Attributes:
        share: 0 to 1.
        is_weak: They are the same only if something else says so.
        other: Why they are not the same; "" when they may be.
    """

    share: float
    is_weak: bool = False
    other: str = ""


def near_titles(title: str, other: str, is_word: Callable[[str], bool]) -> Nearness:
    """Compare two titles that no form makes equal."""
    one, two = versioned(title), versioned(other)
    first, second = latin(title_key(one.base)), latin(title_key(two.base))
    share = fuzz.ratio(compact(first), compact(second)) / 100
    words, others = first.split(), second.split()
    if share * 100 < LEAST or numbers_in(words) != numbers_in(others) or not words:
        return Nearness(share, other=f"the title is another: {other}")
    is_weak = False
    if first != second:
        slips = _slips(words, others)
        if slips is None:
            return Nearness(share, other=f"the title is another: {other}")
        is_weak = not slips or any(map(is_word, slips))
    if one.kinds != two.kinds:
        told = ", ".join(sorted(two.kinds - one.kinds)) or f"not {', '.join(sorted(one.kinds))}"
        return Nearness(share, other=f"another version ({told}): {other}")
    return Nearness(share, is_weak or one.told != two.told)


def numbers_in(words: Sequence[str]) -> Counter[str]:
    """What tells parts of a work apart; two titles that differ in it are two titles."""
    return Counter(word for word in words if word != "a" and _NUMBER.fullmatch(word))


def _slips(words: Sequence[str], others: Sequence[str]) -> list[str] | None:
    """Return the words of the first title that are slips of words of the second.

    None when they differ by more than slips; nothing when they differ by small words alone.
    """
    missing, extra = Counter(others) - Counter(words), Counter(words) - Counter(others)
    one = [word for word in words if extra[word]]
    two = [word for word in others if missing[word]]
    if set(one) | set(two) <= _FILLERS:
        return []
    if len(one) == len(two):
        return one if all(map(_is_slip, one, two)) else None
    return one if _is_slip("".join(one), "".join(two)) else None


def _is_slip(word: str, other: str) -> bool:
    """Whether one word may be the other, mistyped."""
    shorter = min(len(word), len(other))
    edits = 0 if shorter < _SHORT else 1 if shorter < _LONG else 2
    return OSA.distance(word, other, score_cutoff=edits) <= edits


def near_names(artist: str, credit: str) -> Nearness | None:
    """Compare two names that no form makes equal; None when they are others'."""
    one, two = name_forms(artist), name_forms(credit)
    if min(len(one.skeleton), len(two.skeleton)) >= _LEAST_NAME:
        share = fuzz.ratio(one.skeleton, two.skeleton) / 100
        words, others = latin(fold(artist)).split(), latin(fold(credit)).split()
        if share * 100 >= LEAST and numbers_in(words) == numbers_in(others):
            return Nearness(share)
        if len(words) != len(others) and _is_within(words, others):
            return Nearness(0.8, is_weak=True)
    return None


def _is_within(words: Sequence[str], others: Sequence[str]) -> bool:
    """Whether one name has all words of the other, the family name among them: "Beethoven" and
    "Ludwig van Beethoven"."""
    short, long = sorted((words, others), key=len)
    return bool(short) and short[-1] == long[-1] and set(short) <= set(long)
