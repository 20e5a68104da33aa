"""The guard's own detector, end to end: farms are stopped, people are left alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from faults.memory import MemoryDisk
from phonotheque.guard.bench.detector import Batch, Detector
from phonotheque.guard.bench.own import Own
from phonotheque.guard.calibration import UNKNOWN
from phonotheque.guard.detector import Guard
from phonotheque.guard.engine.memory import Events
from phonotheque.guard.resuming import kept, resumed
from phonotheque.guard.rungs import Rung
from phonotheque.guard.service import Service
from phonotheque.guard.state import load, save

PEOPLE, FARM, TRACKS, DAY = 900, 60, 24_000, 86_400
START = 1_767_225_600
GENRES = 12


def service() -> Service:
    albums = np.arange(TRACKS) // 12
    genres = np.random.default_rng(21).integers(0, GENRES, TRACKS // 12)[albums]
    return Service(PEOPLE + FARM, genres.astype(np.int32), albums.astype(np.int32))


def batch(account: np.ndarray, track: np.ndarray, second: np.ndarray) -> Batch:
    order = np.argsort(second, kind="stable")
    count, none = len(order), np.zeros(0, np.int32)
    events = Events(
        account[order].astype(np.int32), track[order].astype(np.int32), second[order],
        np.full(count, 180_000, np.int32), np.ones(count, np.bool_),
    )  # fmt: skip
    nothing = none.astype(np.int64)
    return Batch(events, np.zeros(count, bool), none, nothing, nothing)


def people(day: int, seed: int = 21) -> Batch:
    random = np.random.default_rng([seed, day + 100])
    weights = 1 / (np.arange(TRACKS) + 60) ** 0.8
    order = np.random.default_rng(seed).permutation(TRACKS)
    account = random.integers(0, PEOPLE, 16 * PEOPLE)
    track = order[random.choice(TRACKS, len(account), p=weights / weights.sum())]
    return batch(account, track, START + day * DAY + random.integers(0, DAY, len(account)))


def farm(day: int, each: int) -> Batch:
    """Each account takes its own stretch of a shuffled catalogue, without end."""
    order = np.random.default_rng(5).permutation(TRACKS)
    account = np.repeat(np.arange(FARM), each)
    place = account * (TRACKS // FARM) + day * each + np.tile(np.arange(each), FARM)
    second = START + day * DAY + np.tile(np.arange(each), FARM) * (DAY // each)
    return batch(PEOPLE + account, order[place % TRACKS], second)


def joined(*parts: Batch) -> Batch:
    events = Events._make(
        np.concatenate(one) for one in zip(*(p.events for p in parts), strict=True)
    )
    order = np.argsort(events.second, kind="stable")
    return parts[0]._replace(
        events=Events._make(column[order] for column in events),
        chosen=np.concatenate([part.chosen for part in parts])[order],
    )


def warmed() -> Own:
    guard = Own(service())
    for day in range(-6, 0):
        guard.learn(people(day))
    return guard


def asked(guard: Own, days: Iterator[Batch]) -> np.ndarray:
    """Who was asked, when farms fail and people pass."""
    found = np.zeros(PEOPLE + FARM, bool)
    for day, events in enumerate(days):
        guard.see(events)
        stopped = guard.look(START + (day + 1) * DAY)
        found[stopped.account] = True
        guard.answered(
            stopped.account[stopped.account < PEOPLE], stopped.account[stopped.account >= PEOPLE]
        )
    return found


def test_it_is_a_detector() -> None:
    """It stands in GuardBench like any other."""
    detector: Detector = Own(service(), (1.0, 2.0, 3.0))
    assert detector.settings() == (1.0, 2.0, 3.0)


def test_a_farm_is_stopped_and_people_are_not() -> None:
    """60 accounts that take 40 tracks a day each, beside 900 people."""
    found = asked(warmed(), (joined(people(day), farm(day, 40)) for day in range(6)))
    assert found[PEOPLE:].mean() > 0.9
    assert found[:PEOPLE].mean() < 0.02


def test_people_alone_are_hardly_asked() -> None:
    """Without a farm."""
    assert asked(warmed(), (people(day) for day in range(6))).mean() < 0.005


def test_what_the_service_chose_counts_for_nothing() -> None:
    """The same tracks, chosen by the service's own radio, say nothing about who heard them."""
    chosen = (farm(day, 200)._replace(chosen=np.ones(200 * FARM, bool)) for day in range(3))
    days = (joined(people(day), part) for day, part in enumerate(chosen))
    assert not asked(warmed(), days)[PEOPLE:].any()


