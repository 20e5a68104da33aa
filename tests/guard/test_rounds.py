"""Rounds of questions: one step for each, in the direction of all its answers together."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.guard.groups.membership import Demand
from phonotheque.guard.groups.rounds import Answers, Rounds, look_of

LASTS = 31 * 24


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 20))
def test_answers_one_by_one_move_what_they_move_at_once(answers, each) -> None:
    """Whatever their order, and at however many looks they are told: once, and never otherwise."""
    rounds, demand = Rounds(), Demand()
    rounds.ask(7, len(answers))
    steps = set()
    for look, begin in enumerate(range(0, len(answers), each), 8):
        part = answers[begin : begin + each]
        rounds.hear_all([7] * part.count(True), [7] * part.count(False))
        rounds = Rounds.resumed(rounds.kept())
        demand = rounds.settle(demand, look)
        steps.add(demand)
    wanted = Demand().after(answers.count(True), answers.count(False))
    assert demand == wanted
    assert steps <= {Demand(), wanted}
    assert not rounds.open


def test_people_who_answer_first_say_nothing_of_a_farm_that_is_silent() -> None:
    """Ten people among a hundred pass on the first day: nothing moves until the silence of the
    others is over, and then it was a farm."""
    rounds = Rounds()
    rounds.ask(100, 100)
    rounds.hear(100, 10, 0)
    assert rounds.settle(Demand(), 101) == Demand()
    rounds.hear(100, 0, 90)
    assert rounds.settle(Demand(), 102) == Demand().after(10, 90) != Demand()


def test_a_round_of_people_moves_as_soon_as_nobody_can_change_it() -> None:
    """Forty of a hundred passed: whatever the others do, too many people were asked."""
    rounds = Rounds()
    rounds.ask(100, 100)
    rounds.hear(100, 40, 0)
    moved = rounds.settle(Demand(), 101)
    assert moved.within > Demand().within
    rounds.hear(100, 60, 0)
    assert rounds.settle(moved, 102) == moved


def test_who_was_never_asked_is_not_waited_for() -> None:
    """A day after the last answer can come a round is what was heard of it."""
    rounds = Rounds()
    rounds.ask(1, 100)
    rounds.hear(1, 0, 20)
    assert rounds.settle(Demand(), LASTS) == Demand()
    assert rounds.settle(Demand(), 1 + LASTS) == Demand().after(0, 20)
    assert not rounds.open


def test_a_look_has_a_name_for_all() -> None:
    """How many times between two looks it was after 1970."""
    assert [look_of(second) for second in (0, 3_599, 3_600, 86_400)] == [0, 0, 1, 24]


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=30))
def test_the_first_answer_says_what_a_group_was_and_the_last_who_somebody_is(told) -> None:
    """Of those only who were asked for a group's sake, and told again it changes nothing."""
    asked = np.array([0, 7, 7, 8, 0], np.int32)
    answers = Answers(np.zeros(5, np.bool_), np.zeros(5, np.bool_), asked)
    heard, nobody = [], np.zeros(0, np.int32)
    for who, is_passed in told:
        one = np.array([who], np.int32)
        for _ in range(2):
            passed, failed = answers.hear(*((one, nobody) if is_passed else (nobody, one)))
            heard += [(round_, True) for round_ in passed] + [(round_, False) for round_ in failed]
    first = dict(reversed(told))
    last = dict(told)
    in_order = dict.fromkeys(who for who, _ in told)
    assert heard == [(int(asked[who]), first[who]) for who in in_order if asked[who]]
    for who in range(5):
        is_passed = last.get(who)
        assert (answers.passed[who], answers.failed[who]) == (is_passed is True, is_passed is False)
