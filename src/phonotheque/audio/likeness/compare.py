"""Two fingerprints side by side: where do they fit best, and how many bits differ there?

Each word of one votes for the places where the other has a word with the same first bits; the
places with most votes are compared bit by bit.

Laws: `compare(words[k:], words)` finds k; `compare(a, b)` and `compare(b, a)` say the same with the
offset negated; fingerprints shorter than ten seconds fit nothing, nor does silence on silence.

Not here: which of a million recordings to compare with (`phonotheque.audio.likeness.index`), what
the result means (`phonotheque.music.likeness`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phonotheque.audio.fingerprint import Words
from phonotheque.music.likeness import PLAIN_BELOW, RELATED_BELOW, Likeness, judge

LEAST_WORDS = 80
"""9.9 s: less than that in common is no ground to judge on."""

_VOTING_BITS = 14  # half of these survive a poor copy, and strangers share few by chance
_PLACES = 4  # the best place had most votes in all copies; a step to either side may fit better
_SHORTNESS = 0.5  # music in loops fits one loop later, too, with less in common: see `_doubt`
_CROWD = 32  # a beginning that stands in more places than this votes for none: silence, a drone


@dataclass(frozen=True, slots=True)
class Match:
    """How two fingerprints fit at their best.

    Attributes:
        bit_errors: Share of differing bits, 0 to 1; 1 when they fit nowhere.
        offset_words: Word `i` of the first lies on word `i + offset_words` of the second.
        words: How many words overlap there; 0 when they fit nowhere.
    """

    bit_errors: float
    offset_words: int
    words: int


NOWHERE = Match(1.0, 0, 0)
"""What is said of fingerprints that fit nowhere."""


@dataclass(frozen=True, slots=True)
class Found:
    """A recording that is like the one in question.

    Attributes:
        number: The caller's number of it.
        match: How they fit.
        likeness: What that means.
    """

    number: int
    match: Match
    likeness: Likeness


def is_plain(words: Words) -> bool:
    """Whether a fingerprint tells too little: noise, rain, silence, or under ten seconds."""
    if len(words) < LEAST_WORDS:
        return True
    return len(np.unique(words >> np.uint32(16))) < PLAIN_BELOW * len(words)


def find(words: Words, others: Iterable[tuple[int, Words]]) -> list[Found]:
    """Compare a fingerprint with others and return those that are alike, the most alike first.

    Args:
        words: The fingerprint in question.
        others: Numbers and fingerprints, as candidates of an index; a plain one is never found.
    """
    if is_plain(words):
        return []
    found = []
    for number, other in others:
        match = compare(words, other)
        likeness = judge(match.bit_errors, match.words, is_plain(other))
        if likeness.is_link:
            found.append(Found(number, match, likeness))
    return sorted(found, key=lambda one: (one.match.bit_errors, one.number))


def compare(one: Words, other: Words) -> Match:
    """Find where two fingerprints fit best.

    Args:
        one: A fingerprint.
        other: Another one.

    Cost: 0.11 ms for two of 948 words.
    """
    ours, theirs = (len(one), one.tobytes()), (len(other), other.tobytes())
    if ours == theirs:
        return NOWHERE if is_plain(one) else Match(0.0, 0, len(one))
    if ours < theirs:  # always in one order, so that ties fall the same way
        return _compare(one, other)
    match = _compare(other, one)
    return Match(match.bit_errors, -match.offset_words, match.words)


def _compare(short: Words, long: Words) -> Match:
    for match in sorted(_matches(short, long), key=_doubt):
        if match.bit_errors >= RELATED_BELOW:
            return match  # strangers, whatever they have in common there
        first, second = max(0, -match.offset_words), max(0, match.offset_words)
        overlaps = short[first : first + match.words], long[second : second + match.words]
        if not any(map(is_plain, overlaps)):  # two endings in silence are no likeness
            return match
    return NOWHERE


def _matches(short: Words, long: Words) -> Iterator[Match]:
    """Yield how they fit at the places with most votes."""
    for offset in _places(short, long):
        first, second = max(0, -offset), max(0, offset)
        words = min(len(short) - first, len(long) - second)
        if words >= LEAST_WORDS:
            differing = short[first : first + words] ^ long[second : second + words]
            yield Match(int(np.bitwise_count(differing).sum()) / (32 * words), offset, words)


def _doubt(match: Match) -> float:
    """Rank places: few differing bits are good, more so in a long overlap than in a short one.

    0.056 are added for ten seconds, 0.016 for two minutes: without, a copy of a piece made of loops
    could be judged by the ten seconds at its ends that happened to survive best.
    """
    return match.bit_errors + _SHORTNESS / math.sqrt(match.words)


def _places(short: Words, long: Words) -> list[int]:
    """Return the offsets with most votes, in no order."""
    if len(short) < LEAST_WORDS:
        return []
    ours, theirs = _voting(short), _voting(long)
    order = np.argsort(theirs, kind="stable")
    counts = np.bincount(theirs, minlength=1 << _VOTING_BITS)
    firsts = np.cumsum(counts) - counts
    counts[counts > _CROWD] = 0
    count = counts[ours]
    ends = np.cumsum(count)
    within = np.arange(ends[-1]) - np.repeat(ends - count, count)
    there = order[np.repeat(firsts[ours], count) + within]
    here = np.repeat(np.arange(len(ours)), count)
    tally = np.bincount(there - here + len(ours), minlength=_PLACES)
    best = np.argpartition(tally, -_PLACES)[-_PLACES:]
    return [int(place) - len(ours) for place in best if tally[place]]


def _voting(words: Words) -> NDArray[np.uint16]:
    """Return the first bits of each word, as numbers that sort fast."""
    bits: NDArray[np.uint16] = (words >> np.uint32(32 - _VOTING_BITS)).astype(np.uint16)
    return bits
