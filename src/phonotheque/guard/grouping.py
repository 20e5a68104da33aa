"""Groups of a service: what they are grown on, what is asked of their members, and answers.

Not here: how candidates are held against one another (`phonotheque.guard.groups.sifting`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from phonotheque.guard.engine.memory import Accounts, Events, Music, appended
from phonotheque.guard.groups.first_copies import FirstCopies
from phonotheque.guard.groups.grown import FROM_THE_TOP, LIMITS, Outcome
from phonotheque.guard.groups.membership import Demand
from phonotheque.guard.groups.ranking import ranked, scores_of
from phonotheque.guard.groups.rounds import Rounds
from phonotheque.guard.groups.sifting import Candidates, sift

_MOST_TRACKS = 1 << 31
"""Numbers of tracks are 32 bits with a sign."""


class Grouping:
    """What is remembered for groups; changed in place.

    Attributes:
        first_copies: Of non-hits.
        demand: How certain one must be to ask somebody.
        rounds: Who was asked, look by look, and how that ended.
        last: What testing groups came to at the last look.
        limit: Rating above which the last alarm was found.
    """

    def __init__(self, accounts: int, tracks: int) -> None:
        """Begin with none."""
        self.first_copies = FirstCopies(_MOST_TRACKS)
        self.demand = Demand()
        self.rounds = Rounds()
        self.last = Outcome(None, 0, 0.0)
        self._accounts = accounts
        self._listeners = np.zeros(tracks, np.uint32)
        self.limit = LIMITS[0]

    @property
    def listeners(self) -> npt.NDArray[np.uint32]:
        """How many accounts have a first copy of each track."""
        return self._listeners

    def make_room(self, accounts: int, tracks: int) -> None:
        """Take in accounts and tracks that are new; the numbers of the others stay."""
        self._accounts = accounts
        if tracks > len(self._listeners):
            more = np.zeros(tracks - len(self._listeners), np.uint32)
            self._listeners = appended(self._listeners, more)

    def knows(self, music: Music) -> bool:
        """Return whether genres are known, so that groups may be grown at all."""
        return int(music.genre.max(initial=0)) > 0

    def note(self, events: Events, non_hits: npt.NDArray[np.bool_]) -> None:
        """Write down who had which non-hit for the first time.

        Args:
            non_hits: Of each event, whether its track is none.
        """
        kept = np.flatnonzero(events.copied & non_hits)
        account, track = events.account[kept], events.track[kept]
        self.restore(account, track, events.second[kept])

    def restore(
        self,
        account: npt.NDArray[np.int32],
        track: npt.NDArray[np.int32],
        second: npt.NDArray[np.int64],
    ) -> None:
        """Write down first copies, in order of time."""
        is_new = self.first_copies.note(account, track, second)
        np.add.at(self._listeners, track[is_new], 1)

    def forget(self, before: int) -> None:
        """Forget what was before a second."""
        count = len(self.first_copies)
        self.first_copies.forget(before)
        if len(self.first_copies) < count:
            tracks = np.bincount(self.first_copies.rows.track, minlength=len(self._listeners))
            self._listeners = tracks.astype(np.uint32)

    def settle(self, look: int) -> None:
        """Learn from what was answered, before the groups of a look are grown."""
        self.demand = self.rounds.settle(self.demand, look)

    def grow(
        self,
        accounts: Accounts,
        music: Music,
        asked: npt.NDArray[np.bool_],
        failed: npt.NDArray[np.bool_],
    ) -> npt.NDArray[np.int64]:
        """Return the accounts that belong to a farm and were not asked yet.

        Args:
            accounts: As the engine remembers them.
            music: Tracks, with their ratings.
            asked: Who was asked before: not again, and not ranked.
            failed: Who failed: known members.
        """
        most = max(FROM_THE_TOP)
        tops = [ranked(score, accounts, asked, most) for score in scores_of(accounts)]
        numbers = np.unique(np.concatenate([*tops, np.flatnonzero(failed)]))
        place = np.zeros(self._accounts, np.int32)
        place[numbers] = np.arange(len(numbers))
        rows = self.first_copies.of(numbers, self._accounts)
        others = self._listeners - np.bincount(rows.track, minlength=len(self._listeners))
        candidates = Candidates(
            rows._replace(account=place[rows.account]),
            tuple(place[top].astype(np.int64) for top in tops),
            failed[numbers],
            others.astype(np.uint32),
        )
        self.last, self.limit, mine = sift(candidates, music, self.demand, self.limit)
        return numbers[mine & ~asked[numbers]]
