"""Redirects of all sources and of decisions by hand: an identifier that was given up for another.

Laws: of several redirects of one identifier the first stays; those that lead in a circle are
refused; the others stay as they are, chains and all.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from phonotheque.catalogue.epoch import Integers


def refused_redirects(old: pa.Array, new: pa.Array) -> Integers:
    """Return the rows that are refused: later ones of the same old identifier, and circles.

    Args:
        old: Identifiers given up, 16 bytes each.
        new: The one that stands for each.

    Cost: memory for all redirects, some 100 bytes each; MusicBrainz has a few million.
    """
    count = len(old)
    both = pa.chunked_array([old, new]).combine_chunks().dictionary_encode()
    codes = np.asarray(both.indices).astype(np.int64)
    olds, news = codes[:count], codes[count:]
    first = np.unique(olds, return_index=True)[1]
    is_refused = np.ones(count, bool)
    is_refused[first] = False
    to = np.arange(len(both.dictionary))
    to[olds[first]] = news[first]
    end = to.copy()
    for _ in range(max(count, 1).bit_length() + 1):  # every round doubles the steps taken
        end = end[end]
    # After more steps than there are redirects, whatever still leads on is on a circle.
    on_circle = np.unique(end[to[end] != end])
    is_refused |= np.isin(olds, on_circle)
    is_refused |= olds == news
    return np.flatnonzero(is_refused)


def final_targets(old: pa.Array, new: pa.Array) -> pa.Array:
    """Return for each redirect, none of which is refused, where its chain ends."""
    count = len(old)
    both = pa.chunked_array([old, new]).combine_chunks().dictionary_encode()
    codes = np.asarray(both.indices).astype(np.int64)
    to = np.arange(len(both.dictionary))
    to[codes[:count]] = codes[count:]
    for _ in range(max(count, 1).bit_length() + 1):
        to = to[to]
    return both.dictionary.take(pa.array(to[codes[:count]]))
