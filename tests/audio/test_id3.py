"""How long ID3v2 tags are, wherever they stand."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audio.integrity import files
from tests.audio.integrity.files import examined, whole

from phonotheque.audio.id3 import HEADER_BYTES, read_synchsafe, tag_bytes, tag_bytes_before
from phonotheque.audio.integrity.tails import find_tail
from phonotheque.dress.id3 import synchsafe

FOOTED = b"ID3\x04\0\x10" + synchsafe(20) + bytes(20) + b"3DI\x04\0\x10" + synchsafe(20)


@given(st.integers(0, (1 << 28) - 1))
def test_a_size_survives_its_four_bytes(size: int) -> None:
    """A size in bytes of seven bits is read as it was written."""
    assert read_synchsafe(synchsafe(size)) == size


def test_a_tag_is_as_long_from_either_end() -> None:
    """Header and footer give the same length, both edges included; only a header may lack one."""
    assert tag_bytes(FOOTED) == tag_bytes_before(FOOTED[-HEADER_BYTES:]) == len(FOOTED)
    assert tag_bytes(FOOTED[:5] + b"\0" + FOOTED[6:]) == len(FOOTED) - HEADER_BYTES


@given(st.binary(max_size=12), st.sampled_from([b"ID3", b"3DI", b""]))
def test_what_is_cut_off_is_no_tag(rest: bytes, mark: bytes) -> None:
    """Any bytes are a tag's edge, or none, and never a fault."""
    edge = (mark + rest)[:HEADER_BYTES]
    is_edge = len(edge) == HEADER_BYTES and edge[3] != 0xFF and max(edge[6:]) < 0x80
    assert bool(tag_bytes(edge)) is (is_edge and edge[:3] == b"ID3")
    assert bool(tag_bytes_before(edge)) is (is_edge and edge[:3] == b"3DI")


@pytest.mark.parametrize("length", range(3, HEADER_BYTES))
@pytest.mark.parametrize("name", ["vorbis", "wavpack"])
def test_the_beginning_of_a_footer_behind_the_sound(name: str, length: int) -> None:
    """A footer that is cut off behind the sound is so many foreign bytes."""
    found = examined(whole(name) + FOOTED[-HEADER_BYTES:][:length])
    assert not found.damage
    assert any("foreign" in note for note in found.notes)


def test_a_tag_with_a_footer_between_joined_files() -> None:
    """A tag between two joined files is stepped over with its footer, which is no damage."""
    mp3 = files.whole("mp3")
    found = examined(mp3 + FOOTED + mp3[mp3.index(b"Info") - 36 :])
    assert not found.damage, found
    assert any("files were joined" in note for note in found.notes)


def test_a_footer_alone_at_the_end() -> None:
    """A footer that promises more than the file has is no tag."""
    assert find_tail(io.BytesIO(FOOTED[-HEADER_BYTES:]), 0).names == ()
    assert find_tail(io.BytesIO(b"sound" + FOOTED), 0).start == 5
