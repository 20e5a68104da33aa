"""What a shift costs: limits that a guard found for some people, held to others.

People of some draws on a steep and on a flat catalogue, who dig at different depths, with one in a
hundred devoted: each draw's limits against all other draws, of which a farm is in none. And what
drift alone (`phonotheque.guard.engine.drift`) would find, of farms and of people. CPU time is not
measured; shares are of accounts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bench.rows import Row, Sense
from phonotheque.guard.bench.catalogue import Shape
from phonotheque.guard.bench.feed import Feed, look_seconds, service_of
from phonotheque.guard.bench.habits import KINDS
from phonotheque.guard.bench.scenarios import PEOPLE, SHAPES, Scale, Setting
from phonotheque.guard.bench.world import World
from phonotheque.guard.calibration import (
    RATE,
    Peaks,
    limits_from,
    lognormal,
    peaks_of,
    threshold,
)
from phonotheque.guard.detector import Guard
from phonotheque.guard.engine.compiled import observe_apart
from phonotheque.guard.engine.drift import Drifts, drift_all, new_drifts
from phonotheque.guard.engine.memory import CLOCKS_S, heaviest
from phonotheque.guard.rungs import FROM_SCORE, Rung

SEEDS = {"default": (61, 62), "full": (61, 62, 63)}
"""Of the draws that are held to each other."""

TOWN = Scale("town", 20_000, 8_334, 40, 4)
"""Small enough for minutes: 20,000 people, of whom a target of 3 in 10,000 is 6."""

SLOW = Scale("slow", 5_000, 8_334, 40, 14)
"""For what takes days to be seen."""


@dataclass(frozen=True)
class Watched:
    """A world after its days.

    Attributes:
        peaks: Highest sums of surprise, (accounts, clocks).
        drifts: Sums with drift.
        kinds: Kind of each account, by name.
        days: How long the guard had run.
        heaviest: Bits of a track that nobody plays.
    """

    peaks: Peaks
    drifts: Drifts
    kinds: np.ndarray
    days: float
    heaviest: float


def rows(scale: str) -> Iterator[Row]:
    """Measure both shapes; at full scale a third draw of each, and drift on both."""
    seeds = SEEDS.get(scale, SEEDS["default"])
    for shape in SHAPES:
        yield from _shifted(shape, seeds)
    for shape in SHAPES if scale == "full" else SHAPES[:1]:
        yield from _drifted(shape, seeds)


def _shifted(shape: Shape, seeds: Sequence[int]) -> Iterator[Row]:
    worlds = [watched(shape.name, PEOPLE, seed, TOWN) for seed in seeds]
    asked, alone = [], []
    for place, one in enumerate(worlds):
        limits = limits_from(one.peaks, one.days, one.heaviest)
        assert limits is not None
        bits = limits.at(one.days) * FROM_SCORE[Rung.CHALLENGE]
        shown = [column[column > 0].astype(np.float64) for column in one.peaks.T]
        tails = np.array([lognormal(column, RATE / len(CLOCKS_S)) for column in shown])
        for other in worlds[:place] + worlds[place + 1 :]:
            asked.append(_over(other.peaks, bits).mean() / RATE)
            alone.append(_over(other.peaks, tails).mean() / RATE)
    name = f"asked under shift, {shape.name}, times the target of {RATE:g}"
    yield Row(f"{name}: mean of {len(asked)} pairs", float(np.mean(asked)), "times")
    yield Row("  worst pair", max(asked), "times", 3, sense=Sense.AT_MOST)
    yield Row("  worst pair with the lognormal tail alone", max(alone), "times")


def _drifted(shape: Shape, seeds: Sequence[int]) -> Iterator[Row]:
    calm = watched(shape.name, PEOPLE, seeds[0], SLOW)
    other = watched(shape.name, "L4", seeds[1], SLOW)
    peaks = calm.drifts.peaks.astype(np.float64)
    for tail, limit in (("lognormal or empirical", threshold), ("lognormal alone", lognormal)):
        limits = [limit(column[column > 0], RATE / 2) for column in peaks.T]
        found = _over(other.drifts.peaks, np.array(limits, np.float64))
        for kind in ("L4", "ordinary", "completist", "shuffle"):
            mine = found[other.kinds == kind]
            name = f"drift over its limit ({tail}), {shape.name}: {kind}, {len(mine):,}"
            yield Row(name, 100 * float(mine.mean()), "%")


def _over(peaks: Peaks, limits: np.ndarray) -> np.ndarray:
    """Which accounts are over any limit."""
    return np.asarray((peaks > limits).any(axis=1), np.bool_)


def watched(shape: str, farm: str, seed: int, scale: Scale) -> Watched:
    """Let a guard see a world in which nobody is stopped."""
    setting = Setting(shape, farm, scale, seed)
    world = World(setting.catalogue(), setting.population(), seed)
    feed = Feed(world, scale.step_s)
    guard = Guard(service_of(world, setting.keys(world.population)))
    drifts = new_drifts(len(guard.marks.asked))
    for batch in feed.warm_up():
        guard.learn(batch.events, batch.chosen)
    seconds = list(look_seconds(scale.days, scale.step_s))
    for batch, _ in zip(feed.days(scale.days), seconds, strict=True):
        events = type(batch.events)._make(column[~batch.chosen] for column in batch.events)
        before = type(guard.accounts)._make(column.copy() for column in guard.accounts)
        weights, votes = np.zeros(len(events.track), np.float32), np.zeros_like(guard.music.plays)
        observe_apart(before, guard.music, np.full(3, 1e9), events, votes, weights)
        drift_all(drifts, guard.music.rating, events, weights)
        guard.see(batch.events, batch.chosen)
    names = np.array([kind.name for kind in KINDS])
    days = (guard.moments.last - guard.moments.first) / 86_400
    everybody = np.ones(len(drifts.last_second), np.bool_)
    peaks = peaks_of(guard.accounts.numbers, everybody)
    return Watched(peaks, drifts, names[world.population.kinds], days, heaviest(guard.music))
