"""Hashes by which a mistyped word finds the words it is near to.

Two words at most `n` edits apart have a common rest when up to `n` letters are deleted from each.
So the hashes of all such rests are stored for each word, and those of a typed word looked up;
whether what is found is near is then told by the true distance.

Laws: no word within the distance is missed; only the first `LETTERS` letters are looked at, which
keeps the rests of a long word at 29 and its edits further on are found by the rest without deletes.

Source: W. Garbe, "Symmetric Delete" spelling correction, 2012, with its prefix variant.
"""

from __future__ import annotations

from itertools import combinations

LETTERS = 7

_MASK = 2**64 - 1
FACTORS = tuple(0x9E3779B97F4A7C15 * (2 * place + 1) & _MASK for place in range(LETTERS))


def hash_of(rest: str) -> int:
    """Return 32 bits of a rest, the same on every machine."""
    total = 0
    for letter, factor in zip(rest, FACTORS, strict=False):
        total += _scatter(ord(letter)) * factor
    return _scatter(total & _MASK) >> 32


def hashes_of(word: str, edits: int) -> set[int]:
    """Return the hashes of a word's beginning with up to `edits` letters deleted."""
    beginning = word[:LETTERS]
    kept = range(len(beginning))
    return {
        hash_of("".join(beginning[place] for place in places))
        for count in range(edits + 1)
        for places in combinations(kept, max(len(beginning) - count, 0))
    }


def _scatter(value: int) -> int:
    """Spread bits, so that sums of neighbouring letters differ. 0 stays 0."""
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    return value ^ value >> 31
