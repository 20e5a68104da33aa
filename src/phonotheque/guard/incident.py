"""What left through some accounts: when, how much of it whole, which share, and whose; pure.

Laws: a recording that left twice is one recording; shares are of what stood there to be taken, and
are left out where that is not known; the parts by account, by day and by holder follow from the
same takings and never say more than them together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from phonotheque.guard.decisions import DAY_S
from phonotheque.guard.instants import instant_of


@dataclass(slots=True)
class Taken:
    """What one account took of one recording.

    Attributes:
        first, last: Seconds since 1970 of the first and last answer.
        size_bytes: That were sent.
        requests: Answers.
        by_day: Bytes of each day since 1970; None where all left on the day of `first`.
    """

    first: int
    last: int
    size_bytes: int = 0
    requests: int = 0
    by_day: dict[int, int] | None = None

    def add(self, more: Taken) -> None:
        """Add what left within one day, in any order of days."""
        day = more.first // DAY_S
        if self.by_day is None and day != self.first // DAY_S:
            self.by_day = self.of_days()
        if self.by_day is not None:
            self.by_day[day] = self.by_day.get(day, 0) + more.size_bytes
        self.first, self.last = min(self.first, more.first), max(self.last, more.last)
        self.size_bytes += more.size_bytes
        self.requests += more.requests

    def of_days(self) -> dict[int, int]:
        """Return the bytes of each day since 1970."""
        return {self.first // DAY_S: self.size_bytes} if self.by_day is None else self.by_day


Takings = dict[tuple[str, str], Taken]
"""By account and item."""


def add_taken(takings: Takings, account: str, item: str, more: Taken) -> None:
    """Add what one account took of one recording within one day."""
    before = takings.setdefault((account, item), more)
    if before is not more:
        before.add(more)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a recording.

    Attributes:
        title: With who is named for it.
        holder: Whose it is: the label that issued it, else who is named for it; "" unknown.
        plays: How often it was heard here.
        whole_bytes: Bytes from which on it left whole; 0 unknown.
    """

    title: str = ""
    holder: str = ""
    plays: int = 0
    whole_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A recording that left."""

    gid: str
    title: str
    holder: str
    accounts: int
    first: str
    last: str
    size_bytes: int
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one account took; `case` is its case, "" without one."""

    account: str
    case: str
    recordings: int
    whole: int
    size_bytes: int
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What left on one day (UTC): recordings that had not left before, and bytes."""

    day: str
    new_recordings: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """What left of one rights holder; `share` is that of all that left."""

    holder: str
    recordings: int
    whole: int
    size_bytes: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """The report. Parts are in order of size, days in order of time.

    Attributes:
        since, until: What was looked at, ISO 8601 in UTC.
        recordings: That left, in part or whole.
        whole: Of them, those that left whole.
        catalogue: How many there were to be taken; 0 unknown.
        share_of_catalogue: `recordings` of them; None unknown.
        share_of_listens: Which part of all listens went to what left; None unknown.
        unseen: Accounts that were asked about and of which there is no line.
        log_begins: First day of the log that is kept, "" where there is none.
    """

    since: str
    until: str
    recordings: int
    whole: int
    size_bytes: int
    catalogue: int
    share_of_catalogue: float | None
    share_of_listens: float | None
    accounts: tuple[Account, ...]
    days: tuple[Day, ...]
    holders: tuple[Holder, ...]
    items: tuple[Item, ...]
    unseen: tuple[str, ...]
    log_begins: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What takings are held against.

    Attributes:
        since, until: Seconds since 1970 that were looked at.
        known: Says what is known of a recording.
        cases: The case of each account that has one.
        catalogue: Recordings that may be heard and not kept; 0 unknown.
        listens: Plays of them all; 0 unknown.
        unseen: Accounts of which there is no line.
        log_begins: First day of the log that is kept, "" where there is none.
    """

    since: int
    until: int
    known: Callable[[str], Known]
    cases: Mapping[str, str]
    catalogue: int = 0
    listens: int = 0
    unseen: tuple[str, ...] = ()
    log_begins: str = ""


