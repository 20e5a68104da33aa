"""A run: every detector in every world once, limits set on others, taken up where it ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from bench.guard_picture import points
from tests.guard.bench.small import setting

from phonotheque.guard.bench.detector import Batch, Settings, Stopped, nobody
from phonotheque.guard.bench.entrants import OWN
from phonotheque.guard.bench.feed import FIRST_SECOND, Feed, service_of
from phonotheque.guard.bench.habits import FARMS, KINDS, fresh_kinds
from phonotheque.guard.bench.peers.limits import RULES, Limit, Rule, limit_of
from phonotheque.guard.bench.run import Entrant, Key, Record, run
from phonotheque.guard.bench.telling import tables
from phonotheque.guard.bench.world import World
from phonotheque.guard.engine.memory import Events
from phonotheque.guard.rungs import Rung
from phonotheque.guard.service import Numbers, Service


class Own:
    """Challenges whoever has more tracks than it found most have, and remembers its limit."""

    name = OWN

    def __init__(self, service: Service, settings: Settings) -> None:
        self._had = np.zeros(service.accounts)
        self._limit = settings[0] if settings else 300.0
        self._answered = np.zeros(service.accounts, bool)

    def learn(self, batch: Batch) -> None: ...

    def see(self, batch: Batch) -> None:
        self._had += np.bincount(batch.events.account, minlength=len(self._had))

    def look(self, second: int) -> Stopped:
        now = np.flatnonzero((self._had > self._limit) & ~self._answered).astype(np.int32)
        count = len(now)
        return Stopped(
            now, np.full(count, Rung.CHALLENGE, np.int8), np.zeros(count, bool),
            np.full(count, second),
        )  # fmt: skip

    def answered(self, passed: Numbers, failed: Numbers) -> None:
        self._answered[passed] = self._answered[failed] = True

    def peaks(self) -> np.ndarray:
        return self._had

    def settings(self) -> Settings:
        return (400.0,)


ENTRANTS = [Entrant(OWN, Own, is_given_its_limit=False)] + [
    Entrant(rule.name, limit_of(rule), is_given_its_limit=True) for rule in RULES[:2]
]
WORLDS = [setting("people"), setting("loners")]


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return list(run(WORLDS, ENTRANTS, {}))


def of(records: list[Record], scenario: str, detector: str) -> Record:
    return next(
        record
        for record in records
        if (record.key.setting.scenario, record.key.detector) == (scenario, detector)
        and not record.key.setting.is_other
    )


def test_every_detector_stands_in_every_world(records: list[Record]) -> None:
    """Other people first; the own one once more with the limits of the other people."""
    keys = [record.key for record in records]
    assert len(keys) == len(set(keys)) == 3 + 4 + 3
    assert [key.setting.is_other for key in keys[:3]] == [True] * 3
    assert [key.detector for key in keys if key.is_shifted] == [OWN]


def test_a_limit_is_set_on_other_people(records: list[Record]) -> None:
    """None of fewer than ten thousand of them was above it."""
    for rule in RULES[:2]:
        other = next(r for r in records if r.key.setting.is_other and r.key.detector == rule.name)
        assert of(records, "people", rule.name).settings == (other.peak,)
    shifted = next(record for record in records if record.key.is_shifted)
    assert shifted.settings == (400.0,)


def test_a_greedy_farm_is_stopped_by_a_limit(records: list[Record]) -> None:
    """And much less leaves than would without it."""
    loss = dict(of(records, "loners", RULES[0].name).losses)["L0"]
    assert loss.stopped.value == 1
    assert loss.share < 0.5 * loss.unguarded


def test_a_broken_off_run_goes_on_where_it_was(records: list[Record]) -> None:
    """What is known is not done again; what is found then is the same, but for the time it took."""
    known = {record.key: record for record in records[:5]}
    again = list(run(WORLDS, ENTRANTS, known))
    assert [plain(record) for record in again] == [plain(record) for record in records]
    assert all(again[place] is records[place] for place in range(5))


def plain(record: Record) -> Record:
    return replace(record, cpu_s=0)


def test_a_record_comes_back_from_its_line(records: list[Record]) -> None:
    """As JSON and back it is equal, and so is what names it."""
    for record in records:
        back = msgspec.json.decode(msgspec.json.encode(record), type=Record)
        assert back == record
        assert isinstance(back.key, Key)
        assert hash(back.key) == hash(record.key)


def test_every_table_is_square(records: list[Record]) -> None:
    """As many cells in each row, farms and kinds of people all named."""
    told = list(tables(records, OWN))
    assert len(told) == 7
    for table in told:
        assert len({len(row) for row in table.rows}) == 1
    assert {row[0] for row in told[0].rows[1:]} == {"L0", "L1", "enumerator", "hijacked"}


def test_the_picture_has_three_marks_for_each_farm(records: list[Record]) -> None:
    """Without a guard, the best of the others, the guard; none is beyond what leaves unguarded."""
    by_farm: dict[str, dict[str, float]] = {}
    for mark in points(records):
        by_farm.setdefault(mark["farm"], {})[mark["who"]] = mark["share"]
    assert set(by_farm) == {"L0", "L1", "enumerator", "hijacked"}
    for marks in by_farm.values():
        assert set(marks) == {"no guard", "best of the others", "guard"}
        assert max(marks.values()) == marks["no guard"]


def test_fresh_parameters_are_new_and_no_easier() -> None:
    """Farms are as loud as before at most; the seed decides."""
    random = [np.random.default_rng(5) for _ in range(2)]
    for habit, other in zip(KINDS, fresh_kinds(5), strict=True):
        before, after = (
            one.plays(generator, 500) for one, generator in zip((habit, other), random, strict=True)
        )
        assert not np.array_equal(before, after)
        if habit in FARMS:
            assert (after <= before).all()
    again = fresh_kinds(5)[0].plays(np.random.default_rng(1), 9)
    assert np.array_equal(fresh_kinds(5)[0].plays(np.random.default_rng(1), 9), again)


def batches() -> Iterator[Batch]:
    one = setting("loners")
    yield from Feed(World(one.catalogue(), one.population(), 21)).days(1)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_counts_what_it_says(rule: Rule) -> None:
    """The highest count of each account is what sets and lists give, event by event; and without a
    limit nobody is stopped."""
    one = setting("loners")
    population = one.population()
    service = service_of(World(one.catalogue(), population, 21), one.keys(population))
    limit = Limit(rule, service, ())
    counted = Counted(rule, service)
    for batch in batches():
        limit.see(batch)
        counted.see(batch.events)
    assert np.allclose(limit.peaks(), counted.peaks())
    assert len(limit.look(FIRST_SECOND).account) == 0


class Counted:
    """The same rule in plain Python."""

    def __init__(self, rule: Rule, service: Service) -> None:
        self._rule = rule
        self._keys = service.keys[:, 0] if rule.is_by_address else np.arange(service.accounts)
        self._level: dict[int, float] = {}
        self._at: dict[int, int] = {}
        self._highest: dict[int, float] = {}
        self._had: set[tuple[int, int]] = set()

    def see(self, events: Events) -> None:
        for account, track, second in zip(
            events.account.tolist(), events.track.tolist(), events.second.tolist(), strict=True
        ):
            if self._rule.is_distinct and (account, track) in self._had:
                continue
            self._had.add((account, track))
            key, window = int(self._keys[account]), self._rule.window_s
            level, at = self._level.get(key, 0.0), self._at.get(key, 0)
            if window and second // window != at // window:
                level = 0.0
            level = max(0.0, level - (second - at) / self._rule.leak_s) + 1
            self._level[key], self._at[key] = level, second
            self._highest[key] = max(self._highest.get(key, 0.0), level)

    def peaks(self) -> np.ndarray:
        return np.array([self._highest.get(int(key), 0.0) for key in self._keys])


def test_a_rule_stops_at_the_event_that_was_too_much() -> None:
    """Not at the look after it; and once."""
    one = setting("people")
    service = service_of(World(one.catalogue(), one.population(), 21), one.keys(one.population()))
    limit = Limit(RULES[0], service, (3.0,))
    seconds = FIRST_SECOND + np.arange(10, 60, 10)
    events = Events(
        np.full(5, 7, np.int32), np.arange(5, dtype=np.int32), seconds,
        np.zeros(5, np.int32), np.ones(5, bool),
    )  # fmt: skip
    none = np.zeros(0, np.int64)
    limit.see(Batch(events, np.zeros(5, bool), none.astype(np.int32), none, none))
    stopped = limit.look(FIRST_SECOND + 100)
    assert stopped.account.tolist() == [7]
    assert stopped.second.tolist() == [FIRST_SECOND + 40]
    assert len(limit.look(FIRST_SECOND + 200).account) == len(nobody().account) == 0
