"""Columns of a block of lines, each as numbers and the few words that they stand for.

A log says the same thing again and again: what is done to a word is done once for each that is
different, and not once for each line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa


class Column(NamedTuple):
    """One field of many lines.

    Attributes:
        codes: Place of each line's word, int32; -1 where it has none.
        words: The words, each once.
    """

    codes: npt.NDArray[np.int32]
    words: list[bytes]

    def each(self, meaning: Callable[[bytes], int], absent: int) -> npt.NDArray[np.int64]:
        """Return a number for each line, asked for once for each word."""
        return self.spread(map(meaning, self.words), absent)

    def spread(self, meanings: Iterable[int], absent: int) -> npt.NDArray[np.int64]:
        """Return a number for each line, given one for each word."""
        numbers = np.fromiter(meanings, np.int64, len(self.words))
        return np.append(numbers, absent)[self.codes]


class Raw(NamedTuple):
    """What lines say, before it is known what it means; columns of one length.

    Attributes:
        account: Who asked.
        asked: For what: an address, a request line, or the name of an item.
        time: When, in any form that `times` reads.
        status: Of the answer.
        method: Of the request; None where `asked` says it.
        agent: What the program calls itself.
        played_ms: How much was heard; None where the log does not say.
        is_open: Whether everybody may copy it anyway; None where the log does not say.
        malformed: Lines that say nothing.
    """

    account: Column
    asked: Column
    time: Column
    status: Column
    method: Column | None
    agent: Column | None
    played_ms: npt.NDArray[np.int64] | None
    is_open: npt.NDArray[np.bool_] | None
    malformed: int


def of_words(words: Sequence[bytes | None]) -> Column:
    """Return a column of words as they come."""
    places: dict[bytes, int] = {}
    codes = [-1 if word is None else places.setdefault(word, len(places)) for word in words]
    return Column(np.array(codes, np.int32), list(places))


def of_arrow(column: pa.ChunkedArray) -> Column:
    """Return a column of Arrow's, of text or bytes, with a dictionary or without."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    together = column.unify_dictionaries().combine_chunks()
    if isinstance(together, pa.ChunkedArray):
        together = together.chunk(0) if together.num_chunks else _EMPTY
    codes = together.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    words = together.dictionary.cast(pa.binary()).to_pylist()
    return Column(codes, words)


_EMPTY = pa.array([], pa.binary()).dictionary_encode()


def joined(one: Column, other: Column) -> Column:
    """Return a column with the lines of both, one after the other."""
    places = {word: place for place, word in enumerate(one.words)}
    moved = [places.setdefault(word, len(places)) for word in other.words]
    codes = np.append(np.array(moved, np.int32), np.int32(-1))[other.codes]
    return Column(np.concatenate([one.codes, codes]), list(places))


def paired(one: Column, other: Column) -> Column:
    """Return a column of both words of each line, with a blank between them."""
    pairs = one.codes.astype(np.int64) * len(other.words) + other.codes
    seen, codes = np.unique(pairs, return_inverse=True)
    firsts, seconds = np.divmod(seen, max(len(other.words), 1))
    words = [
        one.words[first] + b" " + other.words[second]
        for first, second in zip(firsts.tolist(), seconds.tolist(), strict=True)
    ]
    return Column(codes.astype(np.int32), words)
