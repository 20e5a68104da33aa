"""The sound of a copy is the original's: to us, to FFmpeg, and to the players of each format."""

from __future__ import annotations

import io
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dress.wardrobe import (
    CLOTHES,
    COVER,
    LARGE_COVER,
    NAMES,
    container_of,
    original,
    samples,
    whole,
)

from phonotheque.dress.compose import BLOCK_BYTES, Dressed, Literal, Slice
from phonotheque.dress.dressing import dress
from phonotheque.dress.original import Original
from phonotheque.dress.overlay import Overlay
from phonotheque.errors import TruncatedError


def sound_of(name: str) -> bytes:
    """The original; without the tag behind its sound where FFmpeg reads that as sound, too."""
    data = original(name)
    return data[: data.index(b"APETAGEX")] if name == "ape.mp3" else data


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cover", [None, LARGE_COVER], ids=["plain", "cover"])
def test_every_sample_is_the_same(name, cover):
    """A copy decodes to the samples of its original, not one more or less."""
    before = samples(sound_of(name))
    assert before[1]
    assert samples(whole(name, CLOTHES, cover)) == before


PLAYERS = (
    ("flac", "flac -t -s -", ("comments.flac", "id3.flac")),
    ("flac", "flac --ogg -t -s -", ("flac.oga",)),
    ("mpg123", "mpg123 -q --no-control -t -", ("id3v24.mp3", "ape.mp3")),
    ("opusdec", "opusdec --quiet - /dev/null", ("opus.opus", "long.opus")),
    ("ogg123", "ogg123 -q -d null -", ("vorbis.ogg",)),
    ("wvunpack", "wvunpack -q -v -", ("ape.wv",)),
    ("ffmpeg", "ffmpeg -v error -xerror -i - -f null -", ("vorbis.ogg", "opus.opus", "full.wav")),
    ("ffmpeg", "ffmpeg -v error -xerror -i - -f null -", ("id3.aiff", "faststart.m4a")),
)


@pytest.mark.parametrize(
    ("program", "command", "name"),
    [(program, command, name) for program, command, names in PLAYERS for name in names],
    ids=lambda value: value.split()[0],
)
@pytest.mark.parametrize("cover", [None, LARGE_COVER], ids=["plain", "cover"])
def test_players_take_it(program, command, name, cover):
    """The reference player of each format plays a copy to its end without a complaint."""
    if not shutil.which(program):
        pytest.skip(f"there is no {program} here")
    data = whole(name, CLOTHES, cover)
    done = subprocess.run(command.split(), input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"rror" not in done.stderr
    assert b"arning" not in done.stderr


@settings(max_examples=120)
@given(name=st.sampled_from(NAMES), data=st.data())
def test_any_range_is_that_range_of_the_whole(name, data):
    """Reading a range gives what stands there in the whole, in whatever order ranges are read."""
    cover = data.draw(st.sampled_from([None, COVER, LARGE_COVER]))
    copy = dress(io.BytesIO(original(name)), container_of(name), Overlay(CLOTHES, cover))
    expected = whole(name, CLOTHES, cover)
    assert copy.size_bytes == len(expected)
    for _ in range(4):
        start = data.draw(st.integers(0, len(expected) + 10))
        size = data.draw(st.integers(0, len(expected)) | st.integers(0, 100))
        assert copy.read(start, size) == expected[start : start + size]


def long_ogg() -> bytes:
    """An Ogg of several MiB: the pages of sound of a short one again and again, numbered on."""
    from tests.dress.wardrobe import pages

    head, *_ = found = pages(original("long.opus"))
    sound = [page for _, page in found[2:-1]]
    many = [page for _ in range(3 * BLOCK_BYTES // sum(map(len, sound)) + 1) for page in sound]
    return b"".join([head[1], found[1][1], *many, found[-1][1]])


def test_ranges_of_a_long_stream_begin_anywhere():
    """In an Ogg of several blocks with other numbers every range is that of the whole."""
    data = long_ogg()
    copy = dress(io.BytesIO(data), "ogg", Overlay(CLOTHES, LARGE_COVER))
    expected = b"".join(copy.iter_blocks())
    assert copy.size_bytes == len(expected) > 3 * BLOCK_BYTES
    for start in range(0, len(expected), 99_991):
        assert copy.read(start, 1000) == expected[start : start + 1000]
    for edge in (*range(0, len(expected), BLOCK_BYTES), len(expected) - 5):
        assert copy.read(edge, 2 * BLOCK_BYTES) == expected[edge : edge + 2 * BLOCK_BYTES]


def test_a_copy_is_the_same_for_ever():
    """The same original and overlay give the same bytes."""
    for name in NAMES:
        assert whole(name, CLOTHES, COVER) == whole(name, CLOTHES, COVER)


@given(st.binary(max_size=200), st.lists(st.binary(max_size=20), max_size=5), st.data())
def test_pieces_stand_one_after_the_other(base, texts, data):
    """A composition is its pieces in order, and its length theirs together."""
    pieces, expected = [], b""
    for text in texts:
        start = data.draw(st.integers(0, len(base)))
        size = data.draw(st.integers(0, len(base) - start))
        pieces += [Literal(text), Slice(start, size)]
        expected += text + base[start : start + size]
    made = Dressed(Original(io.BytesIO(base)), pieces)
    assert made.size_bytes == len(expected)
    assert made.read(0, len(expected) + 1) == expected


def test_an_original_that_became_shorter_is_noticed(tmp_path):
    """Bytes that are not there any more end the reading: nothing is made up for them."""
    path = tmp_path / "a.flac"
    path.write_bytes(original("comments.flac"))
    with open(path, "rb", buffering=0) as file:
        copy = dress(file, "flac", Overlay(CLOTHES))
        path.write_bytes(original("comments.flac")[:-1000])
        with pytest.raises(TruncatedError):
            copy.read(0, copy.size_bytes)


@pytest.mark.parametrize("start", [-1])
def test_a_range_before_the_beginning_is_a_mistake(start):
    """A negative place or length is the caller's mistake."""
    copy = dress(io.BytesIO(original("ape.mp3")), "mp3", Overlay(CLOTHES))
    with pytest.raises(ValueError, match="no such range"):
        copy.read(start, 1)
    with pytest.raises(ValueError, match="no such range"):
        copy.read(0, -1)
