"""A world's events as a service meets them: all accounts together, in order of time.

A world makes its days crowd by crowd, and who goes to bed late has some of a day's events on the
next; here they are merged and cut into batches between looks.

Laws: batches are in order of time and do not overlap; each event is in exactly one; a batch never
crosses midnight; the same world gives the same batches.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from phonotheque.guard.bench.catalogue import TRACKS_PER_ALBUM
from phonotheque.guard.bench.detector import Batch, KeyedService
from phonotheque.guard.bench.listening import CANARY
from phonotheque.guard.bench.world import WARM_UP_DAYS, World
from phonotheque.guard.engine.memory import Events
from phonotheque.guard.groups.rounds import GROUPS_EVERY_S

DAY_S = 86_400
FIRST_SECOND = 20_454 * DAY_S
"""Second since 1970 at which the first day begins: 1 January 2026."""


class Feed:
    """Batches of a world."""

    def __init__(self, world: World, step_s: int = GROUPS_EVERY_S) -> None:
        """Begin before the warm-up.

        Args:
            world: Nobody else takes its days.
            step_s: Seconds between two looks; a day is a whole number of them.
        """
        if DAY_S % step_s:
            raise ValueError(f"a day is not a whole number of {step_s} seconds")
        self._world, self._step_s = world, step_s
        self._chosen_for = world.population.chosen_for
        self._later: list[Events] = []
        self._canaries = 0

    def warm_up(self) -> Iterator[Batch]:
        """Yield the days before the first one, people only."""
        made = self._world.warm_up()
        crowds = self._world.crowds_of_people
        for day in range(-WARM_UP_DAYS, 0):
            yield from self._cut(day, [next(made) for _ in range(crowds)])

    def days(self, count: int) -> Iterator[Batch]:
        """Yield so many days; what reaches beyond the last one is left out."""
        for day in range(count):
            yield from self._cut(day, list(self._world.day(day)))

    def _cut(self, day: int, made: list[Events]) -> Iterator[Batch]:
        """Cut a day out of what was made and what is left of the days before."""
        events = _in_order([*self._later, *made])
        begins = day * DAY_S
        looks = np.arange(begins, begins + DAY_S + 1, self._step_s)
        first, *ends = np.searchsorted(events.second, looks).tolist()
        self._later = [only(events, slice(ends[-1], None))]
        for end in ends:
            yield self._batch(only(events, slice(first, end)))
            first = end

    def _batch(self, events: Events) -> Batch:
        second = events.second + FIRST_SECOND
        is_canary = events.track == CANARY
        heard = only(events._replace(second=second), ~is_canary)
        who, when = events.account[is_canary], second[is_canary]
        first, self._canaries = self._canaries, self._canaries + len(who)
        canary = np.arange(first, self._canaries)  # who guesses identifiers guesses none twice
        return Batch(heard, self._chosen_for[heard.account], who, when, canary)


def look_seconds(count: int, step_s: int = GROUPS_EVERY_S) -> Iterator[int]:
    """Yield the end of each batch of so many days."""
    yield from range(FIRST_SECOND + step_s, FIRST_SECOND + count * DAY_S + 1, step_s)


def service_of(world: World, keys: np.ndarray) -> KeyedService:
    """Return what a service with a world's accounts and tracks would know."""
    tracks = np.arange(world.catalogue.tracks) // TRACKS_PER_ALBUM
    genres = world.catalogue.genre_of_track.astype(np.int32)
    return KeyedService(len(world.population.kinds), genres, tracks.astype(np.int32), keys)


def only(events: Events, rows: np.ndarray | slice) -> Events:
    """Return some rows of events: a stretch, a mask, or by number in their new order."""
    return Events._make(column[rows] for column in events)


def _in_order(parts: list[Events]) -> Events:
    joined = Events._make(np.concatenate(columns) for columns in zip(*parts, strict=True))
    return only(joined, np.argsort(joined.second, kind="stable"))
