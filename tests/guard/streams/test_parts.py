"""Verdicts of many workers are those of one process, whatever stops in between and comes again."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from tests.guard.streams import village
from tests.guard.streams.memory import KilledError, MemoryServer

from faults.memory import MemoryDisk
from phonotheque.errors import ConflictError, IntegrityError, MalformedError, UnavailableError
from phonotheque.guard.engine.memory import PLAYS
from phonotheque.guard.groups.membership import Demand
from phonotheque.guard.groups.rounds import look_of
from phonotheque.guard.rungs import Rung
from phonotheque.guard.streams.joining import Joiner
from phonotheque.guard.streams.packing import pack
from phonotheque.guard.streams.part import Part
from phonotheque.guard.streams.remembering import kept_part, part_of_kept
from phonotheque.guard.streams.rows import CANARY, COPIED, FAILED, PASSED, ROW, put_canaries
from phonotheque.guard.streams.sending import Sender
from phonotheque.guard.streams.server import Entry
from phonotheque.guard.streams.telling import (
    Counts,
    News,
    Report,
    Told,
    decode_news,
    decode_report,
    decode_told,
    encode_report,
    encode_told,
)
from phonotheque.guard.streams.working import Keeping, Worker

PIECE = 40_000


class Guarding:
    """All processes of a guard by turns, each killed now and then and started from its folder."""

    def __init__(
        self, parts: int, server: MemoryServer | None = None, each: int = 25, answers: str = ""
    ) -> None:
        self.log = village.log(answers=answers)
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
                log = self.log
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
        if sender is None or sender.at < len(self.log):
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


@pytest.mark.parametrize(
    ("seed", "answers", "demand"),
    [
        (1, "", Demand()),
        (2, "passed", Demand(within=1.5, beside=5.0)),
        (3, "failed", Demand(within=0.0, beside=3.0)),
    ],
)
def test_kills_change_no_verdict(seed: int, answers: str, demand: Demand) -> None:
    """Before and after any call to the server, of any process, again and again; however those
    answered who were asked: one must be more certain the next time when they were people, and less
    when they were a farm, once for each of the two looks at which they were asked."""
    guarding = Guarding(4, answers=answers)
    assert guarding.run(seed, kill_every=120) == village.alone(answers)
    assert guarding.kills > 20
    assert guarding.processes[4].whole.demand == demand


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


DAY_S = 86_400
NONE = Counts(np.zeros(0, np.int32), np.zeros(0, np.uint32))


def rows(account: int, flags: list[int], canaries: tuple[int, ...] = (), later: int = 0):
    found = np.zeros(len(flags), ROW)
    found["account"], found["flags"] = account, flags
    found["second"] = village.NOW + later + np.arange(len(flags))
    if canaries:
        put_canaries(found, canaries)
    return found


def restarted(part: Part) -> Part:
    return part_of_kept(kept_part(part, 1, {}), village.tracks())


def easily_asked() -> Part:
    """A part in which one track that is new to somebody is enough."""
    part = Part(village.tracks())
    part.thresholds = np.full(3, 0.5)
    part.music = part.music._replace(bits=np.ones_like(part.music.bits))
    return part


def test_the_second_canary_suspends_and_an_answer_is_no_play() -> None:
    """Once, at its second; not the same one again, as of a player that tries a dead link twice."""
    part = Part(village.tracks())
    assert part.take(rows(7, [CANARY, CANARY, CANARY, PASSED], (2**63 + 5,) * 3 + (0,))) == []
    part = restarted(part)
    assert part.take(rows(7, [CANARY], (2**63 + 5,))) == []
    (told,) = part.take(rows(7, [CANARY, CANARY], (6, 8)))
    assert told == (7, Rung.SUSPEND, village.NOW, False)
    assert part.accounts.numbers[0, PLAYS] == 0


def test_who_is_suspended_is_asked_when_that_is_over() -> None:
    """A question does not take the place of a suspension, at whatever entry it is found."""
    part, both = easily_asked(), rows(7, [CANARY, CANARY], (1, 2))
    assert [one.rung for one in part.take(both)] == [Rung.SUSPEND]
    assert part.take(rows(7, [COPIED], later=60)) == []
    part = restarted(part)
    part.thresholds = np.full(3, 0.5)
    (told,) = part.take(rows(7, [COPIED], later=3 * DAY_S + 60))
    assert told == (7, Rung.CHALLENGE, village.NOW + 1 + 72 * 3_600, False)
    assert part.take(rows(7, [COPIED], later=3 * DAY_S + 90)) == []


def after_a_day(part: Part, days: int) -> None:
    """Let a day begin, so many days after the village's last one."""
    following = (village.NOW + days * DAY_S) // village.WINDOW_S
    asked = np.zeros(0, np.uint64)
    news = News(following - 1, following, NONE, (1e9,) * 3, asked, is_new_day=True)
    part.hear(news, village.shape(1))


