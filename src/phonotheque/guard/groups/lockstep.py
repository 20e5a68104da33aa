"""The mirror of the partition test: accounts that play the same at the same time, far too often.

A farm that inflates plays, or goes through one list from many accounts, shares too much and not too
little: its members begin the same albums within the same minutes. People do that as well, when an
album comes out or a programme recommends one; but then all others do, too, and are what a group is
held against.

Laws: an account counts once for each album, so that two who happen to begin one together are one
meeting and not as many as it has tracks; what the service chose for somebody must not be among the
events; a group only asks, and only those of its members who are in step themselves: a class that
hears a piece together with its teacher is in step, too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.engine.memory import Events
from phonotheque.guard.groups.grown import ALARM_LOG10, LEAST_MEMBERS
from phonotheque.guard.groups.poisson import log10_at_least

STEP_S = 120
"""Who begins within the same two minutes is in step."""

SLACK = 2.0
"""Meetings of honest groups may be so many times the expected ones: friends tell each other."""

LEAST_MEETINGS = 4
"""Albums that somebody must have begun in step with others to be asked."""

_OWN_LOG10 = -3.0
_OF_THE_DAY = 20.0
"""How many visits the popularity of the whole time weighs beside that of the two minutes."""

Numbers = npt.NDArray[np.int64]


class Visits(NamedTuple):
    """First plays of albums; columns of one length, and what all of them come to.

    Attributes:
        account: Number of the account.
        album: Number of the album.
        step: Number of the two minutes.
        cell: Number of album and step together.
        of_cell: Visits of each cell.
        of_album: Of each album.
        of_step: Of each step.
    """

    account: Numbers
    album: Numbers
    step: Numbers
    cell: Numbers
    of_cell: Numbers
    of_album: Numbers
    of_step: Numbers


class Stepping(NamedTuple):
    """What came of a group.

    Attributes:
        met, expected: Visits of each member that another member made in the same step too.
        log10_chance: Log10 of the chance that people would meet so often.
    """

    met: Numbers
    expected: npt.NDArray[np.float64]
    log10_chance: float

    @property
    def is_alarm(self) -> bool:
        """Whether it is no chance."""
        return self.log10_chance < ALARM_LOG10

    @property
    def in_step(self) -> npt.NDArray[np.bool_]:
        """Which members are to be asked: those who are in step themselves."""
        if not self.is_alarm:
            return np.zeros(len(self.met), np.bool_)
        pairs = zip(self.met.tolist(), (SLACK * self.expected).tolist(), strict=True)
        return np.array(
            [
                met >= LEAST_MEETINGS and log10_at_least(met, expected) < _OWN_LOG10
                for met, expected in pairs
            ],
            np.bool_,
        )


def visits_of(events: Events, album_of: npt.NDArray[np.int32]) -> Visits:
    """Return the first play of each album by each account.

    Args:
        events: Of some hours, in order of time; only copies count.
        album_of: Album of each track.
    """
    kept = np.flatnonzero(events.copied)
    account = events.account[kept].astype(np.int64)
    album = album_of[events.track[kept]].astype(np.int64)
    albums = int(album_of.max(initial=0)) + 1
    _, first = np.unique(account * albums + album, return_index=True)
    first = np.sort(first)
    account, album = account[first], album[first]
    second = events.second[kept][first]
    step = (second - second.min(initial=np.iinfo(np.int64).max)) // STEP_S
    _, cell = np.unique(step * albums + album, return_inverse=True)
    return Visits(
        account, album, step, cell,
        np.bincount(cell), np.bincount(album, minlength=albums), np.bincount(step),
    )  # fmt: skip


def stepping(visits: Visits, members: Numbers) -> Stepping:
    """Test one group.

    Args:
        visits: Of all accounts.
        members: Numbers of its accounts, in order; a group of few is never an alarm.
    """
    place = np.searchsorted(members, visits.account)
    place[place == len(members)] = 0
    mine = np.flatnonzero(members[place] == visits.account) if len(members) else place[:0]
    who, cell, step, album = (
        place[mine], visits.cell[mine], visits.step[mine], visits.album[mine],
    )  # fmt: skip
    in_cell = np.bincount(cell, minlength=len(visits.of_cell))
    in_step = np.bincount(step, minlength=len(visits.of_step))
    in_album = np.bincount(album, minlength=len(visits.of_album))
    others = len(visits.account) - len(mine)
    of_all = (visits.of_album[album] - in_album[album] + 0.5) / (others + 1)
    near = visits.of_cell[cell] - in_cell[cell] + _OF_THE_DAY * of_all
    share = near / (visits.of_step[step] - in_step[step] + _OF_THE_DAY)
    expected = 1 - np.exp(-(in_step[step] - 1) * share)
    met = np.bincount(who, in_cell[cell] > 1, len(members)).astype(np.int64)
    each = np.bincount(who, expected, len(members)).astype(np.float64)
    chance = 0.0
    if len(members) >= LEAST_MEMBERS:
        chance = log10_at_least(int(met.sum()) // 2, SLACK * float(each.sum()) / 2)
    return Stepping(met, each, chance)
