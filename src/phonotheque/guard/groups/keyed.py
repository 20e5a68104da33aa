"""Groups of accounts that share an attribute: an address block, a device, a client, a week.

The same test as for grown groups, begun where a service already has a reason to look: who came from
one block of addresses, or signed up in one week, and shares a catalogue out; and its mirror, who of
them plays in step (`phonotheque.guard.groups.lockstep`). Each group is held against what all others
do.

Laws: an attribute says whom to look at together, and nothing else: a group is tested, and each of
its members is asked only if its own meetings are as unlike people's; a group of few is not tested.

Cost: about 30 ms for each group where there are a million tracks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.engine.memory import RATED, Accounts, Music
from phonotheque.guard.groups.first_copies import FirstCopies, Rows
from phonotheque.guard.groups.grown import FROM_THE_TOP, LEAST_MEMBERS, LIMITS, Outcome
from phonotheque.guard.groups.lockstep import Visits, stepping
from phonotheque.guard.groups.membership import Demand
from phonotheque.guard.groups.ranking import LEAST_NEW_TRACKS, by_non_hits
from phonotheque.guard.groups.sifting import Candidates, sift

_DEMAND = Demand(within=8.0, beside=10.0)
"""Log odds that somebody must have: an attribute that many share is a weaker reason to look than
what somebody does. So fewer than one person in two hundred is asked beside a farm, and more than
nine tenths of the farm (`tests/guard/test_key_groups.py`)."""

Members = npt.NDArray[np.int64]


class Tested(NamedTuple):
    """What came of a group.

    Attributes:
        members: Numbers of the accounts that were tested.
        outcome: Of the tests.
        belongs: Numbers of those that share out.
    """

    members: Members
    outcome: Outcome
    belongs: Members


def groups_by(values: npt.NDArray[np.int32], tested: npt.NDArray[np.bool_]) -> Iterator[Members]:
    """Yield the accounts of each value of an attribute, if they are enough.

    Args:
        values: Of each account.
        tested: Who is looked at.
    """
    numbers = np.flatnonzero(tested)
    order = numbers[np.argsort(values[numbers], kind="stable")]
    edges = np.flatnonzero(np.diff(values[order])) + 1
    yield from (group for group in np.split(order, edges) if len(group) >= LEAST_MEMBERS)


class Firsts:
    """First copies of all accounts, to be taken out group by group."""

    def __init__(self, first_copies: FirstCopies, accounts: int, tracks: int) -> None:
        """Sort them by account once."""
        rows = first_copies.rows
        order = np.argsort(rows.account, kind="stable")
        self._rows = Rows._make(column[order] for column in rows)
        self._begins = np.searchsorted(self._rows.account, np.arange(accounts + 1))
        self._listeners = np.bincount(rows.track, minlength=tracks)

    def of(self, members: Members, failed: npt.NDArray[np.bool_]) -> Candidates:
        """Return a group as candidates, the first of them the highest.

        Args:
            members: Their numbers.
            failed: Of all accounts: who failed a challenge.
        """
        sizes = self._begins[members + 1] - self._begins[members]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        places = np.repeat(self._begins[members], sizes) + within
        track = self._rows.track[places]
        who = np.repeat(np.arange(len(members), dtype=np.int32), sizes)
        others = self._listeners - np.bincount(track, minlength=len(self._listeners))
        return Candidates(
            Rows(who, track, self._rows.second[places]),
            (np.arange(len(members)),),
            failed[members],
            others.astype(np.uint32),
        )


def examined(
    members: Members, firsts: Firsts, music: Music, failed: npt.NDArray[np.bool_]
) -> Tested:
    """Test one group, trimmed on one half of the tracks as grown groups are."""
    candidates = firsts.of(members, failed)
    sifted = sift(candidates, music, _DEMAND, LIMITS[0], sizes=(len(members),))
    return Tested(members, sifted.outcome, members[sifted.belongs])


def partitioned(
    values: npt.NDArray[np.int32], accounts: Accounts, firsts: Firsts, music: Music,
    asked: npt.NDArray[np.bool_], failed: npt.NDArray[np.bool_],
) -> Iterator[Tested]:  # fmt: skip
    """Test the groups of one attribute.

    Args:
        values: Of each account.
        accounts: As the engine remembers them.
        firsts: Of the same accounts.
        music: Tracks, with their ratings; without genres nothing is tested.
        asked: Who was asked before: not again.
        failed: Who failed: known members.
    """
    if not int(music.genre.max(initial=0)):
        return
    is_enough = accounts.numbers[:, RATED] >= LEAST_NEW_TRACKS
    scores = by_non_hits(accounts)
    for group in groups_by(values, (is_enough & ~asked) | failed):
        most = group[np.argsort(-scores[group], kind="stable")][: max(FROM_THE_TOP)]
        yield examined(most, firsts, music, failed)


def in_step(
    values: npt.NDArray[np.int32], visits: Visits, asked: npt.NDArray[np.bool_]
) -> Iterator[Members]:
    """Yield, group by group of one attribute, who plays in step with others, if it is no chance.

    Args:
        values: Of each account.
        visits: Of the last hours.
        asked: Who was asked before: not again.
    """
    plays = np.zeros(len(values), np.bool_)
    plays[visits.account] = True
    for group in groups_by(values, plays):
        found = stepping(visits, group)
        if found.is_alarm:
            yield group[found.in_step & ~asked[group]]
