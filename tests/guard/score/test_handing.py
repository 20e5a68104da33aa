"""Verdicts handed on: a sink that fails ends nothing, is told once, and gets what waits."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from phonotheque.errors import UnavailableError
from phonotheque.guard.rungs import Rung
from phonotheque.guard.score.following import Verdict
from phonotheque.guard.score.handing import Handing

VERDICTS = [Verdict(name, Rung.SUSPEND, 1.2, 0, 86_400, "x") for name in "abc"]


class Shelf:
    """A sink that refuses some accounts, or all."""

    def __init__(self):
        self.taken, self.refused, self.asked = [], set(), 0

    def take(self, verdict):
        self.asked += 1
        if {verdict.account, "all"} & self.refused:
            raise UnavailableError("the shelf", "it is full", "Clear it.")
        self.taken.append(verdict)

    def probe(self):
        if "all" in self.refused:
            raise UnavailableError("the shelf", "it is full", "Clear it.")


class Rim:
    """Two sinks, what is told, and a clock that is set by hand."""

    def __init__(self):
        self.shelf, self.other, self.told, self.now = Shelf(), Shelf(), [], 100.0
        self.handing = Handing([self.shelf, self.other], self.told.append, lambda: self.now)

    def after(self, seconds):
        self.now += seconds
        self.handing.try_again()


def test_a_sink_that_is_away_is_told_once_and_gets_all_of_it_later():
    """The other one has its verdicts at once; of each account the last verdict waits."""
    rim = Rim()
    rim.shelf.refused = {"all"}
    for verdict in [*VERDICTS, replace(VERDICTS[0], score=1.5)]:
        rim.handing.take(verdict)
    assert len(rim.told) == 1
    assert "it is full" in rim.told[0]
    assert [one.account for one in rim.other.taken] == list("abca")
    for _ in range(5):
        rim.after(60)
    assert len(rim.told) == 1
    rim.shelf.refused = set()
    rim.after(60)
    assert {one.account: one.score for one in rim.shelf.taken} == {"a": 1.5, "b": 1.2, "c": 1.2}
    assert rim.told[1:] == ["What had to wait was handed on."]
    rim.shelf.refused = {"all"}
    rim.handing.take(VERDICTS[1])
    assert len(rim.told) == 3


def test_a_sink_that_is_away_is_asked_ever_more_seldom():
    """And at least once a minute."""
    rim = Rim()
    rim.shelf.refused = {"all"}
    rim.handing.take(VERDICTS[0])
    asked = []
    for second in range(600):
        before = rim.shelf.asked
        rim.after(1)
        if rim.shelf.asked > before:
            asked.append(second)
    pauses = [later - one for one, later in pairwise(asked)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 2
    assert pauses[-1] == 60


def test_one_verdict_that_is_refused_keeps_no_other_back():
    """Neither one that comes later nor one that waits behind it."""
    rim = Rim()
    rim.shelf.refused = {"a", "b"}
    for verdict in VERDICTS:
        rim.handing.take(verdict)
    assert [one.account for one in rim.shelf.taken] == ["c"]
    rim.shelf.refused = {"a"}
    for _ in range(3):
        rim.after(60)
    assert [one.account for one in rim.shelf.taken] == ["c", "b"]


def test_a_sink_that_is_away_in_the_beginning_is_told_at_once():
    """Before there is anything to take; not again with the first verdict, and again later."""
    rim = Rim()
    rim.shelf.refused = {"all"}
    rim.handing.probe()
    assert len(rim.told) == 1
    assert "it is full" in rim.told[0]
    rim.handing.take(VERDICTS[0])
    assert len(rim.told) == 1
    rim.shelf.refused = set()
    rim.after(60)
    assert rim.told[1:] == ["What had to wait was handed on."]
    rim.handing.probe()
    assert len(rim.told) == 2
