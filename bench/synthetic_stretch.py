"""A million tracks of the synthetic world, those of a release together.

Law: a stretch is the same whatever other stretches were made, and by whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bench.synthetic_words import IS_SPACED, Hashes, Integers, Reals, hashes, phrases
from bench.synthetic_world import COUNTRIES, LICENCES, STRETCH, Draw, World, listens_of, score

Flags = npt.NDArray[np.bool_]
_SIZES = np.array([1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 14, 16, 20, 25])
_SIZE_SHARES = np.array(
    [0.60, 0.06, 0.04, 0.05, 0.04, 0.03, 0.03, 0.035, 0.03, 0.03, 0.02, 0.015, 0.01, 0.006, 0.004]
)
_LETTERS = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)
_LATEST_YEAR = 2026
_LICENCE_SHARES = np.cumsum([0.62, 0.20, 0.06, 0.04, 0.04, 0.02, 0.02])


def _poisson_shares(mean: float, most: int) -> Reals:
    """Return the cumulated shares of 0, 1 ... `most` of a Poisson distribution."""
    terms = np.cumprod(np.concatenate([[1.0], mean / np.arange(1, most + 1)]))
    shares: Reals = np.cumsum(terms * np.exp(-mean))
    return shares


_TITLE_WORDS = _poisson_shares(1.7, 7)
_RELEASE_WORDS = _poisson_shares(1.2, 5)


def _sizes_of_a_stretch() -> Integers:
    """Tracks of each release of a whole stretch: the same for all, shuffled for each."""
    counts = np.floor(_SIZE_SHARES * STRETCH / (_SIZES @ _SIZE_SHARES)).astype(np.int64)
    counts[0] += STRETCH - _SIZES @ counts
    return np.repeat(_SIZES, counts)


_STRETCH_SIZES = _sizes_of_a_stretch()


@dataclass(frozen=True)
class Stretch:
    """A million tracks, those of a release together. Numbers count from 0, ids from 1."""

    world: World
    number: int

    @cached_property
    def tracks(self) -> Integers:
        """Numbers of the tracks."""
        first = self.number * STRETCH
        return np.arange(first, min(first + STRETCH, self.world.tracks))

    @cached_property
    def sizes(self) -> Integers:
        """How many tracks each release has."""
        rows = self.number * len(_STRETCH_SIZES) + np.arange(len(_STRETCH_SIZES))
        shuffled = _STRETCH_SIZES[np.argsort(hashes(rows, self.world.salt(Draw.SIZES)))]
        ends = np.cumsum(shuffled)
        sizes = shuffled[: np.searchsorted(ends, len(self.tracks)) + 1].copy()
        sizes[-1] -= sizes.sum() - len(self.tracks)
        return sizes

    @cached_property
    def releases(self) -> Integers:
        """Numbers of the releases."""
        return self.number * len(_STRETCH_SIZES) + np.arange(len(self.sizes))

    @cached_property
    def place(self) -> Integers:
        """Which of `releases` each track is on, as an index."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @cached_property
    def positions(self) -> Integers:
        """Position of each track on its release, from 1."""
        before = np.cumsum(self.sizes) - self.sizes
        return 1 + np.arange(len(self.tracks)) - np.repeat(before, self.sizes)

    @cached_property
    def release_artists(self) -> Integers:
        """Number of each release's artist: small ones have more releases."""
        u = self.world.uniform(self.releases, Draw.ARTIST)
        return (self.world.artists * u**2).astype(np.int64)

    @cached_property
    def artists(self) -> Integers:
        """Number of each track's first artist."""
        return self.release_artists[self.place]

    @cached_property
    def featured(self) -> Integers:
        """Number of each track's second artist, -1 for none: 5 % have one."""
        u = self.world.uniform(self.tracks, Draw.FEATURED)
        other = (self.world.artists * (u / 0.05) ** 2).astype(np.int64)
        return np.where((u < 0.05) & (other != self.artists), other, -1)

    @cached_property
    def years(self) -> Integers:
        """Year of each release."""
        age = -9.0 * np.log1p(-self.world.uniform(self.releases, Draw.YEAR))
        return _LATEST_YEAR - np.minimum(age.astype(np.int64), 70)

    @cached_property
    def licences(self) -> Integers:
        """Licence of each release: an index into `LICENCES`."""
        u = self.world.uniform(self.releases, Draw.LICENCE)
        return np.searchsorted(_LICENCE_SHARES, u, side="right").clip(0, len(LICENCES) - 1)

    @cached_property
    def labels(self) -> Integers:
        """Number of each release's label, -1 for none: half of them have one."""
        has = self.world.uniform(self.releases, Draw.HAS_LABEL) < 0.5
        drawn = self.world.zipf(self.releases, Draw.LABEL, self.world.labels)
        return np.where(has, drawn, -1)

    @cached_property
    def release_listens(self) -> Integers:
        """How often each release was heard."""
        return listens_of(4.0 + self._release_effect)

    @cached_property
    def listens(self) -> Integers:
        """How often each track was heard; 0 is to be shown as unknown."""
        own = 2.2 * self.world.normal(self.tracks, Draw.TRACK_EFFECT)
        return listens_of(3.0 + self._release_effect[self.place] + own)

    @cached_property
    def _release_effect(self) -> Reals:
        own = self.world.normal(self.releases, Draw.RELEASE_EFFECT)
        return self.world.artist_effect(self.release_artists) + own

    @cached_property
    def lengths(self) -> Integers:
        """Length of each track in ms."""
        drawn = np.exp(12.2 + 0.38 * self.world.normal(self.tracks, Draw.LENGTH))
        return drawn.clip(5e3, 6e6).astype(np.int64)

    @cached_property
    def is_held(self) -> Flags:
        """Whether there is a file: of what is heard, and of 2.3 % of the rest."""
        return (score(self.listens) > 0) | (self.world.uniform(self.tracks, Draw.HELD) < 0.023)

    @cached_property
    def isrcs(self) -> pa.Array:
        """ISRC of each track; 40 % have that of any track."""
        own = self.world.uniform(self.tracks, Draw.OWN_ISRC) < 0.6
        other = self.world.uniform(self.tracks, Draw.OTHER_ISRC) * self.world.tracks
        return _isrcs(np.where(own, self.tracks, other.astype(np.int64)), self.world)

    @cached_property
    def titles(self) -> pa.Array:
        """Title of each track."""
        world = self.world
        latin = world.uniform(self.tracks, Draw.IN_LATIN) >= 0.85
        scripts = world.artist_script(self.release_artists)[self.place]
        scripts = np.where(latin, 0, scripts)
        counts = 1 + np.searchsorted(_TITLE_WORDS, world.uniform(self.tracks, Draw.TITLE_WORDS))
        counts = np.where(IS_SPACED[scripts], np.minimum(counts, 8), 1 + (counts > 3))
        return phrases(scripts, counts, world.of_words(self.tracks, counts, Draw.TITLE))

    @cached_property
    def release_titles(self) -> pa.Array:
        """Title of each release."""
        world = self.world
        scripts = world.artist_script(self.release_artists)
        drawn = world.uniform(self.releases, Draw.RELEASE_WORDS)
        counts = 1 + np.searchsorted(_RELEASE_WORDS, drawn)
        counts = np.where(IS_SPACED[scripts], np.minimum(counts, 8), 1)
        return phrases(scripts, counts, world.of_words(self.releases, counts, Draw.RELEASE_TITLE))

    @cached_property
    def barcodes(self) -> pa.Array:
        """GTIN-14 of each release; null for 40 %."""
        body = (hashes(self.releases, self.world.salt(Draw.BARCODE)) % np.uint64(10**12)).astype(
            np.int64
        )
        digits = body[:, None] // 10 ** np.arange(11, -1, -1) % 10
        check = -(digits @ np.array([1, 3] * 6)) % 10
        text = np.concatenate([np.zeros_like(digits[:, :1]), digits, check[:, None]], axis=1) + 48
        has = self.world.uniform(self.releases, Draw.HAS_BARCODE) < 0.6
        return _fixed_texts(text.astype(np.uint8), has)

    @cached_property
    def catalog_numbers(self) -> pa.Array:
        """Catalogue number of each release that has a label: the label's letters and a number."""
        labels, inverse = np.unique(self.labels, return_inverse=True)
        letters = pa.array([_letters(label) if label >= 0 else None for label in labels.tolist()])
        numbers = pa.array(self.releases % 90_000 + 100).cast(pa.string())
        return pc.binary_join_element_wise(letters.take(pa.array(inverse)), numbers, " ")