def report(takings: Takings, background: Background) -> Incident:
    """Return what left."""
    gids = sorted({gid for _, gid in takings})
    known = {gid: background.known(gid) for gid in gids}
    items = sorted(_items(takings, known), key=lambda one: (-one.size_bytes, one.gid))
    count, heard = len(items), sum(one.plays for one in known.values())
    return Incident(
        since=instant_of(background.since),
        until=instant_of(background.until),
        recordings=count,
        whole=sum(item.is_whole for item in items),
        size_bytes=sum(item.size_bytes for item in items),
        catalogue=background.catalogue,
        share_of_catalogue=_share(count, background.catalogue),
        share_of_listens=_share(heard, background.listens),
        accounts=tuple(_accounts(takings, known, background.cases)),
        days=tuple(_days(takings)),
        holders=tuple(_holders(items)),
        items=tuple(items),
        unseen=background.unseen,
        log_begins=background.log_begins,
    )


def _items(takings: Takings, known: Mapping[str, Known]) -> Iterable[Item]:
    by_gid: dict[str, list[Taken]] = defaultdict(list)
    for (_, gid), taken in takings.items():
        by_gid[gid].append(taken)
    for gid, parts in by_gid.items():
        about = known[gid]
        yield Item(
            gid=gid,
            title=about.title,
            holder=about.holder,
            accounts=len(parts),
            first=instant_of(min(part.first for part in parts)),
            last=instant_of(max(part.last for part in parts)),
            size_bytes=sum(part.size_bytes for part in parts),
            is_whole=any(_is_whole(part, about) for part in parts),
        )


def _accounts(
    takings: Takings, known: Mapping[str, Known], cases: Mapping[str, str]
) -> list[Account]:
    by_account: dict[str, list[tuple[Taken, Known]]] = defaultdict(list)
    for (account, gid), taken in takings.items():
        by_account[account].append((taken, known[gid]))
    found = [
        Account(
            account=account,
            case=cases.get(account, ""),
            recordings=len(parts),
            whole=sum(_is_whole(*part) for part in parts),
            size_bytes=sum(taken.size_bytes for taken, _ in parts),
            first=instant_of(min(taken.first for taken, _ in parts)),
            last=instant_of(max(taken.last for taken, _ in parts)),
        )
        for account, parts in by_account.items()
    ]
    return sorted(found, key=lambda one: (-one.recordings, one.account))


def _days(takings: Takings) -> list[Day]:
    first: dict[str, int] = {}
    size_bytes: dict[int, int] = defaultdict(int)
    for (_, gid), taken in takings.items():
        first[gid] = min(first.get(gid, taken.first), taken.first)
        for day, count in taken.of_days().items():
            size_bytes[day] += count
    new = Counter(second // DAY_S for second in first.values())
    return [
        Day(day=instant_of(day * DAY_S)[:10], new_recordings=new[day], size_bytes=size_bytes[day])
        for day in sorted(size_bytes)
    ]


def _holders(items: Iterable[Item]) -> list[Holder]:
    by_holder: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        by_holder[item.holder].append(item)
    total = sum(map(len, by_holder.values()))
    found = [
        Holder(
            holder=holder,
            recordings=len(parts),
            whole=sum(part.is_whole for part in parts),
            size_bytes=sum(part.size_bytes for part in parts),
            share=len(parts) / total,
        )
        for holder, parts in by_holder.items()
    ]
    return sorted(found, key=lambda one: (-one.recordings, one.holder))


def _is_whole(taken: Taken, known: Known) -> bool:
    return 0 < known.whole_bytes <= taken.size_bytes


def _share(part: int, whole: int) -> float | None:
    return min(1.0, part / whole) if whole else None
