"""The bands of likeness, as they were measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.music.likeness import (
    LIKELY_BELOW,
    LONG_LEAST_WORDS,
    RELATED_BELOW,
    SAME_BELOW,
    Likeness,
    judge,
)

SHARES = st.floats(0, 1)
LENGTHS = st.integers(0, 2_000)
ORDER = [Likeness.SAME, Likeness.LIKELY, Likeness.RELATED, Likeness.DIFFERENT]


@pytest.mark.parametrize(
    ("bit_errors", "words", "likeness"),
    [
        (0.0, 948, Likeness.SAME),
        (0.083, 240, Likeness.SAME),
        (0.083, 239, Likeness.LIKELY),
        (SAME_BELOW, 948, Likeness.LIKELY),
        (0.11, 948, Likeness.LIKELY),
        (LIKELY_BELOW, 948, Likeness.RELATED),
        (0.224, 948, Likeness.RELATED),
        (0.224, 240, Likeness.RELATED),
        (0.224, 239, Likeness.DIFFERENT),
        (0.149, 80, Likeness.LIKELY),
        (RELATED_BELOW, 948, Likeness.DIFFERENT),
        (0.279, 948, Likeness.DIFFERENT),
        (1.0, 0, Likeness.DIFFERENT),
        (0.0, 0, Likeness.DIFFERENT),
    ],
)
def test_the_bands_are_those_that_were_measured(
    bit_errors: float, words: int, likeness: Likeness
) -> None:
    """Copies are the same, other masters likely, other mixes related, strangers different."""
    assert judge(bit_errors, words, is_plain=False) is likeness


@given(SHARES, SHARES, LENGTHS)
def test_more_differing_bits_never_make_recordings_more_alike(
    one: float, other: float, words: int
) -> None:
    """At one length, the order of likeness is the order of bits."""
    less, more = sorted((one, other))
    assert ORDER.index(judge(less, words, is_plain=False)) <= ORDER.index(
        judge(more, words, is_plain=False)
    )


@given(SHARES, st.integers(1, 2_000), st.integers(1, 2_000))
def test_a_longer_overlap_never_makes_recordings_less_alike(
    bit_errors: float, one: int, other: int
) -> None:
    """The same share over more words is at least as good a reason."""
    shorter, longer = sorted((one, other))
    assert ORDER.index(judge(bit_errors, longer, is_plain=False)) <= ORDER.index(
        judge(bit_errors, shorter, is_plain=False)
    )


@given(SHARES, st.integers(0, LONG_LEAST_WORDS - 1))
def test_less_than_half_a_minute_is_never_the_same(bit_errors: float, words: int) -> None:
    """A shared intro or sample is no proof, and a vague likeness of that length is none at all."""
    likeness = judge(bit_errors, words, is_plain=False)
    assert likeness in (Likeness.LIKELY, Likeness.DIFFERENT)


@given(SHARES, LENGTHS)
def test_what_is_plain_is_not_judged(bit_errors: float, words: int) -> None:
    """Rain equals rain: nothing is said of it, however few bits differ."""
    assert judge(bit_errors, words, is_plain=True) is Likeness.UNJUDGED


@pytest.mark.parametrize("likeness", Likeness)
def test_only_what_is_alike_is_a_link(likeness: Likeness) -> None:
    """Strangers and what was not judged are not linked."""
    assert likeness.is_link is (likeness in ORDER[:3])


@pytest.mark.parametrize(
    ("bit_errors", "words"), [(-0.1, 9), (1.1, 9), (float("nan"), 9), (0.1, -1)]
)
def test_what_is_no_comparison_is_a_mistake(bit_errors: float, words: int) -> None:
    """A share outside 0 to 1 or a negative length is never judged."""
    with pytest.raises(ValueError, match="cannot differ"):
        judge(bit_errors, words, is_plain=False)
