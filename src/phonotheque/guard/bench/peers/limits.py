"""Rules of one number: so much within a time, and an account or an address is blocked.

Each is kinder to itself than its tool is: the limit is not the tool's own but set so that one in
ten thousand people of another population would be blocked (`settings`), it is judged at each event,
and a block is for good.

Sources: Sigma specification 2.0, correlation rules (`event_count`, `value_count`); fail2ban 1.1,
jail.conf(5) (`findtime`, `maxretry`); CrowdSec, scenario format (leaky bucket: `capacity`,
`leakspeed`, `groupby`, `distinct`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.bench.detector import Batch, KeyedService, Maker, Settings, Stopped
from phonotheque.guard.bench.feed import DAY_S
from phonotheque.guard.jit import compiled
from phonotheque.guard.rungs import Rung
from phonotheque.guard.service import Numbers

_ADDRESS = 0
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Rule:
    """What is counted.

    Attributes:
        name: As the table calls it.
        window_s: After so many seconds, counted from midnight, it begins again; 0 for never.
        leak_s: After so many seconds one is forgotten; infinite for never.
        is_distinct: Whether only the first copy of a track on a day counts.
        is_by_address: Whether all accounts of an address are counted and blocked together.
    """

    name: str
    window_s: int = DAY_S
    leak_s: float = math.inf
    is_distinct: bool = False
    is_by_address: bool = False


RULES = (
    Rule("plays per day"),
    Rule("distinct per day (Sigma)", is_distinct=True),
    Rule("per address (fail2ban)", window_s=600, is_by_address=True),
    Rule("leaky bucket (CrowdSec)", window_s=0, leak_s=360, is_distinct=True),
)


class Counters(NamedTuple):
    """What a rule remembers of each account or address; changed in place.

    Attributes:
        level: Counted now.
        at: Second at which it was counted last.
        highest: It ever was.
        above_at: Second at which it first rose above the limit.
    """

    level: npt.NDArray[np.float64]
    at: npt.NDArray[np.int64]
    highest: npt.NDArray[np.float64]
    above_at: npt.NDArray[np.int64]


class Limit:
    """A number for each account, or each address, that must not rise above a limit."""

    def __init__(self, rule: Rule, service: KeyedService, settings: Settings) -> None:
        """Begin with nothing counted; without a limit nobody is blocked, and peaks are whole."""
        self._rule, self._service = rule, service
        self._limit = settings[0] if settings else math.inf
        own = np.arange(service.accounts, dtype=np.int32)
        self._key_of = service.keys[:, _ADDRESS] if rule.is_by_address else own
        keys = int(self._key_of.max(initial=0)) + 1
        self._counters = Counters(
            np.zeros(keys), np.zeros(keys, np.int64), np.zeros(keys), np.full(keys, _NEVER)
        )
        self._blocked = np.zeros(service.accounts, bool)
        self._today = Today(service.tracks)

    @property
    def name(self) -> str:
        """As the table calls it."""
        return self._rule.name

    def learn(self, batch: Batch) -> None:
        """Count in the days before the first one, too, so that buckets are not empty then."""
        self.see(batch)
        self._counters.highest[:] = 0
        self._counters.above_at[:] = _NEVER

    def see(self, batch: Batch) -> None:
        """Count what happened."""
        events = batch.events
        counts = (
            self._today.is_new(batch)
            if self._rule.is_distinct
            else np.ones(len(batch.chosen), bool)
        )
        keys = self._key_of[events.account[counts]]
        times = (float(self._rule.window_s), self._rule.leak_s, self._limit)
        _count(keys, events.second[counts], times, self._counters)

    def look(self, second: int) -> Stopped:
        """Block whoever rose above the limit."""
        del second
        above_at = self._counters.above_at[self._key_of]
        now = np.flatnonzero((above_at < _NEVER) & ~self._blocked).astype(np.int32)
        self._blocked[now] = True
        count = len(now)
        rungs = np.full(count, Rung.SUSPEND, np.int8)
        return Stopped(now, rungs, np.zeros(count, np.bool_), above_at[now])

    def answered(self, passed: Numbers, failed: Numbers) -> None:
        """It never challenges."""

    def peaks(self) -> npt.NDArray[np.float64]:
        """Return the highest number of each account."""
        return self._counters.highest[self._key_of]

    def settings(self) -> Settings:
        """Return the limit."""
        return (self._limit,)


class Today:
    """Which account had which track since midnight."""

    def __init__(self, tracks: int) -> None:
        """Begin with nothing."""
        self._tracks, self._day = tracks, 0
        self._held, self._table = 0, np.zeros(_LEAST_ROOM, np.int64)

    def is_new(self, batch: Batch) -> npt.NDArray[np.bool_]:
        """Say which events are the account's first with a track on the day."""
        events = batch.events
        pairs = events.account.astype(np.int64) * self._tracks + events.track + 1
        if len(pairs) and int(events.second[0]) // DAY_S != self._day:
            self._day = int(events.second[0]) // DAY_S
            self._held = 0
            self._table[:] = 0
        room = 1 << (2 * (self._held + len(pairs))).bit_length()
        if room > len(self._table):
            held = self._table[self._table > 0]
            self._table = np.zeros(room, np.int64)
            _take(held, self._table)
        is_new = _take(pairs, self._table)
        self._held += int(is_new.sum())
        return is_new


_LEAST_ROOM = 1 << 16


@compiled
def _take(pairs: Any, table: Any) -> npt.NDArray[np.bool_]:
    """Put pairs into an open hash table, and say which were not there."""
    is_new = np.zeros(len(pairs), np.bool_)
    mask = len(table) - 1
    for row in range(len(pairs)):
        place = np.int64((np.uint64(pairs[row]) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20))
        place &= mask
        while table[place] != 0 and table[place] != pairs[row]:
            place = (place + 1) & mask
        is_new[row] = table[place] == 0
        table[place] = pairs[row]
    return is_new


def limit_of(rule: Rule) -> Maker:
    """Return what makes the detector of a rule."""
    return partial(Limit, rule)


@compiled
def _count(keys: Any, seconds: Any, times: tuple[float, float, float], counters: Counters) -> None:
    window_s, leak_s, limit = times
    level, at, highest, above_at = counters
    for row in range(len(keys)):
        key, second = keys[row], seconds[row]
        if window_s > 0 and second // window_s != at[key] // window_s:
            level[key] = 0
        level[key] = max(0.0, level[key] - (second - at[key]) / leak_s) + 1
        at[key] = second
        highest[key] = max(highest[key], level[key])
        if level[key] > limit and above_at[key] == _NEVER:
            above_at[key] = second
