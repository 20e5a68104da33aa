"""Watching over a door: the log in, decisions out, each once, however the reading is cut."""

from __future__ import annotations

import random
import re
import shutil
from datetime import UTC, datetime
from functools import cache

import msgspec
import pytest

from guard.book.making import Clock, new_desk
from phonotheque.archive.guarding.descriptions import NOTHING_KNOWN, About, Descriptions
from phonotheque.archive.guarding.suspicion import Suspicion, Told
from phonotheque.archive.guarding.takings import COPIED_BYTES, read_had
from phonotheque.archive.guarding.watch_state import PATH
from phonotheque.archive.guarding.watching import watching
from phonotheque.errors import ConflictError, MalformedError
from phonotheque.guard.decisions import MOST_WEIGHTS
from phonotheque.guard.rungs import Rung
from phonotheque.listen.log import Line

BEGIN = 1_800_000_000 - 1_800_000_000 % 86_400
DAYS = 5
END = BEGIN + DAYS * 86_400
PEOPLE, HITS, TRACKS = 300, 400, 6_000
SCRAPER = "f" * 16
ROCK = Descriptions(lambda gid: About("rock"), lambda: "1")


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


def listening(people=PEOPLE):
    """Five days of people who share a taste, and of one who goes through all there is."""
    draw = random.Random(21)
    found = []
    for person in range(people):
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
    """Add lines to the log of a door."""
    folder = root / "state/access"
    folder.mkdir(parents=True, exist_ok=True)
    texts = {}
    for one in some:
        texts.setdefault(one.at[:10], []).append(msgspec.json.encode(one) + b"\n")
    for day, text in texts.items():
        with (folder / f"{day}.jsonl").open("ab") as file:
            file.write(b"".join(text))


def watch(desk, fault=print, descriptions=NOTHING_KNOWN, **settings):
    """Look once, as the command without `--every` does."""
    with watching(desk, descriptions, fault, **settings) as watcher:
        return watcher.turn()


def rungs_of(decided):
    return {one.decision.account: one.decision.rung for one in decided}


def replaced(one, **fields):
    return msgspec.structs.replace(one, **fields)


@pytest.fixture(scope="module")
def read_once(tmp_path_factory, lines):
    """Roots whose log was read by a watch that ended, and what it decided: made when asked for the
    first time, to be copied."""

    @cache
    def made(shadow_days=0, *, has_accounts):
        root = tmp_path_factory.mktemp("read") / "root"
        root.mkdir()
        write(
            root, [replaced(one, account=one.address) for one in lines] if has_accounts else lines
        )
        return root, rungs_of(watch(new_desk(root, Clock(END), shadow_days)))

    return made


def test_who_goes_through_the_catalogue_is_asked(tmp_path, lines):
    """One among 300 goes through it: he is asked with evidence that says so, and hardly anybody
    else; looked at again, nothing is decided twice, with the snapshot or without; a damaged line is
    told and passed over."""
    write(tmp_path, lines)
    with (tmp_path / "state/access" / f"{lines[-1].at[:10]}.jsonl").open("ab") as file:
        file.write(b"\xff\x00 no line\n" + b'{"half": ')
    desk, told = new_desk(tmp_path, Clock(END)), []
    decided = watch(desk, told.append)
    assert told == ["1 lines of the access log cannot be read"]
    asked = [one.decision for one in decided if one.decision.rung >= Rung.CHALLENGE]
    assert len({decision.account for decision in asked} - {SCRAPER}) <= PEOPLE // 100
    first = next(decision for decision in asked if decision.account == SCRAPER)
    assert first.rung is Rung.CHALLENGE
    assert re.search("of the last [45] days are played by fewer than 2 others", first.evidence)
    assert "is an address" in first.evidence
    assert first.thresholds[0][0] == "hour"
    book = (tmp_path / "journals/guard/cases.jsonl").read_bytes()
    desk.clock.now += 60
    assert watch(desk) == []
    (tmp_path / PATH).unlink()
    assert watch(desk, told.append) == []
    assert (tmp_path / "journals/guard/cases.jsonl").read_bytes() == book


@pytest.mark.parametrize("shadow_days", [0, 1])
def test_what_was_found_once_is_decided_once(tmp_path, read_once, shadow_days):
    """A minute and a day later, with another's play behind it, answered or not: whoever was asked
    is not asked again, and not suspended; what is still found when nothing is on paper any more is
    asked then."""
    before, first = read_once(shadow_days, has_accounts=True)
    root = shutil.copytree(before, tmp_path / "root")
    clock = Clock(END)
    desk = new_desk(root, clock, shadow_days)
    assert first[SCRAPER] is max(first.values()) is Rung.CHALLENGE
    clock.now += 60
    write(root, [line(clock.now, "aa" * 8, gid(7))])
    assert watch(desk) == []
    clock.now += 86_400
    second = rungs_of(watch(desk))
    assert (SCRAPER in second) == bool(shadow_days)
    assert all(rung <= first[who] for who, rung in second.items())
    for case in list(desk.read().cases.by_number):
        desk.answer(case, "I dig for obscure records.", is_passed=True)
    clock.now += 86_400
    write(root, [line(clock.now, "aa" * 8, gid(8))])
    assert watch(desk) == []


