"""SQLite's variable-length integers: the high seven bits first, the top bit set on all bytes but
the last. Here for values below 2^56, which is all that ranks, sizes and page numbers reach.

Source: sqlite.org/fileformat2.html, section 1.6.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Bytes: TypeAlias = npt.NDArray[np.uint8]
Ranks: TypeAlias = npt.NDArray[np.uint32]


def varint(value: int) -> bytes:
    """Return one value."""
    if value < 0x80:
        return bytes((value,))
    encoded = [value & 0x7F]
    while value := value >> 7:
        encoded.append(value & 0x7F | 0x80)
    return bytes(reversed(encoded))


def varints(values: Ranks) -> tuple[Bytes, npt.NDArray[np.int64]]:
    """Return many values, one after the other, and where each ends."""
    lengths = np.ones(len(values), np.int8)
    longer = [np.flatnonzero(values >= 1 << bits) for bits in (7, 14, 21, 28)]
    for places in longer:
        lengths[places] += 1
    ends = np.cumsum(lengths, dtype=np.int64)
    encoded = np.empty(int(ends[-1]) if len(ends) else 0, np.uint8)
    encoded[ends - 1] = values & 0x7F
    for back, places in enumerate(longer, 1):
        encoded[ends[places] - 1 - back] = values[places] >> 7 * back & 0x7F | 0x80
    return encoded, ends
