"""Thresholds hold on populations of other draws, with farms mixed in, and with heavy tails."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from phonotheque.guard.calibration import (
    LEAST_TRACKS,
    RATE,
    UNKNOWN,
    Limits,
    limits_of,
    threshold,
)
from phonotheque.guard.decisions import DAY_S
from phonotheque.guard.engine.memory import HOUR_PEAK, PLAYS
from phonotheque.guard.rungs import FROM_SCORE, Rung

LIGHT = 1.0
"""Bits of a track that nobody plays, so few that the floor is below what a population shows."""


def lognormal(seed: int, count: int, spread: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).lognormal(2, spread, count).astype(np.float32)


@pytest.mark.parametrize("accounts", [2_000, 20_000, 200_000])
def test_few_of_another_draw_reach_it(accounts: int) -> None:
    """Set on one population, reached in another by at most three times the wanted share."""
    limit = threshold(lognormal(21, accounts), RATE)
    assert limit is not None
    assert (lognormal(22, 1_000_000) > limit).mean() <= 3 * RATE


def numbers(peaks: np.ndarray) -> np.ndarray:
    found = np.zeros((len(peaks), 20), np.float32)
    found[:, PLAYS] = 100
    found[:, HOUR_PEAK : HOUR_PEAK + 3] = peaks[:, None]
    return found


def test_a_farm_that_arrives_lifts_nothing_out_of_its_own_reach() -> None:
    """Two in a hundred accounts are suddenly a farm: in a week limits move by 15 % at most."""
    honest = lognormal(21, 50_000)
    both = np.concatenate([honest, np.full(1_000, 3_000, np.float32)])
    everybody = np.ones(len(both), bool)
    limits = limits_of(numbers(honest), everybody[: len(honest)], 30, LIGHT)
    assert limits is not None
    before = limits
    for _ in range(7):
        wanted = limits_of(numbers(both), everybody, 30, LIGHT)
        assert wanted is not None
        limits = limits.towards(wanted, 1.0)
    assert limits.bits[0] < 1.25 * before.bits[0]
    assert FROM_SCORE[Rung.CHALLENGE] * limits.bits[0] < 3_000


def test_limits_follow_everybody_at_once() -> None:
    """When all hear twice as much that is new, it is twice as much that is unusual."""
    peaks, everybody = lognormal(21, 20_000), np.ones(20_000, bool)
    once, twice = (limits_of(numbers(peaks * by), everybody, 30, LIGHT) for by in (1, 2))
    assert once is not None
    assert twice is not None
    assert once.towards(twice, 1.0).bits == pytest.approx(twice.bits, rel=1e-3)


def test_limits_are_taken_at_once_and_moved_by_the_day_later() -> None:
    """While nothing is known the first that a population says hold; later a day is a step of 2 %,
    a week seven; too few accounts move nothing."""
    first, wanted = Limits((100.0,) * 3), Limits((200.0,) * 3)
    assert UNKNOWN.next(None, -1, 5 * DAY_S) == UNKNOWN
    assert UNKNOWN.next(first, -1, 5 * DAY_S) == first
    assert first.next(None, 0, 5 * DAY_S) == first
    for last, now, days in ((-1, 9 * DAY_S, 1), (0, DAY_S, 1), (DAY_S, 8 * DAY_S, 7), (5, 5, 0)):
        moved = first.next(wanted, last, now)
        assert moved.bits == pytest.approx((100 * 1.02**days,) * 3)


def test_few_of_those_it_was_set_on_are_asked() -> None:
    """About the share that was wanted, of all three clocks together."""
    peaks = lognormal(21, 200_000)
    limits = limits_of(numbers(peaks), np.ones(len(peaks), bool), 30, LIGHT)
    assert limits is not None
    asked = peaks > FROM_SCORE[Rung.CHALLENGE] * limits.at(30)[0]
    assert asked.mean() <= RATE


def test_a_month_is_not_gathered_in_a_week() -> None:
    """The slow limit of a young service is lower, the quick ones are what they are."""
    young, old = Limits((100.0, 100.0, 100.0)).at(7), Limits((100.0, 100.0, 100.0)).at(60)
    assert young[0] == old[0] == 100
    assert young[2] < 50 < old[2] == 100


def test_a_heavier_tail_than_lognormal_is_believed() -> None:
    """People who dig deep are many: what they show raises the limit."""
    random = np.random.default_rng(21)
    heavy = np.where(random.random(200_000) < 0.01, 300 * random.pareto(4, 200_000) + 300, 0)
    peaks = np.maximum(lognormal(21, 200_000, 0.5), heavy).astype(np.float32)
    other = np.where(random.random(200_000) < 0.01, 300 * random.pareto(4, 200_000) + 300, 0)
    limit = threshold(peaks, RATE)
    assert limit is not None
    assert (other > limit).mean() <= 3 * RATE


@pytest.mark.parametrize("accounts", [5_000, 200_000])
def test_a_limit_moves_by_degrees_as_the_end_gets_heavier(accounts: int) -> None:
    """No step: what the farthest accounts show by 1 % more raises it by 3 % at most, never lowers
    it, and in the end it is believed."""
    peaks = np.sort(lognormal(21, accounts))
    farthest = peaks[-len(peaks) // 100 :].copy()
    limits = []
    for by in 1.01 ** np.arange(80):
        peaks[-len(farthest) :] = farthest[0] + (farthest - farthest[0]) * by
        limits.append(threshold(peaks, RATE / 3))
    steps = np.diff(np.log(np.array(limits, float)))
    assert (steps > -1e-9).all()
    assert (steps < np.log(1.03)).all()
    assert limits[-1] > 1.3 * limits[0]


def test_too_few_accounts_give_no_threshold() -> None:
    """A service of twenty accounts says nothing about its tail: budgets carry it."""
    assert threshold(lognormal(21, 20), RATE) is None
    assert threshold(np.zeros(10_000, np.float32), RATE) is None


def test_nobody_is_asked_for_fewer_than_a_handful_of_tracks() -> None:
    """Where few listen nobody had two rare tracks in an hour, and the tail ends at the weight of
    one: whoever comes upon a few more is beyond the tail, and is not asked. As a service grows a
    track weighs more, and the floor with it, at once."""
    heaviest, everybody = 4.0, np.ones(300, bool)
    peaks = np.where(np.arange(300) % 3 == 0, heaviest, 0.5).astype(np.float32)
    tail = threshold(peaks, RATE / 3)
    assert tail is not None
    assert tail < 2 * heaviest
    limits = limits_of(numbers(peaks), everybody, 3, heaviest)
    assert limits is not None
    for weight, days in ((heaviest, 3), (2 * heaviest, 4), (2 * heaviest, 40)):
        wanted = limits_of(numbers(peaks), everybody, days, weight)
        assert wanted is not None
        limits = limits.towards(wanted, 1.0)
        asked_at = FROM_SCORE[Rung.CHALLENGE] * limits.at(days)
        assert (asked_at >= 0.999 * LEAST_TRACKS * weight).all()


def test_where_many_listen_the_floor_changes_nothing() -> None:
    """What thousands show is above it."""
    peaks, everybody = lognormal(21, 20_000), np.ones(20_000, bool)
    with_floor, without = (limits_of(numbers(peaks), everybody, 30, by) for by in (LIGHT, 0.0))
    assert with_floor is not None
    assert without is not None
    assert with_floor.bits == without.bits
