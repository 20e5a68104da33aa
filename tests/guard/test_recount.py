"""Nobody is suspended by an estimate: the ledger says exactly what was new, and how surprising."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from phonotheque.guard.calibration import UNKNOWN, Limits
from phonotheque.guard.decisions import DAY_S, MOST_WEIGHTS
from phonotheque.guard.detector import Guard
from phonotheque.guard.engine.memory import rated
from phonotheque.guard.recount import least_tracks, recounted
from phonotheque.guard.rungs import FROM_SCORE
from phonotheque.guard.service import Service

TRACKS, NOW = 2_000, 1_800_000_000
WEIGHT = math.log2(32.5)
"""Of a track that nobody else has, where half of the tracks have 63 plays and half have none."""


def guard_with(rows: list[tuple[int, int, int]]) -> Guard:
    """A guard that wrote down first copies: account, track, seconds ago."""
    albums = np.arange(TRACKS, dtype=np.int32)
    service = Service(10, np.zeros(TRACKS, np.int32), albums)
    guard = Guard(service)
    guard.music.plays[: TRACKS // 2] = 63
    guard.music = rated(guard.music)
    guard.limits = Limits((5.0, 50.0, 500.0))
    guard.moments.first = NOW - 9 * DAY_S
    account, track, ago = (np.array(column) for column in zip(*rows, strict=True))
    guard.groups.restore(account.astype(np.int32), track.astype(np.int32), NOW - ago)
    return guard


def test_each_track_counts_once_with_what_it_weighs_now() -> None:
    """On the clock that is nearest to its limit; others' rows, and those of before a month, count
    for nothing; what two others have is not rare."""
    rows = [(1, 1_500, 3_600), (1, 1_600, 0), (1, 1_600, 0), (1, 3, 0), (1, 1_700, 31 * DAY_S)]
    rows += [(other, 3, 0) for other in (2, 3)] + [(2, 1_900, 0)]
    found = recounted(guard_with(rows), np.array([1, 7]), NOW)
    assert list(found) == [1, 7]
    recount = found[1]
    assert (recount.new_tracks, recount.rare_tracks, recount.days) == (3, 2, 9)
    assert recount.threshold == 5.0
    assert recount.weights == pytest.approx((WEIGHT, WEIGHT * math.exp(-1), 0), abs=1e-3)
    assert recount.rest == 0
    assert (found[7].new_tracks, found[7].weights, found[7].score) == (0, (), 0)


def test_who_did_nothing_for_a_month_is_at_nothing() -> None:
    """Whatever the estimate was once: what is over counts no more."""
    found = recounted(
        guard_with([(1, 1_500 + n, 31 * DAY_S) for n in range(200)]), np.array([1]), NOW
    )
    assert found[1].score == 0


@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0, 20)), min_size=1, max_size=12),
    st.tuples(st.floats(0.5, 60), st.floats(0.5, 60)),
    st.data(),
)
def test_a_counterfactual_is_true(bits, limits, data) -> None:
    """Whichever tracks are left out: with fewer than it says no clock reaches what the rung begins
    at; and with as many some clock can, where it can be reached at all."""
    weights = np.array(bits).T
    for rung, least in zip(FROM_SCORE, least_tracks(weights, np.array(limits)), strict=True):
        enough = [FROM_SCORE[rung] * limit for limit in limits]
        some = data.draw(
            st.lists(st.sampled_from(range(len(bits))), unique=True, max_size=least - 1)
        )
        for row, limit in zip(weights, enough, strict=True):
            assert sum(sorted(row[some], reverse=True)) < limit
        if least <= len(bits):
            heaviest = [sum(sorted(row, reverse=True)[:least]) for row in weights]
            assert any(one >= limit for one, limit in zip(heaviest, enough, strict=True))


def test_what_is_written_of_many_tracks_is_bounded_and_its_sum_is_exact() -> None:
    """The heaviest are named, none of the others weighs more, and the score is that of all."""
    rows = [(1, 1_000 + number, number * 60) for number in range(1_000)]
    recount = recounted(guard_with(rows), np.array([1]), NOW)[1]
    weights = [WEIGHT * math.exp(-number / 1_440) for number in range(1_000)]
    assert (recount.new_tracks, len(recount.weights)) == (1_000, MOST_WEIGHTS)
    assert recount.score == pytest.approx(sum(weights) / 50.0, rel=1e-3)
    assert recount.threshold == 50.0
    assert recount.rest <= (recount.new_tracks - MOST_WEIGHTS) * min(recount.weights) + 1e-3


def test_without_limits_nobody_has_a_score() -> None:
    """A service that does not know what is ordinary counts, and is far from any limit."""
    guard = guard_with([(1, 1_500, 0)])
    guard.limits = UNKNOWN
    assert recounted(guard, np.array([1]), NOW)[1].score < 1e-6
