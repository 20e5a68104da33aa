"""The commands as processes on a real server: killed, with their server, and exact all the same."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import datetime

import pyarrow
import pyarrow.parquet
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from tests.guard.streams import village

from phonotheque.guard.rungs import Rung
from phonotheque.guard.streams.rows import named
from phonotheque.guard.streams.server import BEGIN, StreamServer
from phonotheque.guard.streams.telling import Told, encode_told

PARTS = 2
DAY_S = 86_400


class Processes:
    """All commands of a guard, on files in one folder."""

    def __init__(self, folder, url: str) -> None:
        self.folder, self.url = folder, url
        self.begins = (int(time.time()) // DAY_S - village.DAYS - 1) * DAY_S
        (folder / "plays.jsonl").write_bytes(village.log(self.begins))
        (folder / "guard.key").write_bytes(village.KEY)
        known = village.tracks()
        table = pyarrow.table({"genre": known.genres, "album": known.albums})
        pyarrow.parquet.write_table(table, folder / "tracks.parquet")
        self.running: dict[str, subprocess.Popen[str]] = {}

    def start(self, name: str, *more: str) -> subprocess.Popen[str]:
        command = {
            "send": ["send", "plays.jsonl", self.url, "--key", "guard.key"],
            "join": ["join", self.url, "--state", "whole"],
        }.get(name) or ["work", name, self.url, "--state", f"part-{name}"]
        shape = ["--parts", str(PARTS), "--window", str(village.WINDOW_S)]
        command += ["--tracks", "tracks.parquet"]
        self.running[name] = subprocess.Popen(
            [sys.executable, "-m", "phonotheque", "guard", *command, *shape, *more],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self.running[name]

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()

    def expected(self) -> set[tuple[str, str, int]]:
        later = self.begins - village.BEGINS
        return {
            (named(account), "challenge", second + later)
            for account, _, second, _ in village.alone()
        }

    def told(self, count: int, known: set[tuple[str, str, int]]) -> None:
        """Read what the one that joins says, until so many different verdicts are known."""
        stdout = self.running["join"].stdout
        assert stdout is not None
        while len(known) < count:
            row = json.loads(next(stdout))
            second = int(datetime.fromisoformat(row["at"]).timestamp())
            known.add((row["account"], row["rung"], second))


@pytest.fixture
def processes(tmp_path, real):
    """None of them running yet."""
    them = Processes(tmp_path, real.url)
    yield them
    for name in list(them.running):
        them.kill(name)


def test_kill_9_of_each_process_and_of_the_server_changes_no_verdict(processes, real) -> None:
    """The sender in the middle of the log, the server, a worker, the one that joins."""
    there = StreamServer(real.url)
    stream = village.shape(PARTS).events(0)
    sender = processes.start("send")
    while not there.read({stream: BEGIN}, 5):
        assert sender.poll() is None
    processes.kill("send")
    real.kill()
    real.start()
    for name in ("0", "1", "join"):
        processes.start(name)
    assert processes.start("send").wait() == 0
    wanted, known = processes.expected(), set()
    processes.told(1, known)
    processes.kill("0")
    processes.start("0")
    processes.told(2, known)
    processes.kill("join")
    processes.start("join")
    real.kill()
    real.start()
    processes.told(len(wanted), known)
    assert known == wanted


def test_a_verdict_that_a_sink_refused_is_handed_on_after_a_start(processes) -> None:
    """The one that joins ends with a status of its own, and passes nothing over."""
    told = Told(7, Rung.SUSPEND, int(time.time()) - 60, by_group=False)
    stream = village.shape(PARTS).verdicts(0)
    StreamServer(processes.url).add(stream, (5, 1), b"", encode_told([told]))
    nowhere = "valkey://127.0.0.1:1/0"
    assert processes.start("join", "--patience", "0", "--to", nowhere).wait() == 6
    processes.kill("join")
    processes.start("join", "--to", "file:verdicts")
    processes.told(1, set())
    taken = processes.folder / "verdicts"
    processes.running["join"].terminate()
    assert processes.running["join"].wait() == 0
    assert json.loads(taken.read_text())["account"] == named(7)


def test_a_part_that_is_none_is_refused(processes) -> None:
    """Before anything is asked of the server."""
    worker = processes.start("5")
    assert worker.wait() == 2
