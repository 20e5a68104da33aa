"""What a watch remembers of a door's log, and whom it noticed.

Laws: what is remembered follows from the lines and from their order, and from how questions ended
before the hour of each, wherever the reading was cut into turns: events are taken in second by
second, and only what came before a second decides when groups are looked at; nobody is noticed for
an event that is not there yet; of whoever was noticed in a turn the strongest finding of it counts,
so that whoever is behind with reading asks once, about all there is, and nobody is asked about the
beginning and stopped for the rest.

An event of the future, or of a week before the latest, is refused: no clock that jumps moves an
account's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np
import numpy.typing as npt

from phonotheque.archive.guarding.incidents import is_taking
from phonotheque.archive.guarding.takings import Takings
from phonotheque.guard.book.outcomes import Outcome, standing_at
from phonotheque.guard.canaries import Hits
from phonotheque.guard.decisions import DAY_S, HOUR_S, Finding, Group
from phonotheque.guard.detector import Guard
from phonotheque.guard.engine.memory import Events
from phonotheque.guard.intake import FUTURE_S, PAST_S
from phonotheque.guard.ladder import RESPITE_S, Rules
from phonotheque.guard.recount import CLOCK_NAMES, group_of, recounted
from phonotheque.guard.rungs import FROM_SCORE, Rung
from phonotheque.guard.service import Service
from phonotheque.listen.log import Line

_PLAYED_MS = 60_000
_ACCOUNTS_AT_FIRST = 1_024

Genre = Callable[[str], str]
"""Name of the genre of a recording; "" where none is known."""

Ended = Callable[[], Sequence[Outcome]]
"""How questions ended, and will if nobody answers, in order of time: as far as is known now."""


@dataclass(frozen=True, slots=True)
class Told:
    """When somebody was noticed last, and how strong that was."""

    score: float
    second: int


@dataclass
class Names:
    """Numbers of accounts and recordings, in the order in which they came.

    Attributes:
        accounts, items, genres: Numbers by name.
        called: Names of accounts, by number.
        addresses: Accounts that are addresses.
        genre_of: Of each new recording, until the detector has taken it in.
    """

    accounts: dict[str, int] = field(default_factory=dict)
    called: list[str] = field(default_factory=list)
    items: dict[str, int] = field(default_factory=dict)
    genres: dict[str, int] = field(default_factory=dict)
    addresses: set[int] = field(default_factory=set)
    genre_of: list[int] = field(default_factory=list)

    def account(self, line: Line) -> int:
        """Number of who asked.

        Raises:
            ValueError: It is no account as the door writes one.
        """
        name = line.account or line.address
        number = self.accounts.get(name)
        if number is None:
            if len(bytes.fromhex(name)) != 8:
                raise ValueError(f"{name} is no account")
            number = self.accounts[name] = len(self.accounts)
            self.called.append(name)
            if not line.account:
                self.addresses.add(number)
        return number

    def item(self, name: str, genre: Genre) -> int:
        """Number of a recording. Raises `ValueError` when it is none."""
        number = self.items.get(name)
        if number is None:
            if str(UUID(name)) != name:
                raise ValueError(f"{name} is no gid")
            called = genre(name)
            known = self.genres.setdefault(called, len(self.genres) + 1) if called else 0
            number = self.items[name] = len(self.items)
            self.genre_of.append(known)
        return number


def new_guard() -> Guard:
    """A detector that knows nobody and nothing yet."""
    none = np.zeros(0, np.int32)
    return Guard(Service(_ACCOUNTS_AT_FIRST, none, none))


@dataclass
class Suspicion:
    """What a watch knows; changed in place.

    Attributes:
        genre: Of a recording.
        latest: Second of the latest event; -1 before the first.
        over: Of each account, since when it met its budget's end, and how often within a day.
        told: Who was noticed before.
        found: Who was noticed in this turn.
        is_shadow: What was found so far was on paper only.
        refused: Lines that were not looked at, by reason.
        ended: Asked at the first event of an hour: the detector hears what ended before the hour.
    """

    genre: Genre
    guard: Guard = field(default_factory=new_guard)
    names: Names = field(default_factory=Names)
    takings: Takings = field(default_factory=Takings)
    hits: Hits = field(default_factory=Hits)
    over: dict[int, tuple[int, int]] = field(default_factory=dict)
    told: dict[int, Told] = field(default_factory=dict)
    latest: int = -1
    found: dict[int, Finding] = field(default_factory=dict)
    is_shadow: bool = False
    refused: Counter[str] = field(default_factory=Counter)
    ended: Ended = tuple
    _second: int = -1
    _hour: int = -1
    _part: list[tuple[int, int, bool]] = field(default_factory=list)

    def take(self, second: int, line: Line, now: float) -> bool:
        """Take one line of the log in; returns whether there was anything to take, and it was."""
        if not (line.canary or line.over_budget or is_taking(line)):
            return False
        if second > now + FUTURE_S or second < self.latest - PAST_S:
            self.refused["are of another time"] += 1
            return False
        if second != self._second:
            self.see()
            self._begin(second)
        try:
            self._take(second, line)
        except ValueError:
            self.refused["name nobody, or nothing"] += 1
            return False
        return True

    def is_ahead(self, now: float) -> bool:
        """Whether it took in events of a time that is not there yet, while a clock was ahead: all
        that come now would be of long ago to it."""
        return self.latest > now + FUTURE_S

    def _take(self, second: int, line: Line) -> None:
        account = self.names.account(line)
        if line.canary:
            before = self.hits.of(account)
            self.hits.note(account, str(UUID(line.item)))
            if self.hits.of(account) > before:
                self._notice([account], second)
        elif line.over_budget:
            since, count = self.over.get(account, (second, 0))
            since, count = (since, count + 1) if second - since < DAY_S else (second, 1)
            self.over[account] = since, count
            if count == 1:
                self._notice([account], second)
        else:
            item = self.names.item(line.item, self.genre)
            if self.takings.took(account, item, second, line):
                self._part.append((account, item, line.chosen))

    def _begin(self, second: int) -> None:
        """Do what is due, knowing what came before this second and nothing of it."""
        self._second = second
        self.latest = max(self.latest, second)
        self._make_room()
        self._hear(second - second % HOUR_S)
        self.guard.begin(second)
        grouped = self.guard.look_at_groups(second)
        if len(grouped):
            self._notice(grouped.tolist(), second, group_of(self.guard, second))

    def _hear(self, hour: int) -> None:
        """Tell the detector how questions ended before an hour, once in each."""
        if hour <= self._hour:
            return
        self._hour, marks = hour, self.guard.marks
        passed, failed = list[int](), list[int]()
        for name, is_passed in standing_at(hour, self.ended()).items():
            number = self.names.accounts.get(name)
            if number is not None and number < len(marks.asked):
                (passed if is_passed else failed).append(number)
        self.guard.answered(np.array(passed, np.int32), np.array(failed, np.int32))

    def see(self) -> None:
        """Let the detector see what came in, all of one second."""
        part, self._part = self._part, []
        if not part:
            return
        second = self._second
        self._make_room()
        account, item, chosen = (np.array(column) for column in zip(*part, strict=True))
        events = Events(
            account.astype(np.int32), item.astype(np.int32), np.full(len(part), second, np.int64),
            np.full(len(part), _PLAYED_MS, np.int32), np.ones(len(part), np.bool_),
        )  # fmt: skip
        self.guard.see(events, chosen)
        seen = np.unique(account[~chosen])
        self._notice(self._suspicious(seen, second), second)

    def _suspicious(self, seen: npt.NDArray[np.int64], second: int) -> list[int]:
        """Those who came too near by themselves now; and of those who were noticed before who went
        on for a quarter more, or was noticed so long ago that what followed counts."""
        found = set(self.guard.look_at(seen).tolist())
        before = [one for one in seen.tolist() if one in self.told]
        scores = self.guard.own_scores(np.array(before, np.int64)) if before else ()
        for account, score in zip(before, scores, strict=True):
            told = self.told[account]
            is_more = score >= max(told.score, FROM_SCORE[Rung.OBSERVE]) * Rules().growth
            if is_more or second - told.second >= RESPITE_S:
                found.add(account)
        return sorted(found)

    def _notice(self, accounts: list[int], second: int, group: Group | None = None) -> None:
        """Write down what is found of some accounts now, where it is more than in this turn before.

        Cost: one look through the ledger, however many accounts.
        """
        if not accounts:
            return
        self._make_room()
        numbers = np.array(accounts, np.int64)
        scores = self.guard.own_scores(numbers).tolist()
        recounts = recounted(self.guard, numbers, second)
        limits = tuple(zip(CLOCK_NAMES, map(float, self.guard.settings()), strict=True))
        for account, score in zip(accounts, scores, strict=True):
            since, count = self.over.get(account, (0, 0))
            finding = Finding(
                account=self.names.called[account], second=second, score=max(0.0, score),
                thresholds=limits, group=group, canaries=self.hits.of(account),
                over_budget=count if second - since < DAY_S else 0,
                recount=recounts.get(account), is_address=account in self.names.addresses,
                canary_ids=self.hits.ids(account),
            )  # fmt: skip
            self.told[account] = Told(score, second)
            self.found[account] = _stronger(self.found.get(account, finding), finding)

    def findings(self) -> list[Finding]:
        """Return what is found of those who were noticed in this turn, one finding for each."""
        self.see()
        self._make_room()
        self._notice(list(self.found), self.latest)  # what they did since counts, too
        return list(self.found.values())

    def again(self) -> None:
        """Notice all whom it ever noticed, as they stand now."""
        self.see()
        self._notice(list(self.told), self.latest)

    def _make_room(self) -> None:
        names = self.names
        if not names.genre_of and len(names.accounts) <= len(self.guard.marks.asked):
            return
        genres, names.genre_of = np.array(names.genre_of, np.int32), []
        self.guard.make_room(len(names.accounts), genres)


def _stronger(one: Finding, other: Finding) -> Finding:
    """The stronger of two findings about one account, with all evidence of both."""
    more = other if other.best_score > one.best_score else one
    return replace(
        more,
        group=one.group or other.group,
        canaries=max(one.canaries, other.canaries),
        canary_ids=max(one.canary_ids, other.canary_ids, key=len),
        over_budget=max(one.over_budget, other.over_budget),
    )
