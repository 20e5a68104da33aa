"""How fast the guard is: events into the engine, JSON into verdicts, stopping and starting again.

One million accounts, 1 M tracks, popularity as an archive has it, accounts drawn alike often: the
worst case for the caches of a processor. CPU seconds of this process; best of three.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bench.measure import ROUNDS
from bench.rows import Row, Sense
from phonotheque.disk import LocalDisk
from phonotheque.guard.calibration import Limits
from phonotheque.guard.detector import Guard
from phonotheque.guard.engine.compiled import observe_all
from phonotheque.guard.engine.memory import Events
from phonotheque.guard.intake import Names, take
from phonotheque.guard.resuming import kept, resumed
from phonotheque.guard.service import Service
from phonotheque.guard.state import load, save

ACCOUNTS, TRACKS, GENRES = 1_000_000, 1_000_000, 400
EVENTS = {"full": 20_000_000}
DEFAULT_EVENTS = 4_000_000
LINES = 400_000
NOW = 1_767_225_600


def rows(scale: str) -> Iterator[Row]:
    """Measure the engine, the whole way in, and a stop and a start."""
    albums = np.arange(TRACKS, dtype=np.int32) // 12
    genres = np.random.default_rng(21).integers(0, GENRES, TRACKS // 12 + 1).astype(np.int32)
    service = Service(ACCOUNTS, genres[albums], albums)
    guard = Guard(service)
    guard.limits = Limits((300.0, 900.0, 3_000.0))
    known = events_of(300_000, 1)
    guard.learn(known, np.zeros(len(known.track), np.bool_))
    yield _engine(guard, EVENTS.get(scale, DEFAULT_EVENTS))
    yield Row("memory of an account", guard.accounts.bytes_each, "B", 1_024, sense=Sense.AT_MOST)
    yield _from_json(guard)
    yield from _stopped_and_started(service, guard)


def _engine(guard: Guard, count: int) -> Row:
    events, limits = events_of(count, 2), guard.limits.at(30)
    spent = best(lambda: observe_all(guard.accounts, guard.music, limits, events))
    name = f"engine, {count / 1e6:.0f} M events of {ACCOUNTS / 1e6:.0f} M accounts"
    return Row(name, count / spent / 1e6, "M events/CPU-s", 1.0)


def _from_json(guard: Guard) -> Row:
    """From the bytes of a log to who is to be asked: parsed, hashed, counted, ledger, look."""
    text, names = lines_of(events_of(LINES, 3)), Names(os.urandom(32), ACCOUNTS)

    def whole() -> None:
        taken = take(text, names, TRACKS, NOW + 86_400)
        guard.see(taken.events, taken.chosen)
        guard.look_at(np.unique(taken.events.account))
        guard.look_at_groups(NOW)

    spent = best(whole)
    return Row(
        f"JSON lines to verdicts, {LINES / 1e3:.0f} k lines", LINES / spent / 1e3,
        "k events/CPU-s", 200,
    )  # fmt: skip


def _stopped_and_started(service: Service, guard: Guard) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as folder:
        disk = LocalDisk(Path(folder))
        begun = time.process_time()
        save(disk, "guard.state", kept(guard, 1))
        saved = time.process_time() - begun

        def start() -> None:
            snapshot = load(disk, "guard.state")
            assert snapshot is not None
            resumed(service, snapshot)

        restart = best(start)
        size = Path(folder, "guard.state").stat().st_size
    yield Row(f"snapshot of {size / 1e6:.0f} MB", saved, "CPU-s")
    yield Row("started again from it", restart, "CPU-s", 5, sense=Sense.AT_MOST)


def events_of(count: int, seed: int) -> Events:
    random = np.random.default_rng(seed)
    return Events(
        random.integers(0, ACCOUNTS, count, dtype=np.int32),
        (TRACKS * random.random(count) ** 3).astype(np.int32),
        NOW + np.sort(random.integers(0, 86_400, count)),
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


def best(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)
