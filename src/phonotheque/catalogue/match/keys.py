"""Keys: numbers of 36 bits that stand for a title, a name, or both together.

Laws: one text has one key, on every machine. Two texts may share one, once in 250 questions to a
catalogue of 256 million: what is found by a key is compared with what was asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]

_MASK = (1 << 64) - 1
_FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
"""Odd numbers that spread bits: by the golden ratio, and one found by search (both in wide use)."""
_DROPPED_BITS = 28
"""Of 64: a key has 36, so that within a block it takes three bytes from a million recordings on,
and two from 70 million on. With 40 it would be a byte more at one million and at 256."""


def text_hash(text: str) -> int:
    """Return 64 bits of a text."""
    digest = hashlib.blake2b(text.encode(errors="replace"), digest_size=8, usedforsecurity=False)
    return int.from_bytes(digest.digest())


def single_key(hashed: int) -> int:
    """Return the key of one text."""
    return hashed >> _DROPPED_BITS


def pair_key(title: int, name: int) -> int:
    """Return the key of a title with a name, from their hashes."""
    mixed = (title ^ name * _FIRST & _MASK) * _SECOND & _MASK
    return mixed >> _DROPPED_BITS


def pair_keys(titles: Hashes, names: Hashes) -> npt.NDArray[Any]:
    """Return the keys of many at once."""
    import numpy as np

    mixed = (titles ^ names * np.uint64(_FIRST)) * np.uint64(_SECOND)
    return (mixed >> np.uint64(_DROPPED_BITS)).astype(np.int64)


def single_keys(hashes: Hashes) -> npt.NDArray[Any]:
    """Return the keys of many single texts."""
    import numpy as np

    return (hashes >> np.uint64(_DROPPED_BITS)).astype(np.int64)


def hashes_of(texts: Iterable[str], count: int) -> Hashes:
    """Return the hashes of texts as an array."""
    import numpy as np

    return np.fromiter(map(text_hash, texts), np.uint64, count)
