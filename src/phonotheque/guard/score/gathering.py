"""Visits gathered from lines, in files: everybody's, with a number for who comes often.

Laws: memory grows with the accounts that ask for more than a few items, not with lines, nor with
names: up to `MOST_ACCOUNTS`; of whoever asked seldom, or came when there was no room, the fetches
are kept under a key and count for what is popular; nothing is believed that did not succeed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from ipaddress import ip_address, ip_network
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from phonotheque.guard.score.columns import Column, Raw
from phonotheque.guard.score.items import NO_ITEM, ItemRule, counter_of, number_of
from phonotheque.guard.score.kept import ROWS_AT_ONCE, Kept, Table
from phonotheque.guard.score.names import Agents, ItemNames, text_of
from phonotheque.guard.score.times import NO_INSTANT, seconds_of
from phonotheque.guard.score.visits import Counted, Visits

MOST_ACCOUNTS = 1_000_000
LEAST_REQUESTS = 4
"""Who fetched less often is not looked at one by one."""

AHEAD_S = 300
"""Clocks of servers differ by less."""

COPIED_MS = 60_000
"""From which on a song that was heard counts as had."""

_PLACES = 1 << 24
"""Of counts of how often accounts asked: those that share one get their numbers earlier."""

_KEY_BITS = (1 << 63) - 1


class Gathering:
    """Gathers visits from lines; use it in a `with` block, which takes its files away."""

    def __init__(
        self,
        rule: ItemRule,
        *,
        by_network: bool = False,
        folder: Path | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Begin with nothing.

        `has_items` is true once any line, also a refused one, names an item; `has_times` once any
        line names an instant, and `no_time` is the first that stood where one should.

        Args:
            rule: What an item is.
            by_network: Whether neighbours (an IPv4 /24, an IPv6 /48) are one account.
            folder: Where files may lie while this is used; that of the system by default.
            clock: Gives seconds since 1970; what is ahead of it is left out. None believes all.
        """
        self.rule, self.by_network, self._clock = rule, by_network, clock
        self.names: list[bytes] = []
        self.counted = Counted()
        self.has_items = self.has_times = False
        self.no_time: bytes | None = None
        self._numbers: dict[bytes, int] = {}
        self._keys: list[int] = []
        self._settled = 0
        self._asked = np.zeros(_PLACES, np.uint8)
        self._made = TemporaryDirectory(dir=folder, prefix="phonotheque-log-")
        self._open = ExitStack()

    def __enter__(self) -> Gathering:
        """Make the files."""
        self._folder = Path(self._open.enter_context(self._made))
        self.visits: Kept[Visits] = self.room(Visits, "i8 u4 u4 i4 i4", "visits")
        self.agents = Agents(self._folder, self._open)
        self.item_names = ItemNames(self._folder, self._open)
        return self

    def __exit__(self, *_: object) -> None:
        """Take the files away."""
        self._open.close()

    def room(self, make: Callable[..., Table], types: str, name: str) -> Kept[Table]:
        """Return room for more rows, beside those of the log, as long as these are there."""
        return Kept(make, types, self._folder, name, self._open)

    def add(self, raw: Raw) -> Visits:
        """Take lines in, and return what they say."""
        names = [self.rule.of(word) for word in raw.asked.words]
        numbers = np.fromiter(map(number_of, names), np.int64, len(names))
        items, seconds = raw.asked.spread(numbers, NO_ITEM), self._seconds(raw.time)
        self.has_items |= bool(np.any(items != NO_ITEM))
        chosen = self._fetched(raw, items, seconds)
        seen = np.zeros(len(names), bool)
        seen[raw.asked.codes[chosen]] = True
        self.item_names.add(np.where(seen, numbers, NO_ITEM), names)
        visits = Visits(
            self._accounts(raw, chosen),
            items[chosen].astype(np.uint32),
            seconds[chosen].astype(np.uint32),
            raw.asked.spread(map(counter_of, names), NO_ITEM)[chosen].astype(np.int32),
            self.agents.codes(raw.agent, chosen),
        )
        self.visits.add(visits)
        self.counted.span(visits.second)
        return visits

    def settle(self) -> None:
        """Give what was kept under a key before somebody had a number that number."""
        keys = np.array(self._keys[self._settled :], np.int64)
        order = np.argsort(keys)
        account = self.visits.column(0, "r+")
        for first in range(0, len(account) if len(keys) else 0, ROWS_AT_ONCE):
            part = account[first : first + ROWS_AT_ONCE]
            seldom = np.flatnonzero(part < 0)
            found = order[np.searchsorted(keys, part[seldom], sorter=order) % len(keys)]
            is_one = keys[found] == part[seldom]
            part[seldom[is_one]] = self._settled + found[is_one]
        self._settled = len(self._keys)

    def fetches(self) -> npt.NDArray[np.int64]:
        """Return how often each account with a number fetched; settled before."""
        account, times = self.visits.column(0), np.zeros(len(self.names), np.int64)
        for first in range(0, len(account), ROWS_AT_ONCE):
            part = account[first : first + ROWS_AT_ONCE]
            times += np.bincount(part[part >= 0], minlength=len(times))
        return times

    def parts(self, most: int) -> Iterator[Visits]:
        """Give all visits of some accounts with numbers, then of the next: so many at once."""
        part_of = np.cumsum(self.fetches()) // most
        for part in np.unique(part_of).tolist():
            first, last = np.searchsorted(part_of, (part, part + 1))
            yield self.of(partial(_is_between, int(first), int(last)))

    def seldom_parts(self, most: int) -> Iterator[Visits]:
        """Give all visits of those without numbers: so many at once, nobody's divided."""
        count = sum(
            int(np.count_nonzero(self.visits.column(0)[first : first + ROWS_AT_ONCE] < 0))
            for first in range(0, self.visits.rows, ROWS_AT_ONCE)
        )
        shares = count // most + 1
        for share in range(shares if count else 0):
            yield self.of(partial(_is_of_share, share, shares))

    def of(self, chosen: Callable[[Any], Any]) -> Visits:
        """Return the visits of accounts that are chosen by their numbers and keys."""
        return self.visits.at(self.visits.where(0, chosen))

    def agents_at(self, seconds: npt.NDArray[np.int64]) -> dict[int, str]:
        """Return what accounts called themselves at a second each; -1 for those not asked for."""
        account, second, agent = (self.visits.column(place) for place in (0, 2, 4))
        codes: dict[int, list[int]] = {}
        for first in range(0, len(account), ROWS_AT_ONCE):
            part = slice(first, first + ROWS_AT_ONCE)
            at = np.append(seconds, -1)[np.maximum(account[part], -1)]
            for row in (first + np.flatnonzero(at == second[part])).tolist():
                codes.setdefault(int(account[row]), []).append(int(agent[row]))
        return {number: self.agents.name(some) for number, some in codes.items()}

    def name(self, number: int) -> str:
        """Return what an account is called."""
        return text_of(self.names[number])

    def _seconds(self, time: Column) -> npt.NDArray[np.int64]:
        seconds = seconds_of(time.words)
        is_none = seconds == NO_INSTANT
        self.has_times |= not is_none.all()
        if self.no_time is None and is_none.any():
            self.no_time = time.words[int(np.argmax(is_none))]
        return np.append(seconds, NO_INSTANT)[time.codes]

    def _fetched(
        self, raw: Raw, items: npt.NDArray[np.int64], seconds: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """Which lines are fetches of an item; all are counted as what they are."""
        counted = self.counted
        counted.lines += len(items) + raw.malformed
        is_dated = (seconds != NO_INSTANT) & (raw.account.codes >= 0)
        counted.malformed += raw.malformed + int(np.count_nonzero(~is_dated))
        if self._clock is not None:
            is_ahead = is_dated & (seconds > self._clock() + AHEAD_S)
            counted.ahead += int(np.count_nonzero(is_ahead))
            is_dated &= ~is_ahead
        is_item = is_dated & _is_had(raw) & (items != NO_ITEM)
        counted.others += int(np.count_nonzero(is_dated & ~is_item))
        return np.flatnonzero(is_item)

    def _accounts(self, raw: Raw, chosen: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Number, or key, of the account of each chosen line."""
        codes = raw.account.codes[chosen]
        words = list(map(_network, raw.account.words)) if self.by_network else raw.account.words
        times = np.bincount(codes, minlength=len(words))
        found = np.fromiter(map(self._numbers.get, words, repeat(-1)), np.int64, len(words))
        for place in np.flatnonzero((found < 0) & (times > 0)).tolist():
            found[place] = self._number(words[place], int(times[place]))
        return found[codes]

    def _number(self, word: bytes, times: int) -> int:
        """Number of an account that has none, or may have one by a neighbour; or its key."""
        if word in self._numbers:
            return self._numbers[word]
        key = (hash(word) & _KEY_BITS) - _KEY_BITS - 1
        place = crc32(word) & (_PLACES - 1)
        asked = self._asked[place] = min(255, int(self._asked[place]) + times)
        if asked < LEAST_REQUESTS or len(self.names) >= MOST_ACCOUNTS:
            return key
        number = self._numbers[word] = len(self.names)
        self.names.append(word)
        self._keys.append(key)
        return number


def _is_between(first: int, last: int, account: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    return (account >= first) & (account < last)


def _is_of_share(share: int, shares: int, account: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    return (account < 0) & (account % shares == share)


def _is_had(raw: Raw) -> npt.NDArray[np.bool_]:
    """Whether each line is a fetch that succeeded, of something that is not everybody's anyway."""
    good = raw.status.each(lambda status: status[:3] in (b"200", b"206"), 0).astype(bool)
    if raw.method is not None:
        good &= raw.method.each(lambda method: method == b"GET", 1).astype(bool)
    if raw.played_ms is not None:
        good &= raw.played_ms >= COPIED_MS
    if raw.is_open is not None:
        good &= ~raw.is_open
    return good


def _network(word: bytes) -> bytes:
    try:
        address = ip_address(word.decode("ascii"))
    except ValueError:
        return word
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False)).encode()
