"""Who is named, and who never is."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.guard.score.logs import START, Fetch, combined, listeners, scraper
from tests.guard.score.scored import report_of

from phonotheque.guard.budgets import DEFAULT, Spent, ask, open_one
from phonotheque.guard.rungs import Rung
from phonotheque.guard.score import judging
from phonotheque.guard.score.firsts import beyond_budget, firsts_of
from phonotheque.guard.score.gathering import Gathering
from phonotheque.guard.score.items import item_rule
from phonotheque.guard.score.judging import LEAST_ITEMS
from phonotheque.guard.score.reading import gather
from phonotheque.guard.score.visits import Visits

PEOPLE = listeners()


@pytest.fixture
def path(tmp_path):
    """Where a log lies."""
    return tmp_path / "access.log"


def names(report):
    """Who stands out."""
    return [one.account.name for one in report.suspects]


def test_people_alone_are_not_named(path):
    """Nobody of 400 who listen; no budget keeps any of them waiting."""
    report = report_of(path, combined(PEOPLE))
    assert names(report) == []
    assert report.thresholds is not None
    assert [use.others for use in report.budgets] == [0, 0, 0]
    assert report.others == report.accounts


def test_who_goes_through_the_catalogue_is_named(path):
    """In order or not, fast or slow, once for each, and nobody else; what was seen is right."""
    draw = random.Random(1)
    shuffled = [one._replace(song=draw.randrange(5_000, 20_000)) for one in scraper("b", 300)]
    slow = scraper("203.0.113.3", 200, every_s=3_000, first=12_000)
    fetches = PEOPLE + scraper("203.0.113.1", 500) + slow
    fetches += [one._replace(address="203.0.113.2") for one in shuffled]
    report = report_of(path, combined(sorted(fetches)))
    assert sorted(names(report)) == ["203.0.113.1", "203.0.113.2", "203.0.113.3"]
    first = next(one for one in report.suspects if one.account.name == "203.0.113.1")
    assert (first.items, first.in_sequence, first.rung) == (500, 499, Rung.SUSPEND)
    assert first.counts_through
    assert first.items / report.items == first.share
    second = next(one for one in report.suspects if one.account.name == "203.0.113.2")
    assert second.items == len({one.song for one in shuffled})
    assert not second.counts_through


def test_playing_again_and_again_is_nothing(path):
    """Who hears sixty songs ten thousand times is told as who hears them once."""
    mine = [Fetch(START + 30 * n, "198.51.100.9", 3_000 + n % 60) for n in range(10_000)]
    again, once = (report_of(path, combined(sorted(PEOPLE + some))) for some in (mine, mine[:60]))
    assert names(again) == names(once) == ["198.51.100.9"]
    told = [(one.items, one.rare, one.score) for one in (again.suspects[0], once.suspects[0])]
    assert told[0] == told[1]


def test_popular_music_hides_nothing(path):
    """A scraper that plays what all play between its fetches is named as it is without."""
    fetches = scraper("203.0.113.1", 300)
    among = [Fetch(START + 20 + 40 * n, "203.0.113.1", 1 + n % 30) for n in range(3_000)]
    alone, hidden = (
        report_of(path, combined(sorted(PEOPLE + some))) for some in (fetches, fetches + among)
    )
    assert names(alone) == names(hidden) == ["203.0.113.1"]
    assert hidden.suspects[0].score == pytest.approx(alone.suspects[0].score, rel=0.3)


def test_robots_by_their_own_word_neither_vote_nor_hide(path):
    """They are told as what they are, and what only they fetched stays rare."""
    crawler = combined(scraper("192.0.2.66", 300, first=5_000), "Examplebot/1.0")
    data = combined(PEOPLE + scraper("203.0.113.1", 300)) + crawler
    report = report_of(path, data)
    assert sorted(names(report)) == ["192.0.2.66", "203.0.113.1"]
    assert report.robots == 1
    robot = next(one for one in report.suspects if one.account.is_robot)
    assert robot.account.name == "192.0.2.66"
    other = next(one for one in report.suspects if not one.account.is_robot)
    assert other.rare == other.items


def test_few_visitors_are_held_against_budgets_alone(path):
    """Where too few ask to know what is ordinary, nobody has a score."""
    report = report_of(path, combined(listeners(20) + scraper("203.0.113.1", 500, every_s=600)))
    assert report.thresholds is None
    assert names(report) == ["203.0.113.1"]
    assert report.suspects[0].score is None
    assert report_of(path, combined(listeners(20))).suspects == ()


def test_where_nobody_says_what_is_popular_nobody_has_a_score(path):
    """A log of robots alone: nothing divides by nothing, and budgets name them as ever."""
    robots = scraper("192.0.2.66", 400) + scraper("192.0.2.67", 3, first=9_000)
    report = report_of(path, combined(robots, "Examplebot/1.0"))
    assert names(report) == ["192.0.2.66"]
    assert (report.suspects[0].score, report.suspects[0].needed) == (None, None)
    assert (report.visitors, report.thresholds, report.others) == (0, None, 0)
    assert report.items == 403


def test_nobody_is_named_for_little(path):
    """An evening is no catalogue, however strange its music."""
    odd = scraper("203.0.113.1", LEAST_ITEMS - 1, first=15_000)
    assert names(report_of(path, combined(sorted(PEOPLE + odd)))) == []


def test_the_order_of_lines_does_not_matter(path):
    """Logs of several servers need no sorting."""
    lines = combined(PEOPLE + scraper("203.0.113.1", 300)).splitlines(keepends=True)
    one = report_of(path, b"".join(lines))
    random.Random(4).shuffle(lines)
    other = report_of(path, b"".join(lines))
    assert names(one) == names(other)
    assert one.suspects[0].items == other.suspects[0].items


def test_parts_of_accounts_give_what_all_at_once_give(path, monkeypatch):
    """However few are looked at at once: memory is bounded and the answer is the same."""
    data = combined(sorted(PEOPLE + scraper("203.0.113.1", 300)))
    whole = report_of(path, data)
    monkeypatch.setattr(judging, "_VISITS_AT_ONCE", 500)
    assert report_of(path, data) == whole


def test_an_empty_log_is_a_report(path):
    """Nothing was asked for, and that is said."""
    report = report_of(path, combined(PEOPLE[:1]))
    assert (report.accounts, report.suspects, report.items, report.most) == (0, (), 1, 0)


VISITS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 30), st.integers(0, 200_000)), max_size=150
)


@given(VISITS)
@settings(deadline=None)
def test_firsts_are_the_earliest_of_each(rows):
    """One for each account and item, in order of time."""
    account, item, second = (np.array(c) for c in zip(*rows, strict=True)) if rows else ([],) * 3
    visits = Visits(
        np.array(account, np.int64), np.array(item, np.uint32),
        np.array(second, np.uint32), np.full(len(rows), -1, np.int32),
        np.zeros(len(rows), np.int32),
    )  # fmt: skip
    firsts = firsts_of(visits)
    sought: dict[tuple[int, int], int] = {}
    for who, what, when in rows:
        sought[who, what] = min(when, sought.get((who, what), when))
    found = dict(
        zip(
            zip(firsts.account.tolist(), firsts.place.tolist(), strict=True),
            firsts.second.tolist(),
            strict=True,
        )
    )
    assert found == sought
    pairs = list(zip(firsts.account.tolist(), firsts.second.tolist(), strict=True))
    assert pairs == sorted(pairs)


@given(st.lists(st.integers(0, 100_000), max_size=200), st.sampled_from(DEFAULT[:2]))
@settings(deadline=None)
def test_a_budget_in_hindsight_is_the_budget_of_the_door(seconds, limit):
    """What it would have kept waiting is what `budgets` keeps waiting."""
    seconds = sorted(seconds)
    none = np.zeros(len(seconds), np.int64)
    visits = Visits(
        none, np.arange(len(seconds), dtype=np.uint32), np.array(seconds, np.uint32),
        (none - 1).astype(np.int32), none.astype(np.int32),
    )  # fmt: skip
    spent, refused = Spent(), 0
    for second in seconds:
        if ask((limit,), spent, second).wait_s > 0:
            refused += 1
        else:
            spent = open_one((limit,), spent, second)
    assert beyond_budget(firsts_of(visits), limit).sum() == refused


def test_what_was_gathered_is_gone_afterwards(path, tmp_path):
    """No file is left behind when the reading is broken off."""
    path.write_bytes(combined(PEOPLE))

    def broken_off() -> None:
        with Gathering(item_rule(None), folder=tmp_path) as gathering:
            gather(gathering, [str(path)], {}, lambda *_: None)
            assert len(list(tmp_path.iterdir())) == 2
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert list(tmp_path.iterdir()) == [path]
