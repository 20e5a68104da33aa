"""Checksums of sound at the speed of a disk: CRC-32 as Ogg has it, CRC-16 as MP3 and FLAC have it.

**Ogg** divides by the polynomial of zlib's CRC-32, but takes the highest bit of each byte first,
starts with zero and inverts nothing. zlib takes the lowest bit first. Mirror the bits of every
byte, and zlib walks through the same bits in the same order; its register is then the mirror of
Ogg's. zlib inverts the register on the way in and out, so it is given all ones to start with
(inverted: Ogg's zero) and what it returns is inverted once more. The stored checksum, mirrored
byte by byte with the rest, is that register read with the highest byte first.

**CRC-16** has no such twin in the standard library. A register of 16 bits that takes in 16 bits
is one look-up in a table of 65,536: `table[register ^ word]`. numpy does that for thousands of
pieces of 128 bytes in step; as a CRC is linear, pieces are joined with a second table that says
what 128 bytes of zeros do to a register.

Sources: RFC 3533, 6 (Ogg); RFC 9639, 9.1.8 and 9.3 (FLAC); ISO/IEC 11172-3, 2.4.3.1 (MPEG audio);
"LAME tag" rev. 1 (CRC-16/ARC). Not here: where a checksum stands and what it covers.
"""

from __future__ import annotations

import functools
import zlib
from array import array
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Buffer  # type: ignore[attr-defined]  # typeshed has it from 3.12

    from numpy.typing import NDArray

MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Every byte with its bits in the other order, for `bytes.translate`."""

_ALL_ONES = 0xFFFFFFFF
_FIELD, _BEHIND_FIELD = 22, 26  # where a page keeps its own checksum, which counts as zeros
_NO_CHECKSUM = bytes(4)
_DOUBLINGS = 6  # a power of two, so that what a piece of zeros does is had by doubling
_PIECE_BYTES = 2 << _DOUBLINGS  # longer: fewer lanes in step; shorter: more to join
_LEAST_LANES = 32  # below that the byte-wise way is as fast


def page_agrees(mirrored: memoryview, start: int, stop: int) -> bool:
    """Say whether the Ogg page at `mirrored[start:stop]` has the checksum it states.

    Args:
        mirrored: Bytes through `MIRROR`; the page is whole and at least a header long.
        start: Where the page begins.
        stop: Where it ends.
    """
    crc32, field = zlib.crc32, start + _FIELD
    register = crc32(mirrored[start:field], _ALL_ONES)
    register = crc32(_NO_CHECKSUM, register)
    register = crc32(mirrored[field + 4 : stop], register) ^ _ALL_ONES
    return register == int.from_bytes(mirrored[field : field + 4], "big")


def page_checksum(page: bytes) -> int:
    """Return what an Ogg page has to state as its checksum, whatever it states now."""
    blank = page[:_FIELD] + _NO_CHECKSUM + page[_BEHIND_FIELD:]
    register = zlib.crc32(blank.translate(MIRROR), _ALL_ONES) ^ _ALL_ONES
    return int(f"{register:032b}"[::-1], 2)


class Crc16:
    """One kind of CRC-16 over polynomial 0x8005.

    Args:
        is_mirrored: Lowest bit first (LAME's music checksum) or highest (FLAC, MPEG frames).
    """

    def __init__(self, *, is_mirrored: bool) -> None:
        self._is_mirrored = is_mirrored
        of_byte = _table_of_bytes(is_mirrored)
        self._bytes = of_byte.tolist()
        self._words = _table_of_words(of_byte, is_mirrored)
        self._order = "<u2" if is_mirrored else ">u2"
        past = self._words
        for _ in range(_DOUBLINGS):
            past = past[past]
        self._past = array("H", past.tobytes())  # a list is twice as slow: it fills the cache

    def update(self, register: int, data: Buffer) -> int:
        """Take in bytes one by one. Cost: about 12 MB/s; for short pieces."""
        table = self._bytes
        if self._is_mirrored:
            for byte in memoryview(data).cast("B"):
                register = register >> 8 ^ table[register & 0xFF ^ byte]
        else:
            for byte in memoryview(data).cast("B"):
                register = register << 8 & 0xFFFF ^ table[register >> 8 ^ byte]
        return register

    def lanes(self, data: bytes) -> Lanes:
        """Prepare the checksum of any stretch of `data`. Cost: about 500 MB/s."""
        return Lanes(self, data, self._registers(data))

    def update_long(self, register: int, data: bytes) -> int:
        """Take in many bytes. Cost: about 300 MB/s."""
        return self.lanes(data).update(register, 0, len(data))

    def join(self, register: int, pieces: list[int]) -> int:
        """Take in whole pieces whose own registers are known."""
        past = self._past
        for piece in pieces:
            register = past[register] ^ piece
        return register

    def _registers(self, data: bytes) -> list[int]:
        """The register behind each whole piece, each piece begun with zero."""
        lanes = len(data) // _PIECE_BYTES
        if lanes < _LEAST_LANES:
            return []
        words = np.frombuffer(data, self._order, lanes * _PIECE_BYTES // 2)
        steps = np.ascontiguousarray(words.reshape(lanes, -1).T, dtype=np.uint16)
        registers: NDArray[np.uint16] = np.zeros(lanes, np.uint16)
        places = np.zeros(lanes, np.intp)
        for step in steps:
            np.bitwise_xor(registers, step, out=places)
            # "wrap" never wraps, a place has 16 bits; it spares numpy a copy of the result
            np.take(self._words, places, out=registers, mode="wrap")
        return registers.tolist()  # type: ignore[no-any-return]  # numpy types it as object


class Lanes:
    """The CRC-16 of any stretch of a block of bytes, from registers computed once."""

    def __init__(self, kind: Crc16, data: bytes, pieces: list[int]) -> None:
        self._kind, self._view, self._pieces = kind, memoryview(data), pieces

    def update(self, register: int, start: int, stop: int) -> int:
        """Take `data[start:stop]` into a register. Cost: 10 us and 0.5 ns a byte."""
        first = -(-start // _PIECE_BYTES)
        last = min(stop // _PIECE_BYTES, len(self._pieces))
        if first >= last:
            return self._kind.update(register, self._view[start:stop])
        register = self._kind.update(register, self._view[start : first * _PIECE_BYTES])
        register = self._kind.join(register, self._pieces[first:last])
        return self._kind.update(register, self._view[last * _PIECE_BYTES : stop])


def _table_of_bytes(is_mirrored: bool) -> NDArray[np.uint16]:  # noqa: FBT001
    """What eight bits, taken in at once, do to the register that held them."""
    register = np.arange(256, dtype=np.uint32) << (0 if is_mirrored else 8)
    for _ in range(8):
        if is_mirrored:
            register = np.where(register & 1, register >> 1 ^ 0xA001, register >> 1)
        else:
            register = np.where(register & 0x8000, register << 1 ^ 0x8005, register << 1) & 0xFFFF
    return register.astype(np.uint16)


def _table_of_words(
    of_byte: NDArray[np.uint16],
    is_mirrored: bool,  # noqa: FBT001
) -> NDArray[np.uint16]:
    """What sixteen bits do to it: one byte after the other, for all registers at once."""
    register = np.arange(65536, dtype=np.uint16)
    for _ in range(2):
        if is_mirrored:
            register = register >> 8 ^ of_byte[register & 0xFF]
        else:
            register = register << 8 ^ of_byte[register >> 8]
    return register


@functools.cache
def crc8_table() -> tuple[int, ...]:
    """The table of FLAC's frame headers: polynomial 0x07. Source: RFC 9639, 9.1.8."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte << 1 & 0xFF ^ (0x07 if byte & 0x80 else 0)
        table.append(byte)
    return tuple(table)


CRC16_MIRRORED = Crc16(is_mirrored=True)
"""LAME: lowest bit first, begins with zero."""

CRC16 = Crc16(is_mirrored=False)
"""FLAC (begins with zero) and the frames of MPEG audio (begin with 0xFFFF): highest bit first."""