def test_who_did_nothing_for_60_days_is_forgotten() -> None:
    """All that was known of him, in memory and in the file; others keep theirs, renumbered."""
    part = Part(village.tracks())
    part.music.rating[:] = 100
    for account in (5, 6, 7):
        part.take(rows(account, [COPIED, FAILED, CANARY], (0, 0, account)))
    part.take(rows(6, [PASSED], later=DAY_S))
    second = rows(7, [COPIED], later=DAY_S)
    second["track"] = 3
    part.take(second)
    after_a_day(part, 60)
    assert part.hashes.tolist() == [5, 6, 7]
    after_a_day(part, 61)
    for one in (part, restarted(part)):
        assert one.hashes.tolist() == [6, 7]
        assert one.accounts.numbers[:3, PLAYS].tolist() == [1, 2, 0]
        assert one.marks.failed[:3].tolist() == [False, True, False]
        assert one.marks.passed[:3].tolist() == [True, False, False]
        assert list(one.hits.all()) == [(6, f"{6:016x}"), (7, f"{7:016x}")]
        assert one.first_copies.rows.account.tolist() == [1]
        assert one.take(rows(5, [CANARY], (77,), later=61 * DAY_S)) == []
        (told,) = one.take(rows(7, [CANARY], (77,), later=61 * DAY_S))
        assert told.account == 7


def test_parts_that_end_different_windows_are_told() -> None:
    """They were not sent the same: nothing is made of it."""
    guarding = Guarding(2)
    none = np.zeros(0, np.uint64)
    for part, window in enumerate((8, 9)):
        report = encode_report(Report(window, 10, NONE, none))
        guarding.server.add(guarding.shape.reports(part), (window, 1), b"", report)
    with pytest.raises(MalformedError, match="where part 0 ended window 8"):
        guarding.turn(2)


def test_a_verdict_that_nobody_took_is_handed_on_again() -> None:
    """By whoever starts again, from its folder."""
    guarding = Guarding(1)
    data = encode_told([Told(7, Rung.SUSPEND, village.NOW, by_group=False)])
    guarding.server.add(guarding.shape.verdicts(0), (5, 1), b"", data)
    joiner = guarding.started(1)
    taken: list[Told] = []

    def refuse(told: Told) -> None:
        raise UnavailableError("the sink", "it is away", "Start it.")

    with pytest.raises(UnavailableError):
        joiner.join(turns(1), refuse, 0)
    joiner.join(turns(1), taken.append, 0)
    assert [one.account for one in taken] == [7]


def test_answers_of_a_group_move_what_is_demanded() -> None:
    """Of those who were asked for a group's sake only, and once each; who failed is known from then
    on, until he passes."""
    shape, part = village.shape(1), Part(village.tracks())
    part.take(rows(7, [COPIED]))
    asked = np.array([7], np.uint64)
    part.hear(News(9, 10, NONE, (1e9,) * 3, asked, is_new_day=False), shape)
    part = restarted(part)
    part.take(rows(7, [FAILED]))
    part.take(rows(7, [FAILED]))
    part.take(rows(8, [FAILED]))
    report = part.report(10, 11, shape)
    assert report.answers == ((look_of(shape.second(10)), 0, 1),)
    assert decode_report(encode_report(report), "reports").answers == report.answers
    assert part.marks.failed[:2].all()
    part.take(rows(7, [PASSED]))
    assert part.report(10, 11, shape).answers == report.answers
    assert part.marks.failed[:2].tolist() == [False, True]


@pytest.mark.parametrize("decode", [decode_report, decode_news, decode_told])
@pytest.mark.parametrize(
    "facts",
    [{}, {"told": [[1]]}, {"told": [[1, 99, 2, False]]}, {"thresholds": 3, "answers": 4}],
)
def test_what_others_write_there_is_refused(decode, facts: dict) -> None:
    """Bytes that can be read and say something else are told as such, with the stream's name."""
    with pytest.raises(MalformedError, match="somewhere"):
        decode(pack(facts, {}), "somewhere")
