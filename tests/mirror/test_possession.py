"""Proof of possession: what is drawn, and who can answer."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.mirror.contents import Part
from phonotheque.mirror.possession import BLOCK_BYTES, DRAWS, answer, draw, seed_of

KEY = bytes(range(32))
SEED = seed_of(b'{"signed": 1}', KEY, "a-volume")


def parts(*sizes: int) -> tuple[Part, ...]:
    return tuple(
        Part(f"{number}.flac", f"objects/{number}.flac", size, b"", b"")
        for number, size in enumerate(sizes)
    )


@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=40), st.binary(max_size=40))
def test_each_range_is_a_block_of_its_file(sizes, timestamp):
    """Every range that is drawn lies in its file, begins at a block, and has at least a byte."""
    drawn = draw(seed_of(timestamp, KEY, "v"), parts(*sizes))
    assert len(drawn) == (DRAWS if sum(sizes) else 0)
    for one in drawn:
        assert one.offset % BLOCK_BYTES == 0
        assert 1 <= one.size_bytes <= BLOCK_BYTES
        assert one.offset + one.size_bytes <= one.part.size_bytes
        is_last = one.offset + one.size_bytes == one.part.size_bytes
        assert is_last or one.size_bytes == BLOCK_BYTES


def test_the_form_is_frozen():
    """What is drawn and answered is what the reference page says, step by step."""
    challenge = hashlib.sha256(b'{"signed": 1}').digest()
    domain = b"phonotheque possession v1\n"
    seed = hashlib.sha256(domain + challenge + KEY + b"a-volume").digest()
    assert seed == SEED
    place = int.from_bytes(hashlib.sha256(seed + b"place\0\0\0\3").digest(), "big") % 300_000
    one = draw(SEED, parts(100_000, 200_000))[3]
    start = 0 if one.part.path == "0.flac" else 100_000
    assert start + one.offset <= place < start + one.offset + one.size_bytes
    said = hashlib.sha256(seed + b"answer\0\0\0\3" + b"the bytes").hexdigest()[:32]
    assert answer(SEED, 3, b"the bytes") == said


@pytest.mark.parametrize(
    "other",
    [
        seed_of(b'{"signed": 2}', KEY, "a-volume"),
        seed_of(b'{"signed": 1}', bytes(32), "a-volume"),
        seed_of(b'{"signed": 1}', KEY, "another"),
    ],
    ids=["another day", "another mirror", "another torrent"],
)
def test_nothing_can_be_used_twice(other):
    """Another day, mirror or torrent has other ranges, and other answers to the same bytes."""
    files = parts(10_000_000)
    assert draw(SEED, files) != draw(other, files)
    assert answer(SEED, 0, b"the same") != answer(other, 0, b"the same")


def test_draws_fall_by_bytes():
    """A file is drawn as often as it has bytes: a mirror that lacks the large ones is found."""
    files = parts(9_000_000, 1_000_000)
    drawn = [
        one.part.path
        for day in range(100)
        for one in draw(seed_of(str(day).encode(), KEY, "v"), files)
    ]
    assert 0.87 < drawn.count("0.flac") / len(drawn) < 0.93


def test_who_lacks_a_tenth_is_found_out():
    """Of mirrors that lack a tenth of a torrent fewer than one in twelve pass a statement."""
    files = parts(9_000_000, 1_000_000)
    passed = sum(
        all(one.part.path == "0.flac" for one in draw(seed_of(str(day).encode(), KEY, "v"), files))
        for day in range(600)
    )
    assert passed / 600 < 1 / 12
