"""Texts that many cards share, written once: credits, labels' names, lists of genres.

Law: a number names one text; a text may have several numbers, because no more than `MOST_KNOWN`
texts are remembered. Then the pool begins anew, which costs bytes and no truth.
"""

from __future__ import annotations

import sqlite3

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Integers = npt.NDArray[np.int64]

MOST_KNOWN = 32_000_000
"""Texts remembered, at 16 bytes each: more than 256 million tracks are known to have."""

_FRESH = 1_000_000
_ID_BITS = 31


class TextPool:
    """Gives numbers from 1 to texts and writes new ones.

    A text is known again by 64 bits of Python's own keyed hash: two of 20 million different texts
    meet in one number once in 90,000 builds, and nobody can make texts that do.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._count = 0
        self._forget()

    def _forget(self) -> None:
        self._hashes, self._numbers = np.empty(0, np.int64), np.empty(0, np.int64)
        self._fresh: dict[int, int] = {}

    def numbers(self, texts: pa.Array, artists: pa.Array | None = None) -> pa.Array:
        """Return a number for each row, null where the text is null or empty.

        Args:
            texts: The texts.
            artists: An id, below 2**30, that belongs to a row's text and is kept with it.
        """
        coded = pc.dictionary_encode(texts)
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        pairs = codes << _ID_BITS
        if artists is not None:
            pairs += artists.fill_null(-1).to_numpy(zero_copy_only=False) + 1
        different, inverse = np.unique(pairs, return_inverse=True)
        known = different[different >= 0]
        words = coded.dictionary.take(pa.array(known >> _ID_BITS)).to_pylist()
        ids = (known & (1 << _ID_BITS) - 1).tolist()
        named = [
            (word, number - 1 if number else None) for word, number in zip(words, ids, strict=True)
        ]
        found = np.concatenate([np.zeros(len(different) - len(known), np.int64), self._find(named)])
        rows = found[inverse]
        return pa.array(rows, mask=rows == 0)

    def _find(self, named: list[tuple[str, int | None]]) -> Integers:
        """Return the numbers of different texts, giving new ones; 0 to an empty text."""
        hashes = np.fromiter((hash(one) for one in named), np.int64, len(named))
        at = np.searchsorted(self._hashes, hashes).clip(0, max(len(self._hashes) - 1, 0))
        found = np.zeros(len(named), np.int64)
        if len(self._hashes):
            found = np.where(self._hashes[at] == hashes, self._numbers[at], 0)
        new = []
        for row in np.flatnonzero(found == 0).tolist():
            key = int(hashes[row])
            number = self._fresh.get(key, 0)
            if not number and named[row][0]:
                self._count += 1
                number = self._fresh[key] = self._count
                new.append((number, *named[row]))
            found[row] = number
        self._db.executemany("INSERT INTO text VALUES (?, ?, ?)", new)
        if len(self._fresh) > _FRESH:
            self._settle()
        return found

    def _settle(self) -> None:
        """Move what is fresh among what is sorted."""
        if len(self._hashes) + len(self._fresh) > MOST_KNOWN:
            self._forget()
            return
        hashes = np.concatenate([self._hashes, np.fromiter(self._fresh, np.int64)])
        numbers = np.concatenate([self._numbers, np.fromiter(self._fresh.values(), np.int64)])
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._numbers, self._fresh = hashes[order], numbers[order], {}
