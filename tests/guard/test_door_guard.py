"""The guard of a worker: budgets that workers share, verdicts at once, and no file at all."""

from __future__ import annotations

import errno
import sqlite3
import threading
from ipaddress import ip_address
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.book.making import BEGIN, Clock, new_desk
from phonotheque.archive.guarding import verdict_map
from phonotheque.archive.guarding.case_pages import ConcernedDesk
from phonotheque.archive.guarding.door_guard import Allowed, DoorGuard
from phonotheque.archive.guarding.spending import FILE, Budget, Spending
from phonotheque.archive.guarding.verdict_map import VerdictMap
from phonotheque.archive.listening.listener_keys import EPOCH_S, ListenerKeys
from phonotheque.archive.listening.listener_keys import FILE as KEYS
from phonotheque.errors import BadReferenceError, UnavailableError
from phonotheque.guard.book.entries import Settled
from phonotheque.guard.budgets import DAY, HOUR, MONTH, Limit
from phonotheque.guard.canaries import is_canary
from phonotheque.guard.decisions import Finding, Permit, Use
from phonotheque.guard.ladder import APPEAL_S
from phonotheque.guard.rungs import Rung
from phonotheque.listen.allowance import Allowance
from phonotheque.listen.gate import Wish
from phonotheque.listen.listener import Listener
from phonotheque.listen.log import Pseudonyms
from phonotheque.listen.sound.ports import Place

KEY = b"k" * 32
SOMEBODY = Listener(ip_address("203.0.113.7"), Place())


def worker(root, clock, **allowed):
    """A worker of a door."""
    fallback = Allowance(clock, in_hour=allowed.get("in_hour", 40))
    names = Pseudonyms(lambda: KEY)
    return DoorGuard(
        Spending(root), VerdictMap(root), names, lambda: KEY, Allowed(**allowed), fallback, clock
    )


def wish(number, listener=SOMEBODY):
    return Wish(UUID(int=number), listener)


def with_token(guard, listener=SOMEBODY):
    """The same listener with a token of this door."""
    cookie = guard.greets(listener).cookie
    token = cookie.partition("=")[2].partition(";")[0]
    return Listener(listener.address, listener.place, token=token)


class Patient:
    """Asks a guard again until it can be told what was spent."""

    def __init__(self, guard):
        self.guard = guard

    def refuses(self, wish):
        return self.guard.refuses(wish)


def test_workers_share_one_budget(tmp_path):
    """Whatever three workers are asked at the same time, they open no more than one budget."""
    clock = Clock()
    workers = [worker(tmp_path, clock, in_hour=30) for _ in range(3)]
    for guard in workers:  # it counts by itself where another holds the file for long
        guard.fallback = Patient(guard)
    opened = []

    def ask(guard, first):
        for number in range(first, first + 60):
            if guard.refuses(wish(number)) is None:
                opened.append(number)

    threads = [
        threading.Thread(target=ask, args=(guard, n * 20)) for n, guard in enumerate(workers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(opened)) == 30
    fresh = worker(tmp_path, clock, in_hour=30)
    assert fresh.refuses(wish(opened[0])) is None  # heard before, in another worker


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(-2_000, 4_000)), max_size=60),
    st.integers(1, 6),
)
def test_no_clock_and_no_order_opens_more_than_the_budget(tmp_path_factory, asked, in_hour):
    """In any order of recordings and with a clock that jumps, no hour opens more than a budget and
    what was earned meanwhile."""
    clock = Clock()
    guard = worker(tmp_path_factory.mktemp("spending"), clock, in_hour=in_hour, in_day=1000)
    opened, latest = set(), clock.now
    for number, moved in asked:
        clock.now += moved
        latest = max(latest, clock.now)
        if guard.refuses(wish(number)) is None:
            opened.add(number)
    assert len(opened) <= in_hour + (latest - BEGIN) * in_hour / HOUR + 1