def _letters(label: int) -> str:
    """Three or more capitals that stand for a label."""
    text = ""
    while label or len(text) < 3:
        label, digit = divmod(label, 26)
        text = chr(65 + digit) + text
    return text


def _fixed_texts(letters: npt.NDArray[np.uint8], has: Flags | None = None) -> pa.Array:
    """Make texts of equal length from their bytes, null where `has` is false."""
    rows, width = letters.shape
    ends = np.arange(0, width * rows + 1, width, dtype=np.int32)
    data = pa.py_buffer(np.ascontiguousarray(letters))
    texts = pa.StringArray.from_buffers(rows, pa.py_buffer(ends), data)
    return texts if has is None else pc.if_else(pa.array(has), texts, None)


def _isrcs(numbers: Integers, world: World) -> pa.Array:
    """Give each number its own ISRC, in blocks of registrants as they are handed out."""
    mixed: Hashes = numbers.astype(np.uint64) * np.uint64(2_654_435_761) & np.uint64(2**32 - 1)
    block, within = (mixed // np.uint64(4_000)).astype(np.int64), mixed % np.uint64(4_000)
    bits = hashes(block, world.salt(Draw.BLOCK))
    within = (within * np.uint64(7_919) + bits % np.uint64(4_000)) % np.uint64(4_000)
    designation = (within + np.uint64(10_000) * (bits % np.uint64(9))).astype(np.int64)
    year = (40 + (bits >> np.uint64(11)) * 2.0**-53 * 85).astype(np.int64) % 100
    countries = np.frombuffer("".join(COUNTRIES).encode(), np.uint8).reshape(-1, 2)
    registrant = block // len(COUNTRIES)
    letters = np.empty((len(numbers), 12), np.uint8)
    letters[:, :2] = countries[block % len(COUNTRIES)]
    for place, divisor in enumerate((1296, 36, 1), start=2):
        letters[:, place] = _LETTERS[registrant // divisor % 36]
    rest = year * 100_000 + designation
    for place in range(7):
        letters[:, 11 - place] = 48 + rest // 10**place % 10
    return _fixed_texts(letters)
