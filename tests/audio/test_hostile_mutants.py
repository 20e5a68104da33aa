"""Seeded mutants of real formats, and names that lead elsewhere: read, and nothing else happens."""

from __future__ import annotations

import ctypes
import io
import os
import random
import select
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.audio import zoo
from tests.audio.laws import check, unharmed
from tests.torture.hostile import read_mutants
from tests.zoo.impostors import disguised, lists

from phonotheque.audio import CONTAINERS, facts_in_child, read_facts, warm_up
from phonotheque.audio.decoding import opened
from phonotheque.errors import MalformedError
from phonotheque.music.facts import Readability

MUTANTS = int(os.environ.get("PHONOTHEQUE_MUTANTS", "20"))
SEED = 20_261_121
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    warm_up()


def test_mutants() -> None:
    """Mutants give typed facts each, and the parent is as it was: memory, descriptors,
    children."""
    told = read_mutants(SEED, MUTANTS)
    assert told["readable"] + told["unreadable"] == MUTANTS
    assert told["readable"] > MUTANTS // 5
    assert told["unreadable"] > MUTANTS // 20


class TestNamesThatLeadElsewhere:
    """Every list names a real file with real sound, and an address at which somebody listens."""

    @pytest.fixture
    def target(self, tmp_path: Path) -> Path:
        path = tmp_path / "secret.wav"
        path.write_bytes(zoo.specimen("info.wav").data)
        return path

    @pytest.fixture
    def listener(self) -> Iterator[socket.socket]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            yield server

    def test_in_a_child(self, target: Path, listener: socket.socket) -> None:
        """No disguise makes the reader play the file it names or call the address."""
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/song.mp3"
        with unharmed():
            for animal in disguised(str(target), url):
                facts = facts_in_child(io.BytesIO(animal.data()))
                check(facts)
                assert facts.tags.title != "Nur INFO", animal.name
                if animal.name != "sound elsewhere.m4a":
                    assert facts.readability is Readability.UNREADABLE, animal.name
        assert not _is_called(listener)

    @ON_LINUX
    def test_without_walls(self, target: Path, listener: socket.socket) -> None:
        """Nor does the reader itself, where nothing would keep it from opening and calling."""
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/song.mp3"
        with _watched(target) as was_opened:
            for animal in disguised(str(target), url):
                read_facts(io.BytesIO(animal.data()))
            for text in lists(str(target), url).values():
                for container in CONTAINERS:
                    assert _sound_of(text, container) == b""
            assert not was_opened()
        assert not _is_called(listener)

    @ON_LINUX
    def test_the_watch_sees(self, target: Path, listener: socket.socket) -> None:
        """What the tests above wait for would be seen, if it happened."""
        with _watched(target) as was_opened:
            assert not was_opened()
            target.read_bytes()
            assert was_opened()
        with socket.create_connection(listener.getsockname()):
            assert _is_called(listener)


def _sound_of(text: bytes, container: str) -> bytes:
    """What a text gives when it is read as a container, whatever its bytes are."""
    try:
        with opened(io.BytesIO(text), container) as audio:
            return b"".join(bytes(packet) for packet in audio.container.demux(audio.stream))
    except MalformedError:
        return b""


def _is_called(listener: socket.socket) -> bool:
    return bool(select.select([listener], [], [], 0)[0])


@contextmanager
def _watched(path: Path) -> Iterator[object]:
    """Ask the kernel to tell when somebody opens a file. Source: inotify(7)."""
    library = ctypes.CDLL(None, use_errno=True)
    watch = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert watch >= 0
    is_open = 0x20
    assert library.inotify_add_watch(watch, os.fsencode(path), is_open) >= 0

    def was_opened() -> bool:
        try:
            return len(os.read(watch, 4096)) >= struct.calcsize("iIII")
        except BlockingIOError:
            return False

    try:
        yield was_opened
    finally:
        os.close(watch)


@ON_LINUX
class TestKilledAtAnyMoment:
    """Somebody ends children from outside, at moments that a seed chooses."""

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
    def test_the_file_keeps_its_status(self, number: int) -> None:
        """Whenever its children are ended, a file is told readable or told why not."""
        rng = random.Random(number)
        with tempfile.TemporaryFile() as file:
            file.write(zoo.specimen("vorbis.ogg").data)
            file.flush()
            outcomes = [_read_while_killed(file.fileno(), number, rng) for _ in range(6)]
        assert set(outcomes) <= {"readable", "unreadable"}


def _read_while_killed(descriptor: int, number: int, rng: random.Random) -> str:
    """Read in a process of its own, whose children another process ends. Returns what it told."""
    read_end, write_end = os.pipe()
    reader = os.fork()
    if reader == 0:
        try:
            os.close(read_end)
            with open(descriptor, "rb", closefd=False) as file:
                facts = facts_in_child(file)
            check(facts)
            os.write(write_end, facts.readability.value.encode())
        finally:
            os._exit(0)
    os.close(write_end)
    kills = rng.randint(1, 4)
    looks_before = rng.randint(0, 400)
    poll = select.poll()
    poll.register(read_end, select.POLLIN)
    while kills and not poll.poll(0):
        children = Path(f"/proc/{reader}/task/{reader}/children").read_text().split()
        if children and looks_before:
            looks_before -= 1
        elif children:
            try:
                os.kill(int(children[0]), number)
            except ProcessLookupError:
                continue
            kills -= 1
    with open(read_end, "rb") as answer:
        told = answer.read().decode()
    os.waitpid(reader, 0)
    return told
