"""Several segments and a new batch become the postings of one, a range of keys at a time.

Laws: what comes out is every posting that went in, each once, in order; memory does not grow with
the segments.

Not here: which segments are merged (`phonotheque.audio.likeness.index`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np

from phonotheque.audio.fingerprint import Words
from phonotheque.audio.likeness.keys import KEY_SPACE, Keys, keys_of
from phonotheque.audio.likeness.segment import Numbers, Pairs

_PAIRS_AT_ONCE = 1 << 21
"""16 MB; keys are mixed, so that ranges of one size hold about the same number."""


class Source(Protocol):
    """Where postings come from: a segment or a new batch."""

    @property
    def postings(self) -> int:
        """How many there are."""

    def pairs(self, first_key: int, end_key: int) -> Pairs:
        """The postings of all keys from `first_key` to before `end_key`, rising."""


class Batch:
    """Postings of new tracks, in memory."""

    def __init__(self, tracks: Iterable[tuple[int, Words]]) -> None:
        keys: list[Keys] = []
        numbers: list[int] = []
        for number, words in tracks:
            keys.append(keys_of(words))
            numbers.append(number)
        self.tracks: Numbers = np.sort(np.array(numbers, np.uint32))
        lengths = [len(of_one) for of_one in keys]
        all_keys = np.concatenate([np.zeros(0, np.uint32), *keys]).astype(np.uint64)
        all_numbers = np.repeat(np.array(numbers, np.uint64), lengths)
        self._pairs: Pairs = np.sort(all_keys << np.uint64(32) | all_numbers)

    @property
    def postings(self) -> int:
        """How many pairs of key and track are in here."""
        return len(self._pairs)

    def pairs(self, first_key: int, end_key: int) -> Pairs:
        """Return the postings of a range of keys."""
        edges = np.array([first_key << 32, end_key << 32], np.uint64)
        first, end = np.searchsorted(self._pairs, edges)
        return self._pairs[first:end]


def iter_merged(sources: Sequence[Source]) -> Iterator[Pairs]:
    """Yield the postings of all sources in order, some 16 MB at a time."""
    postings = sum(source.postings for source in sources)
    ranges = -(-postings // _PAIRS_AT_ONCE)
    edges = [KEY_SPACE * at // ranges for at in range(ranges + 1)] if ranges else []
    for first_key, end_key in pairwise(edges):
        merged = np.concatenate([source.pairs(first_key, end_key) for source in sources])
        merged.sort(kind="stable")  # sorted runs one after the other: they are merged, not sorted
        yield merged
