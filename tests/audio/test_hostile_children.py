"""A child that was taken over reaches nothing: not its parent, not the file, nothing behind it."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import resource
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.audio import attacks, zoo
from tests.audio.laws import unharmed

from phonotheque.audio import (
    Limits,
    facts_in_child,
    sandbox,
    shared_memory,
    system_calls,
    warm_up,
    warmth,
)
from phonotheque.audio.isolate import Outcome, run_limited
from phonotheque.hands import ManyHands
from phonotheque.music.facts import Readability

REPOSITORY = Path(__file__).parents[2]
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="a wall that only Linux has")
WITH_FILTER = pytest.mark.skipif(
    not sandbox.has_seccomp(), reason="this kernel, or this machine, filters no calls"
)


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    warm_up()


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    with unharmed():
        yield


def refusals(outcome: Outcome) -> dict[str, int]:
    assert outcome.result is not None, outcome.failure
    return msgspec.msgpack.decode(outcome.result, type=dict[str, int])


def let_through(outcome: Outcome) -> set[str]:
    return {name for name, number in refusals(outcome).items() if number == 0}


def state_of(path: Path) -> tuple[object, ...]:
    """Everything about a file that a stranger could change."""
    found = path.stat()
    names = os.listxattr(path) if hasattr(os, "listxattr") else []
    mode, owner = stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid)
    return path.read_bytes(), mode, owner, found.st_mtime_ns, found.st_nlink, tuple(names)


@ON_LINUX
@WITH_FILTER
class TestReach:
    def test_parent(self) -> None:
        """No signal, limit, priority, tracing, memory or descriptor of the parent is in reach."""
        signals: list[int] = []
        before = signal.signal(signal.SIGWINCH, lambda number, _frame: signals.append(number))
        had = (
            resource.getrlimit(resource.RLIMIT_CORE),
            os.getpriority(os.PRIO_PROCESS, 0),
            os.sched_getaffinity(0),
            os.sched_getscheduler(0),
        )
        try:
            assert let_through(run_limited(attacks.on_parent, os.getpid())) == set()
        finally:
            signal.signal(signal.SIGWINCH, before)
        assert signals == []
        assert had == (
            resource.getrlimit(resource.RLIMIT_CORE),
            os.getpriority(os.PRIO_PROCESS, 0),
            os.sched_getaffinity(0),
            os.sched_getscheduler(0),
        )

    def test_paths(self, tmp_path: Path) -> None:
        """No file is changed by its path: mode, owner, times, attributes, length, name."""
        victim = tmp_path / "victim"
        victim.write_bytes(b"kept")
        victim.chmod(0o444)
        before = state_of(victim)
        assert let_through(run_limited(attacks.on_paths, str(victim))) == set()
        assert state_of(victim) == before
        assert [path.name for path in tmp_path.iterdir()] == ["victim"]

    @pytest.mark.parametrize("mode", ["rb", "r+b"])
    def test_handed_file(self, mode: str, tmp_path: Path) -> None:
        """The file that is read stays as it is, even when it was handed over open for writing."""
        victim = tmp_path / "victim"
        victim.write_bytes(b"kept" * 2048)
        before = state_of(victim)
        with victim.open(mode) as file:
            descriptor = file.fileno()
            outcome = run_limited(attacks.on_handed, descriptor, descriptors=(descriptor,))
            assert let_through(outcome) == set()
            assert file.read() == before[0]
        assert state_of(victim) == before

    def test_position(self) -> None:
        """The position of the parent in the file cannot be moved."""
        with tempfile.TemporaryFile(buffering=0) as file:
            file.write(b"x" * 100)
            file.seek(5)
            descriptor = file.fileno()
            outcome = run_limited(attacks.move_position, descriptor, descriptors=(descriptor,))
            assert "not permitted" in outcome.failure
            assert file.tell() == 5

    def test_system(self) -> None:
        """No process or thread is started, nothing is left behind in the kernel."""
        assert let_through(run_limited(attacks.on_system)) == set()

    def test_another_machine_kills(self) -> None:
        """The numbers of the filter are those of this machine: calls of another end the child."""
        other = {"x86_64": "aarch64", "aarch64": "x86_64"}[os.uname().machine]
        program = system_calls.filter_program(1, other)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sandbox, "filter_program", lambda _process: program)
            outcome = run_limited(attacks.move_position, 0)
        assert outcome.failure == "killed by SIGSYS"

    def test_abort_is_told_as_what_it_is(self) -> None:
        """A library that gives up by `abort` may do so, and the parent is told."""
        assert run_limited(attacks.abort).failure == "killed by SIGABRT"


class TestFilter:
    def test_unknown_machines_have_none(self) -> None:
        """Where the numbers of the calls are not known there is no filter, and that is allowed."""
        assert system_calls.filter_program(1, "sparc") is None

    @ON_LINUX
    @pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
    def test_jumps_stay_inside(self, machine: str) -> None:
        """Every step leads to a step of the program; the last one returns."""
        program = system_calls.filter_program(1, machine)
        assert program is not None
        assert len(program) % 8 == 0
        steps = len(program) // 8
        for at in range(steps):
            _, yes, no, _ = system_calls.STEP.unpack_from(program, at * 8)
            assert at + 1 + max(yes, no) < steps or at == steps - 1

    @ON_LINUX
    def test_without_it_the_other_walls_stand(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """On a kernel without filters a file is read all the same, and nobody but root forks."""
        monkeypatch.setattr(sandbox, "has_seccomp", lambda: False)
        with tempfile.TemporaryFile() as file:
            file.write(zoo.specimen("opus.opus").data)
            file.flush()
            assert facts_in_child(file).readability is Readability.READABLE
            outcome = run_limited(attacks.on_handed, file.fileno(), descriptors=(file.fileno(),))
            assert refusals(outcome)["write"] == errno.EFBIG


@ON_LINUX
class TestSharedMemory:
    def test_is_taken_away(self) -> None:
        """Memory that the parent shares for writing is not there any more in the child."""
        with mmap.mmap(-1, 8192) as memory:
            outcome = run_limited(attacks.write_memory, _address(memory), 66)
            assert outcome.failure == "killed by SIGSEGV"
            assert memory[0] == 0

    def test_of_a_file_too(self, tmp_path: Path) -> None:
        """A file that the parent has mapped, as SQLite maps its log, cannot be written."""
        path = tmp_path / "mapped"
        path.write_bytes(bytes(4096))
        with path.open("r+b") as file, mmap.mmap(file.fileno(), 4096) as memory:
            assert run_limited(attacks.write_memory, _address(memory), 66).result is None
        assert path.read_bytes() == bytes(4096)

    def test_on_an_older_kernel(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A kernel that cannot be asked is read: the list of all mappings says the same."""
        monkeypatch.setattr(shared_memory, "_QUERY", 0)
        with mmap.mmap(-1, 4096) as memory:
            outcome = run_limited(attacks.write_memory, _address(memory), 66)
            assert outcome.failure == "killed by SIGSEGV"

    def test_private_memory_is_its_own(self) -> None:
        """What a child writes into memory that is not shared stays with it."""
        with mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
            outcome = run_limited(attacks.write_own_memory, _address(memory))
            assert outcome.result == msgspec.msgpack.encode(1)
            assert memory[0] == 0

    def test_hands_share_none(self) -> None:
        """The processes that ask for facts share no memory for writing with anyone."""
        with ManyHands(_make_looking, 1) as hands:
            ((_, found),) = next(iter(hands.work(["look"])))
        assert found == []


