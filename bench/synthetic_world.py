"""A world of music that never was: who made what, how often it was heard, under which licence.

Laws: every value is a hash of the seed, of what it is and of the number of its row, so a stretch of
tracks is the same whoever makes it and whatever was made before; nothing grows with the world.
Every row is invented: say "synthetic" wherever a number made with it is shown.

The shapes are those of a large commercial catalogue: the top 1 % of tracks has about 70 % of all
listens, two tracks of three have next to none, most releases hold one track, 0.73 different ISRCs
for each track, a seventeenth as many artists as tracks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bench.synthetic_words import (
    Integers,
    Reals,
    normal,
    phrases,
    pieces,
    script_of,
    uniform,
)

Flags = npt.NDArray[np.bool_]
STRETCH = 1_000_000
"""Tracks of one stretch, which is one part of every table."""

_CC = "https://creativecommons.org/"
LICENCES = (
    None,
    "http://rightsstatements.org/vocab/InC/1.0/",
    f"{_CC}licenses/by/4.0/",
    f"{_CC}licenses/by-sa/4.0/",
    f"{_CC}licenses/by-nc/4.0/",
    f"{_CC}publicdomain/zero/1.0/",
    f"{_CC}publicdomain/mark/1.0/",
)
IS_FREE = np.array([False, False, True, True, True, True, True])
COUNTRIES = pieces(
    "US GB DE FR SE JP KR BR IN CA AU NL IT ES MX RU PL NO FI DK BE AT CH CN TW TR GR IL EG ZA AR"
    " CL CO PT IE CZ HU UA TH ID"
)
_MANNERS = ("", "deep ", "dark ", "free ", "post-", "neo-", "acid ", "folk ", "art ", "space ")
_STYLES = pieces(
    "rock pop jazz techno house ambient metal punk blues soul funk reggae dub hip-hop classical"
    " drone noise country choral electro"
)
GENRES = tuple(manner + style for manner in _MANNERS for style in _STYLES)


class Draw(IntEnum):
    """What a value is drawn for: no two kinds of value come from the same bits."""

    SIZES = auto()
    ARTIST = auto()
    YEAR = auto()
    LICENCE = auto()
    SCRIPT = auto()
    NAME_WORDS = auto()
    NAME = auto()
    EFFECT = auto()
    EFFECT_ = auto()
    RELEASE_EFFECT = auto()
    RELEASE_EFFECT_ = auto()
    TRACK_EFFECT = auto()
    TRACK_EFFECT_ = auto()
    LENGTH = auto()
    LENGTH_ = auto()
    OWN_ISRC = auto()
    OTHER_ISRC = auto()
    IN_LATIN = auto()
    TITLE_WORDS = auto()
    TITLE = auto()
    RELEASE_WORDS = auto()
    RELEASE_TITLE = auto()
    HELD = auto()
    COUNTRY = auto()
    GENRES = auto()
    GENRE = auto()
    FEATURED = auto()
    LABEL = auto()
    HAS_LABEL = auto()
    BARCODE = auto()
    HAS_BARCODE = auto()
    LABEL_NAME = auto()
    MONTH = auto()
    BLOCK = auto()


@dataclass(frozen=True)
class World:
    """All of it, by number of tracks and seed."""

    tracks: int
    seed: int = 7

    @property
    def artists(self) -> int:
        """How many artists there are."""
        return max(self.tracks // 17, 10)

    @property
    def labels(self) -> int:
        """How many labels there are."""
        return max(self.tracks // 3_000, 3)

    @property
    def stretches(self) -> int:
        """How many stretches the tracks make."""
        return -(-self.tracks // STRETCH)

    def salt(self, draw: Draw) -> int:
        """Return what makes the bits of one kind of value differ from all others."""
        return self.seed * 256 + draw

    def uniform(self, numbers: npt.NDArray[Any], draw: Draw) -> Reals:
        """Draw from [0, 1) for each row."""
        return uniform(numbers, self.salt(draw))

    def normal(self, numbers: npt.NDArray[Any], draw: Draw) -> Reals:
        """Draw a standard normal number for each row; `draw` and the one after it are used."""
        return normal(numbers, self.salt(draw))

    def zipf(self, numbers: npt.NDArray[Any], draw: Draw, count: int) -> Integers:
        """Draw from 0 to `count` - 1 for each row, small ones often."""
        drawn: Reals = np.exp(self.uniform(numbers, draw) * np.log(count + 1)) - 1
        return drawn.astype(np.int64)

    def artist_effect(self, artists: Integers) -> Reals:
        """Return how much an artist's tracks are heard, as a logarithm."""
        first = np.log(artists + 10.0) - np.log(self.artists / 2.0)
        effect: Reals = 1.4 * self.normal(artists, Draw.EFFECT) - 0.21 * first
        return effect

    def artist_script(self, artists: Integers) -> Integers:
        """Return in which script an artist writes."""
        return script_of(artists, self.salt(Draw.SCRIPT))

    def artist_names(self, artists: Integers) -> pa.Array:
        """Return the names of artists: of rarer words than titles."""
        scripts = self.artist_script(artists)
        counts = 1 + (self.uniform(artists, Draw.NAME_WORDS) * 2.4).astype(np.int64)
        counts = np.where(scripts >= 2, np.minimum(counts, 2), counts)
        u = self.of_words(artists, counts, Draw.NAME)
        return phrases(scripts, counts, 1 - (1 - u) ** 2)

    def label_names(self, labels: Integers) -> pa.Array:
        """Return the names of labels: two rare Latin words."""
        counts = np.full(len(labels), 2)
        u = self.of_words(labels, counts, Draw.LABEL_NAME)
        return phrases(np.zeros(len(labels), np.int64), counts, 0.5 + 0.5 * u)

    def countries_of(self, artists: Integers) -> Integers:
        """Return an index into `COUNTRIES` for each artist."""
        return self.zipf(artists, Draw.COUNTRY, len(COUNTRIES))

    def genres_of(self, artists: Integers) -> tuple[Integers, Integers]:
        """Return how many genres each artist has, 0 to 2, and all of them as indexes."""
        u = self.uniform(artists, Draw.GENRES)
        counts = (u > 0.4).astype(np.int64) + (u > 0.75)
        rows = np.repeat(artists * 2, counts)
        second = np.arange(len(rows)) > np.repeat(np.cumsum(counts) - counts, counts)
        first = self.zipf(rows, Draw.GENRE, len(GENRES))
        return counts, np.where(second, (first + 1 + rows % 7) % len(GENRES), first)

    def of_words(self, rows: Integers, counts: Integers, draw: Draw) -> Reals:
        """Draw for each word of all rows, at most 8 of a row."""
        repeated = np.repeat(rows * 8, counts)
        repeated += np.arange(len(repeated)) - np.repeat(np.cumsum(counts) - counts, counts)
        return self.uniform(repeated, draw)


def score(listens: Integers) -> Integers:
    """A popularity of 0 to 100 with the ties that such scores have: two of three are 0."""
    return np.clip(6.2 * np.log1p(listens) - 26, 0, 100).astype(np.int64)


def listens_of(effect: Reals) -> Integers:
    """Return a count of listens from its logarithm."""
    return np.floor(np.exp(np.minimum(effect, 23.0))).astype(np.int64)
