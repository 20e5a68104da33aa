"""The lower rungs at the watch: observed on no paper, then half a budget, then a question."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from guard.book.making import Clock, new_desk
from guard.test_watching import END, SCRAPER, gid, line, listening, replaced, write
from phonotheque.archive.guarding import suspicion
from phonotheque.archive.guarding.descriptions import NOTHING_KNOWN
from phonotheque.archive.guarding.play_ledger import ledger_of
from phonotheque.archive.guarding.verdict_map import VerdictMap
from phonotheque.archive.guarding.watching import Watcher
from phonotheque.guard.decisions import DAY_S, HOUR_S, Permit, Use
from phonotheque.guard.ledger.keeping import Span
from phonotheque.guard.recount import recounted
from phonotheque.guard.rungs import FROM_SCORE, Rung

DIGGER = "fa" * 8
MINUTE_S = 60


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A door where 300 people listened for five days, read by a watch that ended."""
    root = tmp_path_factory.mktemp("town") / "root"
    root.mkdir()
    people = [one for one in listening() if one.address != SCRAPER]
    write(root, [replaced(one, account=one.address) for one in people])
    watcher = Watcher(new_desk(root, Clock(END)), NOTHING_KNOWN, pytest.fail)
    watcher.turn()
    watcher.keep()
    return root


class Door:
    """A copy of it at which somebody digs for what nobody else plays."""

    def __init__(self, town, folder, shadow_days=0):
        self.root = shutil.copytree(town, folder / "root")
        self.clock = Clock(END)
        self.desk = new_desk(self.root, self.clock, shadow_days)
        self.map = VerdictMap(self.root)
        self.tracks = 10_000

    def watch(self):
        self.watcher = Watcher(self.desk, NOTHING_KNOWN, pytest.fail)
        return self

    def hears(self, item, seconds):
        """He hears something so much later, and the watch looks."""
        self.clock.now += seconds
        write(self.root, [line(int(self.clock.now), DIGGER, item, account=DIGGER)])
        return [one for one in self.watcher.turn() if one.decision.account == DIGGER]

    def digs(self):
        """One more that nobody knows, ten minutes later."""
        self.tracks += 1
        return self.hears(gid(self.tracks), 10 * MINUTE_S)

    def digs_until(self, rung, most=30):
        """Until that is decided; returns all that was."""
        decided = []
        while most and not any(one.decision.rung is rung for one in decided):
            most -= 1
            decided += self.digs()
        return decided

    @property
    def score(self):
        """His, as the watch estimates it."""
        number = self.watcher.suspicion.names.accounts.get(DIGGER)
        if number is None:
            return 0.0
        return float(self.watcher.suspicion.guard.scores_now(np.array([number]))[0])

    @property
    def row(self):
        """What the listening door reads about him."""
        return self.map.of(DIGGER)


def test_he_is_observed_then_halved_then_asked(town, tmp_path):
    """Rung after rung, as an exact count reaches each: what he opens is written down from the first
    on, without a case; the second halves his budget; the third asks."""
    door = Door(town, tmp_path).watch()
    halved, asked = door.digs_until(Rung.CHALLENGE)
    assert (halved.decision.rung, asked.decision.rung) == (Rung.BUDGET, Rung.CHALLENGE)
    assert halved.case == asked.case
    for one in (halved, asked):
        reached = one.finding.recount.score
        step = max(one.finding.recount.weights) / one.finding.recount.threshold
        assert FROM_SCORE[one.decision.rung] <= reached < FROM_SCORE[one.decision.rung] + step
    assert door.row.rung is Rung.CHALLENGE
    door.watcher.keep()
    taken = ledger_of(door.root, door.desk.disk).takings([DIGGER], Span(0, 4_000_000_000))
    assert len(taken) > door.tracks - 10_000 - 8  # from 0.3 on, before anything was decided


def test_what_only_observes_stands_on_no_paper(town, tmp_path):
    """Below half of the limit there is a line in the ledger of plays, and no case."""
    door = Door(town, tmp_path).watch()
    while door.score < 0.4:
        assert door.digs() == []
    door.watcher.keep()
    assert ledger_of(door.root, door.desk.disk).takings([DIGGER], Span(0, 4_000_000_000))
    assert DIGGER not in door.desk.read().cases.of_account
    assert door.row is None


def test_who_stays_at_a_rung_is_decided_about_once(town, tmp_path, monkeypatch):
    """Hits, heard all day long, decide nothing more, with a restart between and when the
    week of the half budget is over; and hardly any of them costs a look through the ledger."""
    looks = []

    def counting(guard, accounts, second):
        looks.append(second)
        return recounted(guard, accounts, second)

    door = Door(town, tmp_path).watch()
    assert [one.decision.rung for one in door.digs_until(Rung.BUDGET)] == [Rung.BUDGET]
    assert door.row.rung is Rung.BUDGET
    monkeypatch.setattr(suspicion, "recounted", counting)
    for number in range(200):
        assert door.hears(gid(number % 5), 5 * MINUTE_S) == []
        if number == 100:
            door.watcher.keep()
            door.watch()
    assert len(looks) <= 2 * (200 * 5 * MINUTE_S // (6 * HOUR_S))
    assert door.hears(gid(1), 8 * DAY_S) == []
    assert door.row is None


def test_in_the_first_days_it_is_written_down_only(town, tmp_path):
    """Nothing is halved before the shadow is over; what is found then, is."""
    door = Door(town, tmp_path, shadow_days=1).watch()
    (halved,) = door.digs_until(Rung.BUDGET)
    assert halved.decision.is_shadow
    assert door.row is None
    assert door.hears(gid(1), DAY_S) == []  # a day later it is less than half
    (again,) = door.digs_until(Rung.BUDGET)
    assert (again.decision.rung, again.decision.is_shadow) == (Rung.BUDGET, False)
    assert door.row.rung is Rung.BUDGET


def test_a_permit_keeps_it_away(town, tmp_path):
    """Who may dig may dig: neither half a budget, nor a question, nor a case."""
    door = Door(town, tmp_path).watch()
    second = int(door.clock.now)
    door.desk.permit(
        Permit(
            account=DIGGER, use=Use.DJ, factor=5, second=second, until=second + 30 * DAY_S, by="ann"
        )
    )
    assert door.digs_until(Rung.CHALLENGE, most=20) == []
    assert door.row.rung is Rung.NONE
    assert door.score > FROM_SCORE[Rung.SUSPEND]
    assert DIGGER not in door.desk.read().cases.of_account
