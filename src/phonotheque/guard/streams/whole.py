"""All parts together: popularity, thresholds and groups, of what parts report.

Law: what follows from reports does not hang on how accounts are spread over parts, nor on the order
in which reports come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from phonotheque.guard.calibration import UNKNOWN, limits_from
from phonotheque.guard.detector import DAY_S
from phonotheque.guard.engine.memory import heaviest, new_music, rated
from phonotheque.guard.groups.first_copies import Rows
from phonotheque.guard.groups.grown import FROM_THE_TOP, LIMITS, Outcome
from phonotheque.guard.groups.membership import Demand
from phonotheque.guard.groups.rounds import Rounds, look_of
from phonotheque.guard.groups.sifting import Candidates, sift
from phonotheque.guard.streams.rows import Hashes
from phonotheque.guard.streams.shape import Shape, Tracks
from phonotheque.guard.streams.telling import Counts, News, Report, Shortlist, counts_of


@dataclass
class Moments:
    """When things were done, in seconds since 1970; -1 for never.

    Attributes:
        first: The first window began.
        limited: Limits were moved last.
    """

    first: int = -1
    limited: int = -1


class Whole:
    """What is known of all parts; changed in place.

    Attributes:
        last: What testing groups came to, last.
    """

    def __init__(self, shape: Shape, tracks: Tracks) -> None:
        """Begin knowing nothing."""
        self.shape = shape
        self.music = new_music(len(tracks), tracks.genres, tracks.albums)
        self.limits, self.moments = UNKNOWN, Moments()
        self.demand, self.limit, self.rounds = Demand(), LIMITS[0], Rounds()
        self.last = Outcome(None, 0, 0.0)

    def hear(self, reports: Sequence[Report]) -> News:
        """Bring the reports of all parts about one window together.

        Args:
            reports: One of each part.
        """
        shape = self.shape
        window, following = reports[0].window, reports[0].following
        second = shape.second(following)
        if self.moments.first < 0:
            self.moments.first = shape.second(window)
        votes = self._votes(reports)
        self.music.plays[votes.track] += votes.times
        is_new_day = shape.is_day_between(window, following)
        asked = self._grown(reports)
        if is_new_day:
            self._calibrate(reports, second)
            self.music = rated(self.music)
        days = (second - self.moments.first) / DAY_S
        return News(
            window=window,
            following=following,
            votes=votes,
            thresholds=tuple(self.limits.at(days).tolist()),
            asked=asked,
            is_new_day=is_new_day,
        )

    def _votes(self, reports: Sequence[Report]) -> Counts:
        votes = np.zeros(self.shape.tracks, np.uint32)
        for report in reports:
            votes[report.votes.track] += report.votes.times
        return counts_of(votes)

    def _calibrate(self, reports: Sequence[Report], second: int) -> None:
        peaks = [report.peaks for report in reports if report.peaks is not None]
        days = (second - self.moments.first) / DAY_S
        wanted = limits_from(np.concatenate(peaks), days, heaviest(self.music))
        self.limits = self.limits.next(wanted, self.moments.limited, second)
        self.moments.limited = second

    def _grown(self, reports: Sequence[Report]) -> Hashes:
        """Return who is asked for a group's sake."""
        for report in reports:
            for answered in report.answers:
                self.rounds.hear(*answered)
        shortlists = [one.shortlist for one in reports if one.shortlist is not None]
        if not shortlists or not int(self.music.genre.max(initial=0)):
            return np.zeros(0, np.uint64)
        look = look_of(self.shape.second(reports[0].following))
        self.demand = self.rounds.settle(self.demand, look)
        accounts, candidates = _merged(shortlists, self.shape.tracks)
        sifted = sift(candidates, self.music, self.demand, self.limit)
        self.last, self.limit = sifted.outcome, sifted.limit
        own = np.concatenate([report.own for report in reports])
        asked = accounts[sifted.belongs]
        asked = asked[~np.isin(asked, own)]
        self.rounds.ask(look, len(asked))
        return asked


def _merged(shortlists: Sequence[Shortlist], tracks: int) -> tuple[Hashes, Candidates]:
    """Return the candidates of the whole service, in order of their hashes."""
    names = np.concatenate([one.accounts for one in shortlists])
    scores = np.concatenate([one.scores for one in shortlists])
    known = np.concatenate([one.known for one in shortlists])
    tops = [_top(names, column) for column in scores.T]
    chosen = np.unique(np.concatenate([*tops, np.flatnonzero(known)]))
    chosen = chosen[np.argsort(names[chosen])]
    place = np.full(len(names), -1, np.int32)
    place[chosen] = np.arange(len(chosen))
    rows = _rows(shortlists, place)
    others = np.zeros(tracks, np.int64)
    for one in shortlists:
        others[one.listeners.track] += one.listeners.times
    others -= np.bincount(rows.track, minlength=tracks)
    ranked = tuple(place[top].astype(np.int64) for top in tops)
    return names[chosen], Candidates(rows, ranked, known[chosen], others.astype(np.uint32))


def _top(names: Hashes, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Who stands highest of all parts; of those who are alike the lower hash."""
    there = np.flatnonzero(~np.isnan(scores))
    order = np.lexsort((names[there], -scores[there]))
    return there[order[: max(FROM_THE_TOP)]]


def _rows(shortlists: Sequence[Shortlist], place: npt.NDArray[np.int32]) -> Rows:
    """The first copies of the candidates that `place` has a place for."""
    found, first = [], 0
    for one in shortlists:
        mine = place[first : first + len(one.accounts)][one.rows.account]
        kept = mine >= 0
        found.append(Rows(mine[kept], one.rows.track[kept], one.rows.second[kept]))
        first += len(one.accounts)
    return Rows._make(np.concatenate(columns) for columns in zip(*found, strict=True))