def _make_looking() -> object:
    warm_up()
    return _shared_mappings


def _shared_mappings(_job: str) -> list[str]:
    lines = Path("/proc/self/maps").read_text().splitlines()
    return [line for line in lines if line.split()[1][1::2] == "ws"]


def _address(memory: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


class TestWhatItSays:
    def test_dripping(self) -> None:
        """A child that talks nonsense byte by byte is stopped by a limit, and nothing is kept."""
        limits = Limits(result_bytes=20_000, cpu_s=20, wall_s=60)
        outcome = run_limited(attacks.drip, limits=limits)
        assert outcome.result is None
        assert outcome.failure == "its answer is too long"

    @pytest.mark.parametrize(
        "said",
        [
            b"",
            b"+",
            b"+" + bytes(7),
            b"+" + bytes(8),
            b"+" + b"\xff" * 8,
            b"+" + (5).to_bytes(8, "big") + b"half",
            b"!" + (4).to_bytes(8, "big") + b"\xc1\xc1\xc1\xc1",
            b"!" + (2).to_bytes(8, "big") + b"\x92\xa0",
            b"?" + (1).to_bytes(8, "big") + b"\x05",
            b"+" + (1).to_bytes(8, "big") + b"\x05more than was announced",
        ],
    )
    def test_half_or_nonsense(self, said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        """Half an answer and nonsense are no facts; the file is read by the next attempt."""
        monkeypatch.setattr(warmth, "facts_of", _Saying(said))
        with tempfile.TemporaryFile() as file:
            file.write(zoo.specimen("vorbis.ogg").data)
            file.flush()
            facts = facts_in_child(file)
        assert (facts.readability, facts.reason) == (Readability.READABLE, "")


class _Saying:
    """Writes something of its own on the pipe and leaves."""

    def __init__(self, said: bytes) -> None:
        self._said = said

    def __call__(self, handed: int) -> None:
        for descriptor in set(range(3, 64)) - {handed}:
            try:
                os.write(descriptor, self._said)
            except OSError:
                continue
        os._exit(0)


class TestEndedFromOutside:
    def test_stopped(self) -> None:
        """A child that somebody stops is ended by the limit on the clock."""
        outcome = run_limited(_stop, limits=Limits(wall_s=0.3))
        assert outcome.failure == "stopped by the limit of 0.3 s on the clock"

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
    def test_killed(self, number: int) -> None:
        """A child that somebody kills is said to be killed, with the signal."""
        outcome = run_limited(_end_by, number)
        assert outcome.failure == f"killed by {signal.Signals(number).name}"

    def test_every_attempt_out_of_memory(self) -> None:
        """When no attempt has memory enough the file is unreadable, with that reason."""
        data = zoo.specimen("vorbis.ogg").data
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.flush()
            facts = facts_in_child(file, Limits(memory_bytes=1 << 16))
        assert facts.readability in tuple(Readability)
        assert bool(facts.reason) == (facts.readability is Readability.UNREADABLE)


def _stop() -> None:
    signal.raise_signal(signal.SIGSTOP)


def _end_by(number: int) -> None:
    signal.raise_signal(signal.Signals(number))


def test_a_warm_process_imports_nothing_more() -> None:
    """Reading any file after `warm_up` imports nothing: a child could not."""
    with tempfile.TemporaryDirectory() as folder:
        for name in zoo.NAMES:
            (Path(folder) / name).write_bytes(zoo.specimen(name).data)
        script = (
            "import io, pathlib, sys\n"
            "from phonotheque.audio import facts, warm_up\n"
            "warm_up()\n"
            "before = set(sys.modules)\n"
            "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
            "    for read in (facts.read_facts, facts.read_facts_by_sndfile):\n"
            "        read(io.BytesIO(path.read_bytes()))\n"
            "print(*sorted(set(sys.modules) - before))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, folder], cwd=REPOSITORY, capture_output=True, check=True
        )
    assert done.stdout.split() == []
