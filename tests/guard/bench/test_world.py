"""The synthetic world is what it says: repeatable, of the stated shape, its farms as described."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from phonotheque.guard.bench.catalogue import (
    FLAT,
    STEEP,
    TRACKS_PER_ALBUM,
    WITHIN_ALBUM,
    Shape,
    make_catalogue,
)
from phonotheque.guard.bench.habits import FARMS, HONEST
from phonotheque.guard.bench.listening import Crowd
from phonotheque.guard.bench.people import make_population
from phonotheque.guard.bench.world import MOST_PLAYED, World
from phonotheque.guard.engine.memory import Events

SEED, ALBUMS, GENRES = 21, 3_000, 20
LEVELS = {habit.name: 20 for habit in FARMS}


def world(people: int = 600, farms: dict[str, int] | None = None) -> World:
    catalogue = make_catalogue(STEEP, SEED, ALBUMS, GENRES)
    population = make_population(SEED, people, GENRES, LEVELS if farms is None else farms)
    return World(catalogue, population, SEED)


def joined(days: Iterator[Events]) -> Events:
    return Events(*(np.concatenate(one) for one in zip(*days, strict=True)))


@pytest.fixture(scope="module")
def lived() -> tuple[World, Events]:
    one = world()
    for _ in one.warm_up():
        pass
    return one, joined(part for day in range(4) for part in one.day(day))


def of(lived: tuple[World, Events], name: str) -> Events:
    one, events = lived
    mine = np.isin(events.account, one.population.of(name))
    return Events(*(column[mine] for column in events))


def crowd_of(one: World, name: str) -> Crowd:
    first = one.population.of(name)[0]
    return next(members.crowd for members in one._members if members.accounts[0] == first)


def test_the_same_seeds_give_the_same_events() -> None:
    """Nothing but the seeds decides what happens."""
    first, second = (joined(world(50).day(0)) for _ in range(2))
    for left, right in zip(first, second, strict=True):
        assert np.array_equal(left, right)


def test_what_people_do_does_not_depend_on_farms() -> None:
    """A world with a farm has the same people doing the same things."""
    alone, beside = joined(world(50, {}).day(0)), joined(world(50, {"L4": 10}).day(0))
    assert np.array_equal(alone.track, beside.track[: len(alone.track)])


@pytest.mark.parametrize(("shape", "least", "most"), [(STEEP, 0.98, 1.0), (FLAT, 0.85, 0.93)])
def test_popularity_has_the_stated_shape(shape: Shape, least: float, most: float) -> None:
    """The most played 34 % of the tracks have nearly all weight, or 9 tenths of it."""
    catalogue = make_catalogue(shape, SEED, genres=1)
    falling = np.sort(np.outer(catalogue.weights, WITHIN_ALBUM).ravel())[::-1]
    assert least <= falling[: int(MOST_PLAYED * catalogue.tracks)].sum() / falling.sum() <= most


def test_people_play_as_much_as_real_histories_say(lived: tuple[World, Events]) -> None:
    """Ordinary people: about 1,332 plays in 30 days (median of real listening histories)."""
    one, _ = lived
    plays = np.bincount(of(lived, "ordinary").account, minlength=len(one.population.kinds))
    a_day = np.median(plays[one.population.of("ordinary")]) / 4
    assert 0.6 * 1_332 / 30 < a_day < 1.4 * 1_332 / 30


def test_each_account_lives_forward(lived: tuple[World, Events]) -> None:
    """Within a day an account's events are in order of time."""
    one, _ = lived
    for part in one.day(4):
        same = np.diff(part.account) == 0
        assert (np.diff(part.second)[same] >= 0).all()


@pytest.mark.parametrize("name", ["L1", "L3", "L4", "L4p", "L4pg"])
def test_a_farm_that_splits_a_catalogue_takes_each_track_once(
    lived: tuple[World, Events], name: str
) -> None:
    """What its members took of the order they share does not overlap."""
    one, _ = lived
    crowd = crowd_of(one, name)
    lives, stretch = crowd.lives, len(crowd.order) / len(crowd.traits)
    taken = [
        crowd.order[(lives.stretch[who] + np.arange(lives.taken[who])) % len(crowd.order)]
        for who in range(len(crowd.traits))
        if lives.taken[who] <= stretch
    ]
    together = np.concatenate(taken)
    assert len(together) == len(np.unique(together)) > 0


def test_farms_for_popular_music_take_nothing_else(lived: tuple[World, Events]) -> None:
    """Level L4p copies albums of the most played 34 % (and replays popular tracks)."""
    one, _ = lived
    popular = set(one.catalogue.ranked[: int(MOST_PLAYED * ALBUMS)].tolist())
    crowd = crowd_of(one, "L4p")
    assert set((crowd.order // TRACKS_PER_ALBUM).tolist()) == popular


def test_who_keeps_human_hours_sleeps(lived: tuple[World, Events]) -> None:
    """Level L3 is at rest for hours of each day; level L1 never is."""
    for name, sleeps in (("L1", False), ("L3", True)):
        mine = of(lived, name)
        account = mine.account[0]
        hours = {int(second) // 3600 % 24 for second in mine.second[mine.account == account]}
        assert (len(hours) < 20) is sleeps


def test_labels_say_who_is_honest(lived: tuple[World, Events]) -> None:
    """Every kind is there, and people come first."""
    population = lived[0].population
    assert set(population.kinds.tolist()) == set(range(len(HONEST) + len(FARMS)))
    assert population.honest.sum() == (population.kinds < len(HONEST)).sum()
