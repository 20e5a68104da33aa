"""How accounts behave, kind by kind: ordinary people, devoted ones, farms that copy a catalogue.

The figures of ordinary people are fitted to aggregates of real listening histories (plays in 30
days: median 1,332, 95th percentile 3,418; distinct full plays: median 368, 99th percentile 1,416);
how deep people dig is assumed, not fitted. The levels of farms are those that detectors of this
kind meet, in order of how well they hide. Levels may be added; none is ever made easier.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from phonotheque.guard.bench.catalogue import DEPTHS

Floats = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]

TRAITS = (
    "plays_a_day", "repeats", "skips", "mainstream", "albums", "first_hour",
    "genre_1", "genre_2", "genre_3", "days", "hours", "depth", "diluted", "own_replays",
    "begins", "lasts", "fetches", "imports", "canaries",
)  # fmt: skip
"""Columns of a population: plays of an active day; shares of plays that repeat, are skipped, come
from all genres, begin an album; first hour of the day (UTC); three genres of one's own; share of
days one listens; hours between first and last play; place in `DEPTHS`; of a farm's new tracks the
share drawn by popularity; of its replays the share of its own catch; day on which it begins, and
how many days it is there; share of the sittings in which tracks are fetched whole and not played;
tracks fetched at once on the first day; chance that an identifier it asks for is a canary."""

LONG_AGO, FOR_EVER = -10_000.0, 100_000.0
"""Days: before everything, and longer than everything."""


def always(value: float) -> Draw:
    """Everybody alike."""
    return lambda _, count: np.full(count, float(value))


def between(least: float, most: float) -> Draw:
    """Any value between two, alike often."""
    return lambda random, count: random.uniform(least, most, count)


def beta(a: float, b: float, least: float = 0.0, most: float = 1.0) -> Draw:
    """A share of the beta distribution, cut at both ends."""
    return lambda random, count: np.clip(random.beta(a, b, count), least, most)


def lognormal(median: float, spread: float, most: float) -> Draw:
    """A lognormal draw of a median and a standard deviation of its logarithm, cut at `most`."""
    return lambda random, count: np.minimum(median * np.exp(random.normal(0, spread, count)), most)


def any_of(count: int) -> Draw:
    """A number from 0, all alike often."""
    return lambda random, size: random.integers(0, count, size).astype(np.float64)


def on_a_day(first: int, end: int) -> Draw:
    """A day from `first`, before `end`."""
    return lambda random, size: random.integers(first, end, size).astype(np.float64)


def one_of(*shares: float) -> Draw:
    """A number from 0, each with its share."""
    return lambda random, count: random.choice(len(shares), count, p=shares).astype(np.float64)


ORDINARY_DEPTHS = one_of(0.55, 0.30, 0.12, 0.03)
DEVOTED_DEPTHS = one_of(0.30, 0.30, 0.25, 0.15)
NO_DEPTH = NONE = always(0)
EVER, ALWAYS = always(LONG_AGO), always(FOR_EVER)
SHUFFLED = always(len(DEPTHS) - 1)


@dataclass(frozen=True, slots=True)
class Habit:
    """How one kind of account behaves.

    Attributes:
        name: Of the kind.
        share: Of the devoted accounts; 0 for ordinary ones and for farms.
        plays, repeats, skips, mainstream, albums, days, hours, depth, diluted, own_replays: As in
            `TRAITS`.
        begins, lasts, fetches, imports, canaries: As in `TRAITS`.
        farm: In which order it copies the catalogue out; "" for honest kinds.
        was_honest: Whether each account was an ordinary person's until it begins.
        is_chosen_for: Whether the service itself chooses what it plays (its radio).
    """

    name: str
    share: float
    plays: Draw
    repeats: Draw
    skips: Draw
    mainstream: Draw
    albums: Draw
    days: Draw
    hours: Draw
    depth: Draw = NO_DEPTH
    diluted: Draw = NO_DEPTH
    own_replays: Draw = NO_DEPTH
    begins: Draw = EVER
    lasts: Draw = ALWAYS
    fetches: Draw = NONE
    imports: Draw = NONE
    canaries: Draw = NONE
    farm: str = ""
    was_honest: bool = False
    is_chosen_for: bool = False

    def columns(self, genres: int) -> tuple[Draw, ...]:
        """Return how each of `TRAITS` is drawn, for a catalogue of so many genres."""
        genre = any_of(genres)
        return (
            self.plays, self.repeats, self.skips, self.mainstream, self.albums, between(0, 24),
            genre, genre, genre, self.days, self.hours, self.depth, self.diluted,
            self.own_replays, self.begins, self.lasts, self.fetches, self.imports, self.canaries,
        )  # fmt: skip

    def varied(self, random: np.random.Generator) -> Habit:
        """Return the same kind with parameters that nobody tuned on.

        People play up to a quarter more or less, and repeat and skip up to a tenth more or less.
        Farms only become quieter: no level is made easier.
        """
        loudness = random.uniform(0.6, 1.0) if self.farm else random.uniform(0.75, 1.25)
        nudges = random.uniform(-0.1, 0.1, 2) if not self.farm else np.zeros(2)
        return replace(
            self,
            plays=_times(self.plays, float(loudness)),
            repeats=_nudged(self.repeats, float(nudges[0])),
            skips=_nudged(self.skips, float(nudges[1])),
        )


def _times(draw: Draw, factor: float) -> Draw:
    return lambda random, count: draw(random, count) * factor


def _nudged(draw: Draw, by: float) -> Draw:
    return lambda random, count: (
        np.clip(draw(random, count) + by, 0, 0.99) if by else draw(random, count)
    )


def _farm(
    name: str, order: str, plays: Draw, hours: float = 24, *, hides: bool = False, **more: Any
) -> Habit:
    """A farm; one that hides sleeps, skips, and replays what is popular."""
    skips, days = (0.25, 0.9) if hides else (0.0, 1.0)
    replays = always(0.62 if hides else 0)
    plain = Habit(
        name, 0, plays, replays, always(skips), always(0.7), always(0), always(days),
        always(hours), farm=order,
    )  # fmt: skip
    return replace(plain, **more)


ORDINARY = Habit(
    "ordinary", 0, lognormal(38, 0.75, 450), beta(5.5, 2.6, 0.05, 0.97), beta(1.8, 3.2),
    beta(2.2, 1.6), beta(1.3, 6), beta(6, 1.2), between(8, 15), ORDINARY_DEPTHS,
)  # fmt: skip

DEVOTED = (
    Habit("dj", 0.25, between(120, 380), between(0.1, 0.4), between(0.4, 0.8), between(0.05, 0.3),
          always(0.05), always(0.6), always(12), DEVOTED_DEPTHS),
    Habit("radio or shop", 0.20, between(250, 480), between(0.85, 0.99), always(0.02),
          always(0.7), always(0), always(0.95), always(24), ORDINARY_DEPTHS),
    Habit("completist", 0.20, between(60, 180), between(0.05, 0.3), between(0.02, 0.15),
          between(0, 0.2), always(0.95), always(0.9), always(14), DEVOTED_DEPTHS),
    Habit("sleep loop", 0.15, between(90, 200), always(0.97), always(0.01), always(0.7),
          always(0.2), always(0.9), always(9), ORDINARY_DEPTHS),
    Habit("family", 0.10, between(120, 320), between(0.5, 0.75), always(0.35), always(0.6),
          always(0.15), always(0.98), always(17), ORDINARY_DEPTHS),
    Habit("critic", 0.10, between(50, 140), between(0.05, 0.2), between(0.2, 0.5),
          between(0.1, 0.5), always(0.7), always(0.85), always(13), DEVOTED_DEPTHS),
    Habit("shuffle", 0.10, between(20, 80), between(0.3, 0.7), between(0.2, 0.6), always(0),
          always(0), always(0.8), always(12), SHUFFLED),
    Habit("radio of the service", 0.10, between(60, 200), between(0.05, 0.3), between(0.1, 0.3),
          always(0), always(0), always(0.9), always(14), SHUFFLED, is_chosen_for=True),
    Habit("synchronising phone", 0.10, between(40, 150), between(0.5, 0.8), always(0.2),
          between(0.2, 0.6), always(0.6), always(0.9), always(15), ORDINARY_DEPTHS,
          fetches=between(0.1, 0.3)),
    Habit("library import", 0.10, between(20, 80), between(0.5, 0.9), between(0.1, 0.5),
          between(0.3, 0.7), always(0.5), always(0.8), always(13), DEVOTED_DEPTHS,
          begins=on_a_day(0, 8), imports=between(300, 1_500)),
)  # fmt: skip

L3 = Habit(
    "L3", 0, between(60, 130), always(0), always(0.25), always(0.7), always(0), always(0.93),
    always(13), farm="albums",
)  # fmt: skip

FARMS = (
    _farm("L0", "sequential", between(5_000, 20_000)),
    _farm("L1", "shuffled", between(300, 420)),
    _farm("L2", "sequential", between(200, 400)),
    L3,
    _farm("L4", "shuffled", between(40, 90), 13, hides=True),
    _farm("L4p", "popular", between(40, 90), 13, hides=True),
    _farm("L4pg", "popular by genre", between(40, 90), 13, hides=True),
    _farm("L4pr", "popular", between(40, 90), 13, hides=True, own_replays=always(0.8)),
    _farm("L4pm", "popular", between(40, 90), 13, hides=True, diluted=always(0.5)),
    _farm("enumerator", "shuffled", between(100, 200), 13, canaries=always(1 / 200)),
    replace(L3, name="one address"),
    replace(L3, name="hijacked", begins=on_a_day(1, 9), was_honest=True),
    _farm("burst", "shuffled", between(200, 400), 13, begins=on_a_day(0, 9), lasts=always(3)),
)  # fmt: skip
"""L0 greedy, no playing time; L1 alone at a steady rate; L2 a farm that splits the catalogue; L3
keeps human hours; L4 replays what is popular; L4p takes the most played 34 % only; L4pg each
account within one genre; L4pr replays its own catch; L4pm hides half of its new tracks among draws
by popularity. Beside the levels: an enumerator guesses identifiers and meets canaries; L3 behind
one address that people share; L3 on accounts that were people's; new accounts that copy for three
days and are left."""

HONEST = (ORDINARY, *DEVOTED)
KINDS = (*HONEST, *FARMS)
"""Every kind; its place here is its number."""


def fresh_kinds(seed: int) -> tuple[Habit, ...]:
    """Return every kind with parameters drawn anew; see `Habit.varied`."""
    random = np.random.default_rng([seed, len(KINDS)])
    return tuple(habit.varied(random) for habit in KINDS)
