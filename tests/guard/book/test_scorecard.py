"""The order of the queue: what hurts more never moves a case back, whatever was before."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.book.making import BEGIN, GROUP, Clock, account, canaries, counted, new_desk, permit_for
from phonotheque.archive.guarding.settling import Answer, answer_appeal
from phonotheque.guard.book.cases import Cases
from phonotheque.guard.book.entries import Answered, Appealed, Decided, Permitted, Settled
from phonotheque.guard.decisions import DAY_S, HOUR_S, Basis, Decision, Finding
from phonotheque.guard.ladder import APPEAL_S, LASTS_S, REVIEW_S, Rules, decide
from phonotheque.guard.rungs import Rung
from phonotheque.guard.scorecard import points_of

_RUNGS = st.sampled_from([rung for rung in Rung if rung])


class Queue:
    """One account in a book that is not on a disk."""

    def __init__(self, shadow_days: int) -> None:
        self.cases, self.now, self.lines = Cases(), BEGIN, 1
        self.rules = Rules(shadow_until=BEGIN + shadow_days * DAY_S)

    @property
    def case(self):
        return self.cases.by_number.get(self.cases.of_account.get(account(1)))

    @property
    def points(self) -> float:
        return points_of(self.case, self.now).total

    @property
    def is_open(self) -> bool:
        return self.case is not None and self.case.is_open_at(self.now)

    def write(self, entry) -> None:
        self.lines += 1
        self.cases.apply(entry)

    def find(self, finding) -> None:
        made = decide(finding, self.cases.standing(account(1), self.now), self.rules, self.now)
        if made is not None:
            number = self.cases.case_for(account(1), self.now, self.lines + 1)
            self.write(Decided(number, made, finding))

    def wait(self, hours) -> None:
        self.now += hours * HOUR_S

    def conduct(self, score) -> None:
        self.find(counted(1, score, self.now))

    def canaries(self, hits) -> None:
        self.find(canaries(1, self.now, hits))

    def group(self, _) -> None:
        self.find(Finding(account=account(1), second=self.now, score=0.4, group=GROUP))

    def budget(self, often) -> None:
        self.find(Finding(account=account(1), second=self.now, over_budget=often))

    def appeal(self, _) -> None:
        if self.case is not None and self.case.may_appeal_at(self.now):
            self.write(Appealed(self.case.number, self.now, "x"))

    def person(self, rung) -> None:
        """Somebody decides about the account, whatever is known of it."""
        made = Decision(
            account=account(1), rung=rung, second=self.now, rule="1", basis=Basis.PERSON,
            evidence="x", counterfactual="x", until=self.now + LASTS_S[rung],
            appeal_by=self.now + APPEAL_S, by="ann",
        )  # fmt: skip
        self.write(Decided(self.cases.case_for(account(1), self.now, self.lines + 1), made))

    def settle(self, rung) -> None:
        if self.case is not None:
            until = self.now + LASTS_S[rung]
            self.write(Settled(self.case.number, self.now, rung, until, "ann", "x"))

    def reject(self, _) -> None:
        case = self.case
        if case is not None and case.appealed_at:
            holds, until = case.rung_at(self.now), case.ends_at(self.now)[0]
            self.write(Settled(case.number, self.now, holds, until, "ann", "x", is_appeal=True))

    def answer(self, _) -> None:
        if self.case is not None:
            self.write(Answered(self.case.number, self.now, is_passed=True))

    def permit(self, days) -> None:
        self.write(Permitted(permit_for(1, self.now, days=days)))


NOTHING = st.none()


def step(name, values=NOTHING):
    return st.tuples(st.just(name), values)


lives = st.lists(
    st.one_of(
        step("wait", st.integers(1, 12)),
        step("wait", st.integers(60, 900)),
        step("conduct", st.floats(0.2, 6)),
        step("canaries", st.integers(1, 6)),
        step("group"),
        step("budget", st.integers(1, 9)),
        step("appeal"),
        step("person", _RUNGS),
        step("settle", _RUNGS),
        step("reject"),
        step("answer"),
        step("permit", st.integers(0, 90)),
    ),
    max_size=14,
)
NEVER_BACK = ("wait", "conduct", "canaries", "group", "budget", "appeal")


@settings(max_examples=200, deadline=None)
@given(lives, st.sampled_from([0, 30]))
def test_what_hurts_more_never_moves_a_case_back(life, shadow_days) -> None:
    """No hour of waiting, no appeal and no evidence lowers the points of a case that stays open,
    whoever decided, answered, settled or permitted what before."""
    queue = Queue(shadow_days)
    for name, value in life:
        was_open, before = queue.is_open, queue.points if queue.case else 0.0
        number = queue.case.number if queue.case else ""
        getattr(queue, name)(value)
        is_same = was_open and queue.is_open and queue.case.number == number
        if is_same and name in NEVER_BACK:
            assert queue.points >= before, (name, value)


@pytest.fixture
def desk(tmp_path):
    """An account was suspended, and nobody looked."""
    desk = new_desk(tmp_path, Clock())
    desk.take(canaries(1))
    return desk


def points(desk, second) -> float:
    return points_of(desk.read().cases.by_number["g2"], second).total


def test_a_review_that_was_missed_keeps_its_weight(desk) -> None:
    """A suspension at which nobody looked in time waits on, higher each hour, also as the question
    that it became and until it ends by itself."""
    hours = (0, 71, 72, 73, 200, 719)
    told = [points(desk, BEGIN + hour * HOUR_S) for hour in hours]
    assert told == [70 + hour / 2 for hour in hours]


def test_what_a_person_upheld_waits_for_nobody(desk) -> None:
    """It stands where it is, whatever time goes by, below any appeal; its own appeal moves it up,
    and from then on its hours count."""
    desk.clock.now += REVIEW_S / 2
    until = desk.now + 60 * DAY_S
    desk.settle("g2", Settled("g2", desk.now, Rung.SUSPEND, until, "ann", "By trying ids."))
    upheld = points(desk, desk.now)
    assert points(desk, desk.now + 20 * DAY_S) == upheld == 70
    desk.clock.now += 20 * DAY_S
    desk.appeal("g2", "I did not.")
    assert points(desk, desk.now) == upheld + 100
    assert points(desk, desk.now + 2 * HOUR_S) == upheld + 101
    answer_appeal(desk, "g2", Answer("ann", "It holds.", is_accepted=False))
    assert points(desk, desk.now + DAY_S) == upheld


def test_an_appeal_adds_to_the_hours_before_it(desk) -> None:
    """Who waited for a look and then objects has waited since the decision."""
    desk.clock.now += 50 * HOUR_S
    before = points(desk, desk.now)
    desk.appeal("g2", "I did not.")
    assert points(desk, desk.now) == before + 100
