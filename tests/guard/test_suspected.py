"""The ledger of plays of an archive: the suspected, once, for as long as a case needs it."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from itertools import groupby

import msgspec
import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from guard.book.making import Clock, account, canaries, new_desk
from guard.test_watching import BEGIN, DAYS, ROCK, SCRAPER, gid, line, listening
from phonotheque.archive.guarding.play_ledger import FOLDER, ledger_of, takings_before_the_log
from phonotheque.archive.guarding.watching import watching
from phonotheque.archive.listening.door import LOGS
from phonotheque.guard.decisions import DAY_S
from phonotheque.guard.ledger.keeping import Span
from phonotheque.guard.ledger.plays import KEPT_FROM

EVER = Span(0, 4_000_000_000)
END = BEGIN + DAYS * DAY_S


def write_log(root, lines) -> None:
    """The log of a door, a file for each day."""
    (root / LOGS).mkdir(parents=True, exist_ok=True)
    for day, some in groupby(lines, lambda one: one.at[:10]):
        with (root / LOGS / f"{day}.jsonl").open("ab") as file:
            file.writelines(msgspec.json.encode(one) + b"\n" for one in some)


def watch_once(root, now=END) -> None:
    """Read what is new, once."""
    with watching(new_desk(root, Clock(now)), ROCK, pytest.fail) as watcher:
        watcher.turn()


@pytest.fixture(scope="module")
def lines():
    """Made once: each with an id of its own, as the door gives."""
    return [
        msgspec.structs.replace(one, id=f"{number:08x}")
        for number, one in enumerate(listening(500))
    ]


@pytest.fixture(scope="module")
def read_once(tmp_path_factory, lines):
    """Made once: a root whose log was written, and read by a watch that ended."""
    root = tmp_path_factory.mktemp("read") / "root"
    root.mkdir()
    write_log(root, lines)
    watch_once(root)
    return root


@pytest.fixture
def root(read_once, tmp_path):
    """A copy of it to work on."""
    return shutil.copytree(read_once, tmp_path / "root")


def test_who_is_above_the_suspicion_is_in_it_and_nobody_else(tmp_path, lines) -> None:
    """Of a day that was read at once: every answer that they got, and no other account's."""
    write_log(tmp_path, lines)
    with watching(new_desk(tmp_path, Clock(END)), ROCK, pytest.fail) as watcher:
        watcher.turn()
        names = watcher.suspicion.names.called
        scores = watcher.suspicion.guard.scores(np.arange(len(names)))
    last_day = max(one.at[:10] for one in lines)
    begins = int(datetime.fromisoformat(last_day).replace(tzinfo=UTC).timestamp())
    above = {name for name, score in zip(names, scores, strict=True) if score >= KEPT_FROM}
    wanted = [one for one in lines if one.at[:10] == last_day and one.address in above]
    ledger = ledger_of(tmp_path, new_desk(tmp_path).disk)
    taken = ledger.takings(names, Span(begins, END))
    assert {name for name, _ in taken} == {one.address for one in wanted}
    assert sum(one.requests for one in taken.values()) == len(wanted) > 0
    assert len(above) < len(names)


def test_lines_that_are_read_again_are_in_it_once(root, lines) -> None:
    """The snapshot was lost with a kill: all of the log is read again."""
    for path in (root / "state/guard").iterdir():
        path.unlink()
    watch_once(root)
    ledger = ledger_of(root, new_desk(root).disk)
    taken = ledger.takings([SCRAPER], EVER)
    sent = [one for one in lines if one.address == SCRAPER]
    assert sum(one.requests for one in taken.values()) == len(sent)


def test_what_the_detector_refused_is_not_in_it(tmp_path, lines) -> None:
    """A line of the future is not kept until then; one that lacks what the ledger needs is told and
    stops nobody; all others of days that were read at once are one file."""
    write_log(tmp_path, lines)
    strange = [
        line(END + 10_000 * DAY_S, SCRAPER, gid(1), id="later"),
        line(END, SCRAPER, gid(1), id=""),
    ]
    with (tmp_path / LOGS / "2999-01-01.jsonl").open("wb") as file:
        file.write(b"".join(msgspec.json.encode(one) + b"\n" for one in strange))
    told: list[str] = []
    with watching(new_desk(tmp_path, Clock(END)), ROCK, told.append) as watcher:
        watcher.turn()
        assert watcher.turn() == []
    assert sorted(told) == [
        "1 lines of the access log are of another time",
        "1 lines of the access log lack what the ledger of plays needs",
    ]
    taken = ledger_of(tmp_path, new_desk(tmp_path).disk).takings([SCRAPER], EVER)
    sent = [one for one in lines if one.address == SCRAPER]
    assert sum(one.requests for one in taken.values()) == len(sent)
    assert len(list((tmp_path / FOLDER).iterdir())) == 1


def test_what_the_log_forgot_the_ledger_tells(root, lines) -> None:
    """A day is told by one of them, never by both."""
    assert takings_before_the_log(root, [SCRAPER], 0, END) == {}
    days = sorted((root / LOGS).iterdir())
    for path in days[:-1]:
        path.unlink()
    first = int(datetime.fromisoformat(days[-1].stem).replace(tzinfo=UTC).timestamp())
    taken = takings_before_the_log(root, [SCRAPER], 0, END)
    assert max(one.last for one in taken.values()) < first
    assert sum(one.requests for one in taken.values()) == sum(
        one.address == SCRAPER and one.at[:10] < days[-1].stem for one in lines
    )


def test_ninety_days_after_the_case_nothing_is_left(root) -> None:
    """And of accounts without a case after thirty; also while nobody listens any more."""
    assert list((root / FOLDER).iterdir())
    clock = Clock(END)
    with watching(new_desk(root, clock), ROCK, pytest.fail) as watcher:
        watcher.turn()
        assert list((root / FOLDER).iterdir())
        clock.now += 400 * DAY_S
        watcher.turn()
        while watcher.tidy():
            pass
    assert not list((root / FOLDER).iterdir())


def test_a_case_that_is_open_keeps_its_lines(root) -> None:
    """Somebody waits for an answer: they are what it is about."""
    clock = Clock(END)
    desk = new_desk(root, clock)
    decided = desk.take(canaries(1).__class__(account=SCRAPER, second=END, canaries=2))
    number = decided.case if decided else desk.read().cases.of_account[SCRAPER]
    desk.appeal(number, "It was my feed reader.")
    later = END + 400 * DAY_S
    write_log(root, [line(later, account(1), gid(1), id="last")])
    with watching(new_desk(root, Clock(later)), ROCK, pytest.fail) as watcher:
        watcher.turn()
        watcher.keep()
    assert list((root / FOLDER).iterdir())