def test_a_month_is_a_limit_too(tmp_path):
    """Forty an hour for thirty days are not 28,800: the month's limit ends them."""
    clock = Clock()
    guard = worker(tmp_path, clock, in_hour=40, in_day=100, in_month=150)
    opened = 0
    for number in range(600):
        clock.now += 600
        opened += guard.refuses(wish(number)) is None
    assert 150 <= opened <= 150 + 600 * 600 * 150 / MONTH + 1


def test_a_limit_of_none_opens_nothing(tmp_path):
    """A budget of 0 is a closed door for what is restricted, and says when to ask again."""
    refused = worker(tmp_path, Clock(), in_hour=0).refuses(wish(1))
    assert refused is not None
    assert refused.retry_after_s >= HOUR


def test_an_address_has_the_budget_of_ten(tmp_path):
    """Twenty tokens of one address open what ten accounts may; the next address has its own."""
    clock = Clock()
    guard = worker(tmp_path, clock, in_hour=2)
    for _ in range(100):
        guard.greets(SOMEBODY)  # a player that keeps none takes nobody's
    *listeners, late = [with_token(guard) for _ in range(21)]
    assert len({guard.account(one) for one in listeners} - {guard.account(SOMEBODY)}) == 20
    assert guard.account(late) == guard.account(SOMEBODY)  # no more today
    opened = sum(
        guard.refuses(wish(100 * n + number, listener)) is None
        for n, listener in enumerate(listeners)
        for number in range(2)
    )
    assert opened == 20
    assert guard.refuses(wish(1, Listener(ip_address("203.0.113.8"), Place()))) is None
    fresh = worker(tmp_path, clock, in_hour=2)
    assert [fresh.account(one) for one in listeners] == [guard.account(one) for one in listeners]
    clock.now += DAY
    assert guard.account(late) != guard.account(SOMEBODY)


def test_a_permit_of_an_address_is_for_all_behind_it(tmp_path):
    """A school whose address has a permit gets as many more tokens, and a larger budget of all."""
    clock = Clock()
    guard, desk = worker(tmp_path, clock, in_hour=1), new_desk(tmp_path, clock)
    until = int(clock.now) + DAY
    address = guard.names.of(SOMEBODY.group)
    terms = {"use": Use.LIBRARY, "factor": 3, "second": int(clock.now), "until": until, "by": "ann"}
    desk.permit(Permit(account=address, **terms))
    listeners = [with_token(guard) for _ in range(60)]
    assert len({guard.account(listener) for listener in listeners}) == 60
    opened = [guard.refuses(wish(n, listener)) is None for n, listener in enumerate(listeners)]
    assert sum(opened) == 30


def test_a_token_of_another_door_is_none(tmp_path):
    """A token that was signed under another key stands for nobody: the address counts."""
    guard = worker(tmp_path, Clock())
    own = with_token(guard)
    other = Listener(SOMEBODY.address, Place(), token=own.token[:-1] + "0" * (own.token[-1] != "0"))
    assert guard.account(own) != guard.account(SOMEBODY)
    assert guard.account(other) == guard.account(SOMEBODY)


def test_who_was_decided_about_can_object_when_keys_were_replaced(tmp_path):
    """His token, and his alone, opens his case under the next keys; his browser is given no other
    one meanwhile; when nothing can be objected to any more the old key is destroyed."""
    (tmp_path / "keys").mkdir()
    clock = Clock()
    keys, desk = ListenerKeys(tmp_path, clock), new_desk(tmp_path, clock)
    guard = worker(tmp_path, clock)
    guard.key, guard.names, guard.older = keys.key, Pseudonyms(keys.key), keys.older
    concerned, other = with_token(guard), with_token(guard)
    account, old = guard.account(concerned), keys.key()
    number = desk.decide(account, Rung.SUSPEND, "ann", "A farm.").case
    address = desk.decide(guard.names.of(SOMEBODY.group), Rung.CHALLENGE, "ann", "9 of 9.").case
    clock.now += EPOCH_S
    assert keys.key() != old
    assert ListenerKeys(tmp_path, clock).older() == keys.older() == (old,)
    assert guard.account(concerned) != account
    assert guard.greets(concerned).cookie == ""
    pages = ConcernedDesk(desk, guard.concerned)
    pages.appeal(number, concerned, "It was my radio show.")
    assert pages.shown(number, concerned).said[-1].words == "It was my radio show."
    with pytest.raises(BadReferenceError):
        pages.appeal(number, other, "Mine, too.")
    for one in (concerned, other, SOMEBODY):
        assert pages.shown(address, one).may_appeal
        assert "9 of 9" not in pages.shown(address, one).evidence
    clock.now += APPEAL_S
    desk.settle(
        number, Settled(number, int(clock.now), Rung.NONE, 0, "ann", "Yes.", is_appeal=True)
    )
    assert old.hex() not in (tmp_path / KEYS).read_text() or keys.older() == ()
    assert ListenerKeys(tmp_path, clock).older() == ()
    assert old.hex() not in (tmp_path / KEYS).read_text()
    with pytest.raises(BadReferenceError):
        pages.shown(number, concerned)
    assert guard.greets(concerned).cookie


