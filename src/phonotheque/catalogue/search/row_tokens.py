"""Cards to tokens: words, pairs of head words, whole texts and filters, all as numbers.

A token is a number here, because tokens stand in a hundred times as many places as there are
tokens: what one is as text is asked once, not for each place.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.search import tokens
from phonotheque.catalogue.search.filter_tokens import FilterTokens
from phonotheque.catalogue.search.layout import Numbers
from phonotheque.catalogue.search.token_columns import pair_tokens, whole_numbers, whole_tokens
from phonotheque.catalogue.search.unspaced import is_unspaced
from phonotheque.catalogue.search.varints import Ranks
from phonotheque.catalogue.search.word_memory import (
    AnyInts,
    Int32s,
    Ints,
    WordMemory,
    distinct,
    offsets_of,
)

MAX_ROW_WORDS = 200
"""Words of a title, and of a credit, that are indexed: no card makes an endless row."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where tokens stand: an entry for each, in any order; a row may have a token several times.

    Attributes:
        ranks: Of the rows.
        numbers: Of the tokens, as `RowTokens.texts` knows them.
    """

    ranks: Ranks
    numbers: Int32s


class RowTokens:
    """Makes the tokens of rows. Keeps what it learned about words until it is told to forget."""

    def __init__(self, numbers: Numbers, memory: WordMemory | None = None) -> None:
        self._filters = FilterTokens(numbers)
        self._wholes = numbers.wholes
        pairs, wholes = pair_tokens(), whole_tokens(numbers.wholes)
        self._first_whole, self._first_filter = len(pairs), len(pairs) + len(wholes)
        # Numbers: pairs come first, then whole texts, filters, and words as they are met.
        self._fixed = pa.concat_arrays([pairs, wholes, self._filters.texts])
        self._head_words = numbers.head_words
        self._memory = memory or WordMemory()

    def places(self, cards: pa.RecordBatch, first_rank: int) -> Places:
        """Return the tokens of all cards. Their numbers hold until words are forgotten.

        Args:
            first_rank: Of the first card; the others follow it.
        """
        offsets, raw = self._split(cards)
        rows = np.tile(np.arange(cards.num_rows, dtype=np.int32), 2)
        words, begins = self._memory.token_numbers.lists(raw)
        word_rows = np.repeat(rows, np.diff(begins[offsets]))
        found = [(word_rows, words + np.int32(len(self._fixed))), self._pairs(word_rows, words)]
        hashes, begins = self._memory.hashes.lists(raw)
        begins = begins[offsets]
        has_words = np.diff(begins) > 0
        wholes = whole_numbers(hashes, begins, self._wholes)[has_words]
        found.append((rows[has_words], wholes + self._first_whole))
        found += [(some, n + self._first_filter) for some, n in self._filters.places(cards)]
        at = np.concatenate([some.astype(np.uint32, copy=False) for some, _ in found])
        at += np.uint32(first_rank)
        numbers = [some.astype(np.int32, copy=False) for _, some in found]
        return Places(at, np.concatenate(numbers))

    def row_texts(self, cards: pa.RecordBatch) -> pa.Array:
        """Return one text a card, its tokens with spaces between them: what other searches index,
        and what ours must come to."""
        places = self.places(cards, 0)
        different, each = np.unique(places.numbers, return_inverse=True)
        order = np.argsort(places.ranks, kind="stable")
        column = self.texts(different).take(pa.array(each[order]))
        lengths = np.bincount(places.ranks, minlength=cards.num_rows)
        offsets = pa.array(offsets_of(lengths).astype(np.int32))
        return pc.binary_join(pa.ListArray.from_arrays(offsets, column), " ")

    def forget_when_full(self) -> None:
        """Forget words when there are too many; then they get other numbers."""
        if self._memory.is_full:
            self._memory.forget()

    def texts(self, numbers: AnyInts) -> pa.Array:
        """Return the tokens with some numbers, which must rise."""
        fixed = int(np.searchsorted(numbers, len(self._fixed)))
        words = self._memory.tokens
        others = [words[number] for number in (numbers[fixed:] - len(self._fixed)).tolist()]
        return pa.concat_arrays(
            [self._fixed.take(pa.array(numbers[:fixed])), pa.array(others, pa.string())]
        )

    def count(self, cards: pa.RecordBatch) -> Counter[str]:
        """Count in how many places each spaced word stands, for choosing head words."""
        _, raw = self._split(cards)
        counts = np.bincount(self._memory.token_numbers.lists(raw)[0])
        return Counter(
            {
                word: count
                for word, count in zip(self._memory.tokens, counts.tolist(), strict=False)
                if count and not is_unspaced(word)
            }
        )

    def _split(self, cards: pa.RecordBatch) -> tuple[Ints, Int32s]:
        """Split titles, then credits, at spaces; return where each text begins and where the last
        ends, and the numbers of the words as written."""
        both = [pc.fill_null(cards.column(name), "") for name in ("title", "credit")]
        lists = pc.split_pattern(pa.concat_arrays(both), " ")
        longest = pc.max(pc.list_value_length(lists)).as_py() or 0
        if longest > MAX_ROW_WORDS:
            lists = pc.list_slice(lists, 0, MAX_ROW_WORDS)
        encoded = lists.flatten().dictionary_encode()
        different = self._memory.numbers_of(encoded.dictionary.to_pylist())
        offsets = offsets_of(pc.list_value_length(lists).to_numpy())
        return offsets, different[encoded.indices.to_numpy()]

    def _pairs(self, rows: Int32s, words: Int32s) -> tuple[Ints, Ints]:
        """Rows and tokens of pairs of head words."""
        head_of = np.full(len(self._memory.tokens), -1, np.int32)
        for number, word in enumerate(self._head_words):
            at = self._memory.place_of(word)
            if at is not None:
                head_of[at] = number
        heads = head_of[words]
        is_head = heads >= 0
        key = distinct(rows[is_head] * np.int64(tokens.HEAD_WORDS) + heads[is_head])
        return _pairs_within(key // tokens.HEAD_WORDS, key % tokens.HEAD_WORDS)


def _pairs_within(rows: Ints, heads: Ints) -> tuple[Ints, Ints]:
    """Return rows and numbers of all pairs of heads of one row.

    Heads come sorted by row and number; two that are n places apart are paired in round n.
    """
    found_rows, found_pairs = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    distance = 1
    while (same := rows[:-distance] == rows[distance:]).any():
        low, high = heads[:-distance][same], heads[distance:][same]
        found_rows.append(rows[distance:][same])
        found_pairs.append(high * (high - 1) // 2 + low)
        distance += 1
    return np.concatenate(found_rows), np.concatenate(found_pairs)
