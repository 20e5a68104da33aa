"""How questions ended: answered, taken back, silent; what is no end of one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.book.making import (
    BEGIN,
    GROUP,
    Clock,
    account,
    canaries,
    grouped,
    new_desk,
    permit_for,
)
from phonotheque.guard.book.cases import cases_of
from phonotheque.guard.book.entries import Decided, Permitted, Settled
from phonotheque.guard.book.outcomes import Outcome, outcomes, standing_at
from phonotheque.guard.decisions import DAY_S, Finding, Permit, Use
from phonotheque.guard.ladder import Rules, Standing, decide
from phonotheque.guard.rungs import Rung

OVER = BEGIN + 30 * DAY_S
SILENT = Outcome(OVER, account(1), is_passed=False)


@pytest.fixture
def clock():
    return Clock()


def asked(root, clock, shadow_days=0):
    """A desk at which one account was asked, and a day went by."""
    root.mkdir(exist_ok=True)
    desk = new_desk(root, clock, shadow_days)
    desk.take(grouped(1))
    clock.now += DAY_S
    return desk


def ended(desk):
    return outcomes(desk.read().cases)


def test_who_says_nothing_fails_when_the_time_is_over(tmp_path, clock) -> None:
    """Not a second before; and words that another account sent are no answer and no failure."""
    desk = asked(tmp_path, clock)
    desk.answer("g2", "I like it.", is_passed=False)
    assert ended(desk) == [SILENT]
    assert standing_at(OVER, ended(desk)) == {}
    assert standing_at(OVER + 1, ended(desk)) == {account(1): False}


def test_who_answers_passes_also_when_it_is_late(tmp_path, clock) -> None:
    """What somebody was last is what he is."""
    desk = asked(tmp_path, clock)
    desk.answer("g2", "I dig for records.", is_passed=True)
    assert ended(desk) == [Outcome(BEGIN + DAY_S, account(1), is_passed=True)]
    late = asked(tmp_path / "late", Clock())
    late.clock.now = OVER + 7
    late.answer("g2", "I was away.", is_passed=True)
    assert ended(late) == [SILENT, Outcome(OVER + 7, account(1), is_passed=True)]
    assert standing_at(OVER + 8, ended(late)) == {account(1): True}


def test_what_a_person_takes_back_or_permits_is_passed(tmp_path, clock) -> None:
    """A person said so; a permit that is ended says nothing, nor does an appeal that is refused."""
    desk = asked(tmp_path, clock)
    refused = Settled("g2", desk.now, Rung.CHALLENGE, OVER, "ann", "No.", is_appeal=True)
    desk.appeal("g2", "Why me?")
    assert ended(desk) == []
    desk.settle("g2", refused)
    assert ended(desk) == [SILENT]
    over = Permit(
        account=account(1), use=Use.DJ, factor=2, second=desk.now, until=desk.now, by="ann"
    )
    desk.permit(over)
    assert ended(desk) == [SILENT]
    desk.settle("g2", Settled("g2", desk.now, Rung.NONE, 0, "ann", "A mistake.", is_wrong=True))
    assert [one.is_passed for one in ended(desk)] == [True]
    other = asked(tmp_path / "permitted", Clock())
    other.permit(
        Permit(account=account(1), use=Use.DJ, factor=2, second=other.now, until=OVER, by="ann")
    )
    assert [one.is_passed for one in ended(other)] == [True]


_GIVEN = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40)), max_size=6).map(sorted)
"""Days on which permits are given, and for how many days each; 0 ends the one before."""


@given(given=_GIVEN, day=st.integers(0, 60))
def test_a_later_permit_changes_nothing_that_was_decided_before(given, day) -> None:
    """Renewed, ended or given anew: which permit counted at a second, and how a question had ended
    by then, is said alike by the lines until then and by all of them."""
    decision = decide(grouped(1), Standing(), Rules(), BEGIN)
    asked = Decided("g1", decision, grouped(1))
    lines = [Permitted(permit_for(1, BEGIN + at * DAY_S, days=days)) for at, days in given]
    second = BEGIN + day * DAY_S
    known = [line for line in lines if line.permit.second <= second]
    early, late = cases_of([asked, *known]), cases_of([asked, *lines])
    assert early.permit_at(account(1), second) == late.permit_at(account(1), second)
    ended = [[one for one in outcomes(cases) if one.second <= second] for cases in (early, late)]
    assert ended[0] == ended[1]
    is_passed = any(at <= 30 and days for at, days in given)
    assert (SILENT in outcomes(late)) is not is_passed


def test_what_asked_nobody_has_no_outcome(tmp_path, clock) -> None:
    """On paper; for canaries; what a person asked by himself."""
    assert ended(asked(tmp_path / "paper", clock, 30)) == []
    desk = new_desk(tmp_path, clock)
    desk.take(canaries(1))
    desk.decide(account(2), Rung.CHALLENGE, "ann", "It looks odd.")
    assert ended(desk) == []


def test_outcomes_are_in_order_of_time(tmp_path, clock) -> None:
    """Of all accounts, and of the questions of one."""
    desk = asked(tmp_path, clock)
    desk.take(Finding(account=account(2), second=desk.now, score=0.4, group=GROUP))
    desk.answer("g3", "It is me.", is_passed=True)
    clock.now = OVER + DAY_S
    later = Finding(
        account=account(1), second=clock.now, score=0.4, group=GROUP.__class__(
            name="b1", accounts=40, shared=1, expected=30.0
        )
    )  # fmt: skip
    desk.take(later)
    assert [(one.second, one.account, one.is_passed) for one in ended(desk)] == [
        (BEGIN + DAY_S, account(2), True),
        (OVER, account(1), False),
        (OVER + 31 * DAY_S, account(1), False),
    ]
