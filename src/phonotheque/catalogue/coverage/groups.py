"""Ranges of a map: which places a group has, and what its releases are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import numpy.typing as npt

from phonotheque.catalogue.coverage.words import Pixel


@dataclass
class Group:
    """Releases that follow one another on a map.

    Attributes:
        name: What they have in common; None: nothing is known.
        first: Place of the first, from 0.
        counts: How many there are of each pixel.
    """

    name: str | None
    first: int
    counts: npt.NDArray[np.int64]

    @property
    def known(self) -> int:
        """How many releases it has."""
        return int(self.counts.sum())


@dataclass
class Groups:
    """All groups of a map, in its order; rows are added in that order."""

    all: list[Group] = field(default_factory=list)
    _place: int = 0

    def add(self, names: Sequence[str | None], pixels: npt.NDArray[np.uint8]) -> None:
        """Take the releases that come next."""
        low = 0
        for name, some in groupby(names):
            high = low + sum(1 for _ in some)
            counts = np.bincount(pixels[low:high], minlength=len(Pixel))
            if self.all and self.all[-1].name == name:
                self.all[-1].counts += counts
            else:
                self.all.append(Group(name, self._place + low, counts))
            low = high
        self._place += low

    def total(self, pixel: Pixel) -> int:
        """How many releases are one thing."""
        return int(sum(one.counts[pixel.value] for one in self.all))

    def largest(self, count: int) -> list[Group]:
        """Return the groups with most releases, in the order of the map."""
        by_size = sorted(self.all, key=lambda one: -one.known)[:count]
        return sorted(by_size, key=lambda one: one.first)
