"""The guard's own detector: events in, and who is to be asked or stopped, with what shows it.

Three ways to be noticed. By oneself: more surprise, on one of three clocks, than hardly anybody of
this service ever shows. As one of many: a group that shares the catalogue out, found with no key
and no label. By asking for what was never offered: canaries.

Laws: nobody is suspended who was not asked before, but for canaries; a group only asks; who passed
is not asked again by the same evidence; what the service chose for somebody counts for nothing; who
is near a threshold does not say what is popular. What is here changes its own memory and nothing
else: decisions are made elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.bench.detector import Batch, Numbers, Service, Settings, Stopped
from phonotheque.guard.calibration import UNKNOWN, Limits, limits_of
from phonotheque.guard.canaries import HITS_THAT_SUSPEND
from phonotheque.guard.engine.compiled import observe_all
from phonotheque.guard.engine.memory import (
    CLOCKS_S,
    HOUR_PEAK,
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
from phonotheque.guard.groups.rounds import QUARTER_S, quarter_of
from phonotheque.guard.rungs import FROM_SCORE, Rung

DAY_S = 86_400
GROUPS_EVERY_S = QUARTER_S
REMEMBERED_S = 60 * DAY_S
"""How long the ledger keeps a first copy."""

Seconds = npt.NDArray[np.int64]


class Marks(NamedTuple):
    """What was done about accounts; changed in place.

    Attributes:
        asked: Who was asked, whatever came of it.
        passed, failed: Who passed the challenge last, and who failed it.
        round: Look at groups at which somebody was asked for a group's sake; 0 for nobody.
        hits: Requests for canaries.
    """

    asked: npt.NDArray[np.bool_]
    passed: npt.NDArray[np.bool_]
    failed: npt.NDArray[np.bool_]
    round: Numbers
    hits: Numbers


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

    name = "guard"

    def __init__(self, service: Service, settings: Settings = ()) -> None:
        """Begin knowing nothing of anybody.

        Args:
            service: Its accounts and tracks.
            settings: Limits to begin with (`Limits.bits`); without them, its own.
        """
        self.accounts = new_accounts(service.accounts)
        self.music = new_music(service.tracks, service.genres, service.album_of)
        self.groups = Grouping(service.accounts, service.tracks)
        self.limits = Limits(tuple(settings)) if settings else UNKNOWN
        kinds = (np.bool_, np.bool_, np.bool_, np.int32, np.int32)
        self.marks = Marks._make(np.zeros(service.accounts, kind) for kind in kinds)
        self.moments = Moments()
        self.suspended: dict[int, int] = {}

    def learn(self, batch: Batch) -> None:
        """Take in what happened before anybody may be stopped."""
        self._take(batch, UNKNOWN.at(1))

    def see(self, batch: Batch) -> None:
        """Take in what happened since the last look."""
        if len(batch.events.second):
            self._calibrate(int(batch.events.second[0]))
            self.moments.last = int(batch.events.second[-1])
        self._take(batch, self.limits.at(self._days))
        for account, second in zip(batch.canary_account, batch.canary_second, strict=True):
            self.marks.hits[account] += 1
            if self.marks.hits[account] == HITS_THAT_SUSPEND:
                self.suspended[int(account)] = int(second)

    def begin(self, second: int) -> None:
        """Do what is due once a day, before anything of a second is seen: so that it does not hang
        on how the events of that second come in."""
        self._calibrate(second)
        if len(self.music.plays):
            self._rate(second)

    def look(self, second: int) -> Stopped:
        """Say who is to be asked, and who is to be suspended."""
        own = np.flatnonzero((self.accounts.crossed_at > 0) & ~self.marks.asked)
        grouped = self._grown(second)
        grouped = grouped[~np.isin(grouped, own)]
        self._ask(grouped, second)
        suspended = np.array(list(self.suspended), np.int64)
        moments = np.array(list(self.suspended.values()), np.int64)
        self.suspended.clear()
        self.marks.asked[own] = True
        return Stopped(
            np.concatenate([own, grouped, suspended]).astype(np.int32),
            np.repeat([Rung.CHALLENGE, Rung.CHALLENGE, Rung.SUSPEND],
                      [len(own), len(grouped), len(suspended)]).astype(np.int8),
            np.repeat([False, True, False], [len(own), len(grouped), len(suspended)]),
            np.concatenate(
                [self.accounts.crossed_at[own], np.full(len(grouped), second), moments]
            ),
        )  # fmt: skip

    def look_at(self, accounts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return those among some accounts who are to be asked for what they did by themselves.

        Cost: of these accounts alone, so that it can be asked after every event.
        """
        own = accounts[(self.accounts.crossed_at[accounts] > 0) & ~self.marks.asked[accounts]]
        self.marks.asked[own] = True
        return own

    def look_at_groups(self, second: int) -> npt.NDArray[np.int64]:
        """Return the accounts that are to be asked for a group's sake; nobody between two looks at
        groups, which are far apart (`GROUPS_EVERY_S`)."""
        grouped = self._grown(second)
        self._ask(grouped, second)
        return grouped

    def _ask(self, grouped: npt.NDArray[np.int64], second: int) -> None:
        """Note who is asked for a group's sake."""
        quarter = quarter_of(second)
        self.groups.rounds.ask(quarter, len(grouped))
        self.marks.round[grouped] = quarter
        self.marks.asked[grouped] = True

    def _grown(self, second: int) -> npt.NDArray[np.int64]:
        """Grow groups if it is time, and return who belongs to one and was not asked."""
        if second - self.moments.grouped < GROUPS_EVERY_S:
            return np.zeros(0, np.int64)
        self.moments.grouped = second
        if not self.groups.knows(self.music):
            return np.zeros(0, np.int64)
        self.groups.settle(quarter_of(second))
        return self.groups.grow(self.accounts, self.music, self.marks.asked, self.marks.failed)

    def make_room(self, accounts: int, genres: Numbers) -> None:
        """Take in accounts and tracks that are new; the numbers of the others stay.

        Args:
            accounts: How many there are now, at least.
            genres: Genre of each of the new tracks; each is an album of its own.
        """
        self.accounts = with_room(self.accounts, accounts)
        room = len(self.accounts.last_track)
        if room > len(self.marks.asked):
            more = room - len(self.marks.asked)
            self.marks = Marks._make(
                np.append(one, np.zeros(more, one.dtype)) for one in self.marks
            )
        if len(genres):
            self.music = with_more(self.music, genres)
        self.groups.make_room(room, len(self.music.plays))

    def answered(self, passed: Numbers, failed: Numbers) -> None:
        """Hear how challenges ended; told again it changes nothing. Who failed, and passes later,
        passed: it is the first answer that says what a group was, and the last that says who
        somebody is."""
        marks = self.marks
        new = [one[~(marks.passed | marks.failed)[one]] for one in (passed, failed)]
        self.groups.rounds.hear_all(*(marks.round[one].tolist() for one in new))
        for now, before, accounts in (
            (marks.passed, marks.failed, passed),
            (marks.failed, marks.passed, failed),
        ):
            now[accounts], before[accounts] = True, False

    def peaks(self) -> npt.NDArray[np.float64]:
        """Return the highest score of each account; a group's evidence is worth a challenge."""
        return self.scores(np.arange(len(self.marks.round)))

    def scores(self, accounts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the highest score of each of some accounts; as `peaks`."""
        in_groups = (self.marks.round[accounts] > 0) * FROM_SCORE[Rung.CHALLENGE]
        return np.maximum(self.own_scores(accounts), in_groups)

    def own_scores(self, accounts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the highest score that each of some accounts ever had by itself."""
        highest = self.accounts.numbers[accounts, HOUR_PEAK : HOUR_PEAK + len(CLOCKS_S)]
        own: npt.NDArray[np.float64] = (highest / self.limits.at(self._days)).max(axis=1)
        return own

    def settings(self) -> Settings:
        """Return its limits."""
        return self.limits.bits

    @property
    def _days(self) -> float:
        return (self.moments.last - self.moments.first) / DAY_S

    def _take(self, batch: Batch, limits: npt.NDArray[np.float64]) -> None:
        mine = np.flatnonzero(~batch.chosen)
        events = Events._make(column[mine] for column in batch.events)
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
        if wanted is not None and self.limits.bits == UNKNOWN.bits:
            self.limits = wanted
        elif wanted is not None:
            moved = 1.0 if self.moments.limited < 0 else (second - self.moments.limited) / DAY_S
            self.limits = self.limits.towards(wanted, moved)
        self.moments.limited = second


def make_detector(service: Service, settings: Settings = ()) -> Guard:
    """Return a guard for a service, with its own limits or with those of another one."""
    return Guard(service, settings)
