"""Coverage budgets: what is within them is never stopped, what is beyond them always is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.guard.budgets import DAY, DEFAULT, HOUR, MONTH, Limit, Spent, ask, open_one

START = 1_700_000_000.0


def opened(limits: tuple[Limit, ...], instants: list[float]) -> list[float]:
    """The instants at which one more was opened, of those at which somebody asked."""
    spent, taken = Spent(), []
    for now in instants:
        if ask(limits, spent, now).wait_s == 0:
            spent = open_one(limits, spent, now)
            taken.append(now)
    return taken


@given(st.lists(st.floats(0, 3 * DAY), max_size=300), st.integers(1, 20), st.integers(60, DAY))
def test_no_window_ever_holds_twice_the_limit(
    offsets: list[float], tracks: int, seconds: int
) -> None:
    """Within any window at most what is there at its start and what is earned in it: twice."""
    taken = opened((Limit(tracks, seconds),), [START + offset for offset in sorted(offsets)])
    for begin in taken:
        assert sum(begin <= one < begin + seconds for one in taken) <= 2 * tracks


@given(st.integers(1, 400))
def test_a_scraper_gets_the_least_of_its_limits(days: int) -> None:
    """Who asks without end gets a month's worth and what is earned after, and no more."""
    limit = Limit(20, 30 * DAY)
    taken = opened((limit,), [START + HOUR * hour for hour in range(24 * min(days, 120))])
    assert len(taken) <= 20 + min(days, 120) * 20 / 30 + 1


def test_real_listeners_are_never_stopped() -> None:
    """The most that real histories show: 32 an hour, 252 a day, 1,702 in 30 days."""
    hour = [START + 100 * one for one in range(32)]
    day = [START + DAY / 252 * one for one in range(252)]
    month = [START + MONTH / 1_702 * one for one in range(1_702)]
    for instants in (hour, day, month):
        assert opened(DEFAULT, instants) == instants


def test_a_catalogue_does_not_leave_through_one_account() -> None:
    """A track every 10 seconds for 30 days: 259,200 wanted, at most 4,000 opened."""
    assert len(opened(DEFAULT, [START + 10 * one for one in range(259_200)])) <= 4_000


def test_the_wait_that_is_named_is_enough() -> None:
    """After it, and not before, one more may be opened; the limit that says so is named."""
    spent = Spent()
    for _ in range(40):
        spent = open_one(DEFAULT, spent, START)
    answer = ask(DEFAULT, spent, START)
    assert answer.limit == DEFAULT[0]
    assert answer.left == 0
    assert ask(DEFAULT, spent, START + answer.wait_s - 1).wait_s > 0
    assert ask(DEFAULT, spent, START + answer.wait_s + 1e-3).wait_s == 0


@given(st.floats(0, 10 * DAY))
def test_a_clock_that_goes_back_gives_nothing(back_s: float) -> None:
    """What is used up stays used up; nobody waits longer than if it had been used just now."""
    limit = (Limit(5, DAY),)
    spent = Spent()
    for _ in range(5):
        spent = open_one(limit, spent, START)
    assert ask(limit, spent, START - back_s).wait_s == limit[0].interval_s


def test_after_a_quiet_time_all_is_there_again() -> None:
    """Nothing is held against somebody for ever."""
    spent = Spent()
    for _ in range(300):
        spent = open_one(DEFAULT, spent, START)
    assert ask(DEFAULT, spent, START + 400 * DAY).left == 40


@pytest.mark.parametrize("tracks", [1, 2, 41])
def test_half_a_budget_is_half(tracks: int) -> None:
    """Never less than one track: nobody is shut out by arithmetic."""
    assert Limit(tracks, DAY).halved().tracks == max(1, tracks // 2)


def test_a_clock_that_was_ahead_closes_nothing_for_longer_than_a_limit() -> None:
    """Opened in what was believed to be next year: at most the limit's own time is waited."""
    year = 365 * DAY
    spent = Spent()
    for _ in range(40):
        spent = open_one(DEFAULT, spent, START + year)
    assert ask(DEFAULT, spent, START).wait_s <= MONTH
    assert ask((Limit(40, HOUR),), Spent(spent.until[:1]), START).wait_s <= HOUR
    later = open_one(DEFAULT, spent, START)
    assert ask(DEFAULT, later, START + MONTH + 1).wait_s == 0
