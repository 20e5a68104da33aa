"""A catalogue and its population, living day by day: events in, labels kept apart.

Laws: the same seeds give the same events; what an account does never depends on a detector, so that
every detector sees the same days, and what a stopped account would have taken later is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.bench.catalogue import TRACKS_PER_ALBUM, Catalogue
from phonotheque.guard.bench.habits import FARMS, HONEST
from phonotheque.guard.bench.listening import IMPORTS, PLAYS, Crowd, day_of, new_lives
from phonotheque.guard.bench.people import Population
from phonotheque.guard.engine.memory import Events

WARM_UP_DAYS = 6
MOST_PLAYED = 0.34
"""Share of the albums that a farm takes which goes for popular music only."""

_CROWD = 50_000
"""Accounts whose day is made at once."""


class Members(NamedTuple):
    """A crowd, and which accounts it is."""

    accounts: npt.NDArray[np.int64]
    crowd: Crowd


class World:
    """A population that listens."""

    def __init__(self, catalogue: Catalogue, population: Population, seed: int) -> None:
        """Begin before the first day; every crowd draws from its own stream of `seed`."""
        self.catalogue, self.population, self.seed = catalogue, population, seed
        self._members = list(_members(catalogue, population, seed))

    @property
    def _people(self) -> list[Members]:
        return [members for members in self._members if not len(members.crowd.order)]

    @property
    def crowds_of_people(self) -> int:
        """How many parts a day of the warm-up comes in."""
        return len(self._people)

    def warm_up(self) -> Iterator[Events]:
        """Make the days before the first one, people only: they and a guard learn."""
        for day in range(-WARM_UP_DAYS, 0):
            for place, members in enumerate(self._people):
                yield self._day(day, place, members)

    def day(self, day: int) -> Iterator[Events]:
        """Make a day, from 0; days are made in order, each once."""
        for place, members in enumerate(self._members):
            yield self._day(day, place, members)

    def _day(self, day: int, place: int, members: Members) -> Events:
        traits = members.crowd.traits
        room = int(traits[:, PLAYS].sum() * 1.6 + traits[:, IMPORTS].sum())
        room += 40 * len(traits) + 100_000
        out = Events(
            np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int64),
            np.empty(room, np.int32), np.empty(room, np.bool_),
        )  # fmt: skip
        seed = (self.seed * 100_003 + (day + WARM_UP_DAYS) * 131 + place) % 2**32
        made = day_of(day, seed, members.crowd, self.catalogue.draws, out)
        return Events(
            members.accounts[out.account[:made]].astype(np.int32), out.track[:made],
            out.second[:made], out.played_ms[:made], out.copied[:made],
        )  # fmt: skip


def _members(catalogue: Catalogue, population: Population, seed: int) -> Iterator[Members]:
    people = np.flatnonzero(population.honest)
    for some in np.array_split(people, max(1, len(people) // _CROWD)):
        lives = new_lives(len(some), np.zeros(len(some), np.int64))
        yield Members(some, Crowd(population.traits[some], lives, np.zeros(0, np.int32)))
    taken_over = population.taken_over
    if len(taken_over):
        lives = new_lives(len(taken_over), np.zeros(len(taken_over), np.int64))
        yield Members(taken_over, Crowd(population.pasts, lives, np.zeros(0, np.int32)))
    for place, habit in enumerate(FARMS):
        farm = np.flatnonzero(population.kinds == len(HONEST) + place)
        if len(farm):
            order = order_of(habit.farm, catalogue, seed)
            stretch = np.arange(len(farm)) * (len(order) / len(farm))
            lives = new_lives(len(farm), stretch.astype(np.int64))
            yield Members(farm, Crowd(population.traits[farm], lives, order))


def order_of(name: str, catalogue: Catalogue, seed: int) -> npt.NDArray[np.int32]:
    """Return the tracks of a catalogue as a farm takes them.

    Args:
        name: `sequential`; `shuffled`; `albums` (whole ones, in any order); `popular` (the most
            played 34 %, shuffled); `popular by genre` (the same, genre after genre).
        catalogue: To copy.
        seed: Of what is shuffled.
    """
    random = np.random.default_rng([seed, len(name)])
    if name == "sequential":
        return np.arange(catalogue.tracks, dtype=np.int32)
    if name == "shuffled":
        return random.permutation(catalogue.tracks).astype(np.int32)
    if name == "albums":
        return _tracks_of(random.permutation(catalogue.albums).astype(np.int32))
    popular = _tracks_of(catalogue.ranked[: int(MOST_PLAYED * catalogue.albums)])
    if name == "popular":
        return random.permutation(popular)
    genres = catalogue.genres[popular // TRACKS_PER_ALBUM]
    return popular[np.lexsort((random.random(len(popular)), genres))]


def _tracks_of(albums: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    within = np.arange(TRACKS_PER_ALBUM)
    return (albums[:, None] * TRACKS_PER_ALBUM + within).ravel().astype(np.int32)
