"""The fast checksums are those of the specifications, bit by bit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audio.integrity.files import page

from phonotheque.audio.integrity.crc import (
    CRC16,
    CRC16_MIRRORED,
    MIRROR,
    Crc16,
    crc8_table,
    page_agrees,
    page_checksum,
)


def _by_bits(data: bytes, polynomial: int, width: int, start: int = 0) -> int:
    """The checksum as the specifications define it, highest bit first."""
    register, top, mask = start, 1 << width - 1, (1 << width) - 1
    for byte in data:
        for bit in range(7, -1, -1):
            carry = bool(register & top) ^ (byte >> bit & 1)
            register = (register << 1 & mask) ^ (polynomial if carry else 0)
    return register


def _by_bits_mirrored(data: bytes) -> int:
    register = 0
    for byte in data:
        for bit in range(8):
            carry = (register & 1) ^ (byte >> bit & 1)
            register = register >> 1 ^ (0xA001 if carry else 0)
    return register


@given(st.binary(min_size=27, max_size=200))
def test_ogg_checksum_is_the_slow_one(data: bytes) -> None:
    """Through zlib comes the CRC-32 of RFC 3533, computed bit by bit over the page."""
    blank = data[:22] + bytes(4) + data[26:]
    assert page_checksum(data) == _by_bits(blank, 0x04C11DB7, 32)


@given(st.binary(max_size=600), st.data())
def test_any_flipped_bit_of_a_page_is_found(body: bytes, draw: st.DataObject) -> None:
    """A page agrees with its checksum as it was made, and with no bit of it flipped."""
    good = page(7, body, granule=99)
    place = draw.draw(st.integers(0, len(good) * 8 - 1))
    bad = bytearray(good)
    bad[place // 8] ^= 1 << place % 8
    for data, agrees in ((good, True), (bytes(bad), False)):
        assert page_agrees(memoryview(data.translate(MIRROR)), 0, len(data)) is agrees


@pytest.mark.parametrize("check", [(b"123456789", 0xBB3D, 0xFEE8)])
def test_catalogued_values(check: tuple[bytes, int, int]) -> None:
    """The check values of CRC-16/ARC and CRC-16/UMTS are those of the catalogues."""
    text, arc, umts = check
    assert CRC16_MIRRORED.update(0, text) == arc
    assert CRC16.update(0, text) == umts


@pytest.mark.parametrize("kind", [CRC16, CRC16_MIRRORED])
@given(
    data=st.binary(max_size=64).flatmap(
        lambda seed: st.integers(0, 9000).map(lambda n: (seed * (n // max(1, len(seed)) + 1))[:n])
    ),
    start=st.integers(0, 0xFFFF),
)
def test_lanes_are_the_slow_checksum(kind: Crc16, data: bytes, start: int) -> None:
    """Many lanes in step give what one byte after the other gives, from any register."""
    assert kind.update_long(start, data) == kind.update(start, data)


@given(st.binary(max_size=300))
def test_bytewise_is_bitwise(data: bytes) -> None:
    """The tables are those of the polynomial 0x8005, both ways round, and of 0x07."""
    assert CRC16.update(0, data) == _by_bits(data, 0x8005, 16)
    assert CRC16_MIRRORED.update(0, data) == _by_bits_mirrored(data)
    crc = 0
    for byte in data:
        crc = crc8_table()[crc ^ byte]
    assert crc == _by_bits(data, 0x07, 8)


@given(st.data())
def test_any_stretch_of_lanes(draw: st.DataObject) -> None:
    """The checksum of any stretch, wherever it begins and ends, is that of its bytes alone."""
    data = bytes(range(256)) * 40 + b"tail"
    start = draw.draw(st.integers(0, len(data)))
    stop = draw.draw(st.integers(start, len(data)))
    for kind in (CRC16, CRC16_MIRRORED):
        lanes = kind.lanes(data)
        assert lanes.update(5, start, stop) == kind.update(5, data[start:stop])
