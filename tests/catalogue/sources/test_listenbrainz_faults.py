"""Counting listens when the machine fails: killed at once, or without room on the disk."""

import subprocess
import sys

import pytest
from tests.catalogue.killed import HEAD
from tests.catalogue.sources.test_listenbrainz import (
    USER,
    _files,
    _trace,
    counts_of,
    key,
    listen,
    source_of,
    write_parquet,
)

_RUN = """
import resource
from phonotheque.catalogue.sources.listenbrainz.source import ListenBrainz
from phonotheque.errors import UnavailableError
source = ListenBrainz([Path(sys.argv[1])], Path(sys.argv[2]), listens_at_once=100)
if sys.argv[3] == "no room":
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 12, 1 << 12))
try:
    for number, batch in enumerate(source.batches()):
        if sys.argv[3] == f"kill {number}":
            die()
except UnavailableError as error:
    print(error)
    sys.exit(7)
"""


def run(folder, scratch, fault):
    command = [sys.executable, "-c", HEAD + _RUN, str(folder), str(scratch), fault]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("batch", [0, 10])
def test_killed_at_any_time(tmp_path, batch):
    """After kill -9 nothing on the disk names a user, and the next run counts all."""
    folder = write_parquet(tmp_path / "dump", [listen(user=USER + n % 3) for n in range(1000)])
    assert run(folder, tmp_path / "scratch", f"kill {batch}").returncode == -9
    left = _files(tmp_path / "scratch")
    assert left
    assert not any(_trace(file.read_bytes()) for file in left)
    assert counts_of(source_of(folder))[key("recording"), "all"] == (1000, 3)
    assert _files(tmp_path / "scratch") == []


def test_no_room_on_the_disk(tmp_path):
    """A disk that refuses ends in our error, which names the folder; nothing is left there."""
    folder = write_parquet(tmp_path / "dump", [listen(n, user=n) for n in range(1000)])
    done = run(folder, tmp_path / "scratch", "no room")
    assert done.returncode == 7, done.stderr
    assert "listenbrainz-counting" in done.stdout
    assert _files(tmp_path / "scratch") == []
