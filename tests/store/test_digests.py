"""One reading gives every digest, however the bytes come."""

from __future__ import annotations

import hashlib
import io
import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonotheque.music.digest import LEAF_BYTES, PIECE_BYTES, Digests
from phonotheque.store.digests import (
    BUFFER_BYTES,
    Hasher,
    digest_file,
    fold_layer,
    iter_chunks,
    sha256_file,
)

SIZES = [
    *(1, 63, 64, 65, LEAF_BYTES - 1, LEAF_BYTES, LEAF_BYTES + 1, 3 * LEAF_BYTES),
    *(PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES, 3 * PIECE_BYTES + 5),
]


def some_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def hash_pair(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(left + right).digest()


def plain_root(leaves: list[bytes], width: int) -> bytes:
    """BEP 52 read literally: `width` leaves, the missing ones zero, halved until one is left."""
    if width == 1:
        return leaves[0] if leaves else bytes(32)
    half = width // 2
    return hash_pair(plain_root(leaves[:half], half), plain_root(leaves[half:], half))


def plain_leaves(data: bytes) -> list[bytes]:
    return [
        hashlib.sha256(data[at : at + LEAF_BYTES]).digest()
        for at in range(0, len(data), LEAF_BYTES)
    ]


def power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()


class OneByteAtATime(io.BytesIO):
    """A file that returns much less than it is asked for, as a pipe may."""

    def readinto(self, buffer: memoryview) -> int:
        return super().readinto(memoryview(buffer)[: random.Random(self.tell()).randint(1, 9999)])


class NotYet(io.BytesIO):
    """A non-blocking file with nothing to say."""

    def readinto(self, buffer: memoryview) -> None:
        return None


@pytest.mark.parametrize("size", SIZES)
def test_every_digest_is_the_one_its_specification_says(size: int) -> None:
    """SHA-256, root, layer and SHA-1s equal those of the specification followed word by word."""
    data = some_bytes(size)
    pieces = [data[at : at + PIECE_BYTES] for at in range(0, size, PIECE_BYTES)]
    leaves = plain_leaves(data)

    digests = digest_file(io.BytesIO(data))

    per_piece = PIECE_BYTES // LEAF_BYTES
    layer = b"".join(plain_root(plain_leaves(piece), per_piece) for piece in pieces)
    assert digests.size_bytes == size
    assert digests.sha256.raw == hashlib.sha256(data).digest()
    assert digests.pieces_root == plain_root(leaves, power_of_two(len(leaves)))
    assert digests.layer == (layer if len(pieces) > 1 else b"")
    padded = [piece.ljust(PIECE_BYTES, b"\0") for piece in pieces]
    assert digests.sha1s == b"".join(hashlib.sha1(piece).digest() for piece in padded)


def test_known_answers() -> None:
    """Digests of fixed bytes never change: archives hold them for ever."""
    abc = digest_file(io.BytesIO(b"abc"))
    zeros = digest_file(io.BytesIO(bytes(2 * PIECE_BYTES + 1)))

    assert abc.sha256.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert abc.pieces_root == abc.sha256.raw
    assert abc.sha1s.hex() == "8210b81625c8cb8be845f7a0c544fe887c06e682"
    assert zeros.sha256.hex == "e9a099c75ef837c28bc91683bee127e463fa0ee10c11fd816f8d2d428c0d610e"
    assert (
        zeros.pieces_root.hex()
        == "9e0ff3f62f126996b1916c4cd1c8163b52ac38f00466dfc3eca1c8e473892188"
    )
    assert hashlib.sha256(zeros.layer + zeros.sha1s).hexdigest() == (
        "a639a3cff9aa25dc819bcc616f7e90a307d7f15704acffd06cb45d59792c052a"
    )


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(1, 200_000),
    cuts=st.lists(st.integers(0, 200_000), max_size=30),
    piece_bytes=st.sampled_from([LEAF_BYTES, 2 * LEAF_BYTES, 4 * LEAF_BYTES]),
)
def test_chunks_do_not_matter(size: int, cuts: list[int], piece_bytes: int) -> None:
    """However the bytes are cut into chunks, even empty ones, the digests are the same."""
    data = some_bytes(size)
    at_once = Hasher(piece_bytes=piece_bytes)
    at_once.update(data)
    in_chunks = Hasher(piece_bytes=piece_bytes)

    for start, end in pairwise([0, *sorted(min(cut, size) for cut in cuts), size]):
        in_chunks.update(data[start:end])

    assert in_chunks.finish() == at_once.finish()


