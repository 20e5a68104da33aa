"""Tokens of many rows at once: what `phonotheque.catalogue.search.tokens` says, by column.

Apart from it, because who asks needs no arrays and should not wait for them to load.
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from phonotheque.catalogue.search import tokens

Ints: TypeAlias = npt.NDArray[np.int64]


@cache
def pair_tokens() -> pa.Array:
    """Return the tokens of all pairs; the pair of heads low < high is number
    high * (high - 1) / 2 + low."""
    pairs = np.arange(tokens.HEAD_WORDS * (tokens.HEAD_WORDS - 1) // 2)
    is_first = pairs < tokens.IN_PLANE
    points = np.where(is_first, tokens.PLANE_15 + pairs, tokens.PLANE_16 + pairs - tokens.IN_PLANE)
    return _letters(points)


@cache
def whole_tokens(wholes: int) -> pa.Array:
    """Return so many tokens of whole texts, by number."""
    planes, places = np.divmod(np.arange(wholes), tokens.IN_PLANE)
    return _letters(tokens.WHOLE_FIRST + planes * tokens.PLANE + places)


def whole_numbers(hashes: npt.NDArray[np.uint32], offsets: Ints, wholes: int) -> Ints:
    """Return the numbers of the tokens of many texts at once.

    Args:
        hashes: `word_hash` of all their words, one text after the other.
        offsets: Where each text begins in `hashes`, and where the last one ends.
        wholes: How many such tokens there are.
    """
    first = offsets[:-1].astype(np.uint64)
    places = np.arange(1, len(hashes) + 1, dtype=np.uint64)
    places -= np.repeat(first, np.diff(offsets))
    with np.errstate(over="ignore"):
        mixed = _mix(hashes + places * np.uint64(tokens.STEP))
        sums = np.zeros(len(hashes) + 1, np.uint64)
        np.cumsum(mixed, out=sums[1:])
        totals = _mix(sums[offsets[1:]] - sums[offsets[:-1]])
    return (totals % np.uint64(wholes)).astype(np.int64)


def _mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


def _letters(code_points: Ints) -> pa.Array:
    return pa.array(map(chr, code_points.tolist()), pa.string())
