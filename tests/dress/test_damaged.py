"""Damaged and hostile originals: dressed so that they come back exactly, or refused with a type."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dress.wardrobe import CLOTHES, COVER, LARGE_COVER, NAMES, container_of, original

from phonotheque.dress.dressing import dress
from phonotheque.dress.overlay import Overlay
from phonotheque.dress.patch_apply import apply_patch
from phonotheque.dress.patch_make import make_patch
from phonotheque.errors import IntegrityError, MalformedError


def attempt(data: bytes, container: str, cover=None) -> bytes | None:
    """The copy, proven to lead back; None when the original was refused."""
    try:
        copy = dress(io.BytesIO(data), container, Overlay(CLOTHES, cover))
    except IntegrityError:
        return None
    made = copy.read(0, copy.size_bytes)
    assert len(made) == copy.size_bytes
    assert apply_patch(made, make_patch(data, made)) == data
    return made


def changed(data: bytes, draw) -> bytes:
    """Bytes overwritten, cut off, put in or taken out, mostly in the head where it hurts."""
    made = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, min(len(made), 600)) | st.integers(0, len(made)))
        piece = draw(st.binary(max_size=8) | st.sampled_from([b"\xff" * 4, bytes(4), b"OggS"]))
        match draw(st.sampled_from(["over", "in", "out", "cut"])):
            case "over":
                made[place : place + len(piece)] = piece
            case "in":
                made[place:place] = piece
            case "out":
                del made[place : place + len(piece)]
            case "cut":
                del made[max(place, 1) :]
    return bytes(made)


@settings(max_examples=150)
@given(st.sampled_from(NAMES), st.data())
def test_a_damaged_original_comes_back_or_is_refused(name, data):
    """Whatever happened to a file, it is dressed so that it comes back exactly, or refused."""
    cover = data.draw(st.sampled_from([None, COVER]))
    attempt(changed(original(name), data.draw), container_of(name), cover)


@given(st.sampled_from([container_of(name) for name in NAMES]), st.binary(max_size=200))
def test_bytes_that_are_no_recording(container, data):
    """Bytes of any kind, taken for any container, end no other way."""
    attempt(data, container)


def wav(data_size: int, sound: bytes) -> bytes:
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    body = head + b"data" + struct.pack("<I", data_size) + sound
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0xFFFFFFF0, 101])
def test_a_chunk_without_an_end_is_refused(size):
    """A length that was never filled in would swallow the tags: it is refused."""
    with pytest.raises(MalformedError, match="past the end"):
        dress(io.BytesIO(wav(size, bytes(100))), "wav", Overlay(CLOTHES))


def test_a_missing_padding_byte_is_put_in():
    """Sound of an odd length at the end of a file gets the byte that its chunk lacks."""
    made = attempt(wav(101, b"s" * 101), "wav")
    assert made is not None
    assert b"s" * 101 + b"\0LIST" in made


def test_fragments_are_refused():
    """An MP4 in fragments counts its places in other ways, and is refused by name."""
    data = original("aac.m4a") + struct.pack(">I4s", 8, b"moof")
    with pytest.raises(MalformedError, match="fragments"):
        dress(io.BytesIO(data), "mp4", Overlay(CLOTHES))


def test_offsets_that_would_not_fit_are_refused():
    """Chunk offsets of 32 bits that cannot grow any more are refused, not wrapped around."""
    data = bytearray(original("faststart.m4a"))
    at = data.index(b"stco") + 12
    data[at : at + 4] = b"\xff" * 4
    with pytest.raises(MalformedError, match="32 bits"):
        dress(io.BytesIO(bytes(data)), "mp4", Overlay(CLOTHES, LARGE_COVER))


def test_tags_that_no_block_holds_are_refused():
    """FLAC's blocks have 24 bits for their length."""
    import msgspec

    tags = msgspec.structs.replace(CLOTHES, title="x" * (1 << 24))
    for name in ("comments.flac", "flac.oga"):
        with pytest.raises(MalformedError, match="fit"):
            dress(io.BytesIO(original(name)), container_of(name), Overlay(tags))


@pytest.mark.parametrize("tail", [b"TAG" + bytes(125), b"TAG+" + bytes(223) + b"TAG" + bytes(125)])
def test_old_tags_behind_the_sound_are_dropped(tail):
    """ID3v1, with and without its extension, is no part of a copy."""
    plain = attempt(original("ape.mp3"), "mp3", COVER)
    assert attempt(original("ape.mp3") + tail, "mp3", COVER) == plain


def test_lyrics_and_a_tag_at_the_end_are_dropped():
    """So are Lyrics3 and ID3v2.4 with a footer behind the sound."""
    plain = attempt(original("ape.mp3"), "mp3", COVER)
    lyrics = b"LYRICSBEGIN" + b"IND0000200"
    lyrics += b"%06dLYRICS200" % len(lyrics)
    footed = b"ID3\4\0\x10\0\0\0\4abcd3DI\4\0\x10\0\0\0\4"
    assert attempt(original("ape.mp3") + lyrics + footed, "mp3", COVER) == plain
