"""Watching over a listening door: its access log in, decisions out.

Laws: what is decided follows from the log alone: started again, the same lines lead to the same
findings, one for each account, and what was decided on them before is in the case book, where the
ladder knows it again; a line that cannot be read counts nothing; only sound that may be heard and
not kept is looked at.

An account had a recording when so many bytes of it went out to it, in one play or in many, as a
minute of an access copy takes, or nearly all of a shorter one. It has it once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from phonotheque.archive.guarding.desk import GuardDesk
from phonotheque.archive.guarding.incidents import is_taking
from phonotheque.archive.listening.door import LOGS
from phonotheque.disk import refusal
from phonotheque.guard.bench.detector import Batch, Service
from phonotheque.guard.book.entries import Decided
from phonotheque.guard.decisions import DAY_S, HOUR_S, Finding, Group, Recount
from phonotheque.guard.detector import Guard, make_detector
from phonotheque.guard.engine.memory import Events
from phonotheque.guard.ladder import Rules
from phonotheque.listen.log import Line
from phonotheque.music.decoding import UNDECODABLE

COPIED_BYTES = 480_000
"""A minute at 64 kbit/s."""

_WHOLE = 0.95
"""Of a file's bytes: a player skips the end of what nobody hears."""

_PLAYED_MS = 60_000
_RARE_BELOW = 2
_DAYS = 30
_CLOCKS = ("hour", "day", "month")

Genre = Callable[[str], int]
"""Number of the genre of a recording; 0 where none is known."""


@dataclass(frozen=True, slots=True)
class Had:
    """That an account had a recording; `is_address` of who has no token."""

    second: int
    account: str
    item: str
    is_address: bool = False


@dataclass
class _Takings:
    """Bytes of each recording that went to each account."""

    of: dict[tuple[str, str], int] = field(default_factory=dict)

    def took(self, second: int, line: Line) -> Had | None:
        """Add an answer; the recording was had when it is the one that made it enough."""
        key = (line.account or line.address, line.item)
        before = self.of.get(key, 0)
        if before < 0:
            return None  # it was had
        enough = COPIED_BYTES
        if line.of_bytes:
            enough = min(enough, int(line.of_bytes * _WHOLE))
        is_had = before + line.bytes >= enough
        self.of[key] = -1 if is_had else before + line.bytes
        return Had(second, *key, is_address=not line.account) if is_had else None


def read_had(root: Path, fault: Callable[[str], None]) -> list[Had]:
    """Return what accounts had, in order of time, from all of the access log that is kept.

    Args:
        fault: Told how many lines could not be read.

    Raises:
        UnavailableError: A file cannot be read.
    """
    takings, found, unreadable = _Takings(), [], 0
    for line in _lines(root):
        try:
            read = _DECODER.decode(line)
            second = int(datetime.fromisoformat(read.at).timestamp())
        except (*UNDECODABLE, ValueError):
            unreadable += 1
            continue
        if is_taking(read) and (had := takings.took(second, read)) is not None:
            found.append(had)
    if unreadable:
        fault(f"{unreadable:,} lines of the access log cannot be read")
    return sorted(found, key=lambda had: had.second)


_DECODER = msgspec.json.Decoder(Line)


def _lines(root: Path) -> Iterator[bytes]:
    for path in sorted((root / LOGS).glob("????-??-??.jsonl")):
        try:
            with path.open("rb") as file:
                yield from (line for line in file if line.endswith(b"\n"))
        except OSError as error:
            raise refusal(f"{LOGS}/{path.name}", error) from error


