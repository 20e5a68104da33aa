"""What a permit does to what stands already: in the book, in the verdict map, after its end."""

from __future__ import annotations

import pytest

from guard.book.making import (
    BEGIN,
    Clock,
    account,
    canaries,
    counted,
    grouped,
    new_desk,
    permit_for,
)
from phonotheque.archive.guarding.desk import MAP
from phonotheque.archive.guarding.verdict_map import VerdictMap
from phonotheque.guard.book.entries import Settled
from phonotheque.guard.decisions import DAY_S
from phonotheque.guard.ladder import RESPITE_S
from phonotheque.guard.rungs import Rung


@pytest.fixture
def clock():
    return Clock()


def at_door(desk) -> Rung:
    """What a worker of the door does to the account now, and for as long as the map stands."""
    rows = VerdictMap(desk.root).of(account(1))
    days = [BEGIN + day * DAY_S for day in range(200)]
    rungs = {Rung.NONE if rows is None else rows.rung_at(day) for day in days if day >= desk.now}
    return max(rungs)


def permit(desk, days=90) -> None:
    desk.clock.now += DAY_S
    desk.permit(permit_for(1, desk.now, days=days))


def suspended(desk) -> None:
    """Ask for conduct, see it go on, suspend."""
    desk.take(counted(1, 0.7))
    desk.clock.now += 2 * RESPITE_S
    assert desk.take(counted(1, 1.5, desk.clock.now)).decision.rung is Rung.SUSPEND


def asked_by_a_person(desk) -> None:
    desk.decide(account(1), Rung.CHALLENGE, "ann", "It looks odd.")


def settled_as_a_question(desk) -> None:
    desk.take(grouped(1))
    until = desk.now + 20 * DAY_S
    desk.settle("g2", Settled("g2", desk.now, Rung.CHALLENGE, until, "ann", "What is it for?"))


@pytest.mark.parametrize(
    "decided",
    [lambda desk: desk.take(grouped(1)), suspended, asked_by_a_person, settled_as_a_question],
)
def test_a_permit_ends_what_it_was_given_for(tmp_path, clock, decided) -> None:
    """A question, whoever asked it, and what the guard did by itself: no worker of the door does
    it any more, the case is closed, and so it is when the map was lost and made again."""
    desk = new_desk(tmp_path, clock)
    decided(desk)
    assert at_door(desk) >= Rung.CHALLENGE
    permit(desk)
    assert at_door(desk) is Rung.NONE
    assert VerdictMap(tmp_path).of(account(1)).factor_at(desk.now) == 5
    assert not desk.read().cases.by_number["g2"].is_open_at(desk.now)
    (tmp_path / MAP).unlink()
    new_desk(tmp_path, clock).publish()
    assert at_door(desk) is Rung.NONE


@pytest.mark.parametrize(
    "decided",
    [
        lambda desk: desk.take(canaries(1)),
        lambda desk: desk.decide(account(1), Rung.SUSPEND, "ann", "Opened 900 records in order."),
    ],
)
def test_canaries_and_what_a_person_decided_stay(tmp_path, clock, decided) -> None:
    """A permit is no word about ids that were tried out, nor about what a person closed: that is
    taken back by a person, who says so."""
    desk = new_desk(tmp_path, clock)
    decided(desk)
    permit(desk)
    assert at_door(desk) is Rung.SUSPEND


@pytest.mark.parametrize("decided", [lambda desk: desk.take(counted(1, 0.7)), suspended])
def test_what_a_permit_ended_does_not_come_back_with_its_end(tmp_path, clock, decided) -> None:
    """Ended early, or over by itself: what stood before is over, the same evidence decides nothing,
    and more of it, opened with the permit, is asked about before anybody is suspended for it."""
    desk = new_desk(tmp_path, clock)
    decided(desk)
    score = 1.5 if decided is suspended else 0.7
    permit(desk)
    desk.clock.now += DAY_S
    desk.permit(permit_for(1, desk.now, days=0))
    assert desk.read().cases.permit_at(account(1), desk.now) is None
    assert at_door(desk) is Rung.NONE
    assert desk.take(counted(1, score, desk.now)) is None
    more = desk.take(counted(1, score * 3, desk.now))
    assert more.decision.rung is Rung.CHALLENGE
    assert at_door(desk) is Rung.CHALLENGE
    desk.clock.now += 2 * RESPITE_S
    assert desk.take(counted(1, score * 4, desk.now)).decision.rung is Rung.SUSPEND


def test_what_is_only_on_paper_is_settled_too(tmp_path, clock) -> None:
    """In a service's first days a permit closes the case that would have asked."""
    desk = new_desk(tmp_path, clock, shadow_days=30)
    desk.take(grouped(1))
    assert desk.read().cases.by_number["g2"].is_open_at(desk.now)
    permit(desk)
    assert not desk.read().cases.by_number["g2"].is_open_at(desk.now)
