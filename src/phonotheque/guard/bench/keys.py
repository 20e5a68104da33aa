"""What a service could group accounts by: address, block of them, device, client, sign-up week.

Farms hide well: in no value of a key is more than a stated share of the accounts a farm's; they are
spread over many blocks, use the commonest devices and clients, and signed up when many did. One
address is a provider's that puts a tenth of all people behind it, and one level is there too.

Law: no value of any key is above the cap; keys are drawn apart from everything else.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.bench.habits import FARMS, HONEST
from phonotheque.guard.bench.people import Population

CAPS = (0.20, 0.05)
"""Most of a farm in any one value: as usual, and the harder setting."""

LEAST_BLOCKS = 50
"""Blocks of addresses that a farm is spread over, if it has as many accounts."""

SHARED_ADDRESS = 0
_BEHIND_IT = 0.1
_PEOPLE_A_BLOCK = 100
_DEVICES, _CLIENTS, _WEEKS = 60, 12, 260
_COMMONEST = 5

Numbers = npt.NDArray[np.int32]


def make_keys(population: Population, seed: int, cap: float = CAPS[0]) -> Numbers:
    """Return the keys of every account; columns as `detector.KEYS`.

    Raises:
        ValueError: There are too few people for the farms to hide among.
    """
    random = np.random.default_rng([seed, 5])
    keys = np.zeros((len(population.kinds), 5), np.int32)
    people = np.union1d(np.flatnonzero(population.honest), population.taken_over)
    _people_keys(random, keys, people)
    for place, habit in enumerate(FARMS, len(HONEST)):
        farm = np.flatnonzero(population.kinds == place)
        if len(farm) and not habit.was_honest:
            _farm_keys(random, keys, Hiding(keys[people], len(farm), cap), farm)
            if habit.name == "one address":
                behind = _room(keys[people, 0], cap)[SHARED_ADDRESS]
                keys[farm[:behind], 0] = SHARED_ADDRESS
    return keys


class Hiding(NamedTuple):
    """Where a farm is to hide.

    Attributes:
        people: Keys of people.
        accounts: How many the farm has.
        cap: Most of it in any one value.
    """

    people: Numbers
    accounts: int
    cap: float

    def slots(self, column: int, order: npt.NDArray[np.int64], most: int) -> Numbers:
        """Return a value for each account: values in an order, so many in each as it has room.

        Args:
            column: Of the keys.
            order: Every value of it.
            most: At most so many in one, as long as there is room elsewhere.
        """
        room = _room(self.people[:, column], self.cap)
        while np.minimum(room, most).sum() < self.accounts:
            most += 1
            if most > room.max(initial=0):
                lacking = f"{self.accounts} accounts of a farm cannot hide among"
                todo = "take more people or a smaller farm"
                raise ValueError(f"{lacking} {len(self.people)} people: {todo}")
        return np.repeat(order, np.minimum(room, most)[order])[: self.accounts].astype(np.int32)


def _room(values: Numbers, cap: float) -> npt.NDArray[np.int64]:
    """How many accounts of a farm each value takes, so that they are no more than its cap."""
    return (cap / (1 - cap) * np.bincount(values)).astype(np.int64)


def _people_keys(random: np.random.Generator, keys: Numbers, people: npt.NDArray[np.int64]) -> None:
    count = len(people)
    blocks = max(60, count // _PEOPLE_A_BLOCK)
    sizes = np.exp(random.normal(0, 1, blocks))
    keys[people, 1] = random.choice(blocks, count, p=sizes / sizes.sum())
    own = 1 + np.arange(count)  # an address each, but for those behind the shared one
    keys[people, 0] = np.where(random.random(count) < _BEHIND_IT, SHARED_ADDRESS, own)
    for column, values in ((2, _DEVICES), (3, _CLIENTS)):
        falling = 1 / np.arange(1, values + 1)
        keys[people, column] = random.choice(values, count, p=falling / falling.sum())
    growing = np.exp(np.arange(_WEEKS) / (_WEEKS / 2))
    keys[people, 4] = random.choice(_WEEKS, count, p=growing / growing.sum())


def _farm_keys(
    random: np.random.Generator, keys: Numbers, hiding: Hiding, farm: npt.NDArray[np.int64]
) -> None:
    blocks = random.permutation(hiding.people[:, 1].max() + 1)
    keys[farm, 1] = random.permutation(hiding.slots(1, blocks, max(1, len(farm) // LEAST_BLOCKS)))
    keys[farm, 0] = keys[:, 0].max() + 1 + np.arange(len(farm))
    for column in (2, 3):
        commonest = np.argsort(-np.bincount(hiding.people[:, column]), kind="stable")
        even = math.ceil(len(farm) / _COMMONEST)
        keys[farm, column] = random.permutation(hiding.slots(column, commonest, even))
    newest = np.arange(hiding.people[:, 4].max(), -1, -1)
    keys[farm, 4] = random.permutation(hiding.slots(4, newest, len(farm)))