def test_a_verdict_is_heard_at_the_next_question(tmp_path):
    """Decided, and at once nothing restricted is opened or sent on; settled, and at once it is; the
    budget is halved, or larger by a permit, without anything being opened again."""
    clock = Clock()
    guard, desk = worker(tmp_path, clock, in_hour=4), new_desk(tmp_path, clock)
    account = guard.account(SOMEBODY)
    assert guard.refuses(wish(1)) is None
    desk.decide(account, Rung.SUSPEND, "ann", "A farm.")
    refused = guard.refuses(wish(1))
    assert refused is not None
    assert refused.page == "/case/g2"
    assert not guard.still_may(wish(1))
    desk.decide(account, Rung.BUDGET, "ann", "Less.")
    assert [guard.refuses(wish(n)) is None for n in range(1, 6)] == [
        True,
        True,
        False,
        False,
        False,
    ]
    halved = guard.refuses(wish(3))
    assert halved is not None
    assert (halved.is_over_budget, halved.page) == (True, "/case/g2")
    desk.decide(account, Rung.NONE, "ann", "Sorry.")
    until = int(clock.now) + DAY
    desk.permit(
        Permit(account=account, use=Use.DJ, factor=3, second=int(clock.now), until=until, by="ann")
    )
    assert sum(guard.refuses(wish(n)) is None for n in range(1, 30)) == 2 + 12
    assert guard.still_may(wish(1))


@pytest.mark.parametrize("damage", [b"", b"no map", b"PHGUARD1" + bytes(8) + b"x"])
def test_a_damaged_map_suspends_nobody(tmp_path, damage):
    """What is no map says nothing about anybody."""
    clock = Clock()
    guard, desk = worker(tmp_path, clock), new_desk(tmp_path, clock)
    desk.decide(guard.account(SOMEBODY), Rung.SUSPEND, "ann", "A farm.")
    assert guard.refuses(wish(1)) is not None
    (tmp_path / "state/guard/verdicts").write_bytes(damage)
    assert guard.refuses(wish(1)) is None


def test_a_map_that_cannot_be_opened_now_is_tried_again(tmp_path, monkeypatch):
    """Where too many files are open what was decided before holds, and what is decided meanwhile
    holds as soon as there is room."""
    clock = Clock()
    guard, desk = worker(tmp_path, clock), new_desk(tmp_path, clock)
    desk.decide(guard.account(SOMEBODY), Rung.SUSPEND, "ann", "A farm.")
    assert guard.refuses(wish(1)) is not None
    other = Listener(ip_address("203.0.113.8"), Place())
    desk.decide(guard.account(other), Rung.SUSPEND, "ann", "A farm.")
    with monkeypatch.context() as full:

        def refuse(*_asked):
            raise OSError(errno.EMFILE, "Too many open files")

        full.setattr(verdict_map, "open", refuse, raising=False)
        assert guard.refuses(wish(1)) is not None
        assert guard.refuses(wish(1, other)) is None
    assert guard.refuses(wish(1, other)) is not None


