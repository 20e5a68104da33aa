"""The ledger: exact, once, forgotten in time, with nobody's name in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.guard.book.making import BEGIN, Clock, account, canaries, grouped, new_desk

from phonotheque.disk import LocalDisk
from phonotheque.errors import MalformedError
from phonotheque.guard.decisions import DAY_S
from phonotheque.guard.incident import Taken
from phonotheque.guard.ledger.keeping import Enough, PlayLedger, Span
from phonotheque.guard.ledger.plays import (
    AFTER_THE_CASE_S,
    WITHOUT_A_CASE_S,
    Play,
    kept_from,
    kept_until,
)

FOLDER = "journals/guard/what?"
EVER = Span(0, 4_000_000_000)
ENOUGH = Enough(480_000, 0.95)


def play(number: int, item: str = "one", second: int = BEGIN, **more) -> Play:
    said = {"id": f"r{second}-{item}", "size_bytes": 1_000, **more}
    return Play(account=account(number), item=item, second=second, **said)


def ledger(root) -> PlayLedger:
    return PlayLedger(LocalDisk(root), root, FOLDER)


def tidied(there: PlayLedger, until, now: int, most_bytes: int = 1 << 20) -> int:
    """How many plays were forgotten in all portions."""
    return sum([there.tidy(names, until, now) for names in there.portions(most_bytes)])


PLAYS = st.lists(
    st.builds(
        play,
        st.integers(1, 3),
        st.sampled_from(["one", "two", "three"]),
        st.integers(BEGIN, BEGIN + 3 * DAY_S),
        size_bytes=st.integers(0, 600_000),
        of_bytes=st.sampled_from([0, 100_000, 5_000_000]),
    ),
    max_size=25,
)


def had(plays: list[Play], who: list[str]) -> list[tuple[str, str, int]]:
    """What accounts had, said plainly."""
    sums: dict[tuple[str, str], int] = {}
    found: dict[tuple[str, str], int] = {}
    for one in sorted(plays, key=lambda one: (one.second, one.id)):
        key = (one.account, one.item)
        sums[key] = sums.get(key, 0) + one.size_bytes
        enough = min(480_000, int(one.of_bytes * 0.95)) if one.of_bytes else 480_000
        if sums[key] >= enough and one.account in who:
            found.setdefault(key, one.second)
    return sorted((*key, second) for key, second in found.items())


@given(PLAYS, st.integers(0, 25), st.integers(0, 25))
@settings(max_examples=12, deadline=None)
def test_it_counts_what_a_plain_count_counts(tmp_path_factory, plays, cut, again) -> None:
    """In any batches, written again in other ones by whoever was killed, before tidying and
    after; nothing of those who were not asked about."""
    distinct = list({(one.id, one.account, one.item): one for one in reversed(plays)}.values())
    there = ledger(tmp_path_factory.mktemp("ledger"))
    for batch in (distinct[:cut], distinct[cut:], distinct[again:]):
        there.write(batch)
    who = [account(1), account(3)]
    for _ in range(2):
        table = there.firsts(who, EVER, ENOUGH).to_pylist()
        assert sorted(tuple(row.values()) for row in table) == had(distinct, who)
        taken = there.takings(who, EVER)
        assert sum(one.size_bytes for one in taken.values()) == sum(
            one.size_bytes for one in distinct if one.account in who
        )
        assert sum(one.requests for one in taken.values()) == sum(
            one.account in who for one in distinct
        )
        assert tidied(there, {}, BEGIN) == 0


def test_takings_are_those_of_an_incident(tmp_path) -> None:
    """First, last, bytes and answers, within a span."""
    there = ledger(tmp_path)
    there.write([play(1, second=BEGIN + at) for at in (0, 50, 100, 150)])
    taken = there.takings([account(1)], Span(BEGIN + 50, BEGIN + 150))
    assert taken == {(account(1), "one"): Taken(BEGIN + 50, BEGIN + 100, 2_000, 2)}
    there.write([play(2, second=BEGIN + day * DAY_S) for day in (0, 3, 3)])
    (both,) = there.takings([account(2)], EVER).values()
    days = {BEGIN // DAY_S: 1_000, BEGIN // DAY_S + 3: 1_000}
    assert both == Taken(BEGIN, BEGIN + 3 * DAY_S, 2_000, 2, days)


def test_an_empty_ledger_says_nothing(tmp_path) -> None:
    """It is no error that nobody was ever above the suspicion."""
    there = ledger(tmp_path)
    there.write([])
    assert there.takings([account(1)], EVER) == {}
    assert there.firsts([account(1)], EVER, ENOUGH).num_rows == 0
    assert tidied(there, {}, BEGIN) == 0


def test_what_is_over_is_in_no_file(tmp_path) -> None:
    """Its bytes are gone, and those of others in the same file are not; one file a day is left."""
    there = ledger(tmp_path)
    there.write([play(1), play(2, second=BEGIN + 1)])
    there.write([play(1, "two", BEGIN + 2), play(2, "two", BEGIN + DAY_S)])
    later = BEGIN + 200 * DAY_S
    assert tidied(there, {account(2): None}, later) == 2
    files = sorted((tmp_path / FOLDER).iterdir())
    assert len(files) == 1
    assert account(1).encode() not in files[0].read_bytes()
    assert {item for _, item in there.takings([account(2)], EVER)} == {"one", "two"}
    assert tidied(there, {}, later) == 2
    assert not list((tmp_path / FOLDER).iterdir())


def test_a_portion_is_no_more_than_it_may_be_and_all_of_them_are_all(tmp_path) -> None:
    """Whole files, those of older days first, none twice; a file that is larger is one by itself;
    and what is over goes as it goes at once."""
    there = ledger(tmp_path)
    for number in range(30):
        at = BEGIN + number % 10 * DAY_S
        there.write([play(who, f"{number}-{who}", at) for who in range(1, 4)])
    sizes = {path.name: path.stat().st_size for path in (tmp_path / FOLDER).iterdir()}
    most = 3 * max(sizes.values())
    portions = there.portions(most)
    assert [name for portion in portions for name in portion] == sorted(sizes)
    assert all(sum(sizes[name] for name in portion) <= most for portion in portions)
    assert len(portions) >= 10
    assert [len(portion) for portion in there.portions(1)] == [1] * 30
    later = BEGIN + 200 * DAY_S
    assert there.tidy(portions[0], {account(2): None, account(3): None}, later) == len(portions[0])
    rest = tidied(there, {account(2): None, account(3): None}, later, most)
    assert rest == 30 - len(portions[0])
    assert {who for who, _ in there.takings([account(1), account(2)], EVER)} == {account(2)}
    assert there.tidy(portions[0], {}, later) == 0


def test_lines_of_a_case_are_kept_until_ninety_days_after_it(tmp_path) -> None:
    """While it does anything, or somebody waits for an answer: for now; then 90 days."""
    clock = Clock()
    desk = new_desk(tmp_path, clock)
    desk.take(canaries(1))
    desk.take(grouped(2))
    desk.answer("g3", "It is me.", is_passed=True)
    cases = desk.read().cases
    assert kept_until(cases, BEGIN)[account(1)] is None
    assert kept_until(cases, BEGIN)[account(2)] == BEGIN + AFTER_THE_CASE_S
    over = BEGIN + 400 * DAY_S
    until = kept_until(cases, over)
    ended = cases.by_number["g2"].decision.until
    assert until[account(1)] == ended + AFTER_THE_CASE_S
    assert kept_from(account(1), until, ended + AFTER_THE_CASE_S - 1) < BEGIN
    assert kept_from(account(1), until, ended + AFTER_THE_CASE_S) > over
    clock.now = BEGIN + 20 * DAY_S
    desk.appeal("g2", "It was my feed reader.")
    assert kept_until(desk.read().cases, over)[account(1)] is None


def test_lines_without_a_case_are_kept_for_thirty_days() -> None:
    """As long as the slowest clock remembers them."""
    assert kept_from(account(1), {}, BEGIN + WITHOUT_A_CASE_S - 1) == BEGIN
    assert kept_from(account(1), {}, BEGIN + WITHOUT_A_CASE_S) > BEGIN


@pytest.mark.parametrize(
    "wrong",
    [
        {"account": "Odile"}, {"account": ""}, {"address": "203.0.113.1"},
        {"device": "Firefox/128"},
        {"size_bytes": -1}, {"id": ""}, {"item": ""},
    ],
)  # fmt: skip
def test_what_is_no_keyed_hash_does_not_get_in(wrong) -> None:
    """No name, no address, no program."""
    with pytest.raises(ValueError, match=r"keyed hash|play of nothing"):
        replace(play(1), **wrong)


def test_a_damaged_file_is_named_and_stays(tmp_path) -> None:
    """Nothing is counted as if it were whole, nothing is thrown away for it."""
    there = ledger(tmp_path)
    there.write([play(1)])
    (file,) = (tmp_path / FOLDER).iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    for ask in (lambda: there.takings([account(1)], EVER), lambda: tidied(there, {}, BEGIN)):
        with pytest.raises(MalformedError):
            ask()
    assert file.exists()


def test_a_damaged_file_keeps_no_other_from_being_forgotten(tmp_path) -> None:
    """What is over goes, of the same day and of later ones; the damaged one is named each time."""
    there = ledger(tmp_path)
    there.write([play(1)])
    (damaged,) = (tmp_path / FOLDER).iterdir()
    damaged.write_bytes(b"")
    there.write([play(2)])
    there.write([play(2, second=BEGIN + DAY_S), play(3, second=BEGIN + DAY_S)])
    with pytest.raises(MalformedError, match=damaged.name):
        tidied(there, {account(3): None}, BEGIN + 200 * DAY_S)
    damaged.unlink()
    assert {who for who, _ in there.takings([account(2), account(3)], EVER)} == {account(3)}
