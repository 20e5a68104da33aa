"""How people answered reaches the detector: once, at its hour, whatever stops in between."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from guard.book.making import Clock, new_desk
from guard.test_watching import BEGIN, ROCK, gid, line, write
from phonotheque.archive.guarding.watching import Watcher
from phonotheque.guard.book.entries import Settled
from phonotheque.guard.decisions import DAY_S, HOUR_S
from phonotheque.guard.grouping import Grouping
from phonotheque.guard.groups.membership import Demand
from phonotheque.guard.rungs import Rung

FOUND = 10
NAMES = [f"{number:016x}" for number in range(FOUND)]
OTHER = "ee" * 8
STAYS, KILLED, KEPT = "it goes on", "it is killed", "it is stopped"


@pytest.fixture(autouse=True)
def alarm(monkeypatch):
    """The look after the first ten were heard finds them to be a group; who was asked is not
    found again. How groups are found is tried elsewhere."""

    def grow(self, accounts, music, asked, failed):
        is_there = accounts.last_second[:FOUND] > 0
        return np.flatnonzero(is_there & ~asked[:FOUND])

    monkeypatch.setattr(Grouping, "grow", grow)


class Door:
    """A door that somebody listens at, with a case book and a watch."""

    def __init__(self, root, restart=STAYS, shadow_days=0):
        self.root, self.restart = root, restart
        self.desk = new_desk(root, Clock(BEGIN), shadow_days)
        self.watcher = self.started()

    def started(self):
        return Watcher(self.desk, ROCK, pytest.fail)

    def hears(self, second, *names):
        """Somebody plays something, and the watch looks."""
        self.desk.clock.now = second + 1
        write(self.root, [line(second, name, gid(second % 977), account=name) for name in names])
        if self.restart == KEPT:
            self.watcher.keep()
        if self.restart != STAYS:
            self.watcher = self.started()
        return self.watcher.turn()

    def asks(self):
        """Ten are found and asked."""
        self.hears(BEGIN, *NAMES)
        asked = self.hears(BEGIN + 6 * HOUR_S, OTHER)
        assert {one.decision.account for one in asked} == set(NAMES)

    def answers(self, count):
        for name in NAMES[:count]:
            number = self.desk.read().cases.of_account[name]
            self.desk.answer(number, f"I am {name}.", is_passed=True)

    @property
    def guard(self):
        return self.watcher.suspicion.guard

    @property
    def marks(self):
        marks = self.guard.marks
        return marks.passed[:FOUND].tolist(), marks.failed[:FOUND].tolist()


@pytest.mark.parametrize("restart", [STAYS, KILLED, KEPT])
@pytest.mark.parametrize(
    ("people", "in_time", "in_the_end"),
    [
        (9, Demand(within=1.0, beside=4.5), Demand(within=1.0, beside=4.5)),
        (1, Demand(), Demand(within=0.25, beside=3.5)),
    ],
)
def test_answers_move_what_is_demanded_once(tmp_path, restart, people, in_time, in_the_end) -> None:
    """People pass at once, and a farm says nothing until the time is over: of nine people in ten
    the detector learns with the next look, of a farm when its silence is no answer any more."""
    door = Door(tmp_path, restart)
    door.asks()
    door.answers(people)
    for hour in (7, 12, 13, 18, 24):
        door.hears(BEGIN + hour * HOUR_S, OTHER)
    passed = [number < people for number in range(FOUND)]
    assert door.marks == (passed, [False] * FOUND)
    assert door.guard.groups.demand == in_time
    for day in (20, 30, 31, 32, 33):
        door.hears(BEGIN + day * DAY_S, OTHER)
    assert door.marks == (passed, [not one for one in passed])
    assert door.guard.groups.demand == in_the_end


def test_an_answer_is_heard_with_the_next_hour_and_not_before_it_came(tmp_path) -> None:
    """Read late, the log is read as it would have been in time."""
    door = Door(tmp_path)
    door.asks()
    door.desk.clock.now = BEGIN + 7 * HOUR_S + 60
    door.answers(3)
    door.hears(BEGIN + 7 * HOUR_S + 90, OTHER)
    assert sum(door.marks[0]) == 0
    door.hears(BEGIN + 8 * HOUR_S, OTHER)
    assert sum(door.marks[0]) == 3


def test_who_comes_back_late_and_answers_is_no_farm_any_more(tmp_path) -> None:
    """He counts again for what is ordinary; what the group was is not told anew."""
    door = Door(tmp_path)
    door.asks()
    for day in (31, 32):
        door.hears(BEGIN + day * DAY_S, OTHER)
    assert door.marks == ([False] * FOUND, [True] * FOUND)
    demand = door.guard.groups.demand
    assert demand == Demand().after(0, FOUND)
    door.answers(FOUND)
    for day in (33, 34):
        door.hears(BEGIN + day * DAY_S, OTHER)
    assert door.marks == ([True] * FOUND, [False] * FOUND)
    assert door.guard.groups.demand == demand


def test_a_question_on_paper_is_failed_by_nobody(tmp_path) -> None:
    """Nobody saw it."""
    door = Door(tmp_path, shadow_days=60)
    door.hears(BEGIN, *NAMES)
    asked = door.hears(BEGIN + 6 * HOUR_S, OTHER)
    assert {one.decision.rung for one in asked} == {Rung.CHALLENGE}
    for day in (31, 32):
        door.hears(BEGIN + day * DAY_S, OTHER)
    assert door.marks == ([False] * FOUND, [False] * FOUND)
    assert door.guard.groups.demand == Demand()


@pytest.mark.parametrize("restart", [STAYS, KILLED, KEPT])
def test_who_was_found_on_paper_is_asked_when_nothing_is_on_paper_any_more(
    tmp_path, restart
) -> None:
    """The next look at groups finds them again, and asks them; but for whom a person cleared."""
    door = Door(tmp_path, restart, shadow_days=30)
    door.hears(BEGIN, *NAMES)
    asked = door.hears(BEGIN + 6 * HOUR_S, OTHER)
    assert [one.decision.is_shadow for one in asked] == [True] * FOUND
    number = door.desk.read().cases.of_account[NAMES[0]]
    wrong = Settled(number, door.desk.now, Rung.NONE, 0, "ann", "A choir.", is_wrong=True)
    door.desk.settle(number, wrong)
    later = [
        one.decision
        for day in (29, 30, 31, 40)
        for one in door.hears(BEGIN + day * DAY_S + 60, OTHER)
    ]
    assert sorted(one.account for one in later) == NAMES[1:]
    assert {(one.rung, one.is_shadow) for one in later} == {(Rung.CHALLENGE, False)}
