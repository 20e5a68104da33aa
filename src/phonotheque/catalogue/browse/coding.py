"""Ranks of a part in blocks: rising numbers, each in as many bytes as the block needs.

A block: four bytes, the first rank, big-endian; then each rank less the first, in one, two or four
bytes, little-endian, `ENTRIES` of them but in the last block. The width follows from the length
only where all blocks are full, so it stands first: one byte.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence

from phonotheque.catalogue.browse.schema import LIST_WIDTHS

_HEAD = 5


def encode(ranks: Sequence[int]) -> bytes:
    """Return ranks, which rise, as a block."""
    first, span = ranks[0], ranks[-1] - ranks[0]
    width = 1 if span < 1 << 8 else 2 if span < 1 << 16 else 4
    numbers = array(LIST_WIDTHS[width], [rank - first for rank in ranks])
    if sys.byteorder == "big":
        numbers.byteswap()
    return bytes((width,)) + first.to_bytes(4) + numbers.tobytes()


def decode(block: bytes) -> list[int]:
    """Return the ranks of a block.

    Raises:
        ValueError: It is no block.
    """
    width = block[0] if len(block) > _HEAD else 0
    if width not in LIST_WIDTHS:
        raise ValueError("not a block of ranks")
    numbers = array(LIST_WIDTHS[width])
    numbers.frombytes(block[_HEAD:])
    if sys.byteorder == "big":
        numbers.byteswap()
    first = int.from_bytes(block[1:_HEAD])
    return [first + number for number in numbers]


def encode_firsts(firsts: Sequence[int]) -> bytes:
    """Return the first ranks of all blocks of a part."""
    numbers = array("I", firsts)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def decode_firsts(data: bytes) -> array[int]:
    """Return the first ranks of all blocks of a part.

    Raises:
        ValueError: They were cut.
    """
    numbers = array("I")
    numbers.frombytes(data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
