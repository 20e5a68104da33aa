"""What stands in the index for a row beside its words: single code points that no text folds to.

Laws: folded text holds letters, digits and marks only (`phonotheque.music.folding`), so a token
made of private-use or unassigned code points can never be reached by what somebody types; a token
of one code point is left out of the prefix lists, which begin at two letters.

=================  ==========================================================================
U+E000 to U+E002   held, free, not held
U+E010 to U+E13B   year, 1800 to 2099
U+E140 to U+E15D   decade, 1800s to 2090s
U+E200 to U+E2FF   licence, country (U+E300), genre (U+E800): their numbers in `search.json`
U+40000 to DFFFD   whole title, whole credit: a hash of their words (planes 4 to 13)
U+F0000 to 10FFFD  two of the 512 commonest words together (planes 15 and 16)
=================  ==========================================================================

Planes 4 to 13 are unassigned; all private-use code points together would leave only 5,376 for whole
titles, and then 120 times as many rows of another title share a token.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

HELD = "\ue000"
FREE = "\ue001"
NOT_HELD = "\ue002"
"""Has a token of its own, because what is not held is looked for: rows without a token are found by
passing over those that have it, and held ones often come first, all of them."""

NEVER = "\U0010fffd"
"""A token that no row has."""

FIRST_SPECIAL = "\ue000"
FIRST_UNCOUNTED = "\U00040000"
"""From here on how many rows have a token is estimated, not stored: they are too many."""

FIRST_YEAR, LAST_YEAR = 1800, 2099
_YEAR, _DECADE = 0xE010, 0xE140

PLANE_15, PLANE_16, PLANE, IN_PLANE = 0xF0000, 0x100000, 65_536, 65_534
"""The last two code points of a plane are no characters and are left out."""

WHOLE_FIRST = 0x40000
LEAST_WHOLES, MOST_WHOLES = 32_749, 10 * IN_PLANE
"""Tokens of whole texts in a small catalogue, and in the largest: all of planes 4 to 13. A token of
a million rows then costs 2.4 bytes, of a hundred million 3."""
ROWS_OF_A_WHOLE = 80
"""Rows for each such token, in between: twice as many texts share it by chance, and have to be
looked at. With 4,000 rows a token, a title being typed behind a common word took 180 ms."""

HEAD_WORDS = 512
"""So many of the commonest words have pair tokens: 130,816 pairs, the planes hold 131,068."""

STEP = 0x9E3779B97F4A7C15
MASK = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Family:
    """Code points of one kind of named thing. The commonest `width` have one code point, the
    others two: those cost more, and are in fewer rows."""

    base: int
    width: int

    @property
    def capacity(self) -> int:
        """How many can be told apart."""
        return self.width + self.width**2

    def token(self, number: int) -> str:
        """Return the token of the thing with this number, 0 being the commonest."""
        if number < self.width:
            return chr(self.base + number)
        first, second = divmod(number - self.width, self.width)
        return chr(self.base + first) + chr(self.base + second)


LICENCE = Family(0xE200, 256)
COUNTRY = Family(0xE300, 256)
GENRE = Family(0xE800, 2_000)


def year_token(year: int) -> str:
    """Return the token of a year from 1800 to 2099."""
    return chr(_YEAR + year - FIRST_YEAR)


def decade_token(year: int) -> str:
    """Return the token of a year's decade."""
    return chr(_DECADE + (year - FIRST_YEAR) // 10)


def span_of(first: int | None, last: int | None) -> tuple[int, int]:
    """Return the part of a range of years that has tokens. None is an open end."""
    from_year = FIRST_YEAR if first is None else max(first, FIRST_YEAR)
    return from_year, LAST_YEAR if last is None else min(last, LAST_YEAR)


def year_range_tokens(first: int | None, last: int | None) -> list[str]:
    """Return tokens of which a row has one exactly when its year lies in the range, ends included.

    Years outside 1800 to 2099 have no token. None is an open end.
    """
    year, end = span_of(first, last)
    tokens = []
    while year <= end:
        if year % 10 == 0 and year + 9 <= end:
            tokens.append(decade_token(year))
            year += 10
        else:
            tokens.append(year_token(year))
            year += 1
    return tokens


def pair_token(one: int, other: int) -> str:
    """Return the token of two different head words by their numbers."""
    low, high = sorted((one, other))
    pair = high * (high - 1) // 2 + low
    return chr(PLANE_15 + pair if pair < IN_PLANE else PLANE_16 + pair - IN_PLANE)


def wholes_of(rows: int) -> int:
    """Return how many tokens of whole texts a catalogue of so many rows has."""
    return min(max(LEAST_WHOLES, rows // ROWS_OF_A_WHOLE), MOST_WHOLES)


def whole_token(words: Sequence[str], wholes: int) -> str:
    """Return the token of a whole title or credit. Other texts share it: compare what is found.

    Args:
        wholes: How many such tokens there are.
    """
    total = sum(
        mix(word_hash(word) + (place + 1) * STEP & MASK) for place, word in enumerate(words)
    )
    plane, place = divmod(mix(total & MASK) % wholes, IN_PLANE)
    return chr(WHOLE_FIRST + plane * PLANE + place)


def word_hash(word: str) -> int:
    """Return 32 bits of a word that are the same on every machine."""
    return zlib.crc32(word.encode())


def mix(value: int) -> int:
    """Return 64 bits spread out (the finalizer of SplitMix64)."""
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & MASK
    return value ^ value >> 31
