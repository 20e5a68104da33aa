"""Groups of a service: the ledger they are grown on, what is asked of their members, and answers.

Law: the tracks of candidates say nothing about how popular a track is when those candidates are
tested: only what all others have counts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from phonotheque.guard.engine.memory import Accounts, Events, Music
from phonotheque.guard.groups.grown import FROM_THE_TOP, LIMITS, Outcome, grown, judge
from phonotheque.guard.groups.ledger import Ledger, Rows
from phonotheque.guard.groups.meetings import Copies, copies_of
from phonotheque.guard.groups.membership import Demand, belonging
from phonotheque.guard.groups.ranking import by_non_hits, by_spread, ranked
from phonotheque.guard.groups.strata import Strata, stratify

LEAST_CORE = 30
"""Known members of a farm from which others are found by them alone."""


class Grouping:
    """What is remembered for groups; changed in place.

    Attributes:
        ledger: First copies of non-hits.
        demand: How certain one must be to ask somebody.
        last: What testing groups came to at the last look.
        limit: Rating above which the last alarm was found.
    """

    def __init__(self, accounts: int, tracks: int) -> None:
        """Begin with an empty ledger."""
        self.ledger = Ledger(tracks)
        self.demand = Demand()
        self.last = Outcome(None, 0, 0.0)
        self._accounts = accounts
        self._listeners = np.zeros(tracks, np.uint32)
        self.limit = LIMITS[0]

    def knows(self, music: Music) -> bool:
        """Return whether genres are known, so that groups may be grown at all."""
        return int(music.genre.max(initial=0)) > 0

    def note(self, events: Events, non_hits: npt.NDArray[np.bool_]) -> None:
        """Write down who had which non-hit for the first time."""
        kept = np.flatnonzero(events.copied & non_hits[events.track])
        account, track = events.account[kept], events.track[kept]
        self.restore(account, track, events.second[kept])

    def restore(
        self,
        account: npt.NDArray[np.int32],
        track: npt.NDArray[np.int32],
        second: npt.NDArray[np.int64],
    ) -> None:
        """Write down first copies, in order of time."""
        is_new = self.ledger.note(account, track, second)
        np.add.at(self._listeners, track[is_new], 1)

    def forget(self, before: int) -> None:
        """Forget what was before a second."""
        count = len(self.ledger)
        self.ledger.forget(before)
        if len(self.ledger) < count:
            tracks = np.bincount(self.ledger.rows.track, minlength=len(self._listeners))
            self._listeners = tracks.astype(np.uint32)

    def answered(self, passed: int, failed: int) -> None:
        """Hear how many of those that were asked for a group's sake passed and failed."""
        self.demand = self.demand.after(passed, failed)

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
        rankings = [ranked(score(accounts), accounts, asked) for score in (by_non_hits, by_spread)]
        tops = [ranking[: max(FROM_THE_TOP)] for ranking in rankings]
        core = np.flatnonzero(failed)
        candidates = np.unique(np.concatenate([*tops, core]))
        rows = self.ledger.of(candidates, self._accounts)
        strata = self._strata(rows, music)
        copies = {limit: _above(limit, rows, candidates, music, strata) for limit in LIMITS}
        places = [np.searchsorted(candidates, top) for top in tops]
        known = failed[candidates]
        self.last = judge(grown(copies, strata, places, known))
        alarm = self.last.alarm
        if alarm is None and len(core) < LEAST_CORE:
            return np.zeros(0, np.int64)
        if alarm is not None:
            self.limit = alarm.limit
        mine = belonging(copies[self.limit], strata, alarm, known, self.demand)
        return candidates[mine & ~asked[candidates]]

    def _strata(self, rows: Rows, music: Music) -> Strata:
        others = self._listeners - np.bincount(rows.track, minlength=len(self._listeners))
        return stratify(others.astype(np.uint32), music.genre, music.album)


def _above(
    limit: float, rows: Rows, candidates: npt.NDArray[np.int64], music: Music, strata: Strata
) -> Copies:
    kept = music.rating[rows.track] > limit
    member = np.searchsorted(candidates, rows.account[kept]).astype(np.int32)
    return copies_of(member, rows.track[kept], strata, len(candidates))
