"""Watching over a door: the log in, decisions out, the same ones however often it is read."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import msgspec
import pytest

from guard.book.making import Clock, new_desk
from phonotheque.archive.guarding.watching import COPIED_BYTES, read_had, watch
from phonotheque.guard.rungs import Rung
from phonotheque.listen.log import Line

BEGIN = 1_800_000_000 - 1_800_000_000 % 86_400
DAYS = 5
PEOPLE, HITS, TRACKS = 500, 400, 6_000
SCRAPER = "f" * 16


def gid(number):
    return f"00000000-0000-4000-8000-{number:012x}"


def line(second, address, item, **fields):
    """A line of a door's access log."""
    at = datetime.fromtimestamp(second, UTC).isoformat(timespec="milliseconds")
    values = {
        "at": at.replace("+00:00", "Z"), "id": "1", "address": address, "network": "ab" * 8,
        "method": "GET", "endpoint": "/sound/{gid}", "status": 206, "item": item,
        "bytes": COPIED_BYTES, "restricted": True,
    }  # fmt: skip
    return Line(**(values | fields))


def listening():
    """Five days of 500 people who share a taste, and of one who goes through all there is."""
    draw = random.Random(21)
    found = []
    for person in range(PEOPLE):
        for _ in range(draw.randint(10, 60)):
            second = BEGIN + draw.randrange(DAYS * 86_400)
            track = int(HITS * draw.random() ** 2)
            if draw.random() < 0.05:
                track = draw.randrange(TRACKS)
            found.append(line(second, f"{person:016x}", gid(track)))
    for number in range(1_200):
        second = BEGIN + 3 * 86_400 + number * 120
        found.append(line(second, SCRAPER, gid(draw.randrange(TRACKS))))
    return sorted(found, key=lambda one: one.at)


@pytest.fixture(scope="module")
def lines():
    return listening()


def write(root, some):
    """The log of a door."""
    folder = root / "state/access"
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for one in some:
        with (folder / f"{one.at[:10]}.jsonl").open("ab") as file:
            file.write(msgspec.json.encode(one) + b"\n")


def test_who_goes_through_the_catalogue_is_asked(tmp_path, lines):
    """One among 500 goes through it: he is asked with evidence that says so, and hardly anybody
    else; read again, nothing is decided twice; a damaged line is told and passed over."""
    write(tmp_path, lines)
    with (tmp_path / "state/access" / f"{lines[-1].at[:10]}.jsonl").open("ab") as file:
        file.write(b"\xff\x00 no line\n" + b'{"half": ')
    desk, told = new_desk(tmp_path, Clock(BEGIN + DAYS * 86_400)), []
    decided = watch(desk, lambda item: 0, told.append)
    assert told == ["1 lines of the access log cannot be read"]
    asked = [one.decision for one in decided if one.decision.rung >= Rung.CHALLENGE]
    assert len({decision.account for decision in asked} - {SCRAPER}) <= PEOPLE // 100
    first = next(decision for decision in asked if decision.account == SCRAPER)
    assert first.rung is Rung.CHALLENGE
    assert "of the last 5 days are played by fewer than 2 others" in first.evidence
    assert "is an address" in first.evidence
    assert first.thresholds[0][0] == "hour"
    book = (tmp_path / "journals/guard/cases.jsonl").read_bytes()
    desk.clock.now += 60
    assert watch(desk, lambda item: 0, told.append) == []
    assert (tmp_path / "journals/guard/cases.jsonl").read_bytes() == book


@pytest.mark.parametrize("shadow_days", [0, 1])
def test_what_was_found_once_is_decided_once(tmp_path, lines, shadow_days):
    """The same log read again, a minute and a day later, with another's play behind it, answered
    or not: whoever was asked is not asked again, and not suspended; what was found while nothing
    was carried out is asked when that is over."""
    some = [replaced(one, account=one.address) for one in lines]
    write(tmp_path, some)
    clock = Clock(BEGIN + DAYS * 86_400)
    desk = new_desk(tmp_path, clock, shadow_days)
    first = rungs_of(watch(desk, lambda item: 0, print))
    assert set(first.values()) == {Rung.CHALLENGE}
    clock.now += 60
    some.append(line(clock.now, "aa" * 8, gid(7)))
    write(tmp_path, some)
    assert watch(desk, lambda item: 0, print) == []
    clock.now += 86_400
    second = watch(desk, lambda item: 0, print)
    assert rungs_of(second) == (first if shadow_days else {})
    for case in list(desk.read().cases.by_number):
        desk.answer(case, "I dig for obscure records.", is_passed=True)
    clock.now += 86_400
    some.append(line(clock.now, "aa" * 8, gid(8)))
    write(tmp_path, some)
    assert watch(desk, lambda item: 0, print) == []


