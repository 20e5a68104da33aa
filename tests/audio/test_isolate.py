"""A child can compute and answer, nothing else; however it ends, the parent goes on."""

import errno
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.audio import children, zoo

from phonotheque.audio import Limits, facts_in_child, isolate, sandbox, warm_up, warmth
from phonotheque.audio.isolate import Outcome, run_limited
from phonotheque.errors import DiskFailedError, UnavailableError
from phonotheque.music.facts import AudioFacts, Readability

REPOSITORY = Path(__file__).parents[2]
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="a wall that only Linux has")


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    warm_up()


@pytest.fixture(params=["forked", "spawned"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the test with a fork and with the fresh interpreter that macOS gets."""
    monkeypatch.setattr(isolate, "_START", getattr(isolate, f"_start_{request.param}"))


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Every test: no child remains, not even a dead one, and no descriptor."""
    before = set(children.open_descriptors())
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert set(children.open_descriptors()) == before


def failure(outcome: Outcome) -> str:
    assert outcome.result is None
    return outcome.failure


@pytest.mark.usefixtures("_both_ways")
class TestBothWays:
    def test_result(self) -> None:
        """What the function returns comes back, with what it cost."""
        outcome = run_limited(children.add, 2, 3)
        assert (outcome.result, outcome.failure) == (msgspec.msgpack.encode(5), "")
        assert outcome.peak_bytes > 1 << 20

    def test_crash(self) -> None:
        """A segmentation fault costs the child and is named."""
        assert failure(run_limited(children.crash)) == "killed by SIGSEGV"

    def test_only_what_was_handed_over_stays_open(self) -> None:
        """Of hundreds of descriptors the child has its own few and those it was handed."""
        with tempfile.TemporaryFile() as handed:
            others = [os.dup(handed.fileno()) for _ in range(500)]
            outcome = run_limited(children.open_descriptors, descriptors=(handed.fileno(),))
            for descriptor in others:
                os.close(descriptor)
            assert outcome.result is not None
            found = msgspec.msgpack.decode(outcome.result, type=list[int])
            assert handed.fileno() in found
            assert len(found) == 5  # standard ones, the pipe, the file

    def test_facts(self, tmp_path: Path) -> None:
        """All facts of a real file are read behind the walls."""
        specimen = zoo.specimen("vorbis.ogg")
        path = tmp_path / "x"
        path.write_bytes(specimen.data)
        with path.open("rb") as file:
            facts = facts_in_child(file)
        assert (facts.readability, facts.reason) == (Readability.READABLE, "")
        assert facts.tags == specimen.tags

    def test_walls(self, tmp_path: Path) -> None:
        """No file, folder, pipe or socket can be opened, made, moved or removed."""
        (tmp_path / "victim").write_bytes(b"x")
        outcome = run_limited(children.refusals, str(tmp_path))
        assert outcome.result is not None
        refused = msgspec.msgpack.decode(outcome.result, type=dict[str, int])
        if not sandbox.landlock_abi():  # only these need no descriptor
            for name in ("unlink", "rename", "make folder"):
                del refused[name]
        assert {name for name, number in refused.items() if number == 0} == set()
        if sandbox.landlock_abi():
            assert [path.name for path in tmp_path.iterdir()] == ["victim"]


class TestEndings:
    def test_exception(self) -> None:
        """An exception is named; a text that is no Unicode does no harm."""
        assert failure(run_limited(children.fail)).startswith("LookupError: ")

    def test_os_error(self) -> None:
        """An error of the system is the disk's when the parent meets it, too, and keeps the number
        that the parent met; else it is a failure like others."""
        with tempfile.TemporaryFile() as sound:
            outcome = run_limited(children.meet_a_bad_disk, descriptors=(sound.fileno(),))
        assert (outcome.os_error, failure(outcome)) == (None, "OSError: [Errno 5] bad disk")
        if sys.platform == "linux":
            with open("/proc/self/mem", "rb", buffering=0) as bad:
                outcome = run_limited(children.meet_a_bad_disk, descriptors=(bad.fileno(),))
            assert outcome.os_error == errno.EIO

    def test_os_error_in_writing(self) -> None:
        """Who may write may meet a full disk, which reading does not show: that is believed."""
        outcome = run_limited(children.meet_a_bad_disk, limits=Limits(file_bytes=1))
        assert outcome.os_error == errno.EIO

    def test_exit(self) -> None:
        """SystemExit is an answer, not an end."""
        assert failure(run_limited(children.leave)).startswith("SystemExit")

    def test_vanishing(self) -> None:
        """A child that leaves without a word is described by its status."""
        assert failure(run_limited(children.vanish)) == "ended with status 7 and no answer"

    def test_loop(self) -> None:
        """A loop is stopped by the limit of processor time, which is named."""
        outcome = run_limited(children.loop, limits=Limits(cpu_s=1))
        assert failure(outcome) == "stopped by the limit of 1 s of processor time"
        assert outcome.cpu_s < 3

    def test_waiting(self) -> None:
        """Waiting is stopped by the limit on the clock."""
        outcome = run_limited(children.wait, limits=Limits(wall_s=0.2))
        assert failure(outcome) == "stopped by the limit of 0.2 s on the clock"

    @ON_LINUX
    def test_memory(self) -> None:
        """A flood of memory is stopped before it begins."""
        outcome = run_limited(children.swallow_memory, limits=Limits(memory_bytes=256 << 20))
        assert failure(outcome) == "stopped by the limit of memory"
        assert outcome.peak_bytes < 512 << 20

    def test_long_answer(self) -> None:
        """An answer beyond the limit is not taken."""
        limits = Limits(result_bytes=1000)
        assert failure(run_limited(children.talk, 2000, limits=limits)) == "its answer is too long"
        assert run_limited(children.talk, 900, limits=limits).failure == ""

    def test_nonsense(self) -> None:
        """A child that was taken over and writes on the pipe itself is not believed."""
        assert run_limited(children.gabble).result is None

    def test_no_process(self) -> None:
        """When the system gives no process, that is said as something to wait for."""

        def refuse(*_args: object) -> int:
            raise BlockingIOError(errno.EAGAIN, "no more processes")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(isolate, "_START", refuse)
            with pytest.raises(UnavailableError, match="no more processes"):
                run_limited(children.add, 1, 1)

    def test_interrupted_parent(self) -> None:
        """Ctrl-C while waiting ends the child too."""

        def interrupt(*_args: object) -> None:
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, interrupt)

        def interrupted() -> None:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            run_limited(children.wait)

        try:
            with pytest.raises(KeyboardInterrupt):
                interrupted()
        finally:
            signal.signal(signal.SIGALRM, before)

    @ON_LINUX
    def test_child_ends_with_its_parent(self) -> None:
        """A parent that is killed leaves no child reading on."""
        read_end, write_end = os.pipe()
        script = (
            "import sys; from tests.audio import children; from phonotheque.audio import isolate;"
            "w = int(sys.argv[1]);"
            "isolate.run_limited(children.report_and_wait, w, descriptors=(w,))"
        )
        parent = subprocess.Popen(
            [sys.executable, "-c", script, str(write_end)], pass_fds=(write_end,), cwd=REPOSITORY
        )
        os.close(write_end)
        try:
            assert os.read(read_end, 4) == b"here"
            parent.kill()
            parent.wait()
            ready, _, _ = select.select([read_end], [], [], 120)
            assert ready
            assert os.read(read_end, 4) == b""  # the end: nobody holds the other side any more
        finally:
            parent.kill()
            os.close(read_end)


class TestWalls:
    def test_handed_file_cannot_grow(self, tmp_path: Path) -> None:
        """Even a file handed over open for writing cannot be written."""
        with (tmp_path / "x").open("wb") as file:
            descriptor = file.fileno()
            outcome = run_limited(children.write_through, descriptor, descriptors=(descriptor,))
        assert outcome.result == msgspec.msgpack.encode(errno.EFBIG)

    @ON_LINUX
    def test_no_second_process(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who is not root starts no process, also where calls are not filtered, and needs none to
        read a file."""
        monkeypatch.setattr(sandbox, "has_seccomp", lambda: False)
        assert run_limited(children.fork_as_nobody).result == msgspec.msgpack.encode(errno.EAGAIN)
        with tempfile.TemporaryFile() as file:
            file.write(zoo.specimen("opus.opus").data)
            file.flush()
            descriptor = file.fileno()
            outcome = run_limited(children.facts_as_nobody, descriptor, descriptors=(descriptor,))
            assert outcome.failure == ""
            assert outcome.result is not None
            assert b"readable" in outcome.result

    def test_limits_below_ours_stay(self) -> None:
        """A limit that is lower already is kept and refuses nothing."""
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
        assert run_limited(children.add, 1, 1).failure == ""
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


class TestFacts:
    def test_position_is_private(self) -> None:
        """The parent may read the same open file at the same time: its position stays."""
        with tempfile.TemporaryFile(buffering=0) as file:
            file.write(zoo.specimen("comments.flac").data)
            file.seek(1234)
            assert facts_in_child(file).readability is Readability.READABLE
            assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 1234

    def test_second_decoder(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """When the first child dies, the second decoder makes the file readable."""
        monkeypatch.setattr(warmth, "facts_of", children.crash)
        facts = _facts_of("vorbis.ogg")
        assert (facts.readability, facts.reason) == (Readability.READABLE, "")
        assert facts.technical is not None
        assert facts.technical.codec == "vorbis"

    def test_tags_outlive_both_decoders(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """When both decoders die, the tags are still read, and the reason names the signal."""
        monkeypatch.setattr(warmth, "facts_of", children.crash)
        monkeypatch.setattr(warmth, "facts_by_sndfile_of", children.crash)
        facts = _facts_of("vorbis.ogg")
        assert facts.readability is Readability.UNREADABLE
        assert facts.tags == zoo.FULL
        assert facts.reason == "killed by SIGSEGV; no decoder was tried"

    def test_every_reader_dies(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """When all die, the file is unreadable, with the reason, and nothing is raised."""
        for name in ("facts_of", "facts_by_sndfile_of", "facts_of_tags_of"):
            monkeypatch.setattr(warmth, name, children.crash)
        facts = _facts_of("vorbis.ogg")
        assert (facts.readability, facts.reason) == (Readability.UNREADABLE, "killed by SIGSEGV")

    def test_nonsense_is_not_facts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An answer that is not facts counts as a death."""
        monkeypatch.setattr(warmth, "facts_of", _lie)
        assert _facts_of("opus.opus").readability is Readability.READABLE

    @ON_LINUX
    def test_disk_errors_are_no_facts(self) -> None:
        """A disk that fails under the reader is an error to repeat, never a fact about the file."""
        with open("/proc/self/mem", "rb", buffering=0) as file, pytest.raises(DiskFailedError):
            facts_in_child(file)


def _lie(_descriptor: int) -> dict[str, str]:
    return {"readability": "splendid"}


def _facts_of(name: str) -> AudioFacts:
    with tempfile.TemporaryFile() as file:
        file.write(zoo.specimen(name).data)
        file.flush()
        return facts_in_child(file)
