"""Cards to the texts that are indexed: words, pairs, whole matches and filters, by column."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.search.filter_tokens import FilterColumns
from phonotheque.catalogue.search.layout import Numbers
from phonotheque.catalogue.search.token_columns import pair_tokens, whole_buckets, whole_tokens
from phonotheque.catalogue.search.tokens import HEAD_WORDS
from phonotheque.catalogue.search.unspaced import is_unspaced
from phonotheque.catalogue.search.word_memory import Ints, WordMemory, distinct, offsets_of

MAX_ROW_WORDS = 200
"""Words of a title, and of a credit, that are indexed: no card makes an endless row."""


@dataclass(frozen=True, slots=True)
class _Split:
    """The words as written of a column of texts.

    Attributes:
        offsets: Where each text begins in `places`, and the end.
        places: Places of the words in the batch's list of different words.
        numbers: Numbers of the words in the memory.
    """

    offsets: Ints
    places: Ints
    numbers: Ints


class RowTexts:
    """Makes the texts of rows. Keeps what it learned about words between batches."""

    def __init__(self, numbers: Numbers) -> None:
        self._memory = WordMemory(numbers.head_words)
        self._filters = FilterColumns(numbers)
        self._pairs = pair_tokens()
        self._whole = whole_tokens()

    def texts(self, cards: pa.RecordBatch) -> pa.Array:
        """Return one text a card: tokens with spaces between them."""
        title, credit, different = self._split(cards)
        raw = pa.array([self._memory.texts[n] for n in different.tolist()], pa.string())
        columns = [
            _join(title.offsets, raw.take(pa.array(title.places))),
            _join(credit.offsets, raw.take(pa.array(credit.places))),
            self._pair_column(title, credit),
            self._whole_column(title),
            self._whole_column(credit),
            *self._filters.columns(cards),
        ]
        return pc.binary_join_element_wise(*columns, " ")

    def count(self, cards: pa.RecordBatch) -> Counter[str]:
        """Count in how many places each spaced word stands, for choosing head words."""
        title, credit, different = self._split(cards)
        places = np.concatenate([title.places, credit.places])
        counts = np.bincount(places, minlength=len(different))
        counted: Counter[str] = Counter()
        for number, count in zip(different.tolist(), counts.tolist(), strict=True):
            for word in self._memory.texts[number].split():
                if not is_unspaced(word):
                    counted[word] += count
        return counted

    def _split(self, cards: pa.RecordBatch) -> tuple[_Split, _Split, Ints]:
        """Split titles and credits at spaces; also return the numbers of all different words."""
        lists = [_raw_words(cards.column(name)) for name in ("title", "credit")]
        encoded = pa.concat_arrays([one.flatten() for one in lists]).dictionary_encode()
        places = encoded.indices.to_numpy().astype(np.int64)
        different = self._memory.numbers_of(encoded.dictionary.to_pylist())
        numbers = different[places]
        titles, credits = (offsets_of(pc.list_value_length(one).to_numpy()) for one in lists)
        cut = int(titles[-1])
        return (
            _Split(titles, places[:cut], numbers[:cut]),
            _Split(credits, places[cut:], numbers[cut:]),
            different,
        )

    def _whole_column(self, split: _Split) -> pa.Array:
        hashes, ends = self._memory.hashes.lists(split.numbers)
        offsets = ends[split.offsets]
        buckets = whole_buckets(hashes.astype(np.uint64), offsets)
        column = self._whole.take(pa.array(buckets))
        return pc.if_else(pa.array(np.diff(offsets) > 0), column, "")

    def _pair_column(self, title: _Split, credit: _Split) -> pa.Array:
        count = len(title.offsets) - 1
        keys = []
        for split in (title, credit):
            heads, ends = self._memory.heads.lists(split.numbers)
            rows = np.repeat(np.arange(count), np.diff(ends[split.offsets]))
            keys.append(rows * HEAD_WORDS + heads)
        key = distinct(np.concatenate(keys))
        rows, pairs = _pairs_within(key // HEAD_WORDS, key % HEAD_WORDS)
        offsets = offsets_of(np.bincount(rows, minlength=count))
        return _join(offsets, self._pairs.take(pa.array(pairs)))


def _pairs_within(rows: Ints, heads: Ints) -> tuple[Ints, Ints]:
    """Return rows and numbers of all pairs of heads of one row, by rising rows.

    Heads come sorted by row and number; two that are n places apart are paired in round n.
    """
    found_rows, found_pairs = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    distance = 1
    while (same := rows[:-distance] == rows[distance:]).any():
        low, high = heads[:-distance][same], heads[distance:][same]
        found_rows.append(rows[distance:][same])
        found_pairs.append(high * (high - 1) // 2 + low)
        distance += 1
    all_rows, all_pairs = np.concatenate(found_rows), np.concatenate(found_pairs)
    order = np.argsort(all_rows, kind="stable")
    return all_rows[order], all_pairs[order]


def _raw_words(column: pa.Array) -> pa.Array:
    lists = pc.split_pattern(pc.fill_null(column, ""), " ")
    longest = pc.max(pc.list_value_length(lists)).as_py() or 0
    return pc.list_slice(lists, 0, MAX_ROW_WORDS) if longest > MAX_ROW_WORDS else lists


def _join(offsets: Ints, values: pa.Array) -> pa.Array:
    lists = pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)
    return pc.binary_join(lists, " ")
