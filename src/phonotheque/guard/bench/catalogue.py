"""A synthetic catalogue: albums of twelve tracks, in genres, with a popularity of a known shape.

Two shapes. Steep, as a streaming service has it: the most played 34 % of the tracks have 99.8 % of
all plays. Flat, as an archive has it, and harder to guard: 90.8 %. Each draw takes constant time
by the alias method (M. D. Vose, "A linear algorithm for generating random numbers with a given
distribution", IEEE Transactions on Software Engineering 17(9), 1991).

Law: the same seed gives the same catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.jit import compiled

TRACKS_PER_ALBUM = 12
ALBUMS = 83_334
GENRES = 400

DEPTHS = (1.0, 0.75, 0.5, 0.25, 0.0)
"""How far from the hits somebody digs: the exponent of popularity; 0 draws all alike."""

WITHIN_ALBUM = (1, 0.6, 0.5, 0.42, 0.36, 0.31, 0.27, 0.24, 0.21, 0.19, 0.17, 0.15)
"""Popularity of the twelve places of an album, beside the first."""

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Shape:
    """How popularity falls with rank: `(rank + offset) ** -power * exp(-rank / (albums * cut))`."""

    name: str
    power: float
    offset: float
    cut: float


STEEP = Shape("steep", 1.3, 300.0, 0.24)
FLAT = Shape("flat", 0.9, 300.0, 0.8)


class Draws(NamedTuple):
    """What the compiled generator draws from; a row for each depth, alias tables of one another.

    Attributes:
        keep, alias: Over all albums, by depth.
        genre_keep, genre_alias: Within each genre's stretch of `by_genre`, by depth.
        by_genre: Albums in order of genre.
        starts: Where each genre's stretch begins; one more at the end.
        track_keep, track_alias: Over the twelve places of an album.
    """

    keep: Floats
    alias: Numbers
    genre_keep: Floats
    genre_alias: Numbers
    by_genre: Numbers
    starts: Numbers
    track_keep: Floats
    track_alias: Numbers


@dataclass(frozen=True)
class Catalogue:
    """A synthetic catalogue.

    Attributes:
        shape: Of its popularity.
        genres: Genre of each album.
        weights: Popularity of each album, in no unit.
        ranked: Albums, the most popular first.
        draws: For the generator.
    """

    shape: Shape
    genres: Numbers
    weights: npt.NDArray[np.float64]
    ranked: Numbers
    draws: Draws

    @property
    def albums(self) -> int:
        """How many albums it has."""
        return len(self.genres)

    @property
    def tracks(self) -> int:
        """How many tracks it has; track t is on album t // 12."""
        return len(self.genres) * TRACKS_PER_ALBUM

    @property
    def genre_of_track(self) -> Numbers:
        """Genre of each track."""
        return np.repeat(self.genres, TRACKS_PER_ALBUM)


def make_catalogue(
    shape: Shape, seed: int, albums: int = ALBUMS, genres: int = GENRES
) -> Catalogue:
    """Return the catalogue of a seed."""
    random = np.random.default_rng(seed)
    rank = random.permutation(albums)
    weights: npt.NDArray[Any] = (rank + shape.offset) ** -shape.power * np.exp(
        -rank / (albums * shape.cut)
    )
    weights *= np.exp(random.normal(0, 0.3, albums))
    genre = random.integers(0, genres, albums).astype(np.int32)
    ranked = np.argsort(rank, kind="stable").astype(np.int32)
    return Catalogue(shape, genre, weights, ranked, _draws(weights, genre, genres))


def _draws(weights: npt.NDArray[np.float64], genre: Numbers, genres: int) -> Draws:
    by_genre = np.argsort(genre, kind="stable").astype(np.int32)
    starts = np.searchsorted(genre[by_genre], np.arange(genres + 1)).astype(np.int32)
    size = (len(DEPTHS), len(weights))
    keep, genre_keep = np.zeros(size, np.float32), np.zeros(size, np.float32)
    alias, genre_alias = np.zeros(size, np.int32), np.zeros(size, np.int32)
    for row, depth in enumerate(DEPTHS):
        flattened = weights**depth
        keep[row], alias[row] = alias_table(flattened)
        for start, end in pairwise(starts):
            if end > start:
                pair = alias_table(flattened[by_genre[start:end]])
                genre_keep[row, start:end], genre_alias[row, start:end] = pair
    track_keep, track_alias = alias_table(np.array(WITHIN_ALBUM))
    return Draws(keep, alias, genre_keep, genre_alias, by_genre, starts, track_keep, track_alias)


@compiled
def alias_table(
    weights: npt.NDArray[np.float64],
) -> tuple[Floats, Numbers]:  # pragma: no cover - compiled
    """Return Vose's tables of weights: the chance to keep a place, and whom it yields to else."""
    count = len(weights)
    keep = weights * count / weights.sum()
    alias = np.arange(count).astype(np.int32)
    small, large = np.where(keep < 1)[0], np.where(keep >= 1)[0]
    smalls, larges = np.zeros(count, np.int64), np.zeros(count, np.int64)
    smalls[: len(small)], larges[: len(large)] = small, large
    few, many = len(small), len(large)
    while few and many:
        few -= 1
        poor, rich = smalls[few], larges[many - 1]
        alias[poor] = rich
        keep[rich] -= 1 - keep[poor]
        if keep[rich] < 1:
            many -= 1
            smalls[few] = rich
            few += 1
    for left in range(few):
        keep[smalls[left]] = 1
    for left in range(many):
        keep[larges[left]] = 1
    return keep.astype(np.float32), alias
