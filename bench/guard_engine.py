"""How fast the guard is: events into the engine, JSON into verdicts, stopping and starting again.

One million accounts, 1 M tracks, popularity as an archive has it, accounts drawn alike often: the
worst case for the caches of a processor. Before it is measured the guard knows all of the accounts,
and 20,000 of them so well that groups are grown among them. CPU seconds of this process; best of
three rounds, each of events that are new to it, at a later time.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np

from bench.measure import ROUNDS
from bench.rows import Row, Sense
from phonotheque.disk import LocalDisk
from phonotheque.guard.calibration import Limits
from phonotheque.guard.detector import DAY_S, Guard
from phonotheque.guard.engine.compiled import observe_all
from phonotheque.guard.engine.memory import Events
from phonotheque.guard.groups.rounds import GROUPS_EVERY_S
from phonotheque.guard.intake import take
from phonotheque.guard.numbering import Names
from phonotheque.guard.resuming import kept, resumed
from phonotheque.guard.service import Service
from phonotheque.guard.state import load, save

ACCOUNTS, TRACKS, GENRES = 1_000_000, 1_000_000, 400
DEVOTED, PLAYS_EACH = 20_000, 100
"""Accounts that open so many tracks before it is measured."""

EVENTS = {"full": 20_000_000}
DEFAULT_EVENTS = 4_000_000
LINES = 400_000
NOW = 1_767_225_600

_Material = TypeVar("_Material")


def rows(scale: str) -> Iterator[Row]:
    """Measure the engine, the whole way in, and a stop and a start."""
    albums = np.arange(TRACKS, dtype=np.int32) // 12
    genres = np.random.default_rng(21).integers(1, GENRES, TRACKS // 12 + 1).astype(np.int32)
    service = Service(ACCOUNTS, genres[albums], albums)
    guard = Guard(service)
    guard.limits = Limits((300.0, 900.0, 3_000.0))
    yield _known(guard)
    yield _engine(guard, EVENTS.get(scale, DEFAULT_EVENTS))
    yield Row("memory of an account", guard.accounts.bytes_each, "B", 1_024, sense=Sense.AT_MOST)
    yield from _from_json(guard)
    yield from _stopped_and_started(service, guard)


def _known(guard: Guard) -> Row:
    """Have the guard know everybody, and tell what a new day costs."""
    for events in (
        events_of(DEVOTED * PLAYS_EACH, 1, NOW - 2 * DAY_S, accounts=DEVOTED),
        events_of(ACCOUNTS, 2, NOW - DAY_S)._replace(account=np.arange(ACCOUNTS, dtype=np.int32)),
    ):
        guard.learn(events, np.zeros(len(events.track), np.bool_))
    spent = best(lambda day: guard.begin(NOW + day * DAY_S), range(ROUNDS))
    return Row("a new day: tracks rated, limits moved", spent, "CPU-s")


def _engine(guard: Guard, count: int) -> Row:
    limits = guard.limits.at(30)
    days = (events_of(count, 10 + day, NOW + day * DAY_S) for day in range(ROUNDS))
    spent = best(lambda events: observe_all(guard.accounts, guard.music, limits, events), days)
    name = f"engine, {count / 1e6:.0f} M events of {ACCOUNTS / 1e6:.0f} M accounts"
    return Row(name, count / spent / 1e6, "M events/CPU-s", 1.0)


def _from_json(guard: Guard) -> Iterator[Row]:
    """From the bytes of a log to who is to be asked: parsed, hashed, counted, ledger, look.

    All names were there before. An hour passes between rounds: groups are looked at in each.
    """
    begins, names, looks = NOW + ROUNDS * DAY_S, Names(os.urandom(32), ACCOUNTS), list[float]()
    names.numbers(f"listener-{account}" for account in range(ACCOUNTS))

    def whole(log: tuple[int, bytes]) -> None:
        ends, text = log
        taken = take(text, names, TRACKS, ends)
        guard.see(taken.events, taken.chosen)
        guard.look_at(np.flatnonzero(np.bincount(taken.events.account)))
        begun = time.process_time()
        guard.look_at_groups(ends)
        looks.append(time.process_time() - begun)
        assert guard.groups.last.groups

    hours = [begins + number * GROUPS_EVERY_S for number in range(ROUNDS)]
    logs = (
        (hour + GROUPS_EVERY_S, lines_of(events_of(LINES, hour, hour, GROUPS_EVERY_S)))
        for hour in hours
    )
    spent = best(whole, logs)
    yield Row(
        f"JSON lines to verdicts, {LINES / 1e3:.0f} k lines and a look", LINES / spent / 1e3,
        "k events/CPU-s", 200,
    )  # fmt: skip
    tested = guard.groups.last.groups
    yield Row(f"the look at groups among them, {tested} tested", min(looks), "CPU-s")


def _stopped_and_started(service: Service, guard: Guard) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as folder:
        disk = LocalDisk(Path(folder))
        begun = time.process_time()
        save(disk, "guard.state", kept(guard, 1))
        saved = time.process_time() - begun

        def start(_: int) -> None:
            snapshot = load(disk, "guard.state")
            assert snapshot is not None
            resumed(service, snapshot)

        restart = best(start, range(ROUNDS))
        size = Path(folder, "guard.state").stat().st_size
    yield Row(f"snapshot of {size / 1e6:.0f} MB", saved, "CPU-s")
    yield Row("started again from it", restart, "CPU-s", 5, sense=Sense.AT_MOST)


def events_of(
    count: int, seed: int, begins: int, span_s: int = DAY_S, accounts: int = ACCOUNTS
) -> Events:
    """Draw plays of so many seconds, in order of time."""
    random = np.random.default_rng(seed)
    return Events(
        random.integers(0, accounts, count, dtype=np.int32),
        (TRACKS * random.random(count) ** 3).astype(np.int32),
        begins + np.sort(random.integers(0, span_s, count)),
        random.integers(1_000, 260_000, count, dtype=np.int32),
        random.random(count) < 0.7,
    )


def lines_of(events: Events) -> bytes:
    columns = (column.tolist() for column in events[:4])
    names = ("account", "track", "second", "played_ms")
    plays = (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))
    return b"".join(
        json.dumps({**play, "account": f"listener-{play['account']}"}).encode() + b"\n"
        for play in plays
    )


def best(work: Callable[[_Material], object], rounds: Iterable[_Material]) -> float:
    """Return the least CPU seconds that a round's work took; what it works on is not counted."""
    taken = []
    for material in rounds:
        begun = time.process_time()
        work(material)
        taken.append(time.process_time() - begun)
    return min(taken)
