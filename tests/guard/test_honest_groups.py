"""Ten thousand groups of honest people, grown as farms are looked for: not one alarm."""

from __future__ import annotations

import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from phonotheque.guard.bench.feed import Feed, look_seconds, service_of
from phonotheque.guard.bench.own import Own
from phonotheque.guard.bench.scenarios import PEOPLE, SMALL, Setting
from phonotheque.guard.bench.world import World

DRAWS = 10_000


def looked_at(shape: str, seed: int) -> tuple[int, float]:
    """How many groups were tested in a world of people alone, and the least likely of them."""
    setting = Setting(shape, PEOPLE, SMALL, seed)
    world = World(setting.catalogue(), setting.population(), seed)
    feed, days = Feed(world, SMALL.step_s), SMALL.days
    own = Own(service_of(world, setting.keys(world.population)))
    for batch in feed.warm_up():
        own.learn(batch)
    tests, least = 0, 0.0
    for batch, second in zip(feed.days(days), look_seconds(days, SMALL.step_s), strict=True):
        own.see(batch)
        stopped = own.look(second)
        own.answered(stopped.account, stopped.account[:0])
        tests += own.guard.groups.last.groups
        least = min(least, own.guard.groups.last.log10_chance)
        assert own.guard.groups.last.alarm is None
    return tests, least


@pytest.mark.torture
def test_ten_thousand_groups_of_people_raise_no_alarm() -> None:
    """On steep and on flat catalogues, of one seed after another."""
    tests, seed = 0, 31
    while tests < DRAWS:
        for shape in ("steep", "flat"):
            tests += looked_at(shape, seed)[0]
        seed += 1