def test_who_was_asked_answers_and_goes_on_is_suspended(tmp_path, lines):
    """Asked, he answers in words of his own and copies on for two days while people listen on: then
    he is suspended, and nobody else is."""
    some = [replaced(one, account=one.address) for one in lines]
    write(tmp_path, some)
    clock = Clock(BEGIN + DAYS * 86_400)
    desk = new_desk(tmp_path, clock)
    watch(desk, lambda item: 0, print)
    for case in list(desk.read().cases.by_number):
        desk.answer(case, "I dig for obscure records.", is_passed=True)
    draw = random.Random(22)
    for number in range(2_400):
        second = int(clock.now) + number * 60
        person = f"{draw.randrange(PEOPLE):016x}"
        heard = {SCRAPER: draw.randrange(TRACKS), person: int(HITS * draw.random() ** 2)}
        some += [line(second, who, gid(track), account=who) for who, track in heard.items()]
    write(tmp_path, some)
    clock.now += 2 * 86_400
    found = rungs_of(watch(desk, lambda item: 0, print))
    assert [one for one, rung in found.items() if rung is Rung.SUSPEND] == [SCRAPER]
    assert sum(rung is Rung.CHALLENGE for rung in found.values()) <= PEOPLE // 100


def rungs_of(decided):
    return {one.decision.account: one.decision.rung for one in decided}


def replaced(one, **fields):
    return msgspec.structs.replace(one, **fields)


def test_a_service_of_twenty_accounts_decides_nothing_about_conduct(tmp_path, lines):
    """With too few to know what is ordinary nobody is asked; budgets hold."""
    few = {f"{number:016x}" for number in range(20)} | {SCRAPER}
    write(tmp_path, [one for one in lines if one.address in few])
    assert watch(new_desk(tmp_path, Clock(BEGIN + DAYS * 86_400)), lambda item: 0, print) == []


def test_a_recording_was_had_when_enough_of_it_went_out(tmp_path):
    """Parts add up, in one play and over days, and count once; a short recording counts when
    nearly all of it went out, and a song that was left after a moment never does; nor do free
    sound and refusals."""
    half = COPIED_BYTES // 2
    some = [
        line(BEGIN, "aa" * 8, gid(1), bytes=half),
        line(BEGIN + 10, "aa" * 8, gid(1), bytes=half),
        line(BEGIN + 20, "aa" * 8, gid(1), bytes=half),
        line(BEGIN + 30, "aa" * 8, gid(2), bytes=half),
        line(BEGIN + 40, "aa" * 8, gid(3), restricted=False),
        line(BEGIN + 50, "aa" * 8, gid(4), bytes=0, status=429),
        line(BEGIN + 60, "aa" * 8, gid(5), bytes=90, of_bytes=94),
        line(BEGIN + 70, "aa" * 8, gid(7), bytes=10_000, status=200, of_bytes=3_000_000),
        line(BEGIN + 80, "aa" * 8, gid(8), bytes=10_000, status=200),
        line(BEGIN + 5_000, "aa" * 8, gid(1)),
        line(BEGIN + 5_010, "aa" * 8, gid(6), account="bb" * 8),
        line(BEGIN + 3 * 86_400, "aa" * 8, gid(2), bytes=half),
    ]
    write(tmp_path, some)
    found = read_had(tmp_path, print)
    had = [(one.second - BEGIN, one.account[:2], one.item[-1]) for one in found]
    assert had == [
        (10, "aa", "1"),
        (60, "aa", "5"),
        (5_010, "bb", "6"),
        (3 * 86_400, "aa", "2"),
    ]
    assert [one.is_address for one in found] == [True, True, False, True]


def test_a_door_without_a_log_is_watched_in_peace(tmp_path):
    """Nothing to read is nothing to decide."""
    assert watch(new_desk(tmp_path), lambda item: 0, print) == []
