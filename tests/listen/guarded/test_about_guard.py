"""What listeners are told about the guard is so."""

from __future__ import annotations

import re

import pytest
from tests.cli.phono import call
from tests.once import made_once

from listen.door import open_on_loopback
from listen.guarded import stock as making
from listen.guarded.stock import SHORT
from listen.pages.conftest import Asked
from listen.pages.shop import Shop, make_shop_app
from listen.sound.stock import copy_of, set_listening
from phonotheque.archive.guarding.at_door import WATCH
from phonotheque.archive.guarding.door_guard import _AT_ONE_ADDRESS, _TOKEN_S
from phonotheque.archive.guarding.watch_state import PATH
from phonotheque.archive.listening.listener_keys import EPOCH_S
from phonotheque.guard.budgets import DAY, HOUR, MONTH
from phonotheque.guard.detector import REMEMBERED_S
from phonotheque.guard.ladder import APPEAL_S, LASTS_S, RESPITE_S, REVIEW_S, Rules
from phonotheque.guard.ledger.plays import KEPT_FROM
from phonotheque.guard.rungs import Rung


@pytest.fixture
def stock(tmp_path, tmp_path_factory):
    """An archive of which most recordings may only be heard."""
    return copy_of(made_once(tmp_path_factory, "guarded", making.make), tmp_path / "archive")


def told(root):
    """The words of the page, as one opens it."""
    with open_on_loopback(root) as door:
        page = door.get("/about/guard", Accept="text/html")
    assert page.status == 200
    return " ".join(re.sub("<[^>]*>", " ", page.text.partition("<main")[2]).split())


def test_the_page_says_what_is_set_and_who_is_at_work(stock):
    """Budgets, days of the log, that the service is new, and that nobody looks for copying until
    the watch was at work; of an archive without a log, nothing of what the log is for."""
    first = told(stock.root)
    assert "40 such recordings that are new to you in an hour, 300 in a day and 2,000 in" in first
    assert "It is kept for 14 days." in first
    assert "has not been at work here" in first
    assert "This archive is new" in first
    with open_on_loopback(stock.root) as door:
        door.get(f"/sound/{stock.gid(SHORT[0])}")
    call("--archive", stock.root, "guard", "watch", "--json").expect(0)
    assert "was last at work on" in told(stock.root)
    set_listening(stock, "restricted_in_hour = 0\nlog_days = 0")
    last = told(stock.root)
    assert "The budget is set to nothing" in last
    assert "No access log is kept" in last
    assert "The access log" not in last
    assert WATCH == PATH


def test_what_is_said_of_every_archive_is_what_the_code_does(stock):
    """Each number of the page is that of the code."""
    text = told(stock.root)
    for sentence, said in {
        f"the browser keeps it for {_TOKEN_S // DAY} days": 274,
        f"is replaced every {EPOCH_S // DAY} days": 90,
        f"It counts for {MONTH // DAY} days, and is erased": 30,
        f"for {REMEMBERED_S // DAY} days, and how much it had": 60,
        f"half of it for {LASTS_S[Rung.BUDGET] // DAY} days": 7,
        f"says nothing for {LASTS_S[Rung.CHALLENGE] // DAY} days": 30,
        f"from such recordings, for {LASTS_S[Rung.SUSPEND] // DAY} days": 30,
        f"looked at within {REVIEW_S // HOUR} hours": 72,
    }.items():
        assert str(said) in sentence
        assert sentence in text
    unsaid = (RESPITE_S // HOUR, Rules().growth, Rules().canaries, _AT_ONE_ADDRESS, KEPT_FROM)
    assert unsaid == (6, 1.25, 2, 10, 0.3)  # six hours, a quarter, two ids, ten times, three tenths
    assert 182 <= APPEAL_S // DAY <= 185  # half a year


def test_an_archive_whose_music_is_all_free_has_nothing_to_watch(tmp_path):
    """The page says so, where every recording that is held may be copied by everybody."""
    page = Asked(make_shop_app(Shop(), tmp_path))("/about/guard")
    assert "the guard has nothing to watch" in page.text