def test_who_was_asked_answers_and_goes_on_is_suspended(tmp_path, read_once):
    """Asked, he answers in words of his own and copies on for two days while people listen on: then
    he is suspended, and nobody else is."""
    root = shutil.copytree(read_once(has_accounts=True)[0], tmp_path / "root")
    clock = Clock(END)
    desk = new_desk(root, clock)
    for case in list(desk.read().cases.by_number):
        desk.answer(case, "I dig for obscure records.", is_passed=True)
    draw, some = random.Random(22), []
    for number in range(2_400):
        second = int(clock.now) + number * 60
        person = f"{draw.randrange(PEOPLE):016x}"
        heard = {SCRAPER: draw.randrange(TRACKS), person: int(HITS * draw.random() ** 2)}
        some += [line(second, who, gid(track), account=who) for who, track in heard.items()]
    write(root, some)
    clock.now += 2 * 86_400
    found = rungs_of(watch(desk))
    assert [one for one, rung in found.items() if rung is Rung.SUSPEND] == [SCRAPER]
    assert sum(rung is Rung.CHALLENGE for rung in found.values()) <= PEOPLE // 100


def test_what_the_service_drew_is_nobodys_choice(tmp_path, lines):
    """The same listening, drawn by the service itself, says nothing about who heard it."""
    write(tmp_path, [replaced(one, chosen=one.address == SCRAPER) for one in lines])
    found = rungs_of(watch(new_desk(tmp_path, Clock(END))))
    assert SCRAPER not in found


def test_a_service_of_twenty_accounts_decides_nothing_about_conduct(tmp_path, lines):
    """With too few to know what is ordinary nobody is asked; budgets hold."""
    few = {f"{number:016x}" for number in range(20)} | {SCRAPER}
    write(tmp_path, [one for one in lines if one.address in few])
    assert watch(new_desk(tmp_path, Clock(END))) == []


def test_two_canaries_suspend_and_one_is_watched(tmp_path):
    """The same one twice is one, counted from the log and not from what is remembered; the case
    says which they were; an address is asked at most, however many it asked for; no line of it
    decides twice."""
    desk = new_desk(tmp_path, Clock(BEGIN + 100))
    own = {"canary": True, "status": 404, "bytes": 0, "restricted": False}
    write(tmp_path, [line(BEGIN + n, "aa" * 8, gid(1), account="bb" * 8, **own) for n in (0, 9)])
    assert rungs_of(watch(desk)) == {"bb" * 8: Rung.OBSERVE}
    write(tmp_path, [line(BEGIN + 20, "aa" * 8, gid(2), account="bb" * 8, **own)])
    write(tmp_path, [line(BEGIN + 30, "cc" * 8, gid(n), **own) for n in range(60)])
    decided = watch(desk)
    assert rungs_of(decided) == {"bb" * 8: Rung.SUSPEND, "cc" * 8: Rung.CHALLENGE}
    of_one, of_address = sorted(decided, key=lambda one: one.decision.account)
    assert of_one.finding.canary_ids == (gid(1), gid(2))
    assert f"They end in {gid(1)}, {gid(2)}." in of_one.decision.evidence
    assert of_address.finding.is_address
    assert of_address.finding.canary_ids == tuple(gid(number) for number in range(50))
    write(tmp_path, [line(BEGIN + 40, "cc" * 8, gid(n), **own) for n in (70, 71)])
    assert watch(desk) == []
    (tmp_path / PATH).unlink()
    assert watch(desk) == []


def test_who_goes_on_over_his_budget_is_watched(tmp_path):
    """Once for each day, whose evidence says how often; nothing more follows from it."""
    desk = new_desk(tmp_path, Clock(BEGIN + 100))
    over = {"over_budget": True, "status": 429, "bytes": 0, "restricted": False}
    write(tmp_path, [line(BEGIN + n, "aa" * 8, gid(n), **over) for n in range(5)])
    (decided,) = watch(desk)
    assert decided.decision.rung is Rung.OBSERVE
    assert "5 requests" in decided.decision.evidence
    write(tmp_path, [line(BEGIN + 50, "aa" * 8, gid(9), **over)])
    assert watch(desk) == []


def test_a_clock_that_jumps_moves_nobody(tmp_path, lines):
    """Lines of tomorrow, of long ago, and of nobody are told and passed over; the rest counts."""
    clock = Clock(END)
    strange = [
        line(clock.now + 86_400, SCRAPER, gid(1)),
        line(BEGIN - 40 * 86_400, "aa" * 8, gid(2)),
        line(BEGIN, "nobody", gid(3)),
        line(BEGIN, "aa" * 8, "no gid"),
    ]
    write(tmp_path, lines)
    with (tmp_path / "state/access/2999-01-01.jsonl").open("ab") as file:
        file.write(b"".join(msgspec.json.encode(one) + b"\n" for one in strange))
    told = []
    assert SCRAPER in rungs_of(watch(new_desk(tmp_path, clock), told.append))
    assert sorted(told) == [
        "2 lines of the access log are of another time",
        "2 lines of the access log name nobody, or nothing",
    ]


