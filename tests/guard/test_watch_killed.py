"""A watch that is killed, at any moment and however often, knows what one knows that was not."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from faults.memory import MemoryDisk
from faults.powerloss import explore
from guard.book.making import Clock, new_desk
from guard.test_watching import BEGIN, gid, line, rungs_of
from phonotheque.archive.guarding.descriptions import NOTHING_KNOWN
from phonotheque.archive.guarding.desk import GuardDesk
from phonotheque.archive.guarding.log_reading import LogReader
from phonotheque.archive.guarding.takings import TRACKS
from phonotheque.archive.guarding.watch_state import PATH
from phonotheque.archive.guarding.watching import Watcher, watching
from phonotheque.guard.rungs import Rung

PEOPLE, HOURS = 40, 60
GUESSER, GREEDY = "fe" * 8, "fd" * 8
NOW = BEGIN + HOURS * 3_600
DAY_FILES = ["2027-01-15.jsonl", "2027-01-16.jsonl", "2027-01-17.jsonl"]


def some_days():
    """Three days of a small door, a file for each: people, who guesses ids, who goes on over his
    budget; lines of one second on both sides of every cut."""
    draw = random.Random(5)
    found = []
    for number in range(900):
        second = BEGIN + number * HOURS * 4 // 3 * 3 // 60 * 60
        person = f"{draw.randrange(PEOPLE):016x}"
        found.append(line(second, person, gid(draw.randrange(300)), bytes=300_000))
        if number % 300 == 50:
            found.append(line(second, GUESSER, gid(number), account=GUESSER, canary=True))
        if number % 100 == 60:
            found.append(line(second, GREEDY, gid(number), account=GREEDY, over_budget=True))
    files = {}
    for one in found:
        files.setdefault(f"{one.at[:10]}.jsonl", []).append(msgspec.json.encode(one) + b"\n")
    return {name: b"".join(texts) for name, texts in files.items()}


FILES = some_days()
ALL = sum(map(len, FILES.values()))


def put(root, count):
    """The log as far as it was written: so many bytes of it."""
    folder = root / "state/access"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in FILES.items():
        there = (folder / name).stat().st_size if (folder / name).exists() else 0
        if count > there:
            with (folder / name).open("ab") as file:
                file.write(data[there:count])
        count -= min(count, len(data))
        if not count:
            break


def memory(watcher):
    """All that a watch knows, but for when it told what."""
    suspicion, guard = watcher.suspicion, watcher.suspicion.guard
    count = len(suspicion.names.called)
    rows = guard.groups.first_copies.rows
    of_accounts = [column[:count] for column in (*guard.accounts, *guard.marks)]
    arrays = [*of_accounts, guard.music.plays, *rows]
    plain = (
        guard.groups.demand, guard.groups.rounds, suspicion.names.called,
        list(suspicion.names.items), sorted(suspicion.hits.all()), suspicion.over,
        suspicion.takings, suspicion.latest,
    )  # fmt: skip
    return plain, arrays


def assert_same(found, wanted):
    assert found[0] == wanted[0]
    same = [np.array_equal(one, other) for one, other in zip(found[1], wanted[1], strict=True)]
    assert all(same), same


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What one knows, and decided, that read it all without a stop."""
    root = tmp_path_factory.mktemp("undisturbed")
    put(root, ALL)
    watcher = Watcher(new_desk(root, Clock(NOW)), NOTHING_KNOWN, print)
    rungs = rungs_of(watcher.turn())
    assert rungs == {GUESSER: Rung.SUSPEND, GREEDY: Rung.OBSERVE}
    assert list(FILES) == DAY_FILES
    return memory(watcher)


def decisions_of(desk):
    """Each decision of the book, in order."""
    cases = desk.read().cases.by_number.values()
    return sorted((one.account, each.decision.rung) for one in cases for each in one.decisions)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60_000), st.integers(0, 3)), max_size=12))
