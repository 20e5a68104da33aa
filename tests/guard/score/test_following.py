"""A log watched while it grows: soon, once, exactly."""

from __future__ import annotations

from itertools import pairwise

from tests.guard.score.logs import combined, listeners, scraper
from tests.guard.score.scored import judged

from phonotheque.guard.rungs import Rung
from phonotheque.guard.score import sinks
from phonotheque.guard.score.combined_log import read_combined
from phonotheque.guard.score.following import Watch, follow
from phonotheque.guard.score.gathering import AHEAD_S, Gathering
from phonotheque.guard.score.items import item_rule
from phonotheque.guard.score.judging import judge
from phonotheque.guard.score.reading import gather

PEOPLE = listeners()


def test_lines_of_another_time_name_nobody(tmp_path):
    """A verdict ends a day after what it is about: what is ahead of the clock is left out, told
    once and at ten times as many, and what is not is followed as ever."""
    fetches = scraper("203.0.113.1", 300, every_s=30)
    now, told = fetches[-1].second, []
    far = [one._replace(second=4_070_908_800, address="203.0.113.2") for one in fetches]
    near = [one._replace(second=now + AHEAD_S, address="203.0.113.3") for one in fetches]
    people = [one._replace(second=one.second - 7 * 86_400) for one in PEOPLE]
    path = tmp_path / "access.log"
    path.write_bytes(combined(people + far[:7]))
    with Gathering(item_rule(None), clock=lambda: now + 0.5) as gathering:
        gather(gathering, [str(path)], {}, lambda *_: None)
        report, learned = judge(gathering, ())
        assert "7 lines are more than 5 minutes ahead of the clock" in report.notes[0]
        assert (report.counted.lines, report.counted.fetches) == (len(people) + 7, len(people))
        blocks = [combined(rows) for one in (far, near, fetches) for rows in (one[:1], one[1:])]
        watch = Watch(gathering, learned)
        found = list(follow(watch, gathering, iter(blocks), read_combined, told.append))
    assert {one.account for one in found} == {"203.0.113.1", "203.0.113.3"}
    assert all(one.until <= now + AHEAD_S + 86_400 for one in found)
    assert [words.split(" ")[0] for words in told] == ["1", "300"]


def verdicts(tmp_path, fetches, lines_at_once=10, people=PEOPLE):
    """What is said while fetches are appended to a log of people."""
    with judged(tmp_path / "access.log", combined(people)) as (gathering, _, learned):
        lines = combined(fetches).splitlines(keepends=True)
        blocks = (
            b"".join(lines[first : first + lines_at_once])
            for first in range(0, len(lines), lines_at_once)
        )
        return list(follow(Watch(gathering, learned), gathering, blocks, read_combined, print))


def test_a_scraper_is_named_while_it_fetches(tmp_path):
    """Long before it is through: first asked for a person, then suspended, each once while it
    holds; who goes on when it is over is suspended again."""
    found = verdicts(tmp_path, scraper("203.0.113.1", 1_000, every_s=400))
    assert [one.account for one in found] == ["203.0.113.1"] * len(found)
    first_day = [one for one in found if one.second < found[0].until]
    rungs = [one.rung for one in first_day]
    assert rungs == sorted(set(rungs))
    assert rungs[-1] is Rung.SUSPEND
    first_of_all = 1_760_000_000
    assert found[0].second - first_of_all <= 100 * 400
    later = [one for one in found if one.rung is Rung.SUSPEND]
    assert len(later) == 1_000 * 400 // 86_400 + 1
    for one, after in pairwise(later):
        assert one.until <= after.second < one.until + 10 * 400


def test_people_who_come_back_are_not_named(tmp_path):
    """What they had before is not new to them, nor is what others play."""
    assert verdicts(tmp_path, PEOPLE, 1_000) == []
    assert verdicts(tmp_path, listeners(seed=77), 1_000) == []


def test_what_came_in_pieces_is_counted_as_what_came_at_once(tmp_path):
    """Verdicts do not depend on how lines were grouped, but for the instant."""
    fetches = scraper("203.0.113.1", 300)
    one, other = (verdicts(tmp_path, fetches, at_once) for at_once in (1, 300))
    assert one[-1].rung == other[-1].rung
    assert (one[-1].account, other[-1].account) == ("203.0.113.1", "203.0.113.1")


def test_nobody_is_named_for_the_past(tmp_path):
    """Who copied long before the watch began and comes back for one song is let be."""
    before = sorted(PEOPLE + scraper("203.0.113.1", 300))
    last = before[-1].second
    with judged(tmp_path / "access.log", combined(before)) as (gathering, report, learned):
        assert [one.account.name for one in report.suspects] == ["203.0.113.1"]
        later = [one._replace(second=last + 86_400 * 300, song=19_000) for one in before[-1:]]
        later = [one._replace(address="203.0.113.1") for one in later]
        watch = Watch(gathering, learned)
        numbers = [one.number for one in report.suspects]
        assert list(watch.standing(numbers, last + 86_400 * 300)) == []
        assert list(follow(watch, gathering, iter([combined(later)]), read_combined, print)) == []


def test_who_stands_out_when_the_watch_begins_is_told_as_long_as_it_holds(tmp_path):
    """With the verdict that a watch from the beginning came to last, once, and no robot."""
    fetches = scraper("203.0.113.1", 300)
    robot = combined(scraper("192.0.2.66", 300), "Examplebot/1.0")
    gone_on = verdicts(tmp_path, fetches)[-1]
    with judged(tmp_path / "all.log", combined(sorted(PEOPLE + fetches)) + robot) as judgement:
        gathering, report, learned = judgement
        numbers = [one.number for one in report.suspects]
        assert len(numbers) == 2
        (begun,) = Watch(gathering, learned).standing(numbers, gone_on.second + 80_000)
        assert (begun.account, begun.rung) == (gone_on.account, gone_on.rung)
        assert begun.second == fetches[-1].second
        assert begun.until == begun.second + 86_400
        watch = Watch(gathering, learned)
        assert list(watch.standing(numbers, begun.until)) == []
        (one,) = watch.standing(numbers, begun.until - 1)
        assert one.second == begun.second
        more = [fetch._replace(song=fetch.song + 600) for fetch in fetches]
        assert list(follow(watch, gathering, iter([combined(more)]), read_combined, print)) == []


def test_where_few_ask_budgets_and_counting_through_name_somebody(tmp_path):
    """As the report does: without a score, each once while it holds, and nobody who listens."""
    few = listeners(20)
    found = verdicts(tmp_path, scraper("203.0.113.1", 400), people=few)
    assert [(one.rung, one.score) for one in found] == [(Rung.OBSERVE, None), (Rung.BUDGET, None)]
    assert {one.account for one in found} == {"203.0.113.1"}
    assert "followed the number before" in found[0].why
    assert "beyond 40 new items an hour" in found[1].why
    assert sinks.record_of(found[1])["score"] is None
    again = [one._replace(address="10.0.0.1") for one in few] * 10
    assert verdicts(tmp_path, again, people=few) == []
