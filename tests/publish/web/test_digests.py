"""A file is read whole once, however many ask for it at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from io import FileIO

import pytest

from phonotheque.errors import UnavailableError
from phonotheque.publish.web import digests
from phonotheque.publish.web.digests import READ_AT_ONCE, Digests

PATIENCE_S = 120


class _Held(FileIO):
    """A file whose reading begins when it is let."""

    def __init__(self, path, reads, go_on):
        super().__init__(path, "rb")
        self.reads, self.go_on = reads, go_on

    def readinto(self, buffer):
        if self.tell() == 0:
            self.reads.release()
            assert self.go_on.wait(PATIENCE_S)
        return super().readinto(buffer)


@pytest.fixture
def held(tmp_path):
    """Opens a file of some name; `reads` is released for each that is begun to be read."""
    reads, go_on, opened = threading.Semaphore(0), threading.Event(), []

    def open_one(name):
        path = tmp_path / name
        if not path.exists():
            path.write_bytes(name.encode() * 1000)
        opened.append(_Held(path, reads, go_on))
        return opened[-1]

    open_one.reads, open_one.go_on = reads, go_on
    yield open_one
    go_on.set()
    for file in opened:
        file.close()


def test_a_file_that_many_ask_for_is_read_once(held, monkeypatch):
    """All are told the same, of one reading."""
    monkeypatch.setattr(digests, "WAIT_S", PATIENCE_S)
    known = Digests()
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(known.of, "dump", held("dump")) for _ in range(8)]
        held.go_on.set()
        told = {one.result() for one in asked}
    assert len(told) == 1
    assert held.reads.acquire(blocking=False)
    assert not held.reads.acquire(blocking=False)
    assert known.of("dump", held("dump")) in told


def test_who_would_wait_long_is_told_to_come_again(held, monkeypatch):
    """No thread is held by a file that another reads, nor by too many files at once."""
    monkeypatch.setattr(digests, "WAIT_S", 0.05)
    known = Digests()
    with ThreadPoolExecutor(READ_AT_ONCE) as pool:
        names = [f"file {number}" for number in range(READ_AT_ONCE)]
        asked = [pool.submit(known.of, name, held(name)) for name in names]
        for _ in names:
            assert held.reads.acquire(timeout=PATIENCE_S)
        for name in (names[0], "another"):
            with pytest.raises(UnavailableError, match="first time"):
                known.of(name, held(name))
        held.go_on.set()
        assert len({one.result().sha256 for one in asked}) == READ_AT_ONCE
    assert known.of("another", held("another")).size_bytes == 7000
