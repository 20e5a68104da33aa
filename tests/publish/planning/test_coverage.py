"""How much of all that is known is offered, and how sure that is."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.publish.planning.coverage import (
    NOTHING_COUNTED,
    OWN_PLAYS_ONLY,
    Tally,
    bar,
    coverage_of,
)
from phonotheque.publish.planning.curve import Point, bytes_for, curve_of, drawn, share_at
from phonotheque.publish.planning.telling import bar_text
from phonotheque.publish.planning.words import Status

NO_RELEASES = dict.fromkeys(("known", "whole", "some", "whole_shared", "some_shared"), 0)


@st.composite
def tallies(draw):
    """Everything that is known, and a part of it that is offered; uncounted ones have no
    listens."""
    offered = draw(st.integers(0, 50))
    offered_counted = draw(st.integers(0, offered))
    more, more_counted = draw(st.integers(0, 50)), draw(st.integers(0, 50))
    listens = draw(st.integers(0, 1000)) if offered_counted else 0
    lacking = draw(st.integers(0, 1000)) if more_counted else 0
    known = Tally(offered + more + more_counted, offered_counted + more_counted, listens + lacking)
    return known, Tally(offered, offered_counted, listens)


@given(tallies())
def test_the_share_is_within_its_bar(both):
    """0 <= low <= share <= high <= 1, and no bar where everything was counted."""
    known, offered = both
    found = bar(known, offered)
    assert 0 <= found.low <= found.high <= 1
    if found.share is not None:
        assert found.low <= found.share <= found.high
        if known.recordings == known.counted:
            assert found.low == found.share == found.high


def test_the_bar_is_what_the_formula_says():
    """Uncounted ones were heard as the mean: 40 of 100 listens, 2 of 5 counted, 10 uncounted of
    which 4 are offered: from 40 / (100 + 6 x 20) to (40 + 4 x 20) / (100 + 4 x 20)."""
    found = bar(Tally(15, 5, 100), Tally(6, 2, 40))
    assert (found.share, found.low, found.high) == (0.4, 40 / 220, 120 / 180)


def test_nobody_counted_means_no_share():
    """Without listens there is no share, and the bar goes from nothing to everything."""
    assert bar(Tally(5, 0, 0), Tally(2, 0, 0)) == bar(Tally(5, 3, 0), Tally(2, 1, 0))
    assert (bar(Tally(5), Tally(2)).share, bar(Tally(5), Tally(2)).low) == (None, 0.0)
    assert bar_text(bar(Tally(5), Tally(2))) == "unknown"


def row(status, *, recordings=1, counted=1, lacking=0, listens=10, tier="t50"):
    sums = {"recordings": recordings, "counted": counted, "lacking": lacking, "listens": listens}
    return {"tier": tier, "status": status, **sums, "size_bytes": 0}


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        ([row("shared"), row("wanted", lacking=1)], ""),
        ([row("shared"), row("below-threshold", lacking=1)], ""),
        ([row("shared"), row("wanted", counted=0, listens=0)], OWN_PLAYS_ONLY),
        ([row("shared")], OWN_PLAYS_ONLY),
        ([row("wanted", counted=0, listens=0, tier="all")], NOTHING_COUNTED),
        ([], NOTHING_COUNTED),
    ],
)
def test_own_plays_are_called_so(rows, note):
    """Where nothing is counted but what is held, a plain word says what that is worth."""
    assert coverage_of(rows, NO_RELEASES).note == note


def test_tallies_add_up():
    """Everything is the sum over tiers and statuses."""
    rows = [row("shared"), row("to-share", tier="rest", listens=5), row("wanted", lacking=1)]
    coverage = coverage_of(rows, NO_RELEASES)
    assert coverage.tally() == Tally(3, 3, 25, 0)
    assert coverage.tally(statuses=[Status.SHARED]).listens == 10
    assert (coverage.shared.share, coverage.planned.share) == (10 / 25, 15 / 25)


steps = st.lists(
    st.fixed_dictionaries({"size_bytes": st.integers(0, 99), "listens": st.integers(0, 99)}),
    max_size=20,
)


@given(steps)
def test_a_curve_begins_at_nothing_and_never_falls(given_steps):
    """It ends where everything that is planned is added up."""
    listens = sum(step["listens"] for step in given_steps) + 7
    curve = curve_of(given_steps, listens)
    assert curve[0] == Point(0, 0.0)
    assert curve[-1].size_bytes == sum(step["size_bytes"] for step in given_steps)
    for one, other in pairwise(curve):
        assert one.size_bytes <= other.size_bytes
        assert one.share <= other.share < 1


@given(steps, st.integers(1, 60), st.integers(2, 12), st.booleans())
def test_a_drawing_keeps_to_its_frame(given_steps, width, height, is_plain):
    """So many lines and columns, and nothing but letters that can be printed."""
    curve = curve_of(given_steps, 2_000)
    lines = drawn(curve, width=width, height=height, is_plain=is_plain)
    assert len(lines) == height
    assert all(len(line) <= width + 6 and line.isprintable() for line in lines)
    assert not is_plain or "".join(lines).isascii()


def test_a_drawing_shows_the_curve():
    """Half of all listens in the first half of the bytes, all in the second."""
    curve = (Point(0, 0.0), Point(50, 0.5), Point(100, 1.0))
    assert drawn(curve, width=4, height=2, is_plain=True) == ["100 %    #", " 50 %  ###"]


def test_a_curve_can_be_asked_both_ways():
    """How much so many bytes hold, and how many bytes it takes."""
    curve = (Point(0, 0.0), Point(50, 0.5), Point(100, 0.9))
    assert [bytes_for(curve, share) for share in (0.5, 0.6, 0.95)] == [50, 100, None]
    assert [share_at(curve, size) for size in (0, 49, 50, 1000)] == [0.0, 0.0, 0.5, 0.9]
