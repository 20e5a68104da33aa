"""Which worlds are tried: how large, with whom.

A farm is always one account for each thousand tracks, so that a smaller world is as hard to guard
as a larger one of the same days; floors are stated for a million tracks.
"""

from __future__ import annotations

from dataclasses import dataclass

from phonotheque.guard.bench.catalogue import (
    ALBUMS,
    FLAT,
    GENRES,
    STEEP,
    TRACKS_PER_ALBUM,
    Catalogue,
    make_catalogue,
)
from phonotheque.guard.bench.habits import KINDS, fresh_kinds
from phonotheque.guard.bench.keys import CAPS, make_keys
from phonotheque.guard.bench.people import Population, make_population
from phonotheque.guard.groups.rounds import GROUPS_EVERY_S
from phonotheque.guard.service import Numbers

SHAPES = (STEEP, FLAT)
PEOPLE = "people"
LONERS = "loners"


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a world is.

    Attributes:
        name: As it is asked for.
        ordinary: Ordinary people; one in a hundred more are devoted.
        albums, genres: Of the catalogue.
        days: How long, after the warm-up.
        step_s: Seconds between two looks.
    """

    name: str
    ordinary: int
    albums: int
    genres: int
    days: int
    step_s: int = GROUPS_EVERY_S

    @property
    def farm(self) -> int:
        """Accounts of a farm."""
        return self.albums * TRACKS_PER_ALBUM // 1_000


SMALL = Scale("small", 5_000, 8_334, 40, 4)
MIDDLE = Scale("middle", 30_000, ALBUMS, GENRES, 14)
FULL = Scale("full", 200_000, ALBUMS, GENRES, 30)
SCALES = {scale.name: scale for scale in (SMALL, MIDDLE, FULL)}


@dataclass(frozen=True, slots=True)
class Scenario:
    """Who is there beside the people.

    Attributes:
        name: Of the scenario.
        farms: Each kind that is there, and its accounts as a share of a whole farm.
    """

    name: str
    farms: tuple[tuple[str, float], ...] = ()


_FARMS = ("L2", "L3", "L4", "L4p", "L4pg", "L4pr", "L4pm", "one address", "burst")
SCENARIOS = (
    Scenario(PEOPLE),
    Scenario(LONERS, (("L0", 0.02), ("L1", 0.2), ("enumerator", 0.05), ("hijacked", 0.1))),
    *(Scenario(name, ((name, 1.0),)) for name in _FARMS),
)
"""One farm at a time; those that need no farm are tried together."""

QUICK = (PEOPLE, LONERS, "L3")
"""Names of those that the small scale takes."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything that decides a world.

    Attributes:
        shape: Of the catalogue: its name.
        scenario: Its name.
        scale: Its size.
        seed: Of all draws.
        is_other: Whether the people are another draw, to set limits on.
        is_fresh: Whether the parameters of the kinds are drawn anew, by the seed.
        cap: Most of a farm in any value of a key.
    """

    shape: str
    scenario: str
    scale: Scale
    seed: int
    is_other: bool = False
    is_fresh: bool = False
    cap: float = CAPS[0]

    def catalogue(self) -> Catalogue:
        """Make the catalogue."""
        shape = next(one for one in SHAPES if one.name == self.shape)
        return make_catalogue(shape, self.seed, self.scale.albums, self.scale.genres)

    def population(self) -> Population:
        """Make everybody."""
        scenario = next(one for one in SCENARIOS if one.name == self.scenario)
        sizes = {name: max(2, round(share * self.scale.farm)) for name, share in scenario.farms}
        kinds = fresh_kinds(self.seed) if self.is_fresh else KINDS
        seed = self.seed + 500 * self.is_other
        return make_population(seed, self.scale.ordinary, self.scale.genres, sizes, kinds)

    def keys(self, population: Population) -> Numbers:
        """Make everybody's keys."""
        return make_keys(population, self.seed, self.cap)
