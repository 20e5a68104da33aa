"""How often accounts have a track that a group has too, and how often they would, listening freely.

Held cell by cell (`strata`), on both halves of the tracks at once, for members of a group and for
those beside it. Who shares a catalogue out with the others meets them too seldom; who listens as
people do meets them as often as expected, or more.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from phonotheque.guard.groups.strata import Strata

SLACK = 0.85
"""Share of the expected meetings that honest groups may fall short by without being noticed."""

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


class Copies(NamedTuple):
    """First copies of candidates; columns of one length, and how many candidates there are.

    Attributes:
        member: Place of the candidate.
        track: Number of the track.
        own: How many rows of its candidate are in the track's cell, on the track's half.
        members: How many candidates there are.
    """

    member: Numbers
    track: Numbers
    own: Numbers
    members: int


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
    """Return copies with the counts that each needs of its own candidate."""
    place = member.astype(np.int64) * (2 * strata.cells)
    place += strata.cell[track].astype(np.int64) * 2 + strata.half[track]
    order = np.argsort(place, kind="stable")
    place = place[order]
    first = np.flatnonzero(np.r_[True, place[1:] != place[:-1]]) if len(place) else np.zeros(0, int)
    sizes = np.diff(np.r_[first, len(place)])
    return Copies(member[order], track[order], np.repeat(sizes, sizes).astype(np.int32), members)


def only(copies: Copies, group: Flags) -> Copies:
    """Return the copies of a group; places of candidates stay as they are."""
    rows = np.flatnonzero(group[copies.member])
    return Copies(copies.member[rows], copies.track[rows], copies.own[rows], copies.members)


def meetings(copies: Copies, strata: Strata, group: Flags) -> Meetings:
    """Count the meetings of each candidate with a group of them."""
    return Meetings(*_meet(copies, strata, group))


@numba.njit(cache=True)
def _meet(
    copies: Copies, strata: Strata, group: Flags
) -> tuple[Floats, Floats]:  # pragma: no cover - compiled
    having = np.zeros(len(strata.cell), np.int32)
    in_cell = np.zeros((strata.cells, 2), np.int64)
    for row in range(len(copies.track)):
        if group[copies.member[row]]:
            what = copies.track[row]
            having[what] += 1
            in_cell[strata.cell[what], np.int64(strata.half[what])] += 1
    met, expected = np.zeros((2, copies.members)), np.zeros((2, copies.members))
    for row in range(len(copies.track)):
        who, what = copies.member[row], copies.track[row]
        half, others = np.int64(strata.half[what]), having[what]
        rows = in_cell[strata.cell[what], half]
        if group[who]:
            others -= 1
            rows -= copies.own[row]
        if others > 0:
            met[half, who] += 1
        expected[half, who] += 1 - np.exp(-rows * strata.share[what])
    return met, expected


def weighed(copies: Copies, strata: Strata, weights: Floats) -> tuple[Floats, Floats]:
    """Return how often each candidate meets others and would, on both halves together.

    As `meetings`, of a group to which each candidate belongs by so much.

    Args:
        copies: Of the candidates.
        strata: Of the tracks.
        weights: Chance of each candidate to be of the group, 0 to below 1.
    """
    met, expected = _weigh(copies, strata, weights)
    return met, expected


@numba.njit(cache=True)
def _weigh(
    copies: Copies, strata: Strata, weights: Floats
) -> tuple[Floats, Floats]:  # pragma: no cover - compiled
    without = np.log1p(-weights)
    nobody = np.zeros(len(strata.cell))  # log of the chance that no member has a track
    in_cell = np.zeros((strata.cells, 2))
    for row in range(len(copies.track)):
        who, what = copies.member[row], copies.track[row]
        nobody[what] += without[who]
        in_cell[strata.cell[what], np.int64(strata.half[what])] += weights[who]
    met, expected = np.zeros(copies.members), np.zeros(copies.members)
    for row in range(len(copies.track)):
        who, what = copies.member[row], copies.track[row]
        rows = in_cell[strata.cell[what], np.int64(strata.half[what])]
        rows -= weights[who] * copies.own[row]
        met[who] += 1 - np.exp(nobody[what] - without[who])
        expected[who] += 1 - np.exp(-rows * strata.share[what])
    return met, expected
