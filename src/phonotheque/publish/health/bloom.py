"""How many addresses a Bloom filter of the DHT holds.

Source: BEP 33, "DHT scrapes": 256 bytes, two hash functions.
"""

from __future__ import annotations

import math

FILTER_BYTES = 256
_BITS = 8 * FILTER_BYTES
_HASHES = 2


def estimate(bloom: bytes) -> float:
    """Return how many different addresses were put into a filter of 256 bytes, about.

    A filter with (nearly) all bits set says some six thousand, its most.
    """
    zeros = _BITS - int.from_bytes(bloom, "big").bit_count()
    share = min(_BITS - 1, max(1, zeros)) / _BITS if zeros < _BITS else 1.0
    return math.log(share) / (_HASHES * math.log(1 - 1 / _BITS))
