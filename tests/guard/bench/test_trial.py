"""A trial: what a stop prevents, who answers a challenge, and what it all comes to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from tests.guard.bench.small import setting

from phonotheque.guard.bench.detector import Batch, Settings, Stopped, nobody
from phonotheque.guard.bench.feed import DAY_S, FIRST_SECOND
from phonotheque.guard.bench.habits import HONEST, KINDS
from phonotheque.guard.bench.losses import NEVER, Witness
from phonotheque.guard.bench.metrics import Share, costs_of, limit_at, loss_of
from phonotheque.guard.bench.people import Population
from phonotheque.guard.bench.trial import Trial
from phonotheque.guard.engine.memory import Events
from phonotheque.guard.rungs import Rung
from phonotheque.guard.service import Numbers

PERSON, FARMER, STOLEN = 0, 1, 2
L3 = next(place for place, habit in enumerate(KINDS) if habit.name == "L3")
HIJACKED = next(place for place, habit in enumerate(KINDS) if habit.name == "hijacked")


def three() -> Population:
    """A person, a farm's account, and one that a farm takes on the second day."""
    traits = np.zeros((3, 19), np.float32)
    traits[:, 14] = (-100, -100, 1)
    return Population(np.array([0, L3, HIJACKED], np.int16), traits, traits[2:])


def batch_of(*rows: tuple[int, int, int]) -> Batch:
    """Whole copies: account, track, seconds after the beginning."""
    account, track, second = (np.array(column) for column in zip(*rows, strict=True))
    count = len(rows)
    events = Events(
        account.astype(np.int32), track.astype(np.int32), FIRST_SECOND + second.astype(np.int64),
        np.full(count, 200_000, np.int32), np.ones(count, bool),
    )  # fmt: skip
    none = np.zeros(0, np.int64)
    return Batch(events, np.zeros(count, bool), none.astype(np.int32), none, none)


def stop(rung: Rung, *accounts: int, at: int, by_group: bool = False) -> Stopped:
    count = len(accounts)
    return Stopped(
        np.array(accounts, np.int32), np.full(count, rung, np.int8), np.full(count, by_group),
        np.full(count, FIRST_SECOND + at),
    )  # fmt: skip


class Scripted:
    """Stops whom it is told to, look by look, and remembers what it was shown."""

    name = "scripted"

    def __init__(self, *looks: Stopped) -> None:
        self._looks = iter(looks)
        self.shown: list[int] = []
        self.heard: list[tuple[list[int], list[int]]] = []

    def learn(self, batch: Batch) -> None: ...

    def see(self, batch: Batch) -> None:
        self.shown += batch.events.account.tolist()

    def look(self, second: int) -> Stopped:
        return next(self._looks, nobody())

    def answered(self, passed: Numbers, failed: Numbers) -> None:
        self.heard.append((passed.tolist(), failed.tolist()))

    def peaks(self) -> np.ndarray:
        return np.array([1.0, 2.0, 3.0])

    def settings(self) -> Settings:
        return ()


def test_people_pass_a_challenge_and_farms_do_not() -> None:
    """After it the person is still seen, the farm's account is not."""
    both = stop(Rung.CHALLENGE, PERSON, FARMER, at=100, by_group=True)
    detector = Scripted(both)
    trial = Trial(detector, three())
    rows = batch_of((PERSON, 1, 10), (FARMER, 2, 20))
    trial.step(rows, FIRST_SECOND + 100)
    trial.step(rows, FIRST_SECOND + 200)
    assert detector.shown == [PERSON, FARMER, PERSON]
    assert detector.heard == [([PERSON], [FARMER])]
    assert trial.end().by_group.tolist() == [True, True, False]


def test_nobody_is_challenged_twice() -> None:
    """Who passed a challenge counts once."""
    again = [stop(Rung.CHALLENGE, PERSON, at=at) for at in (100, 200)]
    detector = Scripted(*again)
    trial = Trial(detector, three())
    for at in (100, 200):
        trial.step(batch_of((PERSON, 1, at - 1)), FIRST_SECOND + at)
    assert detector.heard == [([PERSON], [])]
    assert trial.end().challenged_at[PERSON] == FIRST_SECOND + 100


def test_whoever_is_suspended_is_gone() -> None:
    """A person, too: that is what it costs."""
    detector = Scripted(stop(Rung.SUSPEND, PERSON, at=100))
    trial = Trial(detector, three())
    for at in (100, 200):
        trial.step(batch_of((PERSON, 1, at - 1)), FIRST_SECOND + at)
    assert detector.shown == [PERSON]
    assert costs_of(three(), trial.end(), 30)[0].suspended == Share(1, 1)


