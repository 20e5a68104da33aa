"""What governs a case: the reason, its time, since when it is over, and who is waited for."""

from __future__ import annotations

from guard.book.making import BEGIN, Clock, account, canaries, grouped, new_desk, permit_for
from phonotheque.archive.guarding.settling import Answer, answer_appeal
from phonotheque.guard.book.entries import Settled
from phonotheque.guard.decisions import DAY_S, Basis
from phonotheque.guard.ladder import APPEAL_S, LASTS_S
from phonotheque.guard.rungs import Rung


def test_the_reason_that_governs_is_the_one_that_is_told(tmp_path):
    """With its time and its half-year, whoever decided what before; a rejected appeal changes
    neither, and what is taken back is told by the reason for that."""
    desk = new_desk(tmp_path, Clock())
    desk.take(canaries(1))
    first = desk.read().cases.by_number["g2"].grounds
    assert (first.by, first.second, first.appeal_by) == ("guard", BEGIN, BEGIN + APPEAL_S)
    desk.clock.now += 2 * DAY_S
    until = desk.now + 400 * DAY_S
    desk.settle("g2", Settled("g2", desk.now, Rung.SUSPEND, until, "ann", "Opened 900."))
    settled_at = desk.now
    desk.clock.now += 183 * DAY_S
    case = desk.appeal("g2", "I did not.")
    told = ("Opened 900.", "ann", settled_at, settled_at + APPEAL_S, Basis.PERSON)

    def told_of(case):
        found = case.grounds
        return found.evidence, found.by, found.second, found.appeal_by, found.basis

    assert told_of(case) == told
    case = answer_appeal(desk, "g2", Answer("bob", "It holds.", is_accepted=False))
    assert (told_of(case), case.grounds.upheld_by) == (told, "bob")
    desk.appeal("g2", "Please.")
    case = answer_appeal(desk, "g2", Answer("bob", "A reader.", is_accepted=True))
    assert (case.grounds.evidence, case.grounds.upheld_by) == ("A reader.", "")
    assert not case.may_appeal_at(desk.now)


def test_what_a_person_decided_waits_for_no_person(tmp_path):
    """A case waits while nobody looked since the guard decided, on paper or not, and while an
    appeal does."""
    desk = new_desk(tmp_path, Clock(), shadow_days=1)

    def waits(number):
        return desk.read().cases.by_number[number].waits_at(desk.now)

    own = desk.decide(account(1), Rung.BUDGET, "ann", "Asked for by the label.").case
    assert not waits(own)
    desk.take(grouped(1))
    assert waits(own)
    desk.clock.now += DAY_S
    found = desk.take(grouped(2)).case
    assert waits(found)
    desk.settle(found, Settled(found, desk.now, Rung.BUDGET, desk.now + DAY_S, "ann", "Less."))
    assert not waits(found)
    desk.appeal(found, "Why?")
    assert waits(found)


def test_who_is_right_waits_for_no_answer(tmp_path):
    """An objection to what a person takes back has all that it asked for; to what he only makes
    milder it still waits for an answer."""
    desk = new_desk(tmp_path, Clock())
    desk.take(canaries(1))
    desk.appeal("g2", "It was my feed reader.")
    until = desk.now + DAY_S
    case = desk.settle("g2", Settled("g2", desk.now, Rung.BUDGET, until, "ann", "Less."))
    assert case.waits_at(desk.now)
    case = desk.settle("g2", Settled("g2", desk.now, Rung.NONE, 0, "ann", "A reader."))
    assert not case.is_open_at(desk.now)


def test_a_case_says_when_it_was_over(tmp_path):
    """Answered, taken back or at its own end, also when an appeal was rejected later; not while it
    holds, nor where a permit ended it."""
    desk = new_desk(tmp_path, Clock())
    for number in range(1, 5):
        desk.take(grouped(number))
    cases = [f"g{number}" for number in range(2, 6)]
    assert [_ended(desk, number) for number in cases] == [0] * 4
    desk.clock.now += DAY_S
    desk.answer("g2", "I dig for obscure records.", is_passed=True)
    desk.settle("g3", Settled("g3", desk.now, Rung.NONE, 0, "ann", "A choir."))
    desk.permit(permit_for(4, desk.now, days=90))
    desk.appeal("g4", "Why?")
    answered_at = desk.now
    desk.clock.now += DAY_S
    assert [_ended(desk, number) for number in cases] == [answered_at, answered_at, 0, 0]
    desk.clock.now = until = BEGIN + LASTS_S[Rung.CHALLENGE]
    desk.clock.now += DAY_S
    answer_appeal(desk, "g4", Answer("ann", "It was right.", is_accepted=False))
    assert _ended(desk, "g4") == until


def _ended(desk, number):
    return desk.read().cases.by_number[number].ended_at(desk.now)
