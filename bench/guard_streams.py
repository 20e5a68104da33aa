"""How fast a guard of many workers is: a log into streams, a part's events in, a day joined.

One of four parts of a million accounts, a million tracks; the server is a real one on a socket of
its own, and what it spends is not counted. CPU seconds of this process; best of three.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.guard_engine import ACCOUNTS, LINES, NOW, TRACKS, best, events_of, lines_of
from bench.rows import Row, Sense
from phonotheque.disk import LocalDisk
from phonotheque.guard.state import load, save
from phonotheque.guard.streams.log import PIECE_BYTES
from phonotheque.guard.streams.part import Part
from phonotheque.guard.streams.remembering import kept_part, part_of_kept
from phonotheque.guard.streams.rows import COPIED, ROW, Rows
from phonotheque.guard.streams.sending import Sender
from phonotheque.guard.streams.server import StreamServer
from phonotheque.guard.streams.shape import Shape, Tracks
from phonotheque.guard.streams.whole import Whole

PARTS, BATCH = 4, 8_192
SHAPE = Shape(PARTS, 60, TRACKS)


def rows(scale: str) -> Iterator[Row]:
    """Measure sending, working, joining, stopping and starting."""
    del scale
    albums = np.arange(TRACKS, dtype=np.int32) // 12
    genres = np.random.default_rng(21).integers(1, 400, TRACKS // 12 + 1).astype(np.int32)
    tracks = Tracks(genres[albums], albums)
    yield _sent()
    part = Part(tracks)
    everybody = _rows(ACCOUNTS // PARTS, np.arange(ACCOUNTS // PARTS))
    part.take(everybody)
    events = [_rows(BATCH, None, seed) for seed in range(40)]
    spent = best(lambda: [part.take(one) for one in events])
    name = f"a worker, {ACCOUNTS // PARTS:,} accounts, entries of {BATCH:,} events"
    yield Row(name, BATCH * len(events) / spent / 1e3, "k events/CPU-s", 200)
    yield from _joined(part, tracks)
    yield from _kept(part, tracks)


def _joined(part: Part, tracks: Tracks) -> Iterator[Row]:
    """A window, and a day's end with limits and groups, of four such parts."""
    whole, day = Whole(SHAPE, tracks), 86_400 // SHAPE.window_s
    window = NOW // SHAPE.window_s // day * day
    for name, following in (("a window", window + 1), ("a day's end", window + day)):
        begun = os.times()
        report = part.report(window, following, SHAPE)
        told = os.times()
        whole.hear([report] * PARTS)
        heard = os.times()
        yield Row(f"{name}, reported by a part", _cpu(told, begun), "CPU-s")
        yield Row(f"{name}, {PARTS} parts joined", _cpu(heard, told), "CPU-s")


def _kept(part: Part, tracks: Tracks) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as folder:
        disk = LocalDisk(Path(folder))
        facts = {"at": [1, 1], "heard": 1, "shape": ""}
        saved = best(lambda: save(disk, "part", kept_part(part, 1, facts)))

        def start() -> None:
            snapshot = load(disk, "part")
            assert snapshot is not None
            part_of_kept(snapshot, tracks)

        started = best(start)
    yield Row(f"snapshot of a part of {ACCOUNTS // PARTS:,} accounts", saved, "CPU-s")
    yield Row("started again from it", started, "CPU-s", 5, sense=Sense.AT_MOST)


def _sent() -> Row:
    text = lines_of(events_of(LINES, 3))
    name = f"JSON lines into {PARTS} streams, {LINES / 1e3:.0f} k lines"
    with _server() as url:
        if url is None:
            return Row(f"{name} (no server here)", None, "k lines/CPU-s")
        number = iter(range(100))

        def whole() -> None:
            shape = Shape(PARTS, 60, TRACKS, f"bench{next(number)}")
            server = StreamServer(url)
            sender = Sender(server, shape, b"0123456789abcdef", lambda: NOW + 86_400)
            while sender.at < len(text):
                end = text.rfind(b"\n", 0, sender.at + PIECE_BYTES) + 1
                sender.send(text[sender.at : end])
            server.close()

        return Row(name, LINES / best(whole) / 1e3, "k lines/CPU-s", 200)


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


def _rows(count: int, accounts: np.ndarray | None, seed: int = 1) -> Rows:
    random = np.random.default_rng(seed)
    rows = np.zeros(count, ROW)
    numbers = random.integers(0, ACCOUNTS // PARTS, count) if accounts is None else accounts
    rows["account"] = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    rows["track"] = (TRACKS * random.random(count) ** 3).astype(np.int32)
    rows["second"] = NOW + seed
    rows["played_ms"], rows["flags"] = 90_000, COPIED
    return rows


def _cpu(now: os.times_result, then: os.times_result) -> float:
    return now.user + now.system - then.user - then.system
