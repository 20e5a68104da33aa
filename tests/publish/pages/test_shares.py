"""Shares of licences as a row of the torrents page says them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.publish.pages.rows import _shares


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=6))
def test_shares_add_up_and_nothing_but_all_is_everything(counts):
    """Each is wrong by less than one; without one below 1 % they add up to 100, and no more of it
    has no smaller share."""
    said = _shares(counts)
    total = sum(counts)
    whole = [int(re.fullmatch(r"(\d+)\xa0%", one)[1]) for one in said if not one.startswith("<")]
    kept = [count for count in counts if 100 * count >= total]
    assert len(whole) == len(kept)
    for count, share in zip(kept, whole, strict=True):
        assert abs(share - 100 * count / total) <= 1
        assert (share == 100) is (len(counts) == 1)
    if len(kept) == len(counts):
        assert sum(whole) == 100


@pytest.mark.parametrize(
    ("counts", "said"),
    [((3, 3, 2), "38 37 25"), ((1, 1, 1), "34 33 33"), ((999, 1), "99 < 1"), ((5,), "100")],
)
def test_the_largest_remainder_takes_what_is_missing(counts, said):
    """In the order given where remainders are equal."""
    assert " ".join(_shares(list(counts))).replace("\xa0%", "") == said
