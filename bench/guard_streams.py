"""How fast a guard of many workers is: a log into streams, a part's events in, windows joined.

One of four parts of a million accounts, a million tracks; before it is measured it knows all of its
accounts, and some so well that groups are grown among them. The server is a real one on a socket of
its own, and what it spends is not counted. CPU seconds of this process; best of three rounds, each
of events that are new, of the next hour.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.guard_engine import (
    ACCOUNTS,
    DEVOTED,
    GENRES,
    LINES,
    NOW,
    PLAYS_EACH,
    TRACKS,
    best,
    events_of,
    lines_of,
)
from bench.measure import ROUNDS
from bench.rows import Row, Sense
from phonotheque.disk import LocalDisk
from phonotheque.guard.detector import DAY_S
from phonotheque.guard.groups.rounds import GROUPS_EVERY_S
from phonotheque.guard.state import load, save
from phonotheque.guard.streams.log import PIECE_BYTES
from phonotheque.guard.streams.part import Part
from phonotheque.guard.streams.remembering import kept_part, part_of_kept
from phonotheque.guard.streams.rows import COPIED, ROW, Rows
from phonotheque.guard.streams.sending import Sender
from phonotheque.guard.streams.server import StreamServer
from phonotheque.guard.streams.shape import Shape, Tracks
from phonotheque.guard.streams.telling import encode_report
from phonotheque.guard.streams.whole import Whole

PARTS, BATCH = 4, 8_192
SHAPE = Shape(PARTS, 60, TRACKS)
HOUR, DAY = GROUPS_EVERY_S // SHAPE.window_s, DAY_S // SHAPE.window_s
FIRST = NOW // DAY_S * DAY
"""A window that begins a day."""

MINE = ACCOUNTS // PARTS


def rows(scale: str) -> Iterator[Row]:
    """Measure sending, working, joining, stopping and starting."""
    del scale
    albums = np.arange(TRACKS, dtype=np.int32) // 12
    genres = np.random.default_rng(21).integers(1, GENRES, TRACKS // 12 + 1).astype(np.int32)
    tracks = Tracks(genres[albums], albums)
    yield _sent()
    part, whole = Part(tracks), Whole(SHAPE, tracks)
    devoted = np.resize(np.arange(DEVOTED // PARTS), DEVOTED // PARTS * PLAYS_EACH)
    _window(part, whole, _rows(np.concatenate([np.arange(MINE), devoted]), FIRST - DAY), FIRST)
    yield from _hours(part, whole)
    yield from _joined(part, whole)
    yield from _kept(part, tracks)


def _hours(part: Part, whole: Whole) -> Iterator[Row]:
    """Hours of windows that end, the last one of each with a look at groups."""
    random, spent = np.random.default_rng(3), list[tuple[float, float]]()
    for begins in range(FIRST, FIRST + ROUNDS * HOUR, HOUR):
        steps = [
            _window(part, whole, _rows(random.integers(0, MINE, BATCH), window), window + 1)
            for window in range(begins, begins + HOUR)
        ]
        spent.append((sum(mine for mine, _ in steps), sum(joined for _, joined in steps)))
        assert whole.last.groups
    mine, joined = (min(one) for one in zip(*spent, strict=True))
    name = f"a worker, {MINE:,} accounts, an hour of {HOUR} x {BATCH:,} events"
    yield Row(name, HOUR * BATCH / mine / 1e3, "k events/CPU-s", 200)
    yield Row(
        f"that hour, {PARTS} parts joined, {whole.last.groups} groups tested", joined, "CPU-s"
    )


def _window(part: Part, whole: Whole, events: Rows, following: int) -> tuple[float, float]:
    """Take a window's events in and end it; returns what the part spent, and who joins."""
    window = int(events["second"][0]) // SHAPE.window_s
    begun = time.process_time()
    part.take(events)
    report = part.report(window, following, SHAPE)
    encode_report(report)
    told = time.process_time()
    news = whole.hear([report] * PARTS)
    joined = time.process_time()
    part.hear(news, SHAPE)
    return told - begun + time.process_time() - joined, joined - told


def _joined(part: Part, whole: Whole) -> Iterator[Row]:
    """One window, and one that ends an hour, and a day, of four such parts."""
    window = FIRST + DAY
    for name, following in (("a window", 1), ("an hour's end", HOUR), ("a day's end", DAY)):
        begun = time.process_time()
        report = part.report(window, window + following, SHAPE)
        told = time.process_time()
        whole.hear([report] * PARTS)
        heard = time.process_time()
        yield Row(f"{name}, reported by a part", told - begun, "CPU-s")
        yield Row(f"{name}, {PARTS} parts joined", heard - told, "CPU-s")


def _kept(part: Part, tracks: Tracks) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as folder:
        disk = LocalDisk(Path(folder))
        facts = {"at": [1, 1], "heard": 1, "shape": ""}
        saved = best(lambda _: save(disk, "part", kept_part(part, 1, facts)), range(ROUNDS))

        def start(_: int) -> None:
            snapshot = load(disk, "part")
            assert snapshot is not None
            part_of_kept(snapshot, tracks)

        started = best(start, range(ROUNDS))
    yield Row(f"snapshot of a part of {MINE:,} accounts", saved, "CPU-s")
    yield Row("started again from it", started, "CPU-s", 5, sense=Sense.AT_MOST)


def _sent() -> Row:
    name = f"JSON lines into {PARTS} streams, {LINES / 1e3:.0f} k lines"
    with _server() as url:
        if url is None:
            return Row(f"{name} (no server here)", None, "k lines/CPU-s")

        def whole(log: tuple[int, bytes]) -> None:
            number, text = log
            shape = Shape(PARTS, 60, TRACKS, f"bench{number}")
            server = StreamServer(url)
            sender = Sender(server, shape, b"0123456789abcdef", lambda: NOW + DAY_S)
            while sender.at < len(text):
                end = text.rfind(b"\n", 0, sender.at + PIECE_BYTES) + 1
                sender.send(text[sender.at : end])
            server.close()

        logs = ((seed, lines_of(events_of(LINES, seed, NOW))) for seed in range(ROUNDS))
        return Row(name, LINES / best(whole, logs) / 1e3, "k lines/CPU-s", 200)


@contextmanager
def _server() -> Iterator[str | None]:
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if program is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as folder:
        where = ["--port", "0", "--unixsocket", f"{folder}/s", "--save", "", "--dir", folder]
        process = subprocess.Popen([program, *where], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for line in process.stdout:
            if "eady to accept connections" in line:
                break
        try:
            yield f"unix://{folder}/s"
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()


def _rows(numbers: np.ndarray, window: int) -> Rows:
    """Plays of some accounts of the part, in a window."""
    random, rows = np.random.default_rng(window), np.zeros(len(numbers), ROW)
    rows["account"] = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    rows["track"] = (TRACKS * random.random(len(numbers)) ** 3).astype(np.int32)
    rows["second"] = SHAPE.second(window)
    rows["played_ms"], rows["flags"] = 90_000, COPIED
    return rows
