"""Many hands: processes that each do one job at a time.

Laws: every job comes back exactly once; a hand that dies costs its job and is replaced; hands die
with the process that started them; results come in the order they are ready. Processes, not
threads: hashing 16 KiB leaves from threads costs more CPU than it saves, and a hand forks a child
for every file, which only a process without threads may do.

Start hands before any thread exists. One that is hired later, in place of one that died, is forked
while the archive is held: `store.lock` sees to it that no child keeps the lock. Not here: what a
hand does (`accession.take`, `publish.seal`, `archive.keeping.rebuild`).
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, Protocol, TypeVar

from phonotheque.errors import PhonothequeError, UnavailableError

Job = TypeVar("Job")
Result = TypeVar("Result")
Job_contra = TypeVar("Job_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class Work(Protocol[Job_contra, Result_co]):
    """What a hand does with a job."""

    def __call__(self, job: Job_contra, /) -> Result_co:
        """Do one job."""


class Hands(Protocol[Job, Result]):
    """Whoever does the jobs."""

    def work(self, jobs: Iterable[Job]) -> Iterator[list[tuple[Job, Result | PhonothequeError]]]:
        """Do jobs, yielding what is ready, at least one at a time, until all are done.

        An error stands in for the result of a job that met one; a job whose process died has an
        `UnavailableError`.
        """


class OneHand(Generic[Job, Result]):
    """Does jobs in this process, one after the other: for tests and simulations."""

    def __init__(self, work: Work[Job, Result]) -> None:
        self._work = work

    def work(self, jobs: Iterable[Job]) -> Iterator[list[tuple[Job, Result | PhonothequeError]]]:
        """Do jobs one by one."""
        for job in jobs:
            yield [(job, _do(self._work, job))]


def _do(work: Work[Job, Result], job: Job) -> Result | PhonothequeError:
    try:
        return work(job)
    except PhonothequeError as error:
        return error


class _Hand:
    """A process, the line to it, and the job it has (None when it is idle)."""

    def __init__(self, process: BaseProcess, connection: Connection[Any, Any]) -> None:
        self.process = process
        self.connection = connection
        self.job: Any = None


class ManyHands(Generic[Job, Result]):
    """A few processes that wait for jobs.

    Args:
        make_work: Called once in each process; what it returns does the jobs. Where processes are
            spawned (macOS) it must be importable by name.
        count: How many processes.
    """

    def __init__(self, make_work: Callable[[], Work[Job, Result]], count: int) -> None:
        # Forking is 30 times cheaper than spawning; macOS libraries do not survive a fork.
        method = "spawn" if sys.platform == "darwin" else "fork"
        self._context = multiprocessing.get_context(method)
        self._make_work = make_work
        self._hands: list[_Hand] = []
        for _ in range(count):
            self._hands.append(self._hire())

    def __enter__(self) -> ManyHands[Job, Result]:
        return self

    def __exit__(self, *_: object) -> None:
        for hand in self._hands:
            hand.connection.close()
        for hand in self._hands:
            hand.process.terminate()
            hand.process.join()

    def _hire(self) -> _Hand:
        ours, theirs = self._context.Pipe()
        not_theirs = [ours, *(hand.connection for hand in self._hands)]
        process = self._context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(theirs, not_theirs, self._make_work), daemon=True
        )
        process.start()
        theirs.close()
        return _Hand(process, ours)

    def work(self, jobs: Iterable[Job]) -> Iterator[list[tuple[Job, Result | PhonothequeError]]]:
        """Do jobs, each on the next free hand."""
        pending = iter(jobs)
        for hand in self._hands:
            _give(hand, pending)
        while busy := {id(hand.connection): hand for hand in self._hands if hand.job is not None}:
            results = []
            for ready in wait([hand.connection for hand in busy.values()]):
                hand = busy[id(ready)]
                results.append((hand.job, self._receive(hand)))
                _give(hand, pending)
            yield results

    def _receive(self, hand: _Hand) -> Any:
        try:
            return hand.connection.recv()
        except (EOFError, OSError):
            hand.connection.close()
            hand.process.join()
            code = hand.process.exitcode
            fresh = self._hire()
            hand.process, hand.connection = fresh.process, fresh.connection
            return UnavailableError(
                str(hand.job), f"the process that worked on it died ({code})", "Run again."
            )


def _give(hand: _Hand, pending: Iterator[Any]) -> None:
    hand.job = next(pending, None)
    if hand.job is not None:
        with suppress(OSError):  # it died while it was idle: receiving from it will tell
            hand.connection.send(hand.job)


def _serve(
    connection: Connection[Any, Any],
    not_ours: list[Connection[Any, Any]],
    make_work: Callable[[], Work[Any, Any]],
) -> None:
    """Do jobs until the other end is gone, also when it was killed."""
    for other in not_ours:  # a copy held here would hide the parent's death from its siblings
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent alone answers Ctrl-C
    work = make_work()
    while True:
        try:
            job = connection.recv()
        except (EOFError, OSError):
            return
        result = _do(work, job)
        try:
            connection.send(result)
        except OSError:  # nobody is left to hear it
            return
