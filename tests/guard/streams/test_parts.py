"""Verdicts of many workers are those of one process, whatever stops in between and comes again."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from tests.guard.streams import village
from tests.guard.streams.memory import KilledError, MemoryServer

from faults.memory import MemoryDisk
from phonotheque.errors import ConflictError, IntegrityError, MalformedError
from phonotheque.guard.engine.memory import PLAYS
from phonotheque.guard.rungs import Rung
from phonotheque.guard.streams.joining import Joiner
from phonotheque.guard.streams.part import Part
from phonotheque.guard.streams.rows import CANARY, COPIED, FAILED, PASSED, ROW
from phonotheque.guard.streams.sending import Sender
from phonotheque.guard.streams.server import Entry
from phonotheque.guard.streams.telling import Counts, News
from phonotheque.guard.streams.working import Keeping, Worker

PIECE = 40_000


class Guarding:
    """All processes of a guard by turns, each killed now and then and started from its folder."""

    def __init__(self, parts: int, server: MemoryServer | None = None, each: int = 25) -> None:
        self.shape, self.server = village.shape(parts), server or MemoryServer()
        self.keepings = [Keeping(MemoryDisk(), each) for _ in range(parts + 1)]
        self.said: list[tuple[int, int, int, bool]] = []
        self.processes: dict[int, object] = {}
        self.kills = 0

    def started(self, number: int) -> object:
        """A sender (-1), a worker, or, behind them, the one that joins."""
        if number not in self.processes:
            if number < 0:
                made = Sender(self.server, self.shape, village.KEY, lambda: village.NOW)
            elif number < self.shape.parts:
                made = Worker(
                    self.server, self.shape, village.tracks(), number, self.keepings[number]
                )
            else:
                made = Joiner(self.server, self.shape, village.tracks(), self.keepings[number])
            self.processes[number] = made
        return self.processes[number]

    def turn(self, number: int) -> None:
        try:
            process = self.started(number)
            if isinstance(process, Sender):
                log = village.log()
                block = log[process.at : process.at + process.size(PIECE)]
                if lines := block[: block.rfind(b"\n") + 1]:
                    process.send(lines)
            elif isinstance(process, Worker):
                process.work(turns(40), 0)
            else:
                process.join(turns(3), lambda told: self.said.append(tuple(told)), 0)
        except KilledError:
            self.kills += 1
            del self.processes[number]

    def run(self, seed: int, kill_every: int = 0) -> set[tuple[int, int, int, bool]]:
        """Take turns in an order drawn at random until the whole log was judged."""
        random = np.random.default_rng(seed)
        while not self.is_over():
            if kill_every and self.server.fuse < 0:
                self.server.fuse = int(random.integers(1, kill_every))
                self.server.dies_after = bool(random.integers(2))
            self.turn(int(random.integers(-1, self.shape.parts + 1)))
        return set(self.said)

    def is_over(self) -> bool:
        sender = self.processes.get(-1)
        if sender is None or sender.at < len(village.log()):
            return False
        tops = [self.server.top.get(self.shape.events(part)) for part in range(self.shape.parts)]
        workers = [self.processes.get(part) for part in range(self.shape.parts)]
        joiner = self.processes.get(self.shape.parts)
        return (
            all(one is not None and one.at == top for one, top in zip(workers, tops, strict=True))
            and joiner is not None
            and all(self.server.top.get(one, at) == at for one, at in joiner.at.items())
        )


def turns(count: int):
    left = iter(range(count))
    return lambda: next(left, None) is not None


@pytest.mark.parametrize("parts", [1, 3, 8])
def test_any_number_of_workers_says_what_one_process_says(parts: int) -> None:
    """Who, when, why, to the second: a farm, and somebody alone; no one else."""
    told = Guarding(parts).run(seed=parts)
    assert told == village.alone()
    assert sum(by_group for *_, by_group in told) > 100


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kills_change_no_verdict(seed: int) -> None:
    """Before and after any call to the server, of any process, again and again."""
    guarding = Guarding(4)
    assert guarding.run(seed, kill_every=120) == village.alone()
    assert guarding.kills > 20


class Twice(MemoryServer):
    """Hands out what it handed out before, too."""

    def read(self, after: dict, wait_s: float, count: int = 64) -> list[Entry]:
        before = {stream: (max(0, at[0] - 50_000), 0) for stream, at in after.items()}
        return super().read(before, wait_s, count + 30)


def test_what_is_delivered_twice_counts_once() -> None:
    """Events, reports, news and verdicts."""
    guarding = Guarding(2, Twice())
    assert guarding.run(seed=9) == village.alone()
    assert len(guarding.said) == len(set(guarding.said))


def test_what_was_let_go_unread_is_told() -> None:
    """A gap is never taken for silence."""
    guarding = Guarding(1)
    for _ in range(3):
        guarding.turn(-1)
    stream = guarding.shape.events(0)
    guarding.server.let_go(stream, guarding.server.top[stream])
    with pytest.raises(MalformedError, match="are gone"):
        guarding.turn(0)


def test_streams_stay_short() -> None:
    """What every snapshot holds is let go of; what none holds, never."""
    guarding = Guarding(2, each=20)
    guarding.run(seed=4)
    assert max(guarding.server.length(name) for name in guarding.server.streams) < 100
    assert sum(guarding.server.top[guarding.shape.events(0)]) > 100


def test_processes_that_began_otherwise_are_refused() -> None:
    """Other parts, other windows: on the server, and in the folder."""
    guarding = Guarding(2)
    guarding.run(seed=5)
    other = village.shape(3)
    with pytest.raises(ConflictError):
        Sender(guarding.server, other, village.KEY)
    with pytest.raises(IntegrityError, match="another shape"):
        Worker(MemoryServer(), other, village.tracks(), 0, guarding.keepings[0])


def test_what_is_no_entry_is_told() -> None:
    """Somebody else writes into the same database."""
    guarding = Guarding(1)
    guarding.server.add(guarding.shape.events(0), (5, 1), b"hello", b"")
    with pytest.raises(MalformedError):
        guarding.turn(0)


def rows(account: int, flags: list[int]) -> np.ndarray:
    found = np.zeros(len(flags), ROW)
    found["account"], found["flags"] = account, flags
    found["second"] = village.NOW + np.arange(len(flags))
    return found


def test_the_second_canary_suspends_and_an_answer_is_no_play() -> None:
    """Once, at its second."""
    part = Part(village.tracks())
    assert part.take(rows(7, [CANARY, PASSED])) == []
    (told,) = part.take(rows(7, [CANARY, CANARY]))
    assert told == (7, Rung.SUSPEND, village.NOW, False)
    assert part.accounts.numbers[0, PLAYS] == 0


def test_answers_of_a_group_move_what_is_demanded() -> None:
    """Of those who were asked for a group's sake only; who failed is known from then on."""
    shape, part = village.shape(1), Part(village.tracks())
    part.take(rows(7, [COPIED]))
    none = Counts(np.zeros(0, np.int32), np.zeros(0, np.uint32))
    asked = np.array([7], np.uint64)
    part.hear(News(9, 10, none, (1e9,) * 3, asked, is_new_day=False), shape)
    part.take(rows(7, [FAILED]))
    part.take(rows(8, [FAILED]))
    report = part.report(10, 11, shape)
    assert (report.passed, report.failed) == (0, 1)
    assert part.marks.failed[:2].all()
