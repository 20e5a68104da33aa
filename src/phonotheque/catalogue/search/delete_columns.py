"""Hashes of many words at once: what `phonotheque.catalogue.search.deletes` says, by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from phonotheque.catalogue.search.deletes import FACTORS, LETTERS


def iter_hashes(
    words: Sequence[str], edits: int
) -> Iterator[tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]]:
    """Yield the hashes of all words, repeatedly some of them, and the places of their words."""
    letters = np.array(words, f"U{LETTERS}").view(np.uint32).reshape(len(words), LETTERS)
    lengths = (letters > 0).sum(axis=1)
    scattered = _scatter(letters.astype(np.uint64))
    factors = np.array(FACTORS, np.uint64)
    for count in range(edits + 1):
        for deleted in combinations(range(LETTERS), count):
            has_them = np.flatnonzero(lengths > (deleted[-1] if deleted else -1))
            kept = [place for place in range(LETTERS) if place not in deleted]
            with np.errstate(over="ignore"):
                part = scattered[has_them][:, kept] * factors[: len(kept)]
                total = part.sum(axis=1, dtype=np.uint64)
            yield _scatter(total) >> np.uint64(32), has_them


def _scatter(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    scattered: npt.NDArray[np.uint64] = values ^ (values >> np.uint64(31))
    return scattered
