"""A pack gives each patch back by the copy it belongs to."""

from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.dress.pack import Pack, encode_pack
from phonotheque.dress.patch_apply import apply_patch
from phonotheque.dress.patch_make import make_patch
from phonotheque.errors import MalformedError
from phonotheque.music.digest import Sha256


def name_of(data: bytes) -> Sha256:
    return Sha256(hashlib.sha256(data).digest())


@given(st.dictionaries(st.binary(max_size=30), st.binary(max_size=30), max_size=8))
def test_every_patch_is_found(originals):
    """What was put in is found by the copy's digest, and nothing else is."""
    data = encode_pack(make_patch(one, copy) for copy, one in originals.items())
    pack = Pack(io.BytesIO(data))
    assert len(pack) == len(originals)
    for copy, one in originals.items():
        patch = pack.find(name_of(copy))
        assert patch is not None
        assert apply_patch(copy, patch) == one
    assert pack.find(name_of(b"another" * 9)) is None


@given(st.data())
def test_a_damaged_pack_gives_no_wrong_original(data):
    """A flipped bit is refused by the pack or by the patch, never applied."""
    copies = [bytes([n]) * 9 for n in range(3)]
    packed = bytearray(encode_pack(make_patch(b"original", copy) for copy in copies))
    place = data.draw(st.integers(0, 8 * len(packed) - 1))
    packed[place // 8] ^= 1 << place % 8
    copy = data.draw(st.sampled_from(copies))
    try:
        patch = Pack(io.BytesIO(bytes(packed))).find(name_of(copy))
        assert patch is not None
        assert apply_patch(copy, patch) == b"original"
    except MalformedError:
        pass


@given(st.data())
def test_a_pack_cut_short_is_refused(data):
    """A pack without its end is refused when it is opened or when the lost patch is asked for."""
    copies = [bytes([n]) * 9 for n in range(3)]
    packed = encode_pack(make_patch(b"original", copy) for copy in copies)
    cut = packed[: data.draw(st.integers(0, len(packed) - 1))]
    with pytest.raises(MalformedError):
        [apply_patch(copy, Pack(io.BytesIO(cut)).find(name_of(copy)) or b"") for copy in copies]


def test_an_empty_pack_is_a_pack():
    """A pack of nothing has nothing in it."""
    assert Pack(io.BytesIO(encode_pack([]))).find(name_of(b"")) is None


def test_only_patches_go_in():
    """What is no patch is refused when the pack is made."""
    with pytest.raises(MalformedError):
        encode_pack([b"no patch"])
