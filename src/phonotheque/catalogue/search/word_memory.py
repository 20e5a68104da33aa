"""What is known of words as they were written, so that each different one is folded once.

Everything is kept in flat arrays by number, so that a batch of a million words costs one look-up
for each different word and no other work in Python. The memory is bounded: when it is full it is
emptied between two batches, which costs time and nothing else.
"""

from __future__ import annotations

from itertools import repeat
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from phonotheque.catalogue.search.tokens import word_hash
from phonotheque.catalogue.search.unspaced import pieces, tokens_of_piece
from phonotheque.music.folding import words

Ints: TypeAlias = npt.NDArray[np.int64]
Number = TypeVar("Number", np.int64, np.uint64)

REMEMBERED = 1_000_000
"""Words after which the memory is emptied: about 250 MB."""


class Ragged:
    """Lists of numbers of different lengths, one after the other; only added to."""

    def __init__(self) -> None:
        self._flat: Ints = np.zeros(1 << 12, np.int64)
        self._ends: Ints = np.zeros(1 << 12, np.int64)
        self._count = 0

    def extend(self, lists: list[tuple[int, ...]]) -> None:
        """Add lists at the end."""
        lengths = np.fromiter(map(len, lists), np.int64, len(lists))
        begin, count = int(self._ends[self._count]), self._count + len(lists)
        end = begin + int(lengths.sum())
        self._flat = _grown(self._flat, end)
        self._ends = _grown(self._ends, count + 1)
        self._flat[begin:end] = np.fromiter((x for one in lists for x in one), np.int64)
        self._ends[self._count + 1 : count + 1] = begin + np.cumsum(lengths)
        self._count = count

    def lists(self, numbers: Ints) -> tuple[Ints, Ints]:
        """Return the values of the lists with these numbers, and where each list begins."""
        begins = self._ends[numbers]
        lengths = self._ends[numbers + 1] - begins
        offsets = offsets_of(lengths)
        places = np.repeat(begins - offsets[:-1], lengths) + np.arange(offsets[-1])
        return self._flat[places], offsets


class WordMemory:
    """Numbers of words as written, and what each comes to.

    Attributes:
        texts: Tokens of each, with spaces between them.
        hashes: Hashes of the folded words of each, for whole matches.
        heads: Numbers of the head words in each.
    """

    def __init__(self, head_words: tuple[str, ...], remembered: int = REMEMBERED) -> None:
        self._head_numbers = {word: number for number, word in enumerate(head_words)}
        self._remembered = remembered
        self._forget()

    def _forget(self) -> None:
        self._numbers: dict[str, int] = {}
        self.texts: list[str] = []
        self.hashes = Ragged()
        self.heads = Ragged()

    def numbers_of(self, raw: list[str]) -> Ints:
        """Return the numbers of different words as written. They hold until the next call."""
        if len(self.texts) > self._remembered:
            self._forget()
        numbers = np.fromiter(map(self._numbers.get, raw, repeat(-1)), np.int64, len(raw))
        unknown = np.flatnonzero(numbers < 0)
        numbers[unknown] = len(self.texts) + np.arange(len(unknown))
        self._learn([raw[place] for place in unknown.tolist()])
        return numbers

    def _learn(self, raw: list[str]) -> None:
        self._numbers.update((text, number) for number, text in enumerate(raw, len(self.texts)))
        hashes, heads = [], []
        for text in raw:
            folded = words(text)
            parts = list(pieces(folded))
            self.texts.append(" ".join(token for part in parts for token in tokens_of_piece(part)))
            hashes.append(tuple(map(word_hash, folded)))
            heads.append(tuple(self._head_numbers[w] for w in parts if w in self._head_numbers))
        self.hashes.extend(hashes)
        self.heads.extend(heads)


def offsets_of(lengths: npt.NDArray[np.integer]) -> Ints:
    """Return where lists of these lengths begin, one after the other, and where the last ends."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def distinct(values: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """Return the different values, rising. `np.unique` puts them through a hash table first, which
    takes seven times as long."""
    rising: npt.NDArray[Number] = np.sort(values)
    is_first = np.ones(len(rising), bool)
    is_first[1:] = rising[1:] != rising[:-1]
    return rising[is_first]


def _grown(array: Ints, size: int) -> Ints:
    if size <= len(array):
        return array
    bigger = np.zeros(max(size, 2 * len(array)), np.int64)
    bigger[: len(array)] = array
    return bigger
