"""What a log says, as numbers: who fetched which item when. Kept in files, so that it has room.

Laws: memory grows with the accounts that ask for more than a few items, not with lines, nor with
names: up to `MOST_ACCOUNTS`, and what came after them is counted and told; nothing is believed that
did not succeed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from itertools import repeat
from pathlib import Path
from sys import intern
from tempfile import TemporaryDirectory, gettempdir
from typing import BinaryIO, NamedTuple, TypeVar
from zlib import crc32

import numpy as np
import numpy.typing as npt

from phonotheque.errors import UnavailableError
from phonotheque.guard.score.columns import Column, Raw
from phonotheque.guard.score.items import NO_ITEM, ItemRule
from phonotheque.guard.score.times import NO_INSTANT, seconds_of

MOST_ACCOUNTS = 1_000_000
LEAST_REQUESTS = 4
"""Before an account has asked so often, it is only counted among others that share its place."""

Number = TypeVar("Number", np.int32, np.uint32)

_PLACES = 1 << 21
COPIED_MS = 60_000
"""From which on a song that was heard counts as had."""

_ROBOT = (b"bot", b"crawl", b"spider", b"slurp", b"archiver")


class Visits(NamedTuple):
    """First of all: events in the order of the log; columns of one length.

    Attributes:
        account: Number of who fetched, int32.
        item: Number of the item, uint32.
        second: Since 1970 in UTC, uint32.
        counter: The number that its name ends with, int32; -1 for none.
    """

    account: npt.NDArray[np.int32]
    item: npt.NDArray[np.uint32]
    second: npt.NDArray[np.uint32]
    counter: npt.NDArray[np.int32]

    def at(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Visits:
        """Return some of them."""
        return Visits(self.account[rows], self.item[rows], self.second[rows], self.counter[rows])


@dataclass(slots=True)
class Account:
    """Whoever asked.

    Attributes:
        name: As the log says it, or a network.
        agent: What its program called itself when it was first seen.
    """

    name: str
    agent: str

    @property
    def is_robot(self) -> bool:
        """Whether it says that it is one."""
        agent = self.agent.lower().encode()
        return any(word in agent for word in _ROBOT)


@dataclass(slots=True)
class Counted:
    """What was read.

    Attributes:
        lines: In all.
        malformed: That are none of the log's form, or name no instant.
        others: For no item, refused, or failed.
        few: By accounts that asked too seldom to be looked at one by one.
        beyond: By accounts that came when there was no room for more.
        first_second, last_second: Between which the rest lies.
    """

    lines: int = 0
    malformed: int = 0
    others: int = 0
    few: int = 0
    beyond: int = 0
    first_second: int = 1 << 32
    last_second: int = 0

    @property
    def fetches(self) -> int:
        """Lines by which somebody got an item: without one there is nobody to judge."""
        return self.lines - self.malformed - self.others


class Gathering:
    """Gathers visits from lines; use it in a `with` block, which takes its files away."""

    def __init__(
        self, rule: ItemRule, *, by_network: bool = False, folder: Path | None = None
    ) -> None:
        """Begin with nothing; `has_items` is true once any line, also a refused one, names an item.

        Args:
            rule: What an item is.
            by_network: Whether neighbours (an IPv4 /24, an IPv6 /48) are one account.
            folder: Where files may lie while this is used; that of the system by default.
        """
        self.rule, self.by_network = rule, by_network
        self.accounts: list[Account] = []
        self.counted = Counted()
        self.has_items = False
        self._numbers: dict[bytes, int] = {}
        self._asked = np.zeros(_PLACES, np.uint8)
        self._folder = TemporaryDirectory(dir=folder, prefix="phonotheque-log-")
        self._files: list[BinaryIO] = []
        self._open = ExitStack()

    def __enter__(self) -> Gathering:
        """Make the files."""
        folder = Path(self._open.enter_context(self._folder))
        for name in Visits._fields:
            self._files.append(self._open.enter_context((folder / name).open("w+b", 0)))
        return self

    def __exit__(self, *_: object) -> None:
        """Take the files away."""
        self._open.close()

    def add(self, raw: Raw) -> Visits:
        """Take lines in, and return what they say."""
        counted = self.counted
        items = raw.asked.each(self.rule.number_of, NO_ITEM)
        seconds = np.append(seconds_of(raw.time.words), NO_INSTANT)[raw.time.codes]
        counted.lines += len(items) + raw.malformed
        is_dated = (seconds != NO_INSTANT) & (raw.account.codes >= 0)
        counted.malformed += raw.malformed + int(np.count_nonzero(~is_dated))
        self.has_items |= bool(np.any(items != NO_ITEM))
        is_item = _is_fetched(raw) & (items != NO_ITEM)
        counted.others += int(np.count_nonzero(is_dated & ~is_item))
        chosen = np.flatnonzero(is_dated & is_item)
        accounts = self._account_numbers(raw, chosen)
        chosen, accounts = chosen[accounts >= 0], accounts[accounts >= 0]
        visits = Visits(
            accounts,
            items[chosen].astype(np.uint32),
            seconds[chosen].astype(np.uint32),
            raw.asked.each(self.rule.counter_of, NO_ITEM)[chosen].astype(np.int32),
        )
        self._keep(visits)
        return visits

    def parts(self, most: int) -> Iterator[Visits]:
        """Give all visits of some accounts, then of the next ones: about so many at once."""
        everything = self.all()
        per_account = np.bincount(everything.account, minlength=len(self.accounts))
        part_of = (np.cumsum(per_account) // most).astype(np.int32)
        for part in np.unique(part_of):
            first, last = np.searchsorted(part_of, (part, part + 1))
            mine = (everything.account >= first) & (everything.account < last)
            if mine.any():
                yield everything.at(mine)

    def all(self) -> Visits:
        """Return all visits, mapped from their files: never all in memory."""
        account, item, second, counter = self._files
        return Visits(
            _mapped(account, np.int32), _mapped(item, np.uint32), _mapped(second, np.uint32),
            _mapped(counter, np.int32),
        )  # fmt: skip

    def _keep(self, visits: Visits) -> None:
        for file, column in zip(self._files, visits, strict=True):
            _write_all(file, column.tobytes())
        if len(visits.second):
            counted = self.counted
            counted.first_second = min(counted.first_second, int(visits.second.min()))
            counted.last_second = max(counted.last_second, int(visits.second.max()))

    def _account_numbers(self, raw: Raw, chosen: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """Number of the account of each chosen line; -1 for those that are not looked at."""
        codes = raw.account.codes[chosen]
        words = list(map(_network, raw.account.words)) if self.by_network else raw.account.words
        times = np.bincount(codes, minlength=len(words))
        numbers = np.fromiter(map(self._numbers.get, words, repeat(-1)), np.int32, len(words))
        first = np.zeros(len(words), np.int64)
        first[codes[::-1]] = chosen[::-1]
        for place in np.flatnonzero((numbers < 0) & (times > 0)).tolist():
            word = words[place]
            if word in self._numbers:  # a neighbour of one before it
                numbers[place] = self._numbers[word]
            elif self._is_frequent(word, int(times[place])):
                numbers[place] = self._new(word, _word_at(raw.agent, int(first[place])))
        left = int(times[numbers < 0].sum())
        if len(self.accounts) < MOST_ACCOUNTS:
            self.counted.few += left
        else:
            self.counted.beyond += left
        return numbers[codes]

    def _is_frequent(self, word: bytes, times: int) -> bool:
        place = crc32(word) & (_PLACES - 1)
        asked = min(255, int(self._asked[place]) + times)
        self._asked[place] = asked
        return asked >= LEAST_REQUESTS and len(self.accounts) < MOST_ACCOUNTS

    def _new(self, word: bytes, agent: bytes) -> int:
        number = self._numbers[word] = len(self.accounts)
        self.accounts.append(Account(_text(word), intern(_text(agent)[:200])))
        return number


def _is_fetched(raw: Raw) -> npt.NDArray[np.bool_]:
    """Whether each line is a fetch that succeeded, of something that is not everybody's anyway."""
    good = raw.status.each(lambda status: status[:3] in (b"200", b"206"), 0).astype(bool)
    if raw.method is not None:
        good &= raw.method.each(lambda method: method == b"GET", 1).astype(bool)
    if raw.played_ms is not None:
        good &= raw.played_ms >= COPIED_MS
    if raw.is_open is not None:
        good &= ~raw.is_open
    return good


def _word_at(column: Column | None, line: int) -> bytes:
    if column is None or column.codes[line] < 0:
        return b""
    return column.words[column.codes[line]]


def _mapped(file: BinaryIO, form: type[Number]) -> npt.NDArray[Number]:
    return np.memmap(file, form, "r") if file.tell() else np.zeros(0, form)


def _write_all(file: BinaryIO, data: bytes) -> None:
    left = memoryview(data)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError as error:
        wrong = f"there is no room for what the log says ({error.strerror})"
        todo = "Make room, or name another folder with TMPDIR."
        raise UnavailableError(gettempdir(), wrong, todo) from error


def _network(word: bytes) -> bytes:
    try:
        address = ip_address(word.decode("ascii"))
    except ValueError:
        return word
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False)).encode()


def _text(word: bytes) -> str:
    return word.decode("utf-8", "replace")