@pytest.mark.parametrize("chunk_bytes", [LEAF_BYTES, 100_003, PIECE_BYTES, 4 * PIECE_BYTES])
def test_chunks_do_not_matter_at_our_own_piece_length(chunk_bytes: int) -> None:
    """Chunks below, at and above a piece give the digests of the whole."""
    data = some_bytes(3 * PIECE_BYTES + 5)
    hasher = Hasher()

    for at in range(0, len(data), chunk_bytes):
        hasher.update(memoryview(data)[at : at + chunk_bytes])

    assert hasher.finish() == digest_file(io.BytesIO(data))


def test_a_file_that_reads_little_at_a_time_is_read_whole() -> None:
    """Short reads are no end of file, and lose or double no byte."""
    data = some_bytes(PIECE_BYTES + 12_345)

    assert digest_file(OneByteAtATime(data)) == digest_file(io.BytesIO(data))


def test_a_file_with_nothing_yet_is_not_an_empty_file() -> None:
    """A non-blocking file is refused, for its silence would look like its end."""
    with pytest.raises(BlockingIOError):
        digest_file(NotYet(b"later"))


def test_an_empty_file_has_no_digests() -> None:
    """Nothing is named that has no bytes."""
    with pytest.raises(ValueError, match="empty"):
        digest_file(io.BytesIO())


@pytest.mark.parametrize("size", [1, BUFFER_BYTES - 1, BUFFER_BYTES, BUFFER_BYTES + 1, 1_500_000])
def test_the_copy_made_in_the_same_read_is_the_file(size: int) -> None:
    """What `into` is given is the file, in order and whole."""
    data = some_bytes(size)
    copy = bytearray()

    digests = digest_file(io.BytesIO(data), into=copy.extend)

    assert bytes(copy) == data
    assert digests.sha256 == sha256_file(io.BytesIO(data))


def test_chunks_are_what_one_buffer_holds() -> None:
    """Every chunk but the last has the length of the buffer, so memory does not grow with files."""
    lengths = [len(chunk) for chunk in iter_chunks(OneByteAtATime(bytes(100_000)), 30_000)]

    assert lengths == [30_000, 30_000, 30_000, 10_000]


def test_an_empty_file_has_a_sha256() -> None:
    """`sha256sum` names the empty file, too."""
    assert sha256_file(io.BytesIO()).raw == hashlib.sha256().digest()


@settings(max_examples=40, deadline=None)
@given(pieces=st.integers(2, 40), tail=st.integers(1, LEAF_BYTES))
def test_a_layer_folds_to_its_root(pieces: int, tail: int) -> None:
    """A layer proves itself against the root, and no layer with a flipped bit does."""
    size = (pieces - 1) * LEAF_BYTES + tail
    hasher = Hasher(piece_bytes=LEAF_BYTES)
    hasher.update(some_bytes(size))
    digests = hasher.finish()
    damaged = bytearray(digests.layer)
    damaged[random.Random(size).randrange(len(damaged))] ^= 1

    assert fold_layer(digests.layer, size, piece_bytes=LEAF_BYTES) == digests.pieces_root
    assert fold_layer(bytes(damaged), size, piece_bytes=LEAF_BYTES) != digests.pieces_root


@pytest.mark.parametrize(
    ("layer_bytes", "size"),
    [
        (0, 1),
        (32, PIECE_BYTES),
        (32, PIECE_BYTES + 1),
        (63, PIECE_BYTES + 1),
        (96, 2 * PIECE_BYTES),
    ],
)
def test_a_layer_of_another_length_is_refused(layer_bytes: int, size: int) -> None:
    """A layer has one node for each piece of a file of two pieces or more, or it is none."""
    with pytest.raises(ValueError, match="no piece layer"):
        fold_layer(bytes(layer_bytes), size)


def test_one_root_may_stand_for_two_lengths() -> None:
    """Why a root never stands without its size: 64 bytes have the root of 20,000."""
    long = some_bytes(20_000)
    short = b"".join(plain_leaves(long))

    of_long, of_short = digest_file(io.BytesIO(long)), digest_file(io.BytesIO(short))

    assert of_long.pieces_root == of_short.pieces_root
    assert (of_long.size_bytes, of_short.size_bytes) == (20_000, 64)
    assert of_long != of_short


@pytest.mark.parametrize("piece_bytes", [0, -LEAF_BYTES, 1, LEAF_BYTES - 1, 3 * LEAF_BYTES])
def test_a_piece_is_a_power_of_two(piece_bytes: int) -> None:
    """Lengths that BEP 52 does not know are a programming mistake."""
    with pytest.raises(ValueError, match="power of two"):
        Hasher(piece_bytes=piece_bytes)


def test_the_product_makes_digests_that_check_themselves() -> None:
    """At 1 MiB the result is the shared value itself, not the one for comparisons."""
    assert type(digest_file(io.BytesIO(b"x"))) is Digests
