"""One part of the accounts: what is remembered of them, who among them is to be asked, a report.

Laws: within a window popularity and thresholds stand still, so that what is found about an account
follows from its own rows in their order and from the news before, and not from which other accounts
are in the same part; a report changes nothing, so that it can be made again after a stop; news
change everything that reports are about, once; who did nothing for 60 days is forgotten, at the
same midnight in every part.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.calibration import UNKNOWN, peaks_of
from phonotheque.guard.canaries import Hits
from phonotheque.guard.detector import REMEMBERED_S
from phonotheque.guard.engine.compiled import NO_WEIGHTS, observe_apart
from phonotheque.guard.engine.memory import Events, new_accounts, new_music, rated, with_room
from phonotheque.guard.engine.plain import NON_HIT
from phonotheque.guard.groups.first_copies import FirstCopies
from phonotheque.guard.groups.grown import FROM_THE_TOP
from phonotheque.guard.groups.ranking import ranked, scores_of
from phonotheque.guard.groups.rounds import Answers, look_of
from phonotheque.guard.rungs import Rung
from phonotheque.guard.streams.rows import (
    CANARY,
    COPIED,
    FAILED,
    NO_PLAY,
    PASSED,
    Hashes,
    Rows,
    canary_of,
)
from phonotheque.guard.streams.shape import Shape, Tracks
from phonotheque.guard.streams.telling import News, Report, Shortlist, Told, counts_of
from phonotheque.guard.streams.verdicts import SUSPENDS_S

_FIRST_ROOM = 1_024


class Marks(NamedTuple):
    """What was done about accounts; changed in place.

    Attributes:
        asked: Who was asked in a window before this one.
        told: Who was asked in this window.
        round: Look at groups at which somebody was asked for a group's sake; 0 for nobody.
        passed, failed: Who passed the challenge last, and who failed it.
        suspended_at: Second of the canary that suspended; 0 for none.
        seen_at: Second of the last row of any kind.
    """

    asked: npt.NDArray[np.bool_]
    told: npt.NDArray[np.bool_]
    round: npt.NDArray[np.int32]
    passed: npt.NDArray[np.bool_]
    failed: npt.NDArray[np.bool_]
    suspended_at: npt.NDArray[np.int64]
    seen_at: npt.NDArray[np.int64]


class Part:
    """What one worker knows; changed in place."""

    def __init__(self, tracks: Tracks) -> None:
        """Begin knowing nobody."""
        self.accounts = new_accounts(_FIRST_ROOM)
        self.music = new_music(len(tracks), tracks.genres, tracks.albums)
        self.first_copies = FirstCopies(len(tracks))
        self.hashes: Hashes = np.zeros(0, np.uint64)
        self.marks = no_marks(_FIRST_ROOM)
        self.hits = Hits()
        self.votes = np.zeros(len(tracks), np.uint32)
        self.thresholds = UNKNOWN.at(1)
        self.answers: dict[int, tuple[int, int]] = {}
        self._numbers: dict[int, int] = {}

    def take(self, rows: Rows) -> list[Told]:
        """Take in rows of a window, and return who is to be asked or stopped now, each once."""
        numbers = self._numbers_of(rows["account"])
        np.maximum.at(self.marks.seen_at, numbers, rows["second"])
        plays, told = (rows["flags"] & NO_PLAY) == 0, []
        for row, number in zip(rows[~plays], numbers[~plays].tolist(), strict=True):
            told += self._answer_or_canary(row, number)
        return told + self._play(rows[plays], numbers[plays])

    def report(self, window: int, following: int, shape: Shape) -> Report:
        """Return what others need to know at the end of a window."""
        marks, is_day = self.marks, shape.is_day_between(window, following)
        return Report(
            window=window,
            following=following,
            votes=counts_of(self.votes),
            own=self.hashes[self._mine(marks.told)],
            answers=tuple((one, *self.answers[one]) for one in sorted(self.answers)),
            peaks=peaks_of(self.accounts.numbers, ~marks.failed) if is_day else None,
            shortlist=self._shortlist() if shape.is_look_between(window, following) else None,
        )

    def hear(self, news: News, shape: Shape) -> None:
        """Take in what all parts together came to at the end of a window."""
        self.music.plays[news.votes.track] += news.votes.times
        if news.is_new_day:
            self.music = rated(self.music)
            self._forget(shape.second(news.following) - REMEMBERED_S)
        self.thresholds = np.array(news.thresholds)
        self.votes[:] = 0
        self.answers = {}
        known = (self._numbers.get(one, -1) for one in news.asked.tolist())
        mine = np.array([number for number in known if number >= 0], np.int64)
        self.marks.asked[:] |= self.marks.told
        self.marks.told[:] = False
        self.marks.asked[mine] = True
        self.marks.round[mine] = look_of(shape.second(news.following))

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
        self.first_copies.note(numbers[kept], events.track[kept], events.second[kept])
        marks, crossed = self.marks, self.accounts.crossed_at
        seen = np.unique(numbers)
        new = seen[(crossed[seen] > 0) & ~marks.asked[seen] & ~marks.told[seen]]
        ends = np.where(crossed[new] < marks.suspended_at[new], 0, self._suspended_until(new))
        is_free = marks.seen_at[new] >= ends
        new, since = new[is_free], np.maximum(crossed[new], ends)[is_free]
        marks.told[new] = True
        return [
            Told(account, Rung.CHALLENGE, second, by_group=False)
            for account, second in zip(self.hashes[new].tolist(), since.tolist(), strict=True)
        ]

    def _suspended_until(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """Until when accounts are suspended, who are asked nothing before; 0 for who is not."""
        at = self.marks.suspended_at[numbers]
        return np.where(at > 0, at + SUSPENDS_S, 0)

    def _answer_or_canary(self, row: Any, number: int) -> list[Told]:
        marks, flags = self.marks, int(row["flags"])
        if flags & (PASSED | FAILED):
            one, nobody = np.array([number]), np.zeros(0, np.int64)
            ended = (nobody, one) if flags & FAILED else (one, nobody)
            passed, failed = Answers(marks.passed, marks.failed, marks.round).hear(*ended)
            for asked in (*passed, *failed):
                before = self.answers.get(asked, (0, 0))
                self.answers[asked] = before[0] + len(passed), before[1] + len(failed)
        elif flags & CANARY:
            account, at = int(row["account"]), int(row["second"])
            if self.hits.note(account, canary_of(row)):
                marks.suspended_at[number] = at
                return [Told(account, Rung.SUSPEND, at, by_group=False)]
        return []

    def _forget(self, before: int) -> None:
        """Forget first copies of before a second, and who did nothing since; numbers change."""
        self.first_copies.forget(before)
        stays = self.marks.seen_at[: len(self.hashes)] >= before
        if stays.all():
            return
        kept, numbers = np.flatnonzero(stays), (np.cumsum(stays) - 1).astype(np.int32)
        accounts = with_room(new_accounts(_FIRST_ROOM), len(kept))
        marks = no_marks(len(accounts.last_track))
        news: list[np.ndarray] = [*accounts, *marks]
        olds: list[np.ndarray] = [*self.accounts, *self.marks]
        for new, old in zip(news, olds, strict=True):
            new[: len(kept)] = old[kept]
        self.accounts, self.marks = accounts, marks
        rows = self.first_copies.rows  # whoever has one stays: he did something when it was made
        self.first_copies = FirstCopies(len(self.votes))
        self.first_copies.note(numbers[rows.account], rows.track, rows.second)
        self.know(self.hashes[kept])
        hits, self.hits = self.hits, Hits()
        for account, canary in hits.all():
            if account in self._numbers:
                self.hits.note(account, canary)

    def _shortlist(self) -> Shortlist:
        count, marks = len(self.hashes), self.marks
        names = np.zeros(len(marks.asked), np.uint64)
        names[:count] = self.hashes
        scores = scores_of(self.accounts)
        tops = [ranked(one, self.accounts, marks.asked, max(FROM_THE_TOP), names) for one in scores]
        mine = np.unique(np.concatenate([*tops, self._mine(marks.failed)]))
        mine = mine[np.argsort(self.hashes[mine])]
        shown = np.full((len(mine), len(scores)), np.nan)
        for column, (score, top) in enumerate(zip(scores, tops, strict=True)):
            is_top = np.isin(mine, top)
            shown[is_top, column] = score[mine[is_top]]
        rows = self.first_copies.of(mine, len(marks.asked))
        listeners = np.bincount(self.first_copies.rows.track, minlength=len(self.votes))
        place = np.zeros(len(marks.asked), np.int32)
        place[mine] = np.arange(len(mine))
        return Shortlist(
            accounts=self.hashes[mine],
            scores=shown,
            known=marks.failed[mine],
            rows=rows._replace(account=place[rows.account]),
            listeners=counts_of(listeners),
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
    kinds = (np.bool_, np.bool_, np.int32, np.bool_, np.bool_, np.int64, np.int64)
    return Marks._make(np.zeros(count, kind) for kind in kinds)


def with_marks(marks: Marks, count: int) -> Marks:
    """Return marks with room for so many accounts."""
    if count == len(marks.asked):
        return marks
    grown = no_marks(count)
    news: list[np.ndarray] = [*grown]
    olds: list[np.ndarray] = [*marks]
    for new, old in zip(news, olds, strict=True):
        new[: len(old)] = old
    return grown
