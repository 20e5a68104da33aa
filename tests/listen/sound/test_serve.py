"""`phono serve` as a process: it starts, outlives its workers, stops when told, loses no play."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from listen.sound.waiting import until
from phonotheque.archive.finding.catalogue import holdings_of
from phonotheque.archive.listening.door import Worker
from phonotheque.archive.listening.listener_keys import ListenerKeys
from phonotheque.archive.listening.play_table import FOLDER
from phonotheque.archive.listening.rooms import open_door
from phonotheque.archive.listening.serving import listen_at
from phonotheque.archive.opening import open_to_read
from phonotheque.config import FILE_NAME, parse_config
from phonotheque.disk import LocalDisk, read_whole
from phonotheque.errors import UnavailableError
from phonotheque.listen.metrics import Metrics, make_metrics

PATIENCE_S = 120


@contextmanager
def _serving(root, *arguments):
    """A server, and its port."""
    command = [sys.executable, "-m", "phonotheque", "--archive", root, "serve", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--json", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process, json.loads(process.stdout.readline())["port"]
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0


def _ask(port, path, body=None):
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("POST" if body else "GET", path, json.dumps(body) if body else None)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def _workers(process):
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(one) for one in listed.split()]


def _plays(root):
    lines = [line for path in sorted((root / FOLDER).iterdir()) for line in path.open()]
    return [json.loads(line)["play"] for line in lines]


def test_workers_that_are_killed_lose_and_double_no_play(own):
    """Plays are reported while workers are killed; each that was told to count is there once."""
    gid, told = own.gid("short.flac"), set()

    def report(number):
        fields = {"play": str(UUID(int=number + 1)), "gid": gid, "played_ms": 2000}
        for _ in range(200):
            try:
                status, body = _ask(port, "/plays", fields)
            except (OSError, HTTPException):  # its worker was killed: a player asks again
                continue
            if status == 200 and json.loads(body)["counted"]:
                told.add(UUID(int=number + 1).hex)
                return

    with _serving(own.root, "--workers", "2") as (process, port), ThreadPoolExecutor(4) as pool:
        reports = [pool.submit(report, number) for number in range(60)]
        for count in (10, 30):
            reports[count].result()
            os.kill(_workers(process)[0], signal.SIGKILL)
        for one in reports:
            one.result()
        assert _ask(port, "/healthz")[0] == 200
    assert len(told) == 60
    assert sorted(_plays(own.root)) == sorted(told)


def test_it_stops_when_it_is_told(own):
    """Ctrl-C ends it with 0, as SIGTERM does; what was counted goes to the catalogue."""
    with _serving(own.root) as (process, port):
        for _ in range(2):
            fields = {"play": str(uuid4()), "gid": own.gid("short.flac"), "played_ms": 2000}
            assert _ask(port, "/plays", fields)[0] == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
    assert len(_plays(own.root)) == 2
    with open_to_read(own.root) as archive:
        batches = list(holdings_of(archive).batches())
    (row,) = [row for batch in batches for row in batch.rows["popularity"].to_pylist()]
    assert (row["measure"], row["total_listen_count"], row["total_user_count"]) == ("plays", 2, 1)


def test_workers_end_with_whoever_began_them(own):
    """After kill -9 of the parent no worker keeps the address."""
    command = [sys.executable, "-m", "phonotheque", "--archive", own.root, "serve", "--port", "0"]
    with subprocess.Popen([*command, "--json", "--workers", "2"], stdout=subprocess.PIPE) as parent:
        port = json.loads(parent.stdout.readline())["port"]
        assert _ask(port, "/healthz")[0] == 200
        parent.kill()

    def is_free():
        try:
            listen_at("127.0.0.1", port).close()
        except UnavailableError:
            return False
        return True

    until(is_free, "a worker goes on")


def test_all_workers_together_let_through_what_one_would(own):
    """The bound on requests is of an address, however many processes answer."""
    config = parse_config(read_whole(LocalDisk(own.root), FILE_NAME))
    bursts = []
    for workers in (1, 4):
        with ExitStack() as stack:
            make_metrics(own.root / "metrics", 1)
            metrics = Metrics(own.root / "metrics", 0, 1)
            stack.callback(metrics.close)
            keys = ListenerKeys(own.root)
            worker = Worker(own.root, config, keys, metrics, 1, pytest.fail, workers)
            bucket = open_door(worker, stack).app.bucket
            bursts.append(next(n for n in range(1000) if bucket.wait_s("192.0.2.1")))
    assert bursts[1] == pytest.approx(bursts[0] / 4, abs=2)


def test_an_address_that_is_taken_is_told():
    """Nothing is promised that cannot be kept."""
    with listen_at("127.0.0.1", 0) as taken, pytest.raises(UnavailableError, match="--port"):
        listen_at("127.0.0.1", taken.getsockname()[1])
