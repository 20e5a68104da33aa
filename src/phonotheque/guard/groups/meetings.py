"""How often accounts have a track that a group has too, and how often they would, listening freely.

Held cell by cell (`strata`), on both halves of the tracks at once, for members of a group and for
those beside it. Who shares a catalogue out with the others meets them too seldom; who listens as
people do meets them as often as expected, or more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.groups.strata import Strata
from phonotheque.guard.jit import compiled

SLACK = 0.85
"""Share of the expected meetings that honest groups may fall to without being noticed."""

_TINY = 1e-200
"""A product that is smaller is made a logarithm, before it is too small for a number."""

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


class Copies(NamedTuple):
    """First copies of candidates, candidate by candidate, with what is known of each track beside
    it: it is read some hundred times at a look.

    Attributes:
        begins: Row at which each candidate begins, and the end, (candidates + 1).
        track: Number of the track.
        place: Of the track among those that any candidate has.
        cell: Twice its cell, and one more on the second half.
        share: Its share of the cell (`strata.Strata`).
        own: How many rows of the same candidate are in that cell, on that half.
        places, cells: Beyond the highest `place`, and `cell`.
    """

    begins: npt.NDArray[np.int64]
    track: Numbers
    place: Numbers
    cell: Numbers
    share: Floats
    own: Numbers
    places: int
    cells: int

    @property
    def members(self) -> int:
        """How many candidates there are."""
        return len(self.begins) - 1


class Meetings(NamedTuple):
    """Of each candidate, on each half, (2, candidates).

    Attributes:
        met: How many of its tracks a member of the group (another one) has too.
        expected: How many, if all drew as people draw.
    """

    met: Floats
    expected: Floats

    def of_half(self, half: int, group: Flags) -> tuple[float, float]:
        """Return met and expected of a whole group on one half; each meeting has two sides."""
        return float(self.met[half, group].sum()) / 2, float(self.expected[half, group].sum()) / 2


def copies_of(member: Numbers, track: Numbers, strata: Strata, members: int) -> Copies:
    """Return copies candidate by candidate; what came first of one stays first.

    Args:
        member: Of each copy, the place of its candidate.
        track: Of each copy.
        strata: Of the tracks.
        members: How many candidates there are.
    """
    begins = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(member, None, members))])
    cells = 2 * strata.cells
    track, place, cell, own, places = _sorted(member, track, strata, begins, cells)
    return Copies(begins, track, place, cell, strata.share[track], own, places, cells)


@compiled
def _sorted(
    member: Numbers, track: Numbers, strata: Strata, begins: npt.NDArray[np.int64], cells: int
) -> tuple[Numbers, Numbers, Numbers, Numbers, int]:  # pragma: no cover - compiled
    count = len(track)
    found, place = np.empty(count, np.int32), np.empty(count, np.int32)
    cell, own = np.empty(count, np.int32), np.empty(count, np.int32)
    next_row = begins[:-1].copy()
    for row in range(count):
        found[next_row[member[row]]] = track[row]
        next_row[member[row]] += 1
    places, place_of = 0, np.full(len(strata.cell), -1, np.int32)
    in_cell = np.zeros(cells, np.int32)
    for who in range(len(begins) - 1):
        for row in range(begins[who], begins[who + 1]):
            what = found[row]
            if place_of[what] < 0:
                place_of[what] = places
                places += 1
            place[row] = place_of[what]
            cell[row] = 2 * strata.cell[what] + np.int32(strata.half[what])
            in_cell[cell[row]] += 1
        for row in range(begins[who], begins[who + 1]):
            own[row] = in_cell[cell[row]]
        for row in range(begins[who], begins[who + 1]):
            in_cell[cell[row]] = 0
    return found, place, cell, own, places


def meetings(copies: Copies, group: Flags, whose: Flags) -> Meetings:
    """Count the meetings of some candidates with a group; 0 for all others.

    Args:
        copies: Of all candidates.
        group: Who is met.
        whose: Whose meetings are counted, members of the group or not.
    """
    return Meetings(*_meet(copies, group, whose))


@compiled
def _meet(
    copies: Copies, group: Flags, whose: Flags
) -> tuple[Floats, Floats]:  # pragma: no cover - compiled
    having = np.zeros(copies.places, np.int32)
    in_cell = np.zeros(copies.cells, np.int32)
    members = len(group)
    for who in range(members):
        if group[who]:
            for row in range(copies.begins[who], copies.begins[who + 1]):
                having[copies.place[row]] += 1
                in_cell[copies.cell[row]] += 1
    met, expected = np.zeros((2, members)), np.zeros((2, members))
    for who in range(members):
        if whose[who]:
            itself = np.int32(group[who])
            all_met, second_met, all_expected, second_expected = 0, 0, 0.0, 0.0
            for row in range(copies.begins[who], copies.begins[who + 1]):
                cell = copies.cell[row]
                half = cell & 1
                meets = int(having[copies.place[row]] > itself)
                all_met += meets
                second_met += meets * half
                rows = in_cell[cell] - itself * copies.own[row]
                chance = 1 - np.exp(-rows * copies.share[row])
                all_expected += chance
                second_expected += chance * half
            met[0, who], met[1, who] = all_met - second_met, second_met
            expected[0, who] = all_expected - second_expected
            expected[1, who] = second_expected
    return met, expected


class Weighed(NamedTuple):
    """Meetings with a group to which each candidate belongs by some chance, both halves together.

    Attributes:
        chance: Of each copy, that a member (another one than its candidate) has the track too.
        met: Of each candidate, the sum of its chances.
        expected: Of each candidate, how many such tracks it would have, listening freely.
    """

    chance: Floats
    met: Floats
    expected: Floats


def weighed(copies: Copies, likely: Floats) -> Weighed:
    """Count meetings, as `meetings`, with those who are members by some chance.

    Args:
        copies: Of the candidates.
        likely: Chance of each candidate to be a member, 0 to below 1.
    """
    return Weighed(*_weigh(copies, likely))


@compiled
def _weigh(
    copies: Copies, likely: Floats
) -> tuple[Floats, Floats, Floats]:  # pragma: no cover - compiled
    nobody = np.ones(copies.places)  # chance that no member has a track
    in_cell = np.zeros(copies.cells)
    members = len(likely)
    for who in range(members):
        for row in range(copies.begins[who], copies.begins[who + 1]):
            nobody[copies.place[row]] *= 1 - likely[who]
            in_cell[copies.cell[row]] += likely[who]
    chance, met, expected = np.zeros(len(copies.place)), np.zeros(members), np.zeros(members)
    for who in range(members):
        without, meets, would = 1 / (1 - likely[who]), 0.0, 0.0
        for row in range(copies.begins[who], copies.begins[who + 1]):
            rows = in_cell[copies.cell[row]] - likely[who] * copies.own[row]
            chance[row] = max(0.0, 1 - nobody[copies.place[row]] * without)
            meets += chance[row]
            would += 1 - np.exp(-rows * copies.share[row])
        met[who], expected[who] = meets, would
    return chance, met, expected


@compiled
def log_of_not(copies: Copies, chance: Floats, missing: float) -> Floats:
    """Return, of each candidate, the sum over its copies of `log(1 - missing * chance)`.

    Args:
        copies: Of the candidates.
        chance: Of each copy, 0 to 1.
        missing: 0 to below 1.
    """
    found = np.zeros(len(copies.begins) - 1)  # pragma: no cover - compiled
    for who in range(len(found)):  # pragma: no cover - compiled
        product = 1.0
        for row in range(copies.begins[who], copies.begins[who + 1]):
            product *= 1 - missing * chance[row]
            if product < _TINY:
                found[who] += np.log(product)
                product = 1.0
        found[who] += np.log(product)
    return found  # pragma: no cover - compiled
