"""Who listens: a population of accounts, each with its label and its traits.

Law: the same seed gives the same population; what people are does not depend on farms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phonotheque.guard.bench.habits import DEVOTED, FARMS, HONEST, KINDS, TRAITS, Habit

DEVOTED_SHARE = 0.01
"""Devoted accounts for each ordinary one, before their shares."""


@dataclass(frozen=True)
class Population:
    """Accounts with their labels.

    Attributes:
        kinds: Place in `KINDS` of each account.
        traits: A row for each account, columns as in `TRAITS`.
        pasts: Traits of the people whom accounts were taken from, in the order of `taken_over`.
    """

    kinds: npt.NDArray[np.int16]
    traits: npt.NDArray[np.float32]
    pasts: npt.NDArray[np.float32]

    @property
    def honest(self) -> npt.NDArray[np.bool_]:
        """Which accounts are people."""
        return self.kinds < len(HONEST)

    @property
    def taken_over(self) -> npt.NDArray[np.int64]:
        """Which accounts were people's until a farm took them."""
        places = [place for place, habit in enumerate(KINDS) if habit.was_honest]
        return np.flatnonzero(np.isin(self.kinds, places))

    @property
    def chosen_for(self) -> npt.NDArray[np.bool_]:
        """For whom the service itself chooses what is played."""
        return np.array([habit.is_chosen_for for habit in KINDS])[self.kinds]

    def of(self, name: str) -> npt.NDArray[np.int64]:
        """Return the numbers of the accounts of a kind."""
        place = next(i for i, habit in enumerate(KINDS) if habit.name == name)
        return np.flatnonzero(self.kinds == place)


def make_population(
    seed: int,
    ordinary: int,
    genres: int,
    farms: dict[str, int],
    kinds: tuple[Habit, ...] = KINDS,
) -> Population:
    """Return the population of a seed.

    Args:
        seed: Of all draws.
        ordinary: How many ordinary people; of devoted ones there are 1 in 100 of them for each
            share of 1.
        genres: Of the catalogue.
        farms: How many accounts each level has, by name; levels not named have none.
        kinds: As `KINDS`, perhaps with other parameters (`habits.fresh_kinds`).
    """
    random = np.random.default_rng(seed)
    sizes = [ordinary]
    sizes += [max(1, int(ordinary * DEVOTED_SHARE * habit.share)) for habit in DEVOTED]
    sizes += [farms.get(habit.name, 0) for habit in FARMS]
    rows = [_traits(random, habit, size, genres) for habit, size in zip(kinds, sizes, strict=True)]
    numbers = np.repeat(np.arange(len(KINDS)), sizes).astype(np.int16)
    traits = np.concatenate(rows)
    was_honest = np.array([habit.was_honest for habit in KINDS])[numbers]
    return Population(numbers, traits, _pasts(random, kinds[0], traits[was_honest], genres))


def _traits(
    random: np.random.Generator, habit: Habit, count: int, genres: int
) -> npt.NDArray[np.float32]:
    columns = [draw(random, count) for draw in habit.columns(genres)]
    return np.stack(columns, axis=1).astype(np.float32)


def _pasts(
    random: np.random.Generator,
    ordinary: Habit,
    taken_over: npt.NDArray[np.float32],
    genres: int,
) -> npt.NDArray[np.float32]:
    """Ordinary people, until the day on which their account is taken over."""
    pasts = _traits(random, ordinary, len(taken_over), genres)
    begins = TRAITS.index("begins")
    pasts[:, TRAITS.index("lasts")] = taken_over[:, begins] - pasts[:, begins]
    return pasts
