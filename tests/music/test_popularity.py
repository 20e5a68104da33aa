"""Counts of different kinds made one number."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.music.popularity import (
    HIGHEST_SCORE,
    LISTENERS_OF_A_SPIN,
    LISTENS_OF_A_FULL_RATING,
    LISTENS_PER_USER,
    THRESHOLDS,
    Count,
    listens_of,
    score_of,
    worth,
)

NUMBERS = st.none() | st.integers(0, 10**12)
COUNTS = st.builds(
    Count,
    st.sampled_from(["listens", "plays", "radio plays", "rating"]),
    NUMBERS,
    NUMBERS,
    st.none() | st.floats(0, 1),
)


@given(COUNTS, st.integers(1, 10**6))
def test_more_never_lowers(count, more):
    """More listens, more listeners or a better rating never make a count worth less."""
    before = worth(count)
    for name in ("listens", "users"):
        if getattr(count, name) is not None:
            after = worth(replace(count, **{name: getattr(count, name) + more}))
            assert (before is None) == (after is None)
            assert before is None or after >= before
    if count.rating is not None:
        after = worth(replace(count, rating=min(1.0, count.rating + more / 10**6)))
        assert (before is None) == (after is None)
        assert before is None or after >= before


@given(st.lists(COUNTS, max_size=5), COUNTS)
def test_another_source_never_lowers(counts, another):
    """A further count never lowers a number, and does not make an unknown one 0."""
    before, after = listens_of(counts), listens_of([*counts, another])
    assert (after is None) == (before is None and worth(another) is None)
    assert before is None or after >= before
    assert listens_of(list(reversed(counts))) == before


@pytest.mark.parametrize("measure", ["listens", "plays", "radio plays", "rating"])
def test_unknown_stays_unknown(measure):
    """A count without numbers is worth nothing known; no count has no score."""
    assert worth(Count(measure)) is None
    assert worth(Count(measure, listens=-1, users=-1)) is None
    assert listens_of([]) is None
    assert score_of(None) is None


def test_examples():
    """The figures of the page on popularity."""
    assert worth(Count("listens", listens=1000)) == 1000
    assert worth(Count("listens", listens=1000, users=3)) == 300
    assert worth(Count("listens", users=3)) == 3
    assert worth(Count("radio plays", listens=142)) == 7100
    assert worth(Count("rating", rating=0.8)) == 8
    assert worth(Count("rating", rating=0.8, users=20)) == 160
    assert [score_of(10**power) for power in range(10)] == [3, 11, 22, 33, 44, 55, 66, 77, 88, 100]
    assert score_of(0) == 0
    assert score_of(10**15) == HIGHEST_SCORE


def test_the_page_has_these_figures():
    """The table of scores on the page is what the code gives."""
    page = Path(__file__).parents[2] / "docs" / "explanation" / "popularity.md"
    lines = page.read_text(encoding="utf-8").splitlines()
    (listens,) = (line for line in lines if line.startswith("| listens | 0 |"))
    (scores,) = (line for line in lines if line.startswith("| score | 0 |"))
    counts = [int(cell.replace(",", "")) for cell in listens.strip("| ").split("|")[1:]]
    assert [int(cell) for cell in scores.strip("| ").split("|")[1:]] == [*map(score_of, counts)]
    text = "\n".join(lines)
    assert f"at most {LISTENS_PER_USER} for each listener" in text
    assert f"| {LISTENERS_OF_A_SPIN} listens |" in text
    assert f"| {LISTENS_OF_A_FULL_RATING} listens times the rating" in text


def test_thresholds_are_exact():
    """Each is the least number n with (1 + n)**100 >= 10**(9 s): no rounding error decides."""
    for score, least in enumerate(THRESHOLDS, 1):
        assert (1 + least) ** 100 >= 10 ** (9 * score) > least**100


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_the_score_rises_with_listens(one, other):
    """Who has more listens has no lower score; scores are 0 to 100."""
    low, high = sorted((one, other))
    assert 0 <= score_of(low) <= score_of(high) <= HIGHEST_SCORE