def test_wherever_reading_is_cut_and_killed_the_memory_is_the_same(
    tmp_path_factory, undisturbed, steps
):
    """Bytes come in any portions, lines in halves; after each the watch goes on, is killed, writes
    a snapshot, or is killed right after one: no event counts twice or is lost, nothing is decided
    twice."""
    root = tmp_path_factory.mktemp("cut")
    desk, written = new_desk(root, Clock(NOW)), 0
    watcher = Watcher(desk, NOTHING_KNOWN, print)
    for portion, what in steps:
        written += portion
        put(root, written)
        watcher.turn()
        if what >= 2:
            watcher.keep()
        if what % 2:
            watcher = Watcher(desk, NOTHING_KNOWN, print)
    put(root, ALL)
    watcher.turn()
    assert_same(memory(watcher), undisturbed)
    decided = decisions_of(desk)
    assert len(decided) == len(set(decided))
    assert {(GUESSER, Rung.SUSPEND), (GREEDY, Rung.OBSERVE)} <= set(decided)


def test_a_process_killed_at_random_moments_loses_and_doubles_nothing(tmp_path, undisturbed):
    """SIGKILL to a real process that watches a log which grows, ten times, wherever it is."""
    desk, draw = new_desk(tmp_path, Clock(NOW)), random.Random(11)
    fork = multiprocessing.get_context("fork")
    for number in range(10):
        put(tmp_path, ALL * (number + 1) // 10)
        told, tells = fork.Pipe(duplex=False)
        child = fork.Process(target=watch_on, args=(desk, tells))
        child.start()
        for _ in range(draw.randrange(1, 8)):
            told.recv()
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        assert child.exitcode == -signal.SIGKILL
    with watching(desk, NOTHING_KNOWN, print) as watcher:
        watcher.turn()
        assert_same(memory(watcher), undisturbed)
    decided = decisions_of(desk)
    assert len(decided) == len(set(decided))
    assert {(GUESSER, Rung.SUSPEND), (GREEDY, Rung.OBSERVE)} <= set(decided)


def watch_on(desk, tells):
    """Watch and write snapshots without an end."""
    with watching(desk, NOTHING_KNOWN, lambda text: None) as watcher:
        while True:
            tells.send(1)
            watcher.turn()
            tells.send(2)
            watcher._has_news = True
            watcher.keep()


def test_a_loss_of_power_at_any_write_loses_no_verdict(tmp_path):
    """At every write of book, map and snapshot: whoever reads on knows and decides the same."""
    (tmp_path / "journals/guard").mkdir(parents=True)
    (tmp_path / "state/access").mkdir(parents=True)
    log = tmp_path / "state/access/2027-01-15.jsonl"
    kinds = {"canary": True}, {"over_budget": True}, {}
    lines = [
        msgspec.json.encode(line(BEGIN + n, GUESSER, gid(n), account=GUESSER, **kinds[n % 3]))
        + b"\n"
        for n in range(5)  # each kind, and after the second canary, which suspends
    ]

    def desk_on(disk):
        return GuardDesk(tmp_path, disk, Clock(NOW), 0)

    def scenario(disk, acknowledge):
        log.write_bytes(b"")
        watcher = Watcher(desk_on(disk), NOTHING_KNOWN, print)
        for text in lines:
            with log.open("ab") as file:
                file.write(text)
            for decided in watcher.turn():
                acknowledge(decided.decision.rung)
            watcher.keep()

    def check(disk: MemoryDisk, acknowledged):
        told = []
        desk = desk_on(disk)
        watcher = Watcher(desk, NOTHING_KNOWN, told.append)
        watcher.turn()
        assert told == []
        assert_same(memory(watcher), wanted)
        rungs = [rung for _, rung in decisions_of(desk)]
        assert rungs in ([Rung.OBSERVE, Rung.SUSPEND], [Rung.SUSPEND])
        assert set(acknowledged) <= set(rungs)

    log.write_bytes(b"".join(lines))
    first = Watcher(desk_on(MemoryDisk()), NOTHING_KNOWN, print)
    first.turn()
    wanted = memory(first)
    assert explore(scenario, check).states > 10


def test_a_file_that_was_replaced_is_read_and_one_that_lost_its_end_is_not_read_twice(tmp_path):
    """Another file of the same name is read from its beginning; of one that lost its end nothing is
    given again, and that is told; a line without end costs nothing and is passed over."""
    folder, told = tmp_path / "state/access", []
    folder.mkdir(parents=True)
    log = folder / "2027-01-15.jsonl"
    reader = LogReader(tmp_path, told.append)
    log.write_bytes(b"one line of the log\n" * 30)
    assert b"".join(reader.blocks()).count(b"\n") == 30
    log.write_bytes(b"another one\n" * 90)
    assert b"".join(reader.blocks()) == b"another one\n" * 90
    log.write_bytes(b"another one\n" * 50)
    assert (list(reader.blocks()), len(told)) == ([], 1)
    with log.open("ab") as file:
        file.write(b"x" * (3 << 20))
        file.flush()
        assert list(reader.blocks()) == []
        file.write(b"y" * (3 << 20) + b"\nthe next\nhalf")
    assert list(reader.blocks()) == [b"the next\n"]
    newer = folder / "2027-01-16.jsonl"
    newer.write_bytes(b"of the next day\n")
    assert list(reader.blocks()) == [b"of the next day\n"]
    with log.open("ab") as file:  # another worker is still at yesterday's
        file.write(b" whole\nlate\n")
    assert list(reader.blocks()) == [b"half whole\nlate\n"]
    newer.unlink()
    log.unlink()
    assert (list(reader.blocks()), reader.places) == ([], {})


def test_who_did_nothing_for_long_is_forgotten_and_the_others_are_what_they_were(tmp_path):
    """After 60 days without a line nothing of an account is left, its name included; those who go
    on keep their memory and their hits under whatever number, and what follows counts for them."""
    clock = Clock(NOW)
    desk = new_desk(tmp_path, clock)
    put(tmp_path, ALL)
    watcher = Watcher(desk, NOTHING_KNOWN, print)
    watcher.turn()
    watcher.keep()
    stays = [f"{number:016x}" for number in range(3)]
    clock.now += 61 * 86_400
    lines = [
        *(line(clock.now + n, who, gid(7 + n)) for n, who in enumerate(stays)),
        line(clock.now + 9, GUESSER, gid(1_001), account=GUESSER, canary=True),
    ]
    later = b"".join(msgspec.json.encode(one) + b"\n" for one in lines)
    (tmp_path / f"state/access/{lines[0].at[:10]}.jsonl").write_bytes(later)
    watcher = Watcher(desk, NOTHING_KNOWN, print)
    watcher.turn()
    before = {who: rows_of(watcher, who) for who in stays}
    watcher.keep()
    for one in (watcher, Watcher(desk, NOTHING_KNOWN, print)):
        assert sorted(one.suspicion.names.called) == sorted([*stays, GUESSER])
        assert {who: rows_of(one, who) for who in stays} == before
        guesser = one.suspicion.names.accounts[GUESSER]
        assert one.suspicion.hits.of(guesser) == 4
        assert list(one.suspicion.told) == [guesser]
        assert one.suspicion.over == {}
    assert GREEDY.encode() not in (tmp_path / PATH).read_bytes()
    assert bytes.fromhex(GREEDY)[::-1] not in (tmp_path / PATH).read_bytes()


def rows_of(watcher, who):
    """What is remembered of one account, its partial takings included."""
    suspicion = watcher.suspicion
    guard, number = suspicion.guard, suspicion.names.accounts[who]
    rows = guard.groups.first_copies.rows
    mine = rows.account == number
    pairs = {**suspicion.takings.before, **suspicion.takings.recent}
    return (
        [column[number].tolist() for column in guard.accounts],
        [(rows.track[mine].tolist()), rows.second[mine].tolist()],
        sorted((pair % TRACKS, taken) for pair, taken in pairs.items() if pair // TRACKS == number),
    )
