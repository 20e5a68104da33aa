"""Worlds of honest people alone, in which groups are grown as farms are looked for: no alarm.

A world is one draw, however many groups are tested in it: they are trimmed out of one another, and
of the same people. Worlds are drawn anew at each run, half of them with other habits of all kinds
of people; `PHONOTHEQUE_WORLDS_SEED=N` lives those of another run again.
"""

from __future__ import annotations

import os
import secrets

import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from phonotheque.guard.bench.feed import Feed, look_seconds, service_of
from phonotheque.guard.bench.own import Own
from phonotheque.guard.bench.scenarios import PEOPLE, SHAPES, SMALL, Setting
from phonotheque.guard.bench.world import World

WORLDS = 12
SEED = int(os.environ.get("PHONOTHEQUE_WORLDS_SEED") or secrets.randbelow(10**9))


def setting_of(number: int) -> Setting:
    """One world of a run: steep and flat by turns, two as they stand and then two fresh ones."""
    shape = SHAPES[number % len(SHAPES)].name
    is_fresh = number // len(SHAPES) % 2 == 1
    return Setting(shape, PEOPLE, SMALL, SEED + number, is_fresh=is_fresh)


def looked_at(setting: Setting) -> tuple[int, float]:
    """How many groups were tested in a world, and how likely the least likely of them is."""
    world = World(setting.catalogue(), setting.population(), setting.seed)
    step_s, days = setting.scale.step_s, setting.scale.days
    feed, own = Feed(world, step_s), Own(service_of(world, setting.keys(world.population)))
    for batch in feed.warm_up():
        own.learn(batch)
    tests, least = 0, 0.0
    for batch, second in zip(feed.days(days), look_seconds(days, step_s), strict=True):
        own.see(batch)
        stopped = own.look(second)
        own.answered(stopped.account, stopped.account[:0])
        tests += own.guard.groups.last.groups
        least = min(least, own.guard.groups.last.log10_chance)
        assert own.guard.groups.last.alarm is None, f"PHONOTHEQUE_WORLDS_SEED={SEED}: {setting}"
    return tests, least


@pytest.mark.torture
@pytest.mark.parametrize("number", range(WORLDS))
def test_a_world_of_people_raises_no_alarm(number: int) -> None:
    """At every look of four days, on steep and on flat catalogues; and there was much to test."""
    setting = setting_of(number)
    tests, least = looked_at(setting)
    told = f"world {number}: {setting.shape}, {'fresh' if setting.is_fresh else 'as it stands'}"
    print(f"PHONOTHEQUE_WORLDS_SEED={SEED}, {told}: {tests:,} groups, 1e{least:.1f}")
    assert tests > 1_000
