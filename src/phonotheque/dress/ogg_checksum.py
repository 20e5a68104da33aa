"""How the checksum of an Ogg page changes when a few bytes of the page do.

A CRC without inversions is linear: the checksum of `a xor b` is the xor of theirs. So when a page
gets another sequence number, the difference of the two numbers, moved on over the bytes behind it,
is the difference of the checksums. The page itself need not be read, and thousands of pages are
done at once. A checksum that was wrong stays exactly as wrong, which is what makes it reversible.

Source: RFC 3533, 6: polynomial 0x04C11DB7, start 0, no inversion, highest bit first. Not here:
working a checksum out (`phonotheque.audio.integrity.crc`).
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]

_POLYNOMIAL = 0x04C11DB7
_ALL_ONES = 0xFFFFFFFF
MAX_DISTANCE_BITS = 17  # a page has at most 65,307 bytes


def advance(states: Words, distances: npt.NDArray[np.int64]) -> Words:
    """Move CRC states on over `distances[i]` bytes of zero each.

    Args:
        states: One state for each page; not changed.
        distances: Numbers of bytes, 0 to 2**17 - 1.
    """
    moved = states.copy()
    for bit, tables in enumerate(_tables()):
        chosen = np.flatnonzero(distances >> bit & 1)
        if chosen.size:
            moved[chosen] = _look_up(tables, moved[chosen])
    return moved


def _look_up(tables: Words, states: Words) -> Words:
    """Apply a linear map of 32 bits, given as four tables of 256, to many states."""
    places = states.view(np.uint8).reshape(-1, 4)  # lowest byte first, see `_tables`
    low = tables[0][places[:, 0]] ^ tables[1][places[:, 1]]
    high = tables[2][places[:, 2]] ^ tables[3][places[:, 3]]
    moved: Words = low ^ high
    return moved


@functools.cache
def _tables() -> tuple[Words, ...]:
    """For each k, tables that move a state on over 2**k bytes of zero."""
    assert np.dtype(np.uint32).newbyteorder("<") == np.dtype(np.uint32)  # little-endian machines
    one_byte = np.arange(256, dtype=np.uint64) << np.uint64(24)
    for _ in range(8):
        overflow = (one_byte >> np.uint64(31) & np.uint64(1)) * np.uint64(_POLYNOMIAL)
        one_byte = (one_byte << np.uint64(1) & np.uint64(_ALL_ONES)) ^ overflow
    step = one_byte.astype(np.uint32)
    byte = np.arange(256, dtype=np.uint32)
    states = np.stack([byte << np.uint32(8 * place) for place in range(4)])
    tables = (states << np.uint32(8)) ^ step[states >> np.uint32(24)]
    made = []
    for _ in range(MAX_DISTANCE_BITS):
        made.append(tables)
        flat = np.ascontiguousarray(tables.reshape(-1))
        tables = _look_up(tables, flat).reshape(4, 256)
    return tuple(made)