@dataclass
class Watch:
    """One reading of a log: a detector that sees it hour by hour, and what it found.

    Attributes:
        had: In order of time; each recording once for each account.
        genre: Of a recording.
    """

    had: list[Had]
    genre: Genre

    def __post_init__(self) -> None:
        accounts = sorted({had.account for had in self.had})
        items = sorted({had.item for had in self.had})
        self._accounts = {name: number for number, name in enumerate(accounts)}
        self._items = {name: number for number, name in enumerate(items)}
        self._names = accounts
        self._addresses = {had.account for had in self.had if had.is_address}
        self._first: dict[str, dict[int, int]] = defaultdict(dict)
        self._accounts_of = np.zeros(len(items), np.int64)
        genres = np.array([self.genre(item) for item in items], np.int32)
        service = Service(
            max(1, len(accounts)), genres, np.arange(len(items), dtype=np.int32),
            np.zeros((max(1, len(accounts)), 5), np.int32),
        )  # fmt: skip
        self._detector = make_detector(service)
        self._told: dict[int, float] = {}

    def findings(self) -> list[Finding]:
        """Return what is found, one for each account: the strongest there is up to the end of the
        log, in the order in which accounts were noticed."""
        strongest: dict[str, Finding] = {}
        for finding in self._looks():
            before = strongest.get(finding.account, finding)
            more = finding if finding.best_score > before.best_score else before
            strongest[finding.account] = replace(more, group=before.group or finding.group)
        return list(strongest.values())

    def _looks(self) -> Iterator[Finding]:
        """Yield what is found at each hour's end, in order of time, and at the end of it all."""
        begin = 0
        while begin < len(self.had):
            until = (self.had[begin].second // HOUR_S + 1) * HOUR_S
            end = begin
            while end < len(self.had) and self.had[end].second < until:
                end += 1
            self._detector.see(self._batch(self.had[begin:end]))
            for had in self.had[begin:end]:
                item = self._items[had.item]
                self._first[had.account][item] = had.second
                self._accounts_of[item] += 1
            yield from self._look(min(until, self.had[-1].second + 1), is_last=end == len(self.had))
            begin = end

    def _look(self, second: int, *, is_last: bool) -> Iterator[Finding]:
        """Those who are stopped now, and those who went on for a quarter more since they were; at
        last all who ever were, so that nothing they did is found later."""
        stopped, peaks = self._detector.look(second), self._detector.peaks()
        growth = 0.0 if is_last else Rules().growth
        again = [one for one, score in self._told.items() if peaks[one] >= score * growth]
        in_group = dict(zip(stopped.account.tolist(), stopped.by_group.tolist(), strict=True))
        for account in (*in_group, *(one for one in again if one not in in_group)):
            score = self._told[account] = float(max(0.0, peaks[account]))
            limits = map(float, self._detector.settings())
            yield Finding(
                account=self._names[account],
                second=second,
                score=score,
                thresholds=tuple(zip(_CLOCKS, limits, strict=True)),
                group=_group_of(self._detector, second) if in_group.get(account) else None,
                recount=self._recounted(self._names[account], second),
                is_address=self._names[account] in self._addresses,
            )

    def _recounted(self, name: str, second: int) -> Recount | None:
        """The account's recordings, each once, as surprising as it is now, on the clock on which it
        is nearest to its limit."""
        since = second - _DAYS * DAY_S
        first = {item: at for item, at in self._first[name].items() if at > since}
        limits = np.asarray(self._detector.settings(), np.float64)
        if not first or not np.isfinite(limits).all() or not (limits > 0).all():
            return None
        music, tracks = self._detector.music, np.array(list(first), np.int64)
        plays = music.plays[tracks]
        bits = music.bits[np.minimum(plays, len(music.bits) - 1)].astype(np.float64)
        ages = second - np.array(list(first.values()), np.float64)
        clocks = np.array([HOUR_S, 24 * HOUR_S, _DAYS * 24 * HOUR_S], np.float64)
        weights = bits * np.exp(-ages[None, :] / clocks[:, None])
        nearest = int(np.argmax(weights.sum(axis=1) / limits))
        return Recount(
            new_tracks=len(tracks),
            rare_tracks=int((self._accounts_of[tracks] - 1 < _RARE_BELOW).sum()),
            rare_below=_RARE_BELOW,
            days=min(_DAYS, -(-(second - self.had[0].second) // DAY_S)),
            weights=tuple(np.round(weights[nearest], 3).tolist()),
            threshold=float(limits[nearest]),
        )

    def _batch(self, part: list[Had]) -> Batch:
        events = Events(
            np.array([self._accounts[had.account] for had in part], np.int32),
            np.array([self._items[had.item] for had in part], np.int32),
            np.array([had.second for had in part], np.int64),
            np.full(len(part), _PLAYED_MS, np.int32),
            np.ones(len(part), np.bool_),
        )
        nothing = np.zeros(0, np.int32), np.zeros(0, np.int64)
        return Batch(events, np.zeros(len(part), np.bool_), *nothing)


def _group_of(detector: Guard, second: int) -> Group:
    """The group of the last alarm; it is the same one for as long as a month."""
    name, found = f"grown {second // (_DAYS * 24 * HOUR_S)}", detector.groups.last.alarm
    if found is None:
        return Group(name=name, accounts=0, shared=0, expected=0.0)
    return Group(
        name=name,
        accounts=int(np.count_nonzero(found.group)),
        shared=int(found.met),
        expected=float(found.expected),
    )


def watch(desk: GuardDesk, genre: Genre, fault: Callable[[str], None]) -> list[Decided]:
    """Read the whole log, and decide about what was found and not decided on before.

    Args:
        fault: Told of what could not be read, one line each.

    Raises:
        UnavailableError: The log cannot be read, or the book cannot be written.
    """
    had = read_had(desk.root, fault)
    return desk.take_all(Watch(had, genre).findings() if had else ())
