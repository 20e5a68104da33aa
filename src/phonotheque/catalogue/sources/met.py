"""Keys of entities that were given already, so that none is given twice: 8 bytes each.

Laws: of equal keys the first is new and all others are not, however they are asked for. New keys
join a sorted array, and an array is merged with the next when that is an eighth of it or more: few
arrays are to be searched, and keys are moved a few dozen times. A set of Python numbers takes eight
times as much memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Keys: TypeAlias = npt.NDArray[np.int64]

_MOST_RECENT = 1 << 8
"""Keys that wait in a set when they come one by one: arrays shorter than this are not worth it."""

_MOST_TIMES = 8


class MetKeys:
    """The keys that were met."""

    def __init__(self) -> None:
        self._recent: set[int] = set()
        self._sorted: list[Keys] = []

    def meet(self, key: int) -> bool:
        """Note a key; return whether it is met for the first time."""
        return self.meet_all((key,))[0]

    def meet_all(self, keys: Sequence[int]) -> list[bool]:
        """Note keys; return of each whether it is met for the first time.

        Cheaper than one by one: each sorted array is searched once for all of them.
        """
        known = self._are_sorted(np.array(keys, np.int64)).tolist()
        fresh = []
        for key, is_known in zip(keys, known, strict=True):
            is_fresh = not is_known and key not in self._recent
            if is_fresh:
                self._recent.add(key)
            fresh.append(is_fresh)
        if len(self._recent) >= _MOST_RECENT:
            self._settle()
        return fresh

    def first_of(self, keys: Keys) -> Keys:
        """Note a column of keys; return the places of those met for the first time, rising."""
        self._settle()
        distinct, places = np.unique(keys, return_index=True)
        is_new = ~self._are_sorted(distinct)
        self._join(distinct[is_new])
        return np.sort(places[is_new])

    def _are_sorted(self, wanted: Keys) -> npt.NDArray[np.bool_]:
        known: npt.NDArray[np.bool_] = np.zeros(len(wanted), np.bool_)
        for run in self._sorted:
            places = np.searchsorted(run, wanted)
            known |= run[np.minimum(places, len(run) - 1)] == wanted
        return known

    def _settle(self) -> None:
        fresh = np.fromiter(self._recent, np.int64, len(self._recent))
        fresh.sort()
        self._recent.clear()
        self._join(fresh)

    def _join(self, fresh: np.ndarray[Any, np.dtype[np.int64]]) -> None:
        if not len(fresh):
            return
        while self._sorted and len(self._sorted[-1]) <= _MOST_TIMES * len(fresh):
            fresh = np.concatenate((self._sorted.pop(), fresh))
            fresh.sort(kind="stable")  # two sorted runs: merged in one go
        self._sorted.append(fresh)