@pytest.mark.parametrize("is_restarted", [True, False])
def test_a_clock_that_was_ahead_blinds_nobody(tmp_path, lines, is_restarted):
    """The host was ten years ahead for a moment: it is told, what is kept of the log is read again
    without that moment, and who goes through the catalogue is asked."""
    clock, told = Clock(BEGIN + 3_650 * 86_400), []
    desk = new_desk(tmp_path, clock)
    write(tmp_path, [line(clock.now, "aa" * 8, gid(1))])
    with watching(desk, NOTHING_KNOWN, told.append) as watcher:
        assert watcher.turn() == []
        clock.now = END
        write(tmp_path, lines)
        decided = [] if is_restarted else watcher.turn()
    if is_restarted:
        decided = watch(desk, told.append)
    assert rungs_of(decided)[SCRAPER] is Rung.CHALLENGE
    assert told[0].startswith("the clock was ahead")
    assert told[1:] == ["1 lines of the access log are of another time"]


def test_who_was_away_for_a_month_is_not_asked_for_what_he_did_before(tmp_path, lines, read_once):
    """Forty days later he plays something he had, and what counted then is over."""
    before, asked = read_once(has_accounts=True)
    root = shutil.copytree(before, tmp_path / "root")
    clock = Clock(END)
    desk = new_desk(root, clock)
    assert asked[SCRAPER] is Rung.CHALLENGE
    for case in list(desk.read().cases.by_number):
        desk.answer(case, "I dig for obscure records.", is_passed=True)
    clock.now += 40 * 86_400
    had = next(one.item for one in lines if one.address == SCRAPER)
    write(root, [line(clock.now, "aa" * 8, had, account=SCRAPER)])
    assert watch(desk) == []


def test_who_was_once_in_a_group_scores_what_he_did_himself():
    """That a group was found is a reason to ask, and no conduct of its members'."""
    suspicion = Suspicion(NOTHING_KNOWN)
    suspicion.take(BEGIN, line(BEGIN, "aa" * 8, gid(1)), BEGIN)
    suspicion.see()
    suspicion.guard.marks.round[0] = 1
    suspicion.told[0] = Told(0.0, BEGIN, 0.0, 0.0)
    later = BEGIN + 86_400
    suspicion.take(later, line(later, "aa" * 8, gid(2)), later)
    (finding,) = suspicion.findings()
    assert finding.score < 0.1


def test_one_process_watches_at_a_time(tmp_path):
    """A second one is refused while the first one runs."""
    desk = new_desk(tmp_path)
    with watching(desk, NOTHING_KNOWN, print), pytest.raises(ConflictError, match="another one"):
        watch(desk)
    assert watch(desk) == []


def test_somebody_who_took_it_all_has_a_short_line(tmp_path, lines):
    """Of thousands of new tracks the case book has the heaviest and the sum of the rest."""
    write(tmp_path, [one for one in lines if one.address != SCRAPER])
    write(tmp_path, [line(BEGIN + 4 * 86_400 + n, SCRAPER, gid(10_000 + n)) for n in range(3_000)])
    decided = watch(new_desk(tmp_path, Clock(END)))
    (recount,) = (one.finding.recount for one in decided if one.finding.account == SCRAPER)
    assert recount.new_tracks > MOST_WEIGHTS == len(recount.weights)
    assert recount.rest > 0
    longest = max((tmp_path / "journals/guard/cases.jsonl").read_bytes().split(b"\n"), key=len)
    assert len(longest) < 10_000


def test_a_book_that_was_put_back_older_is_noticed(tmp_path, read_once):
    """The watch remembers the end of the book: one that lacks it, all files of it gone included, is
    refused, and nothing is written."""
    before, decided = read_once(has_accounts=False)
    root = shutil.copytree(before, tmp_path / "root")
    desk = new_desk(root, Clock(END))
    assert decided
    for path in (root / "journals/guard").iterdir():
        path.unlink()
    with pytest.raises(MalformedError, match="is missing"):
        watch(desk)
    assert not list((root / "journals/guard").iterdir())


def test_a_damaged_snapshot_is_learned_anew(tmp_path, read_once):
    """It is told, all of the log is read again, and nothing is decided twice."""
    before, decided = read_once(has_accounts=False)
    root = shutil.copytree(before, tmp_path / "root")
    desk, told = new_desk(root, Clock(END)), []
    assert decided
    data = bytearray((root / PATH).read_bytes())
    data[-9] ^= 1
    (root / PATH).write_bytes(data)
    assert watch(desk, told.append) == []
    assert "is read again" in told[0]
    assert watch(desk, told.append) == []
    assert len(told) == 1


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


def test_a_door_without_a_log_is_watched_in_peace(tmp_path):
    """Nothing to read is nothing to decide."""
    assert watch(new_desk(tmp_path)) == []
