"""Who answers a question and goes on, in GuardBench: suspended by the ladder, and nobody else."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `guard` is not installed")

from tests.guard.test_detector import DAY, START, TRACKS, batch, joined, people, warmed

from phonotheque.guard.bench.own import Own
from phonotheque.guard.ladder import RESPITE_S
from phonotheque.guard.rungs import Rung

WHO, HOUR, HOURS = 0, 3_600, 30
NOBODY = np.zeros(0, np.int32)


def lived(own: Own, an_hour: int, until: int) -> dict[Rung, list[tuple[int, int]]]:
    """Who was stopped when, where all people live and one of them goes through the catalogue."""
    order, stopped = np.random.default_rng(5).permutation(TRACKS), {rung: [] for rung in Rung}
    days = [people(day) for day in range(2)]
    for hour in range(HOURS):
        begins = START + hour * HOUR
        shown = days[hour // 24].events.second
        mine = np.flatnonzero((shown >= begins) & (shown < begins + HOUR))
        events = type(days[0].events)._make(one[mine] for one in days[hour // 24].events)
        there = days[0]._replace(events=events, chosen=np.zeros(len(mine), bool))
        if hour < until:
            taken = order[hour * an_hour : (hour + 1) * an_hour]
            second = begins + np.arange(an_hour) * (HOUR // an_hour)
            there = joined(there, batch(np.full(an_hour, WHO), taken, second))
        own.see(there)
        found = own.look(begins + HOUR)
        for account, rung in zip(found.account.tolist(), found.rung.tolist(), strict=True):
            stopped[Rung(rung)].append((account, begins + HOUR))
        asked = found.account[found.rung == Rung.CHALLENGE]
        own.answered(asked, NOBODY)
    return stopped


def test_who_answered_and_went_on_is_suspended_hours_later() -> None:
    """He is asked again first, each time for more, and has hours after the last question; nobody
    else is suspended."""
    stopped = lived(warmed(), an_hour=60, until=HOURS)
    asked = [second for account, second in stopped[Rung.CHALLENGE] if account == WHO]
    ((account, suspended),) = stopped[Rung.SUSPEND]
    assert account == WHO
    assert 1 < len(asked) < HOURS / 3
    assert asked[0] + DAY > asked[-1]
    assert asked[-1] + RESPITE_S <= suspended


def test_who_stops_at_the_question_is_not() -> None:
    """What he did before it suspends nobody, however long he listens on as people do."""
    stopped = lived(warmed(), an_hour=60, until=1)
    assert [account for account, _ in stopped[Rung.CHALLENGE]] == [WHO]
    assert stopped[Rung.SUSPEND] == []
