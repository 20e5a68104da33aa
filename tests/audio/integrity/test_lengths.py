"""Formats without a checksum: lengths and places must come out, and what is open is no damage."""

import hashlib
import struct

import pytest
from tests.audio import zoo
from tests.audio.integrity.files import PLAIN, examined, examined_as, whole

from phonotheque.audio.integrity import Cover, Examined

SAMPLES = zoo.pcm16(0.1)
FMT = zoo.chunk(b"fmt ", zoo.fmt_chunk())


def _whats(found: Examined) -> list[str]:
    return [one.what for one in found.damage]


@pytest.mark.parametrize("name", PLAIN)
def test_a_missing_end_is_counted_to_the_byte(name: str) -> None:
    """A cut in the sound is damage at the end of what is left, with the time."""
    data = whole(name)
    length = len(data) * 3 // 5
    (damage,) = examined_as(name, data[:length]).damage
    assert damage.at_byte == length
    assert damage.at_ms is not None


def test_more_chunks_than_are_walked_are_no_damage() -> None:
    """Sound behind 100,000 empty chunks is neither called damaged nor whole; before them it is."""
    crowd = zoo.chunk(b"junk", b"") * 100_000
    behind = examined(zoo.riff(FMT, crowd, zoo.chunk(b"data", SAMPLES)))
    assert (_whats(behind), behind.cover) == ([], Cover.NONE)
    assert "more than 4,096 chunks" in behind.doubt
    before = examined(zoo.riff(FMT, zoo.chunk(b"data", SAMPLES), crowd))
    assert (_whats(before), before.cover) == ([], Cover.LENGTH)
    assert any("only the first 4,096 chunks" in note for note in before.notes)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_header_without_a_length_is_no_damage(size: int) -> None:
    """A WAV that was written as a stream and never closed has no length, and that is told."""
    data = b"RIFF" + struct.pack("<I", size) + b"WAVE" + FMT + b"data" + struct.pack("<I", size)
    found = examined(data + SAMPLES)
    assert (_whats(found), found.cover) == ([], Cover.NONE)
    assert "no length" in found.doubt


def test_bytes_that_are_gone_before_a_chunk_are_found() -> None:
    """Sound that became shorter moves what stands behind it, and swallows what was shorter."""
    for tail in (zoo.INFO, zoo.INFO * 9, zoo.BEXT, zoo.chunk(b"junk", bytes(504))):
        data = zoo.riff(FMT, zoo.chunk(b"data", SAMPLES), tail)
        assert _whats(examined(data)) == []
        assert examined(data[:2000] + data[2512:]).damaged_places == 1


@pytest.mark.parametrize(
    "tail", [b"TAG" + bytes(125), bytes(40), b"\x01\x02\x03 scraps behind", b"x"]
)
def test_foreign_bytes_behind_are_no_damage(tail: bytes) -> None:
    """What stands behind the end that the header states is not of the sound."""
    found = examined(zoo.riff(FMT, zoo.chunk(b"data", SAMPLES)) + tail)
    assert (_whats(found), found.cover) == ([], Cover.LENGTH)


def test_a_wrong_length_around_the_chunks_is_no_damage() -> None:
    """Some writers count the 8 bytes of the first header, too; the sound is complete."""
    data = bytearray(zoo.riff(FMT, zoo.chunk(b"data", SAMPLES)))
    data[4:8] = struct.pack("<I", len(data))
    found = examined(bytes(data))
    assert (_whats(found), found.cover, len(found.notes)) == ([], Cover.LENGTH, 1)


@pytest.mark.parametrize("order", [1, -1])
def test_the_md5_of_a_broadcast_wave_is_compared(order: int) -> None:
    """Where BWF MetaEdit left an MD5 of the samples, it covers them, in either byte order."""
    md5 = hashlib.md5(SAMPLES).digest()[::order]
    good = zoo.riff(FMT, zoo.chunk(b"data", SAMPLES), zoo.chunk(b"MD5 ", md5))
    assert (_whats(examined(good)), examined(good).cover) == ([], Cover.CHECKSUM)
    at = good.index(SAMPLES) + 999
    bad = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
    assert _whats(examined(bad)) == ["the MD5 of the samples differs"]


def test_coded_sound_in_chunks_stays_unknown() -> None:
    """ADPCM in a WAV has no checksum and is no plain samples: lengths alone do not prove it."""
    found = examined(zoo.riff(FMT, zoo.chunk(b"data", SAMPLES)), "adpcm_ms")
    assert (found.cover, "adpcm_ms" in found.doubt) == (Cover.NONE, True)


def test_an_aiff_that_promises_more_samples_is_damaged() -> None:
    """AIFF states the number of samples apart from the length of its chunk: both must agree."""
    data = bytearray(whole("aiff"))
    at = data.index(b"COMM") + 10
    data[at : at + 4] = struct.pack(">I", struct.unpack(">I", data[at : at + 4])[0] + 1000)
    assert examined(bytes(data)).damaged_places == 1


def _move(name: str, box: bytes, at: int, value: int) -> bytes:
    data = bytearray(whole(name))
    place = data.index(box) + at
    data[place : place + 4] = struct.pack(">I", value)
    return bytes(data)


@pytest.mark.parametrize(
    ("box", "at", "value", "what"),
    [
        (b"stco", 12, 0x7FFFFFFF, "packets lie outside of the boxes of sound"),
        (b"stco", 12, 4, "packets lie outside of the boxes of sound"),
        (b"stsz", 12, 77, "its tables disagree about the number of packets"),
        (b"stts", 12, 7, "its tables disagree about the number of packets"),
        (b"stsc", 16, 900, "its tables disagree about the number of packets"),
        (b"moov", 0, 0x78787878, "its tables are missing"),
        (b"stco", 0, 0x78787878, "one of the tables of its track is missing"),
        (b"hdlr", 12, 0x76696465, "its tables name no track of sound"),
    ],
)
def test_tables_that_contradict_are_damage(box: bytes, at: int, value: int, what: str) -> None:
    """A changed number in any table of an M4A contradicts another one, or the file."""
    for name in ("aac", "alac"):
        found = examined(_move(name, box, at, value))
        assert any(one.what.startswith(what) for one in found.damage), _whats(found)


def test_bytes_that_are_gone_from_an_m4a_are_found() -> None:
    """A box of sound that became shorter moves the tables behind it."""
    data = whole("aac")
    at = data.index(b"mdat") + 5000
    assert examined(data[:at] + data[at + 512 :]).damage


def test_foreign_bytes_behind_an_m4a_are_no_damage() -> None:
    """Scraps behind the last box are noted."""
    for tail in (b"abc", b"\x01\x02\x03\x04\x05\x06\x07\x08\x09"):
        found = examined(whole("aac") + tail)
        assert (_whats(found), len(found.notes)) == ([], 1)
