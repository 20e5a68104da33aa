"""Patches: they give the original back or nothing, whatever is done to them."""

from __future__ import annotations

import hashlib
import io
import struct
import tracemalloc
import zlib
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tests.audio import zoo
from tests.dress.wardrobe import (
    CLOTHES,
    LARGE_COVER,
    NAMES,
    RETAGGED,
    container_of,
    noise_bytes,
    original,
    pages,
    retagged,
    whole,
)

from phonotheque.dress.dressing import dress
from phonotheque.dress.overlay import Overlay
from phonotheque.dress.patch_apply import apply_patch, restore
from phonotheque.dress.patch_form import (
    MAX_CORRECTIONS,
    SPARE_BYTES,
    CopyRange,
    Correction,
    ObjectForm,
    ObjectRange,
    Op,
    OpKind,
    Patch,
    decode_patch,
)
from phonotheque.dress.patch_make import make_patch
from phonotheque.errors import (
    DigestMismatchError,
    IntegrityError,
    MalformedError,
    NotHeldError,
)
from phonotheque.music.digest import Sha256

MOST_BYTES = 700
"""A patch between a file with every tag and one with every other tag; most are far smaller."""


def name_of(data: bytes) -> Sha256:
    return Sha256(hashlib.sha256(data).digest())


def test_many_corrections_in_one_block() -> None:
    """As many corrections as a patch may have, all in one long literal, are applied at once."""
    copy = noise_bytes(4 << 20)
    literal = noise_bytes((4 << 20) + 1)[1:]
    original = bytearray(literal)
    places = range(0, 2 * MAX_CORRECTIONS, 2)
    for place in places:
        original[place] ^= 0xFF
    literals = literal + bytes(original[place] for place in places)
    patch = Patch(
        original=name_of(original),
        copy=name_of(copy),
        original_bytes=len(original),
        copy_bytes=len(copy),
        ops=(Op(OpKind.LITERAL, len(original)),),
        prefix=(),
        corrections=tuple(Correction(place, 1) for place in places),
        literal_bytes=len(literals),
        is_compressed=False,
        packed=literals,
    )
    assert apply_patch(copy, patch.encode()) == original