def test_an_account_is_not_a_farms_before_it_is_stolen() -> None:
    """Its owner passes; whoever took it is asked again."""
    early, late = (stop(Rung.CHALLENGE, STOLEN, at=at) for at in (DAY_S // 2, 2 * DAY_S))
    detector = Scripted(early, late)
    trial = Trial(detector, three())
    trial.step(batch_of((STOLEN, 1, 5)), FIRST_SECOND + DAY_S // 2)
    trial.step(batch_of((STOLEN, 1, DAY_S + 5)), FIRST_SECOND + 2 * DAY_S)
    assert detector.heard == [([STOLEN], []), ([], [STOLEN])]
    assert trial.end().challenged_at[STOLEN] == FIRST_SECOND + 2 * DAY_S


def test_no_stop_reaches_back_before_the_last_look() -> None:
    """A detector cannot say afterwards that it had known."""
    trial = Trial(Scripted(nobody(), stop(Rung.SUSPEND, FARMER, at=10)), three())
    for at in (100, 200):
        trial.step(batch_of((FARMER, 1, at - 1)), FIRST_SECOND + at)
    assert trial.end().suspended_at[FARMER] == FIRST_SECOND + 100


def test_what_left_before_the_stop_is_lost() -> None:
    """Each track of the catalogue once, each account's tracks once, later ones not."""
    population, witness = three(), Witness(three(), 100)
    detector = Scripted(stop(Rung.CHALLENGE, FARMER, at=50, by_group=True))
    trial = Trial(detector, population)
    rows = batch_of(
        (PERSON, 9, 1), (FARMER, 1, 10), (FARMER, 1, 20), (FARMER, 2, 49), (FARMER, 3, 50)
    )
    witness.see(rows)
    trial.step(rows, FIRST_SECOND + 100)
    loss = loss_of(population, population.of("L3"), witness.copies(), trial.end())
    assert (loss.share, loss.unguarded) == (0.02, 0.03)
    assert (loss.each_50, loss.of_a_thousand) == (2, 2_000)
    assert (loss.stopped, loss.by_group) == (Share(1, 1), 1)
    assert loss.first_day == loss.last_day == 50 / DAY_S


def test_who_is_never_stopped_is_counted_whole() -> None:
    """Without a stop all that the farm took is lost, and no day is named."""
    population, witness = three(), Witness(three(), 100)
    trial = Trial(Scripted(), population)
    rows = batch_of((FARMER, 1, 10), (STOLEN, 7, 20), (STOLEN, 8, DAY_S + 20))
    witness.see(rows)
    trial.step(rows, FIRST_SECOND + 2 * DAY_S)
    copies, ended = witness.copies(), trial.end()
    assert loss_of(population, population.of("L3"), copies, ended).share == 0.01
    taken = loss_of(population, population.of("hijacked"), copies, ended)
    assert (taken.share, taken.last_day) == (0.01, None)  # its owner's track is not a loss
    assert (ended.stopped_at == NEVER).all()


def test_a_score_finds_who_is_above_all_people() -> None:
    """Recall at a rate that so few people cannot show is said to be a bound."""
    population, witness = three(), Witness(three(), 100)
    trial = Trial(Scripted(), population)
    rows = batch_of((FARMER, 1, 10))
    witness.see(rows)
    trial.step(rows, FIRST_SECOND + 100)
    loss = loss_of(population, population.of("L3"), witness.copies(), trial.end())
    assert [(recall.found.value, recall.is_bound) for recall in loss.recalls] == [(1.0, True)] * 2


@given(st.lists(st.integers(0, 50), min_size=1, max_size=200), st.floats(0, 0.5))
def test_a_limit_stops_no_more_than_its_share(peaks: list[int], rate: float) -> None:
    """However many have the same score; and no lower one would."""
    scores = np.array(peaks, float)
    limit = limit_at(scores, rate)
    allowed = int(rate * len(peaks))
    assert (scores > limit).sum() <= allowed
    assert limit in scores


@given(st.integers(0, 500), st.integers(1, 500))
@example(0, 205)  # where rounding put the lower bound above none
def test_an_interval_holds_its_share(hits: int, more: int) -> None:
    """It is within 0 and 1, around the share, and narrower the more are counted."""
    share = Share(hits, hits + more)
    low, high = share.interval
    assert 0 <= low <= share.value <= high <= 1
    wide = Share(hits * 10, (hits + more) * 10).interval
    assert wide[1] - wide[0] < high - low


def test_a_known_interval() -> None:
    """1 of 10: 1.8 to 40.4 %, as tables of Wilson's interval have it."""
    assert Share(1, 10).interval == pytest.approx((0.0179, 0.4042), abs=1e-4)


def test_nobody_of_a_kind_costs_nothing() -> None:
    """An empty share is 0, and anything is possible."""
    assert Share(0, 0).value == 0
    assert Share(0, 0).interval == (0, 1)


def test_every_kind_of_people_is_counted() -> None:
    """All of them, in months of 30 days."""
    population = setting("people").population()
    costs = costs_of(population, Trial(Scripted(), population).end(), 15)
    assert [cost.kind for cost in costs] == [habit.name for habit in HONEST]
    assert costs[0].months == costs[0].suspended.of / 2
