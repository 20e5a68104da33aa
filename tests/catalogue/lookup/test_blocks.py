"""Sorted numbers in blocks: what is written is found again, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.catalogue.lookup import block_writer
from phonotheque.catalogue.lookup.blocks import BLOCK, find, read_list

KEYS = st.one_of(st.integers(0, 40), st.integers(0, 2**56 - 1))
PAIRS = st.lists(st.tuples(KEYS, st.integers(0, 2**32 - 1)), max_size=400)


def columns(pairs):
    return (
        np.array([key for key, _ in pairs], np.int64),
        np.array([value for _, value in pairs], np.int64),
    )


def in_batches(pairs, size):
    return [columns(pairs[at : at + size]) for at in range(0, len(pairs), size)]


def search(rows, key):
    """Find a key as SQLite does: in the last block that begins at it or before."""
    before = [row for row in rows if row[0] <= key]
    return find(*before[-1], key) if before else []


@given(PAIRS, st.integers(1, 300), KEYS)
def test_every_value_of_a_key_is_found_and_no_other(pairs, size, another):
    """For every key, the block that it must be in has its values, in order, and no others."""
    pairs = sorted(set(pairs))
    rows = list(block_writer.blocks(in_batches(pairs, size)))
    for key in {another, *(key for key, _ in pairs)}:
        assert search(rows, key) == [value for one, value in pairs if one == key]


@given(PAIRS, st.integers(1, 300))
def test_how_the_input_is_cut_makes_no_difference_to_what_is_in_order(pairs, size):
    """First keys rise strictly, whatever the size of the batches, so they can be primary keys."""
    pairs = sorted(set(pairs))
    firsts = [first for first, _ in block_writer.blocks(in_batches(pairs, size))]
    assert firsts == sorted(set(firsts))


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 300)), max_size=300), st.integers(1, 60)
)
def test_of_one_key_the_first_values_are_kept_and_no_others_are_lost(pairs, size):
    """A key with more values than are kept has its least ones, however the input was cut."""
    pairs = sorted(set(pairs))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(block_writer, "MOST_OF_ONE_KEY", 20)
        rows = list(block_writer.blocks(in_batches(pairs, size)))
    for key in range(5):
        assert search(rows, key) == [value for one, value in pairs if one == key][:20]


def test_a_block_is_as_narrow_as_its_numbers():
    """Keys take the bytes that their span needs: 64 entries one apart take two bytes each."""
    pairs = [(10**14 + place, place % 200) for place in range(BLOCK)]
    ((first, entries),) = block_writer.blocks([columns(pairs)])
    assert first == 10**14
    assert len(entries) == 2 + BLOCK * 2


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2**32 - 1)), max_size=300))
def test_lists_hold_all_numbers_of_their_owner_in_order(pairs):
    """An owner's lists, one after the other, are his numbers; none is longer than asked for."""
    pairs = sorted(set(pairs))
    rows = list(block_writer.lists(in_batches(pairs, 37), longest=8))
    assert all(len(read_list(numbers)) <= 8 for _, _, numbers in rows)
    assert all(first == read_list(numbers)[0] for _, first, numbers in rows)
    found = [(owner, number) for owner, _, numbers in rows for number in read_list(numbers)]
    assert found == pairs


@pytest.mark.parametrize("entries", [b"", b"\x01", b"\x01\x00abc", b"\x02\x02abc"])
def test_what_is_no_block_is_refused(entries):
    """Bytes that cannot have been written as a block raise, and are not read as entries."""
    with pytest.raises(ValueError, match="not a block"):
        find(0, entries, 0)


def test_what_is_no_list_is_refused():
    """A list that ends within a number raises."""
    with pytest.raises(ValueError, match="not a list"):
        read_list(b"abcde")
