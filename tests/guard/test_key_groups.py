"""Groups of one attribute: farms in them are found, by too few meetings or too many; people not."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from phonotheque.guard.bench.detector import KEYS
from phonotheque.guard.bench.feed import Feed, look_seconds, only, service_of
from phonotheque.guard.bench.scenarios import PEOPLE, SMALL, Setting
from phonotheque.guard.bench.world import World
from phonotheque.guard.detector import Guard
from phonotheque.guard.engine.memory import RATED, Events
from phonotheque.guard.groups.keyed import Firsts, examined, groups_by, in_step, partitioned
from phonotheque.guard.groups.lockstep import LEAST_MEETINGS, stepping, visits_of

DRAWS = 10_000
DAYS = 2
SEED = 31


class Town(NamedTuple):
    """A guard that has seen a world, the farm in it, the events of its last day, and its keys."""

    guard: Guard
    farm: np.ndarray
    events: Events
    keys: np.ndarray

    @property
    def nobody(self) -> np.ndarray:
        return np.zeros(len(self.farm), bool)

    def firsts(self) -> Firsts:
        music = self.guard.music
        return Firsts(self.guard.groups.first_copies, len(self.farm), len(music.plays))


@cache
def town(shape: str, farm: str, seed: int) -> Town:
    setting = Setting(shape, farm, SMALL, seed)
    world = World(setting.catalogue(), setting.population(), seed)
    keys = setting.keys(world.population)
    feed, guard = Feed(world, SMALL.step_s), Guard(service_of(world, keys))
    for batch in feed.warm_up():
        guard.learn(batch.events, batch.chosen)
    parts = []
    for batch, second in zip(feed.days(DAYS), look_seconds(DAYS, SMALL.step_s), strict=True):
        guard.see(batch.events, batch.chosen)
        parts.append(only(batch.events, ~batch.chosen))
        last = second
    events = Events._make(np.concatenate(columns) for columns in zip(*parts, strict=True))
    events = only(events, events.second >= last - 86_400)
    return Town(guard, ~world.population.honest, events, keys)


def draws(some: Town, count: int, seed: int):
    """Groups of people: those of every key, then any at random, of 30 to 2,000."""
    random, left = np.random.default_rng(seed), count
    everybody = some.guard.accounts.numbers[:, RATED] >= 30
    for column in range(1, len(KEYS)):
        for group in groups_by(some.keys[:, column], everybody):
            left -= 1
            yield group
    numbers = np.flatnonzero(everybody)
    for _ in range(left):
        size = int(np.exp(random.uniform(np.log(30), np.log(2_000))))
        yield np.sort(random.choice(numbers, size, replace=False))


def least_likely(count: int, seed: int) -> tuple[float, float, int]:
    """The least likely of so many groups of people, by both tests, and how many there were."""
    seldom = often = 0.0
    total = 0
    for shape in ("steep", "flat"):
        some = town(shape, PEOPLE, seed)
        firsts, visits = some.firsts(), visits_of(some.events, some.guard.music.album)
        for group in draws(some, count // 2, seed):
            found = examined(group, firsts, some.guard.music, some.nobody)
            seldom = min(seldom, found.outcome.log10_chance)
            often = min(often, stepping(visits, group).log10_chance)
            total += 1
    return seldom, often, total


def test_groups_of_people_raise_no_alarm() -> None:
    """Of every key and at random, on steep and on flat catalogues."""
    seldom, often, total = least_likely(300, SEED)
    assert total == 300
    assert seldom > -9
    assert often > -9


@pytest.mark.torture
def test_ten_thousand_groups_of_people_raise_no_alarm() -> None:
    """Neither for meeting too seldom nor for meeting too often, on worlds that nobody tuned on."""
    found = [least_likely(DRAWS // 4, seed) for seed in (51, 52, 53, 54)]
    assert sum(total for *_, total in found) == DRAWS
    assert min(min(seldom, often) for seldom, often, _ in found) > -9


@pytest.mark.parametrize("shape", ["steep", "flat"])
def test_a_farm_is_found_in_groups_that_are_hardly_a_fifth_of_it(shape: str) -> None:
    """By devices, clients or weeks; those who are asked are nearly all of the farm."""
    some = town(shape, "L2", SEED)
    asked = some.nobody.copy()
    for column in range(1, len(KEYS)):
        for found in partitioned(
            some.keys[:, column], some.guard.accounts, some.firsts(), some.guard.music,
            some.nobody, some.nobody,
        ):  # fmt: skip
            asked[found.belongs] = True
    assert asked[some.farm].mean() > 0.9
    assert asked[~some.farm].mean() < 0.005


def in_lockstep(some: Town, members: np.ndarray, albums: int, lag_s: int) -> Events:
    """The same day, with some accounts that go through one list together, as well."""
    random = np.random.default_rng(5)
    first = int(some.events.second.min())
    tracks = 12 * random.choice(len(some.guard.music.album) // 12, albums, replace=False)
    starts = first + np.sort(random.integers(0, 80_000, albums))
    account = np.tile(members, albums).astype(np.int32)
    second = np.repeat(starts, len(members)) + random.integers(0, lag_s, len(account))
    count = len(account)
    more = Events(
        account, np.repeat(tracks, len(members)).astype(np.int32), second,
        np.full(count, 90_000, np.int32), np.ones(count, bool),
    )  # fmt: skip
    both = Events._make(np.concatenate(pair) for pair in zip(some.events, more, strict=True))
    return only(both, np.argsort(both.second, kind="stable"))


def test_accounts_in_step_are_found_in_a_group_of_one_client() -> None:
    """A hundred of a thousand play one list together; the others of the group are let be."""
    some = town("steep", PEOPLE, SEED)
    client = int(np.bincount(some.keys[:, 3]).argmax())
    group = np.flatnonzero(some.keys[:, 3] == client)
    farm = np.random.default_rng(3).choice(group, 100, replace=False)
    visits = visits_of(in_lockstep(some, farm, 25, 60), some.guard.music.album)
    asked = some.nobody.copy()
    for found in in_step(some.keys[:, 3], visits, some.nobody):
        asked[found] = True
    assert asked[farm].mean() > 0.95
    asked[farm] = False
    assert asked.mean() < 0.005


def test_what_everybody_begins_at_once_is_nobodys_lockstep() -> None:
    """An album comes out at midnight: one in three listeners begins it in the same two minutes."""
    some = town("steep", PEOPLE, SEED)
    fans = np.random.default_rng(3).choice(len(some.farm), len(some.farm) // 3, replace=False)
    visits = visits_of(in_lockstep(some, fans, 3, 100), some.guard.music.album)
    for column in range(1, len(KEYS)):
        for group in groups_by(some.keys[:, column], ~some.nobody):
            assert not stepping(visits, group).is_alarm


def test_a_family_is_no_group() -> None:
    """However much in step they are, they are too few; nor is anybody asked for few albums."""
    some = town("steep", PEOPLE, SEED)
    family = np.arange(5)
    visits = visits_of(in_lockstep(some, family, 40, 30), some.guard.music.album)
    assert not stepping(visits, family).is_alarm
    class_ = np.arange(40)
    visits = visits_of(in_lockstep(some, class_, LEAST_MEETINGS - 1, 30), some.guard.music.album)
    assert not stepping(visits, class_).in_step.any()


def test_no_visit_at_all_is_no_alarm() -> None:
    """An hour in which nothing happened."""
    nothing = only(town("steep", PEOPLE, SEED).events, np.zeros(0, np.int64))
    visits = visits_of(nothing, np.arange(10, dtype=np.int32))
    assert not stepping(visits, np.arange(50)).is_alarm
