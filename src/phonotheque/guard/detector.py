"""The guard's own detector: events in, and who is to be asked, with what shows it.

Two ways to be noticed. By oneself: more surprise, on one of three clocks, than hardly anybody of
this service ever shows. As one of many: a group that shares the catalogue out, found with no key
and no label.

Laws: a group only asks; who was asked is not asked again by the same evidence; what the service
chose for somebody counts for nothing; who is near a threshold does not say what is popular. What is
here changes its own memory and nothing else: decisions are made elsewhere.

Not here: a third way to be noticed, asking for what was never offered
(`phonotheque.guard.canaries`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.calibration import UNKNOWN, Limits, limits_of
from phonotheque.guard.engine.compiled import observe_all
from phonotheque.guard.engine.memory import (
    CLOCKS_S,
    DAY_BITS,
    HOUR_BITS,
    HOUR_PEAK,
    MONTH_BITS,
    Events,
    heaviest,
    new_accounts,
    new_music,
    rated,
    with_more,
    with_room,
)
from phonotheque.guard.engine.plain import NON_HIT
from phonotheque.guard.grouping import Grouping
from phonotheque.guard.groups.rounds import GROUPS_EVERY_S, Answers, look_of
from phonotheque.guard.rungs import FROM_SCORE, Rung
from phonotheque.guard.service import Numbers, Service

DAY_S = 86_400
REMEMBERED_S = 60 * DAY_S
"""How long the ledger keeps a first copy."""

Chosen = npt.NDArray[np.bool_]
"""Of each event, whether the service itself chose the track (its own shuffle or radio, by a signed
token): the account cannot help what it got."""

_NOBODY = np.zeros(0, np.int64)


class Marks(NamedTuple):
    """What was done about accounts; changed in place.

    Attributes:
        asked: Who was asked, whatever came of it.
        passed, failed: Who passed the challenge last, and who failed it.
        round: Look at groups at which somebody was asked for a group's sake; 0 for nobody.
    """

    asked: npt.NDArray[np.bool_]
    passed: npt.NDArray[np.bool_]
    failed: npt.NDArray[np.bool_]
    round: Numbers


@dataclass
class Moments:
    """When things were done last, in seconds since 1970; -1 for never.

    Attributes:
        first, last: The first event, and the last.
        rated: Tracks were rated.
        limited: Limits were moved.
        grouped: Groups were grown.
    """

    first: int = -1
    last: int = -1
    rated: int = -1
    limited: int = -1
    grouped: int = -1


class Guard:
    """Watches one service."""

    def __init__(self, service: Service, settings: tuple[float, ...] = ()) -> None:
        """Begin knowing nothing of anybody.

        Args:
            service: Its accounts and tracks.
            settings: Limits to begin with (`Limits.bits`); without them, its own.
        """
        self.accounts = new_accounts(service.accounts)
        self.music = new_music(service.tracks, service.genres, service.album_of)
        self.groups = Grouping(service.accounts, service.tracks)
        self.limits = Limits(tuple(settings)) if settings else UNKNOWN
        kinds = (np.bool_, np.bool_, np.bool_, np.int32)
        self.marks = Marks._make(np.zeros(service.accounts, kind) for kind in kinds)
        self.moments = Moments()
        self._worked_out = (UNKNOWN, 0), UNKNOWN.at(0)

    def learn(self, events: Events, chosen: Chosen) -> None:
        """Take in what happened before anybody may be stopped, in order of time."""
        self._take(events, chosen, UNKNOWN.at(1))

    def see(self, events: Events, chosen: Chosen) -> None:
        """Take in what happened since the last look, in order of time."""
        if len(events.second):
            self._calibrate(int(events.second[0]))
            self.moments.last = int(events.second[-1])
        self._take(events, chosen, self._in_force)

    def begin(self, second: int) -> None:
        """Do what is due once a day, before anything of a second is seen: so that it does not hang
        on how the events of that second come in."""
        self._calibrate(second)
        if len(self.music.plays):
            self._rate(second)

    def look_at(self, accounts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return those among some accounts who are to be asked for what they did by themselves.

        Cost: of these accounts alone, so that it can be asked after every event.
        """
        own = accounts[(self.accounts.crossed_at[accounts] > 0) & ~self.marks.asked[accounts]]
        self.marks.asked[own] = True
        return own

    def look_at_groups(
        self, second: int, besides: npt.NDArray[np.int64] = _NOBODY
    ) -> npt.NDArray[np.int64]:
        """Return the accounts that are to be asked for a group's sake; nobody between two looks at
        groups, which are far apart (`GROUPS_EVERY_S`).

        Args:
            besides: Who is to be asked for himself at this instant, and so not for a group's sake.
        """
        grouped = self._grown(second)
        if not len(grouped):
            return grouped
        grouped = grouped[~np.isin(grouped, besides)]
        self._ask(grouped, second)
        return grouped

    def _ask(self, grouped: npt.NDArray[np.int64], second: int) -> None:
        """Note who is asked for a group's sake."""
        look = look_of(second)
        self.groups.rounds.ask(look, len(grouped))
        self.marks.round[grouped] = look
        self.marks.asked[grouped] = True

    def _grown(self, second: int) -> npt.NDArray[np.int64]:
        """Grow groups if it is time, and return who belongs to one and was not asked."""
        if second - self.moments.grouped < GROUPS_EVERY_S:
            return np.zeros(0, np.int64)
        self.moments.grouped = second
        if not self.groups.knows(self.music):
            return np.zeros(0, np.int64)
        self.groups.settle(look_of(second))
        return self.groups.grow(self.accounts, self.music, self.marks.asked, self.marks.failed)

    def make_room(self, accounts: int, genres: Numbers, albums: Numbers) -> None:
        """Take in accounts and tracks that are new; the numbers of the others stay.

        Args:
            accounts: How many there are now, at least.
            genres: Genre of each of the new tracks.
            albums: Album of each of them.
        """
        self.accounts = with_room(self.accounts, accounts)
        room = len(self.accounts.last_track)
        if room > len(self.marks.asked):
            more = room - len(self.marks.asked)
            self.marks = Marks._make(
                np.append(one, np.zeros(more, one.dtype)) for one in self.marks
            )
        if len(genres):
            self.music = with_more(self.music, genres, albums)
        self.groups.make_room(room, len(self.music.plays))

    def describe(self, tracks: npt.NDArray[np.int64], genres: Numbers, albums: Numbers) -> None:
        """Hear where tracks belong of which something else was known; it counts from the next
        rating and the next look at groups on.

        Args:
            tracks: Their numbers, each once.
            genres: Genre of each of them; 0 leaves what was known.
            albums: Album of each of them; -1 leaves what was known.
        """
        for column, found, is_known in (
            (self.music.genre, genres, genres > 0),
            (self.music.album, albums, albums >= 0),
        ):
            column[tracks[is_known]] = found[is_known]

    def answered(self, passed: Numbers, failed: Numbers) -> None:
        """Hear how challenges ended; told again it changes nothing."""
        answers = Answers(self.marks.passed, self.marks.failed, self.marks.round)
        self.groups.rounds.hear_all(*answers.hear(passed, failed))

    def scores(self, accounts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the highest score of each of some accounts; a group's evidence is worth a
        challenge."""
        in_groups = (self.marks.round[accounts] > 0) * FROM_SCORE[Rung.CHALLENGE]
        return np.maximum(self.own_scores(accounts), in_groups)

    def own_scores(self, accounts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the highest score that each of some accounts ever had by itself."""
        highest = self.accounts.numbers[accounts, HOUR_PEAK : HOUR_PEAK + len(CLOCKS_S)]
        own: npt.NDArray[np.float64] = (highest / self._in_force).max(axis=1)
        return own

    def scores_now(self, accounts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the score of each of some accounts as it was at the last event of its own."""
        sums = self.accounts.numbers[accounts, HOUR_BITS : HOUR_BITS + len(CLOCKS_S)]
        now: npt.NDArray[np.float64] = (sums / self._in_force).max(axis=1)
        return now

    def near(self, accounts: npt.NDArray[np.int64], score: float) -> list[int]:
        """Return those of some accounts whose score is that or more now.

        Cost: of these accounts alone, and one by one: it is asked at every event, when they are few
        and an array costs twice as much as what is in it.
        """
        hour, day, month = (score * self._in_force).tolist()
        numbers = self.accounts.numbers
        return [
            who
            for who in accounts.tolist()
            if numbers[who, HOUR_BITS] >= hour
            or numbers[who, DAY_BITS] >= day
            or numbers[who, MONTH_BITS] >= month
        ]

    def settings(self) -> tuple[float, ...]:
        """Return its limits."""
        return self.limits.bits

    @property
    def _in_force(self) -> npt.NDArray[np.float64]:
        """The limits of a service that ran for so long; worked out once for each event."""
        now = self.limits, self.moments.last - self.moments.first
        if self._worked_out[0] != now:
            self._worked_out = now, self.limits.at(now[1] / DAY_S)
        return self._worked_out[1]

    def _take(self, events: Events, chosen: Chosen, limits: npt.NDArray[np.float64]) -> None:
        if chosen.any():
            mine = np.flatnonzero(~chosen)
            events = Events._make(column[mine] for column in events)
        if not len(events.second):
            return
        self._rate(int(events.second[0]))
        observe_all(self.accounts, self.music, limits, events)
        self.groups.note(events, self.music.rating[events.track] > NON_HIT)

    def _rate(self, second: int) -> None:
        """Say once a day anew how much each track surprises."""
        if self.moments.first < 0:
            self.moments.first = second
        if self.moments.rated < 0 or second - self.moments.rated >= DAY_S:
            self.music = rated(self.music)
            self.groups.forget(second - REMEMBERED_S)
            self.moments.rated = second

    def _calibrate(self, second: int) -> None:
        """Move the limits once a day."""
        if self.moments.limited >= 0 and second - self.moments.limited < DAY_S:
            return
        days = (second - max(self.moments.first, 0)) / DAY_S
        wanted = limits_of(self.accounts.numbers, ~self.marks.failed, days, heaviest(self.music))
        self.limits = self.limits.next(wanted, self.moments.limited, second)
        self.moments.limited = second