@pytest.mark.parametrize("damage", ["p800007110.0", "", "1.0 2.0", None])
def test_a_damaged_line_of_the_ledger_is_lost_and_no_more(tmp_path, damage):
    """No page of that file has a checksum: what is no number any more is a whole budget."""
    guard = worker(tmp_path, Clock(), in_hour=2)
    assert [guard.refuses(wish(n)) is None for n in range(3)] == [True, True, False]
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        if damage is None:
            db.execute("UPDATE opened SET second = 'x'")
        else:
            db.execute("UPDATE spent SET until = ?", (damage,))
    db.close()
    assert guard.refuses(wish(3)) is None or damage is None
    assert guard.spending.is_opened(b"x" * 12, BEGIN) is False


def test_without_a_ledger_local_budgets_hold(tmp_path):
    """Where nothing can be written each worker counts by itself, and nobody is suspended."""
    (tmp_path / "state").write_text("no folder")
    guard = worker(tmp_path, Clock(), in_hour=3)
    with pytest.raises(UnavailableError):
        guard.spending.is_opened(b"x" * 12, BEGIN)
    assert [guard.refuses(wish(n)) is None for n in range(5)] == [True, True, True, False, False]


def test_a_damaged_ledger_is_begun_again(tmp_path):
    """A file that is no database is replaced: budgets are whole again, and the door goes on."""
    file = tmp_path / FILE
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no database " * 999)
    assert worker(tmp_path, Clock(), in_hour=1).refuses(wish(1)) is None


def test_the_ledger_cannot_be_read_as_a_history(tmp_path):
    """Neither an account nor a recording stands in the file; what counts no more is let go of."""
    clock = Clock()
    guard = worker(tmp_path, clock)
    gids = [UUID(int=number + (0xFEED << 100)) for number in range(30)]
    for gid in gids:
        guard.refuses(Wish(gid, SOMEBODY))
    account = bytes.fromhex(guard.account(SOMEBODY))
    guard.close()
    data = b"".join(path.read_bytes() for path in sorted((tmp_path / FILE).parent.iterdir()))
    assert all(gid.bytes not in data for gid in gids)
    assert data.count(account) <= 4  # its budget, and its address's: not once for each recording
    mark = guard._mark(guard.account(SOMEBODY), Wish(gids[0], SOMEBODY))
    spending, budget = Spending(tmp_path), Budget(b"b", (Limit(10_000, HOUR),))
    assert spending.is_opened(mark, clock.now)
    for _ in range(2):  # of a worker that begins, and of one that is there for a month
        at, clock.now = clock.now, clock.now + MONTH + 1
        spending.open_one(b"%012d" % clock.now, (budget,), clock.now)
        assert not spending.is_opened(mark, at)
        mark = b"%012d" % clock.now
    spending.close()


def test_who_guesses_ids_without_a_token_closes_nobody_out(tmp_path):
    """He counts as his address, which is asked at most, however often he guesses; a neighbour with
    a token plays on, and so does everybody in another network."""
    clock = Clock()
    guard, desk = worker(tmp_path, clock), new_desk(tmp_path, clock)
    guard.is_given = lambda gid: False
    neighbour = with_token(guard)
    made_up = (uuid5(NAMESPACE_URL, f"recording {number}") for number in range(5_000))
    canaries = [gid for gid in made_up if is_canary(str(gid), KEY)]
    (account,) = {guard.guessed(Wish(gid, SOMEBODY)) for gid in canaries}
    assert account == guard.names.of(SOMEBODY.group)
    for count in (2, len(canaries)):
        clock.now += DAY
        finding = Finding(account=account, second=clock.now, canaries=count, is_address=True)
        desk.take(finding)
        assert desk.read().cases.standing(account, clock.now).rung is Rung.CHALLENGE
    refused = guard.refuses(wish(1))
    assert refused is not None
    assert "a question waits" in refused.reason
    assert guard.refuses(wish(1, neighbour)) is None
    assert guard.refuses(wish(1, Listener(ip_address("198.51.100.1"), Place()))) is None
