"""Run detectors through worlds: each world is made once, all detectors see it side by side.

A detector of one number, as services use them, is first shown people of another draw; its limit is
then set so that one in ten thousand of them would be stopped in the time of the trial. The guard's
own detector gets no limit from anybody.

Laws: a record depends on its setting, its detector and nothing else, so that a run may be broken
off and taken up again, record by record.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from phonotheque.guard.bench.detector import Maker, Settings
from phonotheque.guard.bench.feed import Feed, look_seconds, service_of
from phonotheque.guard.bench.losses import Witness, kinds_of_farms
from phonotheque.guard.bench.metrics import Cost, Loss, costs_of, limit_at, loss_of
from phonotheque.guard.bench.scenarios import PEOPLE, Setting
from phonotheque.guard.bench.trial import Ended, Trial
from phonotheque.guard.bench.world import World

STOPPED_OF_PEOPLE = 1e-4

Told = Callable[[str, float], None]
"""Hears which world is on, and how much of it is done."""


def silent(world: str, share: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Entrant:
    """A detector that stands in a table.

    Attributes:
        name: As the table calls it.
        make: Makes it.
        is_given_its_limit: Whether its limit is set on other people; else it finds its own.
    """

    name: str
    make: Maker
    is_given_its_limit: bool


@dataclass(frozen=True)
class Key:
    """What names a record.

    Attributes:
        setting: The world.
        detector: Name of the entrant.
        is_shifted: Whether it began with the limits that it had found for other people.
    """

    setting: Setting
    detector: str
    is_shifted: bool = False


@dataclass(frozen=True)
class Record:
    """What one detector did in one world.

    Attributes:
        key: Which.
        losses: What each kind of farm took, by name.
        costs: What each kind of people paid.
        settings: Limits of the detector at the end; none where it had none yet.
        peak: The score that one in ten thousand people is above.
        events, cpu_s: How many events it was shown, and seconds of processor time it took.
    """

    key: Key
    losses: tuple[tuple[str, Loss], ...]
    costs: tuple[Cost, ...]
    settings: Settings
    peak: float
    events: int
    cpu_s: float


def run(
    settings: list[Setting],
    entrants: list[Entrant],
    known: Mapping[Key, Record],
    told: Told = silent,
) -> Iterator[Record]:
    """Yield the record of each detector in each world, world by world.

    Args:
        settings: Worlds, in the order they are wanted.
        entrants: Detectors.
        known: Records of earlier runs: they are yielded as they are.
        told: Hears how far it is.
    """
    found = dict(known)
    for setting in _with_others(settings):
        keys = [(entrant, key) for entrant in entrants for key in _keys(setting, entrant)]
        wanted = [(entrant, key) for entrant, key in keys if key not in found]
        for record in _one_world(setting, wanted, found, told):
            found[record.key] = record
        yield from (found[key] for _, key in keys)


def _with_others(settings: list[Setting]) -> Iterator[Setting]:
    """Before the first world of a shape come other people without a farm."""
    seen = set()
    for setting in settings:
        other = _other(setting)
        if other not in seen:
            seen.add(other)
            yield other
        yield setting


def _other(setting: Setting) -> Setting:
    return replace(setting, scenario=PEOPLE, is_other=True)


def _keys(setting: Setting, entrant: Entrant) -> Iterator[Key]:
    yield Key(setting, entrant.name)
    is_people = setting.scenario == PEOPLE and not setting.is_other
    if is_people and not entrant.is_given_its_limit:
        yield Key(setting, entrant.name, is_shifted=True)


def _limits(key: Key, entrant: Entrant, known: Mapping[Key, Record]) -> Settings:
    if key.setting.is_other:
        return ()
    other = known[Key(_other(key.setting), key.detector)]
    if entrant.is_given_its_limit:
        return (other.peak,)
    return other.settings if key.is_shifted else ()


def _one_world(
    setting: Setting, wanted: list[tuple[Entrant, Key]], known: Mapping[Key, Record], told: Told
) -> Iterator[Record]:
    if not wanted:
        return
    population = setting.population()
    world = World(setting.catalogue(), population, setting.seed + 500 * setting.is_other)
    service = service_of(world, setting.keys(population))
    trials = [
        Trial(entrant.make(service, _limits(key, entrant, known)), population)
        for entrant, key in wanted
    ]
    witness = Witness(population, world.catalogue.tracks)
    days, step_s = setting.scale.days, setting.scale.step_s
    name = f"{setting.shape} {setting.scenario}"
    feed = Feed(world, step_s)
    for batch in feed.warm_up():
        for trial in trials:
            trial.learn(batch)
    seconds = list(look_seconds(days, step_s))
    for done, (second, batch) in enumerate(zip(seconds, feed.days(days), strict=True)):
        told(name, done / len(seconds))
        witness.see(batch)
        for trial in trials:
            trial.step(batch, second)
    copies = witness.copies()
    farms = kinds_of_farms(population)
    for trial, (_, key) in zip(trials, wanted, strict=True):
        ended = trial.end()
        losses = tuple(
            (kind, loss_of(population, accounts, copies, ended)) for kind, accounts in farms.items()
        )
        yield _record(key, losses, costs_of(population, ended, days), ended, population.honest)


def _record(
    key: Key,
    losses: tuple[tuple[str, Loss], ...],
    costs: tuple[Cost, ...],
    ended: Ended,
    honest: np.ndarray,
) -> Record:
    peak = limit_at(ended.peaks[honest], STOPPED_OF_PEOPLE)
    limits = map(float, ended.settings)  # numpy's would not be JSON, nor would infinity
    settings = tuple(limit for limit in limits if math.isfinite(limit))
    return Record(key, losses, costs, settings, peak, ended.events, ended.cpu_s)
