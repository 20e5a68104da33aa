"""Small tables held in memory, for what large ones name by number.

Laws: a number that is not there gives null, never another's value; memory is that of the arrays:
a few bytes for each row of the small table, nothing for the rows that are looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Mask: TypeAlias = npt.NDArray[np.bool_]
Places: TypeAlias = npt.NDArray[np.int64]
Keys: TypeAlias = npt.NDArray[np.int32]


def plain(column: pa.Array) -> tuple[npt.NDArray[np.int64], Mask]:
    """Numbers of a column without nulls (0 in their place), and where there is one."""
    known = np.asarray(column.is_valid().to_numpy(zero_copy_only=False), np.bool_)
    return np.asarray(column.fill_null(0).to_numpy(zero_copy_only=False), np.int64), known


def find(keys: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> tuple[Places, Mask]:
    """Find values in rising keys.

    Returns:
        The place of each (0 where there is none), and whether it is there.
    """
    if not len(keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return places, keys[places] == wanted


class Words:
    """Words by number: names of types, codes of countries.

    Args:
        named: The words.
    """

    def __init__(self, named: Mapping[int, str]) -> None:
        self._keys = np.array(sorted(named), np.int64)
        self._texts = pa.array([named[key] for key in sorted(named)], pa.string())

    def __len__(self) -> int:
        return len(self._keys)

    def of(self, column: pa.Array) -> tuple[pa.Array, Mask]:
        """Return the words of a column of numbers as few different values, and where one lacks."""
        wanted, known = plain(column)
        places, found = find(self._keys, wanted)
        found &= known
        if not len(self._keys):
            return pa.nulls(len(wanted), pa.string()).dictionary_encode(), known & ~found
        texts = self._texts.take(pa.array(places, mask=~found))
        return texts.dictionary_encode(), known & ~found


@dataclass(frozen=True, slots=True)
class Media:
    """Which release each medium is of, and its place there: 10 bytes a medium.

    MusicBrainz has some 5 million media in 2026: 50 MB.
    """

    keys: Keys
    releases: Keys
    positions: npt.NDArray[np.int16]

    def of(self, column: pa.Array) -> tuple[pa.Array, pa.Array, Mask]:
        """Return release and position of each medium, and where the medium is not there."""
        wanted, known = plain(column)
        places, found = find(self.keys, wanted)
        found &= known
        if not len(self.keys):
            nothing = pa.nulls(len(wanted), pa.int64())
            return nothing, nothing.cast(pa.int32()), known
        releases = pa.array(self.releases[places].astype(np.int64), mask=~found)
        positions = pa.array(self.positions[places].astype(np.int32), mask=~found)
        return releases, positions, known & ~found


@dataclass(frozen=True, slots=True)
class Issues:
    """When and where each release was first issued: 12 bytes a release.

    Attributes:
        keys: Releases, rising, each once.
        days: Year * 10,000 + month * 100 + day, 0 for an unknown part.
        areas: Number of the area, 0 for an unknown one.
    """

    keys: Keys
    days: Keys
    areas: Keys

    def of(self, column: pa.Array) -> tuple[list[pa.Array], pa.Array]:
        """Return year, month and day, and the area of each release; null for what is unknown."""
        wanted, known = plain(column)
        places, found = find(self.keys, wanted)
        found &= known
        if not len(self.keys):
            nothing = pa.nulls(len(wanted), pa.int64())
            return [nothing, nothing, nothing], nothing
        days = self.days[places].astype(np.int64)
        parts = (days // 10_000, days // 100 % 100, days % 100)
        areas = self.areas[places].astype(np.int64)
        dates = [pa.array(part, mask=~found | (part == 0)) for part in parts]
        return dates, pa.array(areas, mask=~found | (areas == 0))


@dataclass(frozen=True, slots=True)
class Redirects:
    """Identifiers that were given up: 20 bytes each, in order of the entity that stands for them.

    MusicBrainz has some 4 million in 2026: 80 MB.
    """

    keys: Keys
    old: npt.NDArray[np.uint8]

    def to(self, keys: npt.NDArray[np.int64]) -> tuple[Places, Places]:
        """Return which redirects lead to some entities, and to which of them each leads."""
        order = np.argsort(keys, kind="stable")
        places, found = find(keys[order], self.keys)
        which = np.flatnonzero(found)
        return which, order[places[which]]
