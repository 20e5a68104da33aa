"""FLAC and WavPack: frames and blocks under their checksums, and where they are torn."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.audio import zoo
from tests.audio.integrity import files
from tests.audio.integrity.files import examined, located_as, whole

from phonotheque.audio.integrity import Cover
from phonotheque.audio.integrity.wavpack import _checksum
from phonotheque.music.sound import IntegrityVerdict


def test_a_torn_frame_is_found_with_its_place_and_time() -> None:
    """A flipped bit is found in its own frame: within a frame's bytes and a frame's time."""
    data = bytearray(whole("flac without md5"))
    at = len(data) // 2
    data[at] ^= 8
    (damage,) = examined(bytes(data)).damage
    assert damage.at_byte is not None
    assert damage.at_ms is not None
    assert damage.at_byte <= at < damage.at_byte + 20_000
    assert damage.at_ms == pytest.approx(files.SECONDS * 500, abs=200)


@settings(max_examples=25)
@given(st.data())
def test_any_flipped_bit_of_the_frames_is_found(draw: st.DataObject) -> None:
    """No bit of the sound of a FLAC can be flipped without a checksum of a frame differing."""
    data = bytearray(whole("flac without md5"))
    first = data.index(b"\xff\xf8", 42)
    place = draw.draw(st.integers(first * 8, len(data) * 8 - 1))
    data[place // 8] ^= 1 << place % 8
    assert located_as("flac without md5", bytes(data)).damage


def test_a_frame_that_is_gone_is_found_by_its_samples() -> None:
    """Frames that are cut out exactly leave the number of samples short."""
    from phonotheque.audio.integrity.flac_frames import Frame, iter_frames

    data = whole("flac without md5")
    import io

    start = data.index(b"\xff\xf8", 42)
    places = [f.at for f in iter_frames(io.BytesIO(data), start, len(data)) if isinstance(f, Frame)]
    short = data[: places[3]] + data[places[4] :]
    assert "samples are missing" in examined(short).damage[0].what


def test_tags_before_and_behind_flac_are_no_damage() -> None:
    """ID3v2 before and ID3v1 behind a FLAC are habits, not damage."""
    data = zoo.id3_bytes() + whole("flac without md5") + b"TAG" + bytes(125)
    found = examined(data)
    assert (found.damage, found.cover, len(found.notes)) == ((), Cover.CHECKSUM, 1)


def test_variable_block_sizes_are_walked(tmp_path: Path) -> None:
    """Frames that are numbered by samples, and of any depth and block size, are walked as well."""
    if shutil.which("flac") is None:
        pytest.skip("flac is not here")
    source = tmp_path / "a.wav"
    source.write_bytes(zoo.encode_sndfile("WAV", "PCM_24", 1))
    for options in (["-b", "1000"], ["-b", "192", "-0"], ["-8", "--lax", "-b", "32000"]):
        target = tmp_path / "a.flac"
        subprocess.run(["flac", "-sf", *options, source, "-o", target], check=True)
        data = target.read_bytes()
        found = located_as("flac", data)
        assert (found.damage, found.cover) == ((), Cover.CHECKSUM)


@pytest.mark.parametrize(("at", "byte"), [(4, 0x7F), (4, 0x04), (5, 0xFF)])
def test_broken_metadata_is_damage(at: int, byte: int) -> None:
    """Metadata blocks in the wrong order or longer than the file are damage."""
    data = bytearray(whole("flac"))
    data[at] = byte
    assert examined(bytes(data)).damaged_places == 1


@given(st.binary(min_size=2, max_size=300))
def test_checksum_of_blocks_is_the_slow_one(data: bytes) -> None:
    """The checksum of WavPack 5 in one product is the one that its loop defines."""
    register = 0xFFFFFFFF
    for (word,) in struct.iter_unpack("<H", data[: len(data) // 2 * 2]):
        register = (register * 3 + word) & 0xFFFFFFFF
    assert _checksum(data, 4) == register.to_bytes(4, "little")
    assert _checksum(data, 2) == ((register ^ register >> 16) & 0xFFFF).to_bytes(2, "little")


def _wavpack5(tmp_path: Path) -> bytes:
    if shutil.which("wavpack") is None:
        pytest.skip("wavpack is not here")
    source, target = tmp_path / "a.wav", tmp_path / "a.wv"
    source.write_bytes(whole("wav"))
    subprocess.run(["wavpack", "-q", source, "-o", target], check=True)
    return target.read_bytes()


def test_blocks_with_checksums_are_covered(tmp_path: Path) -> None:
    """WavPack 5 writes checksums of its blocks: they cover the sound, and no change is missed."""
    data = _wavpack5(tmp_path)
    assert (examined(data).damage, examined(data).cover) == ((), Cover.CHECKSUM)
    for at in range(40, len(data) - 40, len(data) // 40):
        changed = data[:at] + bytes([data[at] ^ 32]) + data[at + 1 :]
        assert located_as("wavpack", changed).damage, at


def test_a_block_that_is_gone_is_found(tmp_path: Path) -> None:
    """Blocks count samples: a missing one is found where it stood, and a missing end as well."""
    data = whole("wavpack")
    places = [i for i in range(len(data)) if data.startswith(b"wvpk", i)]
    (damage,) = examined(data[: places[1]] + data[places[2] :]).damage
    assert damage.at_byte == places[1]
    assert "samples are missing" in damage.what
    (damage,) = examined(data[: places[-1]]).damage
    assert "samples are missing" in damage.what


def test_a_decoder_that_compares_samples_proves_a_wavpack() -> None:
    """Without checksums of blocks, a decoder that compares those of the samples settles it."""
    data = whole("wavpack")
    seen = files.wavpack_samples_checked(data)
    assert files.verdict(data, seen).verdict is IntegrityVerdict.UNKNOWN
    assert files.verdict(data, seen, has_checking_decoder=True).verdict is IntegrityVerdict.WHOLE
    for at in range(len(data) // 4, len(data) * 3 // 4, len(data) // 16):
        changed = data[:at] + bytes([data[at] ^ 32]) + data[at + 1 :]
        seen = files.wavpack_samples_checked(changed)
        found = files.verdict(changed, seen, has_checking_decoder=True)
        assert found.verdict is IntegrityVerdict.DAMAGED