def test_two_canaries_suspend_at_the_second_and_one_does_not() -> None:
    """Nor does one that is asked for again, as of a player that tries a dead link twice; nobody
    else is suspended before being asked, whatever they do."""
    guard = warmed()
    hits = [(3, 5, 88), (3, 6, 88), (7, 6, 88), (3, 9, 89), (7, 11, 88), (3, 12, 90)]
    account, second, canary = (np.array(column) for column in zip(*hits, strict=True))
    events = joined(people(0), farm(0, 300))
    guard.see(
        events._replace(
            canary_account=account.astype(np.int32), canary_second=START + second, canary=canary
        )
    )
    stopped = guard.look(START + DAY)
    suspended = stopped.rung == Rung.SUSPEND
    assert stopped.account[suspended].tolist() == [3]
    assert stopped.second[suspended].tolist() == [START + 9]
    assert not guard.look(START + DAY + 1).account.size


def test_nobody_is_asked_twice() -> None:
    """Who passed is not asked again by the same evidence."""
    guard = warmed()
    seen: list[int] = []
    for day in range(4):
        guard.see(joined(people(day), farm(day, 100)))
        stopped = guard.look(START + (day + 1) * DAY)
        seen += stopped.account[stopped.rung == Rung.CHALLENGE].tolist()
        guard.answered(stopped.account, stopped.account[:0])
    assert len(seen) == len(set(seen)) > 0


def test_a_service_may_have_grown_meanwhile() -> None:
    """Accounts that are new since the snapshot did nothing yet; the others are what they were."""
    guard, now = warmed().guard, service()
    more = Service(now.accounts + 5, now.genres, now.album_of)
    again = resumed(more, kept(guard, 0))
    assert np.array_equal(again.accounts.numbers[:-5], guard.accounts.numbers)
    assert not again.accounts.numbers[-5:, 0].any()


def test_first_copies_are_forgotten() -> None:
    """After 60 days nothing says any more who had what, nor how many had it."""
    guard = Guard(service())
    guard.see(people(0).events, people(0).chosen)
    assert len(guard.groups.first_copies) > 0
    guard.see(people(90).events, people(90).chosen)
    rows = guard.groups.first_copies.rows
    assert rows.second.min() >= START + 30 * DAY
    assert guard.groups._listeners.sum() == len(rows.second)


def test_a_service_of_twenty_accounts_stops_nobody() -> None:
    """Too few to say what is unusual, and no genres: budgets carry it."""
    small = Service(20, np.zeros(500, np.int32), np.arange(500, dtype=np.int32))
    guard = Own(small)
    random = np.random.default_rng(1)
    for day in range(5):
        account, track = random.integers(0, 20, 2_000), random.integers(0, 500, 2_000)
        guard.see(batch(account, track, START + day * DAY + np.arange(2_000) * 40))
        assert not guard.look(START + (day + 1) * DAY).account.size
    assert guard.guard.limits == UNKNOWN


def test_a_service_whose_plays_nobody_knows_stops_nobody() -> None:
    """Without any popularity nothing surprises and every score is a number; it is learned from what
    is played, and then the same conduct is noticed."""
    guard = Own(service())
    taken = np.arange(5_000)
    one = np.full(len(taken), PEOPLE)
    guard.see(batch(one, taken, START + taken * 10))
    assert not guard.look(START + DAY).account.size
    everybody = np.arange(PEOPLE + FARM)
    assert np.isfinite(guard.guard.music.bits).all()
    assert np.isfinite(guard.guard.music.rating).all()
    assert guard.guard.own_scores(everybody).tolist() == [0.0] * len(everybody)
    assert guard.guard.limits == UNKNOWN
    for day in range(1, 8):
        guard.see(people(day))
        guard.look(START + (day + 1) * DAY)
    guard.see(batch(one, taken + 5_000, START + 8 * DAY + taken * 10))
    assert guard.look(START + 9 * DAY).account.tolist() == [PEOPLE]


def test_who_stops_and_resumes_says_the_same() -> None:
    """A snapshot in the middle, and a new process: the same accounts are asked at the same time."""
    whole, disk = warmed(), MemoryDisk()
    days = [joined(people(day), farm(day, 40)) for day in range(4)]
    said = []
    for day, events in enumerate(days):
        whole.see(events)
        said.append(whole.look(START + (day + 1) * DAY))
        whole.answered(said[-1].account[:0], said[-1].account)
        if day == 0:
            save(disk, "guard.state", kept(whole.guard, 77))
    snapshot = load(disk, "guard.state")
    assert snapshot is not None
    assert snapshot.offset == 77
    again = Own(service())
    again.guard = resumed(service(), snapshot)
    for day in (1, 2, 3):
        again.see(days[day])
        stopped = again.look(START + (day + 1) * DAY)
        again.answered(stopped.account[:0], stopped.account)
        for left, right in zip(stopped, said[day], strict=True):
            assert np.array_equal(left, right)
    assert sum(len(one.account) for one in said[1:]) > 0
    assert np.array_equal(again.guard.accounts.numbers, whole.guard.accounts.numbers)