@pytest.mark.parametrize("width", [4, 8])
def test_words_are_moved_block_by_block(width: int) -> None:
    """A table of words as long as the file takes no more memory than any other range."""
    copy = bytes(16 << 20)
    original = (1).to_bytes(width, "big") * (len(copy) // width)
    patch = Patch(
        original=name_of(original),
        copy=name_of(copy),
        original_bytes=len(original),
        copy_bytes=len(copy),
        ops=(Op(OpKind.WORDS, len(copy), 0, 1, width),),
        prefix=(),
        corrections=(),
        literal_bytes=0,
        is_compressed=False,
        packed=b"",
    ).encode()
    tracemalloc.start()
    restore(copy, patch, lambda _block: None)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 8 << 20


halves = st.binary(max_size=300) | st.builds(
    lambda part, times: part * times, st.binary(min_size=1, max_size=9), st.integers(1, 3000)
)
heads = st.sampled_from([b"", b"OggS", b"OggS\0", b"\0\0\0\x20ftypM4A ", b"fLaC"])
files = st.builds(lambda head, one, two: head + one + two, heads, halves, halves)


@given(files, files)
@example(b"", b"")
@example(b"a", b"")
@example(b"", b"OggS")
def test_any_two_files(one, other):
    """For any two strings of bytes the patch gives the one back from the other."""
    assert apply_patch(other, make_patch(one, other)) == one


@settings(max_examples=40)
@given(st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_any_two_recordings(one, other):
    """Also for recordings that have nothing to do with each other."""
    first, second = original(one), original(other)
    assert apply_patch(second, make_patch(first, second)) == first


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cover", [None, LARGE_COVER], ids=["text", "cover"])
def test_a_dressed_copy_gives_its_original_back(name, cover):
    """The patch of a dressed copy is small, and gives every byte of the original."""
    copy = whole(name, CLOTHES, cover)
    patch = make_patch(original(name), copy)
    assert apply_patch(copy, patch) == original(name)
    assert len(patch) < MOST_BYTES


@pytest.mark.parametrize("name", RETAGGED)
@pytest.mark.parametrize("cover", [None, LARGE_COVER.data], ids=["text", "cover"])
def test_so_does_the_copy_of_a_foreign_tagger(name, cover):
    """What another library re-tagged, with its own padding and order, comes back as well."""
    copy = retagged(name, {"TITLE": "Somebody else's", "NOTES": "y" * 3000}, cover)
    patch = make_patch(original(name), copy)
    assert apply_patch(copy, patch) == original(name)
    assert len(patch) < 1000


words = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=2, max_size=12)


@settings(max_examples=60)
@given(
    name=st.sampled_from(RETAGGED),
    texts=st.dictionaries(words, st.text(max_size=2000), max_size=4),
    cover=st.none() | st.binary(min_size=1, max_size=400),
)
def test_whatever_a_tagger_does(name, texts, cover):
    """Any tags that mutagen writes into any format leave a way back in both directions."""
    texts = {f"K{key}": text.replace("\0", "") or "-" for key, text in texts.items()}
    assume(all(text.isprintable() for text in texts.values()))
    copy = retagged(name, texts, cover)
    assert apply_patch(copy, make_patch(original(name), copy)) == original(name)
    assert apply_patch(original(name), make_patch(copy, original(name))) == copy


@settings(max_examples=60)
@given(st.sampled_from(NAMES), st.data())
def test_a_flipped_bit_is_refused(name, data):
    """One bit flipped in the patch or in the copy: an error with a type, and no original."""
    copy = whole(name, CLOTHES)
    patch = make_patch(original(name), copy)
    place = data.draw(st.integers(0, 8 * len(patch) - 1))
    bad = bytearray(patch)
    bad[place // 8] ^= 1 << place % 8
    with pytest.raises(MalformedError):
        apply_patch(copy, bytes(bad))
    place = data.draw(st.integers(0, 8 * len(copy) - 1))
    other = bytearray(copy)
    other[place // 8] ^= 1 << place % 8
    with pytest.raises(DigestMismatchError):
        apply_patch(bytes(other), patch)


@given(st.data())
def test_a_patch_cut_short_is_refused(data):
    """A patch without its end is refused, wherever it was cut."""
    copy = whole("vorbis.ogg")
    patch = make_patch(original("vorbis.ogg"), copy)
    with pytest.raises(MalformedError):
        apply_patch(copy, patch[: data.draw(st.integers(0, len(patch) - 1))])


def sealed(body: bytes) -> bytes:
    """A body with the checksum that belongs to it, as a liar would send it."""
    return body + zlib.crc32(body).to_bytes(4, "little")


@settings(max_examples=150)
@given(st.sampled_from(("vorbis.ogg", "faststart.m4a", "ape.mp3")), st.data())
def test_a_lie_with_the_right_checksum_is_refused(name, data):
    """A patch whose author changed any of its bytes and sealed it anew gives nothing, in peace."""
    copy = whole(name, CLOTHES)
    body = bytearray(make_patch(original(name), copy)[:-4])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(4, len(body) - 1))
        body[place] = data.draw(st.integers(0, 255))
    with suppress(IntegrityError, NotHeldError):
        assert apply_patch(copy, sealed(bytes(body))) == original(name)


def lie(**changes) -> bytes:
    """A patch of one literal byte, with some of it changed."""
    fields = {
        "original": name_of(b"x"),
        "copy": name_of(b"copy"),
        "original_bytes": 1,
        "copy_bytes": 4,
        "ops": (Op(OpKind.LITERAL, 1),),
        "prefix": (),
        "corrections": (),
        "literal_bytes": 1,
        "is_compressed": False,
        "packed": b"x",
    }
    return Patch(**{**fields, **changes}).encode()


def test_the_patch_that_is_lied_about_is_true():
    """Unchanged, the little patch of these tests gives its original."""
    assert apply_patch(b"copy", lie()) == b"x"


PETABYTE = 10**15
LIES = {
    "a petabyte of original": {"original_bytes": PETABYTE, "ops": (Op(OpKind.LITERAL, PETABYTE),)},
    "more than a patch may": {"original_bytes": SPARE_BYTES + 17},
    "a petabyte of literals": {"literal_bytes": PETABYTE},
    "a petabyte of prefix": {"prefix": (CopyRange(0, PETABYTE),)},
    "a petabyte of an object": {"prefix": (ObjectRange(name_of(b""), PETABYTE, ObjectForm.PLAIN),)},
    "a copy's range behind its end": {"ops": (Op(OpKind.COPY, 1, 4),)},
    "a range before the beginning": {"ops": (Op(OpKind.COPY, 1, -1),)},
    "a copy that claims to be longer": {"copy_bytes": 5},
    "operations that fall short": {"ops": ()},
    "operations that do too much": {"ops": (Op(OpKind.LITERAL, 1), Op(OpKind.COPY, 1))},
    "words of three bytes": {"ops": (Op(OpKind.WORDS, 1, 0, 0, 3),)},
    "half a word": {"ops": (Op(OpKind.WORDS, 1, 0, 0, 4),)},
    "a frame that is none": {"is_compressed": True},
    "literals that are not there": {"packed": b""},
    "literals that nobody needs": {"packed": b"xy"},
    "another original": {"packed": b"y"},
    "too many parts": {"prefix": (CopyRange(0, 0),) * 65},
}


@pytest.mark.parametrize("changes", LIES.values(), ids=LIES)
def test_a_lie_is_refused_with_a_type(changes):
    """What a patch may not ask for or contradicts itself in is refused before it is done."""
    with pytest.raises(IntegrityError):
        apply_patch(b"copy", lie(**changes))


def test_a_frame_that_swells_is_stopped():
    """A frame that holds far more than it says is stopped at what it says."""
    from phonotheque.dress.literals import pack

    is_compressed, bomb = pack(bytes(50_000_000), b"", 3)
    assert is_compressed
    assert len(bomb) < 10_000
    with pytest.raises(MalformedError, match="another length"):
        apply_patch(b"copy", lie(packed=bomb, is_compressed=True))


def test_no_patch_is_made_that_none_may_apply():
    """An original that is too much longer than its copy is refused when the patch is made."""
    with pytest.raises(MalformedError, match="longer"):
        make_patch(bytes(SPARE_BYTES + 1), b"")


@pytest.mark.parametrize("name", RETAGGED)
def test_a_picture_that_is_held_is_not_in_the_patch(name):
    """An original's picture that others can find by its digest costs its name, plain or base64."""
    before = retagged(name, {"TITLE": "With a picture"}, LARGE_COVER.data)
    copy = dress(io.BytesIO(before), container_of(name), Overlay(CLOTHES, LARGE_COVER_TOO))
    data = copy.read(0, copy.size_bytes)
    carried = make_patch(before, data)
    patch = make_patch(before, data, [LARGE_COVER.data])
    assert len(patch) < 1600 < len(LARGE_COVER.data) < len(carried)
    assert apply_patch(data, patch, {name_of(LARGE_COVER.data): LARGE_COVER.data}.get) == before
    with pytest.raises(NotHeldError):
        apply_patch(data, patch)
    with pytest.raises(NotHeldError, match="not those of its name"):
        apply_patch(data, patch, lambda _: bytes(len(LARGE_COVER.data)))


LARGE_COVER_TOO = replace(LARGE_COVER, data=zoo.PNG + noise_bytes(150_000, seed=2))


def test_mended_checksums_cost_a_few_bytes():
    """Where a tagger mended the checksums of damaged pages, the damage comes back exactly."""
    data = bytearray(original("long.opus"))
    places = [place for place, _ in _starts(bytes(data))]
    data[places[4] + 23] ^= 0xFF
    data[places[5] + 22] ^= 0x01
    copy = bytearray(whole("long.opus", CLOTHES, LARGE_COVER))
    patch = make_patch(bytes(data), bytes(copy))
    assert decode_patch(patch).corrections
    assert len(patch) < MOST_BYTES
    assert apply_patch(bytes(copy), patch) == data


def _starts(data: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    for _, page in pages(data):
        found.append((at, page))
        at += len(page)
    return found


def test_moved_chunks_of_mp4_are_one_operation():
    """Offsets that all moved by one amount are no literals."""
    for kind, width in ((b"stco", 4), (b"co64", 8)):
        before = many_chunks(kind, width)
        copy = dress(io.BytesIO(before), "mp4", Overlay(CLOTHES, LARGE_COVER))
        data = copy.read(0, copy.size_bytes)
        patch = make_patch(before, data)
        (moved,) = [op for op in decode_patch(patch).ops if op.kind is OpKind.WORDS]
        assert (moved.shift, moved.width) == (len(before) - len(data), width)
        assert len(patch) < 300
        assert apply_patch(data, patch) == before


def many_chunks(kind: bytes, width: int) -> bytes:
    """An MP4 with a thousand chunks at places without pattern, and noise for sound."""

    def box(name: bytes, *parts: bytes) -> bytes:
        return struct.pack(">I", 8 + sum(map(len, parts))) + name + b"".join(parts)

    sizes = np.random.default_rng(3).integers(50, 200, 1000)
    offsets = (1000 * width + 1000 + np.cumsum(sizes)).astype(f">u{width}").tobytes()
    table = box(kind, struct.pack(">II", 0, 1000), offsets)
    track = box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", table))))
    sound = box(b"mdat", noise_bytes(300_000))
    return box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov", track) + sound
