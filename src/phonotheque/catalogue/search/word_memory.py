"""What is known of words as they were written, so that each different one is folded once.

Everything is kept in flat arrays by number, so that a batch of a million words costs one look-up
for each different word and no other work in Python. The memory is bounded: when it is full it is
emptied between two batches, which costs time and nothing else.
"""

from __future__ import annotations

from itertools import count, repeat
from typing import Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from phonotheque.catalogue.search.joined import joined
from phonotheque.catalogue.search.tokens import word_hash
from phonotheque.catalogue.search.unspaced import MAX_WORD, has_unspaced, pieces, tokens_of_piece
from phonotheque.music.folding import words

Ints: TypeAlias = npt.NDArray[np.int64]
Int32s: TypeAlias = npt.NDArray[np.int32]
AnyInts: TypeAlias = npt.NDArray[np.integer]
Number = TypeVar("Number", np.int64, np.uint64)
Flat = TypeVar("Flat", np.int32, np.uint32)
Grown = TypeVar("Grown", np.int32, np.uint32)

REMEMBERED = 1_000_000
"""Words after which the memory is emptied: about 250 MB."""


class Ragged(Generic[Flat]):
    """Lists of numbers of different lengths, one after the other; only added to."""

    def __init__(self, form: type[Flat]) -> None:
        self._flat: npt.NDArray[Flat] = np.zeros(1 << 12, form)
        self._ends: Int32s = np.zeros(1 << 12, np.int32)
        self._count = 0

    def extend(self, flat: list[int], lengths: list[int]) -> None:
        """Add lists at the end, given one after the other, with their lengths."""
        begin, count = int(self._ends[self._count]), self._count + len(lengths)
        end = begin + len(flat)
        self._flat = _grown(self._flat, end)
        self._ends = _grown(self._ends, count + 1)
        self._flat[begin:end] = flat
        self._ends[self._count + 1 : count + 1] = begin + np.cumsum(np.array(lengths, np.int64))
        self._count = count

    def lists(self, numbers: AnyInts) -> tuple[npt.NDArray[Flat], Ints]:
        """Return the values of the lists with these numbers, and where each list begins."""
        begins = self._ends[numbers]
        lengths = self._ends[numbers + 1] - begins
        offsets = offsets_of(lengths)
        if int(offsets[-1]) == len(numbers) and (lengths == 1).all():
            return self._flat[begins], offsets
        places = np.repeat(begins - offsets[:-1], lengths) + np.arange(offsets[-1])
        return self._flat[places], offsets


class WordMemory:
    """Numbers of words as written, and what each comes to.

    Attributes:
        tokens: Different tokens of all of them.
        token_numbers: Of each word as written, the places of its tokens in `tokens`.
        hashes: Hashes of the folded words of each, for whole matches.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self.forget()

    def forget(self) -> None:
        """Forget all words, and with them their numbers and those of their tokens."""
        self._numbers: dict[str, int] = {}
        self._token_numbers: dict[str, int] = {}
        self.tokens: list[str] = []
        self.token_numbers = Ragged(np.int32)
        self.hashes = Ragged(np.uint32)

    @property
    def is_full(self) -> bool:
        """Whether it is time to forget."""
        return len(self._numbers) > self._remembered

    def numbers_of(self, raw: list[str]) -> Int32s:
        """Return the numbers of different words as written; they are learned where unknown."""
        numbers = np.fromiter(map(self._numbers.get, raw, repeat(-1)), np.int32, len(raw))
        unknown = np.flatnonzero(numbers < 0)
        numbers[unknown] = len(self._numbers) + np.arange(len(unknown))
        self._learn([raw[place] for place in unknown.tolist()])
        return numbers

    def place_of(self, token: str) -> int | None:
        """Return where a token stands in `tokens`, if it was met."""
        return self._token_numbers.get(token)

    def _learn(self, raw: list[str]) -> None:
        self._numbers.update(zip(raw, count(len(self._numbers))))
        tokens: list[str] = []
        folded: list[str] = []
        token_counts, word_counts = [1] * len(raw), [1] * len(raw)
        for place, text in enumerate(raw):
            several = words(text)
            folded += several
            if len(several) == 1 and not has_unspaced(several[0]):
                tokens.append(several[0][:MAX_WORD])  # what most come to
                continue
            of_all = [token for part in pieces(several) for token in tokens_of_piece(part)]
            if (one := joined(several)) is not None:
                of_all.append(one)
            tokens += of_all
            token_counts[place], word_counts[place] = len(of_all), len(several)
        self.token_numbers.extend(self._interned(tokens), token_counts)
        self.hashes.extend([word_hash(word) for word in folded], word_counts)

    def _interned(self, tokens: list[str]) -> list[int]:
        known = self._token_numbers
        new = [token for token in dict.fromkeys(tokens) if token not in known]
        known.update(zip(new, count(len(known))))
        self.tokens += new
        return [known[token] for token in tokens]


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


def _grown(array: npt.NDArray[Grown], size: int) -> npt.NDArray[Grown]:
    if size <= len(array):
        return array
    bigger = np.zeros(max(size, 2 * len(array)), array.dtype)
    bigger[: len(array)] = array
    return bigger
