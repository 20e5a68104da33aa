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

from phonotheque.archive.guarding.descriptions import Descriptions
from phonotheque.archive.guarding.incidents import is_taking
from phonotheque.archive.guarding.names import MOST_ACCOUNTS, NO_ROOM, Names
from phonotheque.archive.guarding.takings import Takings
from phonotheque.guard.book.outcomes import Outcome, standing_at
from phonotheque.guard.canaries import Hits
from phonotheque.guard.decisions import DAY_S, HOUR_S, Finding, Group
from phonotheque.guard.detector import Guard
from phonotheque.guard.engine.memory import Events
from phonotheque.guard.intake import FUTURE_S, PAST_S
from phonotheque.guard.ladder import RESPITE_S, Rules
from phonotheque.guard.recount import CLOCK_NAMES, group_of, recounted
from phonotheque.guard.rungs import FROM_SCORE, Rung, rung_of
from phonotheque.guard.service import Service
from phonotheque.listen.log import Line

Numbers = npt.NDArray[np.int64]

_PLAYED_MS = 60_000
_ACCOUNTS_AT_FIRST = 1_024

Ended = Callable[[], Sequence[Outcome]]
"""How questions ended, and will if nobody answers, in order of time: as far as is known now."""


@dataclass(frozen=True, slots=True)
class Told:
    """When somebody was noticed last, and how strong that was.

    Attributes:
        score: The highest that it ever was, as estimated.
        now: What it was then, as estimated.
        counted: What it was then, counted exactly; the same where nobody did.
    """

    score: float
    second: int
    now: float
    counted: float


def new_guard() -> Guard:
    """A detector that knows nobody and nothing yet."""
    none = np.zeros(0, np.int32)
    return Guard(Service(_ACCOUNTS_AT_FIRST, none, none))


@dataclass
class Suspicion:
    """What a watch knows; changed in place.

    Attributes:
        descriptions: Of recordings.
        most_accounts: Who comes new when there are so many is not looked at: budgets count.
        beyond: Lines that were not looked at for that.
        latest: Second of the latest event; -1 before the first.
        over: Of each account, since when it met its budget's end, and how often within a day.
        told: Who was noticed before.
        found: Who was noticed in this turn.
        is_shadow: What was found so far was on paper only.
        refused: Lines that were not looked at, by reason.
        ended: Asked at the first event of an hour: the detector hears what ended before the hour.
    """

    descriptions: Descriptions
    most_accounts: int = MOST_ACCOUNTS
    beyond: int = 0
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
            return self._take(second, line)
        except ValueError:
            self.refused["name nobody, or nothing"] += 1
            return False

    def is_ahead(self, now: float) -> bool:
        """Whether it took in events of a time that is not there yet, while a clock was ahead: all
        that come now would be of long ago to it."""
        return self.latest > now + FUTURE_S

    def _take(self, second: int, line: Line) -> bool:
        account = self.names.account(line, self.most_accounts)
        if account == NO_ROOM:
            self.beyond += 1
            return False
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
            item = self.names.item(line.item, self.descriptions)
            if self.takings.took(account, item, second, line):
                self._part.append((account, item, line.chosen))
        return True

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
        """Tell the detector how questions ended before an hour, once in each, and look whether the
        catalogue is another one."""
        if hour <= self._hour:
            return
        self.names.look(self.descriptions)
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
        seen = np.array(sorted({who for who, _, is_drawn in part if not is_drawn}), np.int64)
        self._notice(self._suspicious(seen, second), second)

    def _suspicious(self, seen: Numbers, second: int) -> list[int]:
        """Those who came too near by themselves now, or to another rung; and of those who were
        noticed before who went on for a quarter more, or was noticed so long ago that what followed
        counts.

        Nobody is noticed for what only observes: that begins by itself (`suspected`).
        """
        found = set(self.guard.look_at(seen).tolist())
        if near := self.guard.near(seen, FROM_SCORE[Rung.BUDGET]):
            scores = self.guard.scores_now(np.array(near, np.int64)).tolist()
            now = zip(near, scores, strict=True)
            found |= {account for account, score in now if self._is_another_rung(account, score)}
        before = [one for one in seen.tolist() if one in self.told]
        scores = self.guard.own_scores(np.array(before, np.int64)) if before else ()
        for account, score in zip(before, scores, strict=True):
            told = self.told[account]
            is_more = score >= max(told.score, FROM_SCORE[Rung.OBSERVE]) * Rules().growth
            if is_more or second - told.second >= RESPITE_S:
                found.add(account)
        return sorted(found)

    def _is_another_rung(self, account: int, now: float) -> bool:
        """Whether an exact count would reach another rung than the last one did, by all that was
        added since: so an account that stays where it is costs no look through the ledger."""
        told = self.told.get(account)
        if told is None:
            return True
        return rung_of(told.counted + now - told.now) > rung_of(told.counted)

    def _notice(self, accounts: list[int], second: int, group: Group | None = None) -> None:
        """Write down what is found of some accounts now, where it is more than in this turn before.

        Cost: one look through the ledger, however many accounts.
        """
        if not accounts:
            return
        self._make_room()
        numbers = np.array(accounts, np.int64)
        scores, now = self.guard.own_scores(numbers).tolist(), self.guard.scores_now(numbers)
        recounts = recounted(self.guard, numbers, second)
        limits = tuple(zip(CLOCK_NAMES, map(float, self.guard.settings()), strict=True))
        for account, score, of_now in zip(accounts, scores, now.tolist(), strict=True):
            since, count = self.over.get(account, (0, 0))
            recount = recounts.get(account)
            finding = Finding(
                account=self.names.called[account], second=second, score=max(0.0, score),
                thresholds=limits, group=group, canaries=self.hits.of(account),
                over_budget=count if second - since < DAY_S else 0,
                recount=recount, is_address=account in self.names.addresses,
                canary_ids=self.hits.ids(account),
            )  # fmt: skip
            counted = of_now if recount is None else recount.score
            self.told[account] = Told(score, second, of_now, counted)
            self.found[account] = _stronger(self.found.get(account, finding), finding)

    def findings(self) -> list[Finding]:
        """Return what is found of those who were noticed in this turn, one finding for each."""
        self.see()
        self._make_room()
        self._notice(list(self.found), self.latest)  # what they did since counts, too
        return list(self.found.values())

    def again(self, is_cleared: Callable[[str], bool]) -> None:
        """Notice all whom it ever noticed, as they stand now. Who was found in a group is free to
        be found again by the next look at groups, but for whom a person cleared of one."""
        self.see()
        for account in np.flatnonzero(self.guard.marks.round > 0).tolist():
            if not is_cleared(self.names.called[account]):
                self.guard.marks.asked[account] = False
        self._notice(list(self.told), self.latest)

    def _make_room(self) -> None:
        names = self.names
        if names.new or len(names.accounts) > len(self.guard.marks.asked):
            new, names.new = np.array(names.new, np.int32).reshape(-1, 2), []
            self.guard.make_room(len(names.accounts), new[:, 0], new[:, 1])
        if names.placed:
            placed, names.placed = names.placed, {}
            where = np.array(list(placed.values()), np.int32)
            self.guard.describe(np.array(list(placed), np.int64), where[:, 0], where[:, 1])


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
