"""What left a catalogue through a farm: which account copied which track first when.

Written down once for a world, whatever stands in it: what an account would have taken is known
apart from what a detector let it take.

Law: one row for each account and track, the earliest copy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phonotheque.guard.bench.detector import Batch
from phonotheque.guard.bench.feed import DAY_S, FIRST_SECOND
from phonotheque.guard.bench.habits import FARMS, HONEST
from phonotheque.guard.bench.listening import BEGINS
from phonotheque.guard.bench.people import Population

NEVER = np.iinfo(np.int64).max
"""The second at which something happens that never does."""


@dataclass(frozen=True)
class Copies:
    """First copies by farms' accounts.

    Attributes:
        account, track, second: A row for each.
        tracks: Of the catalogue.
    """

    account: npt.NDArray[np.int32]
    track: npt.NDArray[np.int32]
    second: npt.NDArray[np.int64]
    tracks: int

    def before(self, stopped_at: npt.NDArray[np.int64]) -> Copies:
        """Return what left until each account was stopped; second by account."""
        return self._only(self.second < stopped_at[self.account])

    def by(self, accounts: npt.NDArray[np.int64]) -> Copies:
        """Return what some accounts took."""
        return self._only(np.isin(self.account, accounts))

    def each(self, accounts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return how many tracks each of some accounts took."""
        return np.bincount(self.account, minlength=int(accounts.max(initial=0)) + 1)[accounts]

    @property
    def share(self) -> float:
        """Share of the catalogue that left at least once."""
        return len(np.unique(self.track)) / self.tracks

    def _only(self, rows: npt.NDArray[np.bool_]) -> Copies:
        return Copies(self.account[rows], self.track[rows], self.second[rows], self.tracks)


class Witness:
    """Sees every event of a world and writes down what farms' accounts copy."""

    def __init__(self, population: Population, tracks: int) -> None:
        """Begin with nothing written down."""
        self._begins_at = begins_at(population)
        self._tracks = tracks
        self._kept: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []

    def see(self, batch: Batch) -> None:
        """Write down the copies of a batch; batches come in order."""
        events = batch.events
        mine = events.copied & (events.second >= self._begins_at[events.account])
        pair = events.account[mine].astype(np.int64) * self._tracks + events.track[mine]
        pair, first = np.unique(pair, return_index=True)
        self._kept.append((pair, events.second[mine][first]))

    def copies(self) -> Copies:
        """Return what was written down."""
        pairs = np.concatenate([pair for pair, _ in self._kept])
        pairs, first = np.unique(pairs, return_index=True)
        second = np.concatenate([second for _, second in self._kept])[first]
        account, track = pairs // self._tracks, pairs % self._tracks
        return Copies(account.astype(np.int32), track.astype(np.int32), second, self._tracks)


def begins_at(population: Population) -> npt.NDArray[np.int64]:
    """Return the second from which each account is a farm's: never for people."""
    begins = FIRST_SECOND + population.traits[:, BEGINS].astype(np.int64) * DAY_S
    return np.where(population.honest, NEVER, begins)


def kinds_of_farms(population: Population) -> dict[str, npt.NDArray[np.int64]]:
    """Return the accounts of each kind of farm that is there."""
    found = {}
    for place, habit in enumerate(FARMS, len(HONEST)):
        accounts = np.flatnonzero(population.kinds == place)
        if len(accounts):
            found[habit.name] = accounts
    return found
