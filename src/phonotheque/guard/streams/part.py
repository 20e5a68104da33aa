"""One part of the accounts: what is remembered of them, who among them is to be asked, a report.

Laws: within a window popularity and thresholds stand still, so that what is found about an account
follows from its own rows in their order and from the news before, and not from which other accounts
are in the same part; a report changes nothing, so that it can be made again after a stop; news
change everything that reports are about, once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.calibration import UNKNOWN, peaks_of
from phonotheque.guard.canaries import HITS_THAT_SUSPEND
from phonotheque.guard.detector import REMEMBERED_S
from phonotheque.guard.engine.compiled import NO_WEIGHTS, observe_apart
from phonotheque.guard.engine.memory import Events, new_accounts, new_music, rated, with_room
from phonotheque.guard.engine.plain import NON_HIT
from phonotheque.guard.groups.grown import FROM_THE_TOP
from phonotheque.guard.groups.ledger import Ledger
from phonotheque.guard.groups.ranking import RANKINGS, ranked
from phonotheque.guard.rungs import Rung
from phonotheque.guard.streams.rows import (
    CANARY,
    COPIED,
    FAILED,
    NO_PLAY,
    PASSED,
    Hashes,
    Rows,
)
from phonotheque.guard.streams.shape import Shape, Tracks
from phonotheque.guard.streams.telling import News, Report, Shortlist, Told, counts_of

_FIRST_ROOM = 1_024


class Marks(NamedTuple):
    """What was done about accounts; changed in place.

    Attributes:
        asked: Who was asked in a window before this one.
        told: Who was asked in this window.
        by_group: Who was asked for a group's sake.
        failed: Who failed the challenge.
        hits: Requests for canaries.
    """

    asked: npt.NDArray[np.bool_]
    told: npt.NDArray[np.bool_]
    by_group: npt.NDArray[np.bool_]
    failed: npt.NDArray[np.bool_]
    hits: npt.NDArray[np.int32]


class Part:
    """What one worker knows; changed in place."""

    def __init__(self, tracks: Tracks) -> None:
        """Begin knowing nobody."""
        self.accounts = new_accounts(_FIRST_ROOM)
        self.music = new_music(len(tracks), tracks.genres, tracks.albums)
        self.ledger = Ledger(len(tracks))
        self.hashes: Hashes = np.zeros(0, np.uint64)
        self.marks = no_marks(_FIRST_ROOM)
        self.votes = np.zeros(len(tracks), np.uint32)
        self.thresholds = UNKNOWN.at(1)
        self.answers = [0, 0]
        self._numbers: dict[int, int] = {}

    def take(self, rows: Rows) -> list[Told]:
        """Take in rows of a window, and return who is to be asked or stopped now, each once."""
        numbers = self._numbers_of(rows["account"])
        plays = (rows["flags"] & NO_PLAY) == 0
        told = self._play(rows[plays], numbers[plays])
        for row, number in zip(rows[~plays], numbers[~plays].tolist(), strict=True):
            told += self._answer_or_canary(row, number)
        return told

    def report(self, window: int, following: int, shape: Shape) -> Report:
        """Return what others need to know at the end of a window."""
        marks, is_day = self.marks, shape.is_day_between(window, following)
        return Report(
            window=window,
            following=following,
            votes=counts_of(self.votes),
            own=self.hashes[self._mine(marks.told)],
            passed=self.answers[0],
            failed=self.answers[1],
            peaks=peaks_of(self.accounts.numbers, ~marks.failed) if is_day else None,
            shortlist=self._shortlist() if shape.is_quarter_between(window, following) else None,
        )

    def hear(self, news: News, shape: Shape) -> None:
        """Take in what all parts together came to at the end of a window."""
        self.music.plays[news.votes.track] += news.votes.times
        if news.is_new_day:
            self.music = rated(self.music)
            self.ledger.forget(shape.second(news.following) - REMEMBERED_S)
        self.thresholds = np.array(news.thresholds)
        self.votes[:] = 0
        self.answers = [0, 0]
        known = (self._numbers.get(one, -1) for one in news.asked.tolist())
        mine = np.array([number for number in known if number >= 0], np.int64)
        self.marks.asked[:] |= self.marks.told
        self.marks.told[:] = False
        self.marks.asked[mine] = self.marks.by_group[mine] = True

    def know(self, hashes: Hashes) -> None:
        """Give numbers to accounts, in their order."""
        self._numbers = {one: number for number, one in enumerate(hashes.tolist())}
        self.hashes = hashes

    def _play(self, rows: Rows, numbers: npt.NDArray[np.int32]) -> list[Told]:
        copied = (rows["flags"] & COPIED) > 0
        track, second, played_ms = (
            np.ascontiguousarray(rows[one]) for one in ("track", "second", "played_ms")
        )
        events = Events(numbers, track, second, played_ms, copied)
        observe_apart(self.accounts, self.music, self.thresholds, events, self.votes, NO_WEIGHTS)
        kept = np.flatnonzero(copied & (self.music.rating[track] > NON_HIT))
        self.ledger.note(numbers[kept], events.track[kept], events.second[kept])
        marks, crossed = self.marks, self.accounts.crossed_at
        seen = np.unique(numbers)
        new = seen[(crossed[seen] > 0) & ~marks.asked[seen] & ~marks.told[seen]]
        marks.told[new] = True
        return [
            Told(int(self.hashes[one]), Rung.CHALLENGE, int(crossed[one]), by_group=False)
            for one in new.tolist()
        ]

    def _answer_or_canary(self, row: Any, number: int) -> list[Told]:
        marks, flags = self.marks, int(row["flags"])
        if flags & (PASSED | FAILED):
            marks.failed[number] |= bool(flags & FAILED)
            if marks.by_group[number]:
                self.answers[bool(flags & FAILED)] += 1
        elif flags & CANARY:
            marks.hits[number] += 1
            if marks.hits[number] == HITS_THAT_SUSPEND:
                at = int(row["second"])
                return [Told(int(row["account"]), Rung.SUSPEND, at, by_group=False)]
        return []

    def _shortlist(self) -> Shortlist:
        count, marks = len(self.hashes), self.marks
        names = np.zeros(len(marks.asked), np.uint64)
        names[:count] = self.hashes
        scores = [score(self.accounts) for score in RANKINGS]
        tops = [
            ranked(one, self.accounts, marks.asked, names)[: max(FROM_THE_TOP)] for one in scores
        ]
        mine = np.unique(np.concatenate([*tops, self._mine(marks.failed)]))
        mine = mine[np.argsort(self.hashes[mine])]
        shown = np.full((len(mine), len(scores)), np.nan)
        for column, (score, top) in enumerate(zip(scores, tops, strict=True)):
            is_top = np.isin(mine, top)
            shown[is_top, column] = score[mine[is_top]]
        rows = self.ledger.of(mine, len(marks.asked))
        place = np.zeros(len(marks.asked), np.int32)
        place[mine] = np.arange(len(mine))
        return Shortlist(
            accounts=self.hashes[mine],
            scores=shown,
            known=marks.failed[mine],
            rows=rows._replace(account=place[rows.account]),
            listeners=counts_of(np.bincount(self.ledger.rows.track, minlength=len(self.votes))),
        )

    def _mine(self, marked: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        return np.flatnonzero(marked[: len(self.hashes)])

    def _numbers_of(self, accounts: Hashes) -> npt.NDArray[np.int32]:
        """The number of each row's account, a new one for a new account."""
        names, place = np.unique(accounts, return_inverse=True)
        known = self._numbers
        found = [known.setdefault(name, len(known)) for name in names.tolist()]
        if len(known) > len(self.hashes):
            new = list(known)[len(self.hashes) :]
            self.hashes = np.concatenate([self.hashes, np.array(new, np.uint64)])
            self.accounts = with_room(self.accounts, len(known))
            self.marks = with_marks(self.marks, len(self.accounts.last_track))
        return np.array(found, np.int32)[place]


def no_marks(count: int) -> Marks:
    """Return the marks of so many accounts of which nothing is known."""
    kinds = (np.bool_, np.bool_, np.bool_, np.bool_, np.int32)
    return Marks._make(np.zeros(count, kind) for kind in kinds)


def with_marks(marks: Marks, count: int) -> Marks:
    """Return marks with room for so many accounts."""
    if count == len(marks.asked):
        return marks
    grown = no_marks(count)
    for new, old in zip(grown, marks, strict=True):
        new[: len(old)] = old
    return grown
