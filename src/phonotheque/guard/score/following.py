"""A log watched while it grows: verdicts within seconds, each counted exactly before it is said.

A sketch of each account says who may have come too near (`phonotheque.guard.engine`); whoever does
is counted again from all that was read of the log, and only that count decides.

Laws: nobody is named by the sketch alone, nor twice for the same rung; what was learned from the
log so far stays what is held against what follows, until it is started anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from phonotheque.guard.engine.compiled import observe_all
from phonotheque.guard.engine.memory import (
    HOUR_BITS,
    Events,
    Music,
    new_accounts,
    new_music,
    with_room,
)
from phonotheque.guard.rungs import FROM_SCORE, Rung, rung_of
from phonotheque.guard.score.columns import Raw
from phonotheque.guard.score.firsts import PLACES, add_conduct, firsts_of, new_conduct
from phonotheque.guard.score.judging import LEAST_ITEMS, Learned
from phonotheque.guard.score.reasons import counted
from phonotheque.guard.score.visits import Gathering, Visits

STANDS_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What should be done about somebody.

    Attributes:
        account: As the log names it.
        rung: CHALLENGE or SUSPEND.
        score: Exactly counted; 1 is at the threshold.
        second: Since 1970, of the fetch that was enough.
        until: Since 1970; it ends by itself then.
        why: In a sentence.
    """

    account: str
    rung: Rung
    score: float
    second: int
    until: int
    why: str


class Watch:
    """Watches what follows in a log that was gathered and judged."""

    def __init__(self, gathered: Gathering, learned: Learned) -> None:
        """Begin with what was read so far; nobody is named for that alone.

        Args:
            learned: Popularity and thresholds; without thresholds nobody is ever named.
        """
        self._gathered, self._learned = gathered, learned
        self._accounts = new_accounts(max(1_024, len(gathered.accounts)))
        self._music = _music_of(learned)
        self._told: dict[int, Rung] = {}
        before = gathered.all()
        order = np.argsort(before.second, kind="stable")
        self._since: dict[int, int] = {}  # of each account, since the watch began
        voted = self._music._replace(plays=self._music.plays.copy())
        self._observe(before.at(order), voted)  # these have voted already

    def see(self, visits: Visits) -> Iterator[Verdict]:
        """Take what `Gathering.add` returned, and give verdicts."""
        thresholds = self._learned.thresholds
        if not len(visits.account):
            return
        self._observe(visits, self._music)
        seen, first = np.unique(visits.account, return_index=True)
        for number, second in zip(seen.tolist(), visits.second[first].tolist(), strict=True):
            self._since.setdefault(number, second)
        if thresholds is None:
            return
        sums = self._accounts.numbers[seen, HOUR_BITS : HOUR_BITS + 3]
        near = (sums / np.array(thresholds)).max(axis=1) >= FROM_SCORE[Rung.CHALLENGE]
        for number in seen[near].tolist():
            if self._is_settled(number):
                continue
            verdict = self._counted_again(number, thresholds)
            if verdict is not None:
                self._told[number] = verdict.rung
                yield verdict

    def _observe(self, visits: Visits, music: Music) -> None:
        self._accounts = with_room(self._accounts, len(self._gathered.accounts))
        thresholds = np.array(self._learned.thresholds or (np.inf,) * 3)
        events = Events(
            visits.account,
            (visits.item & np.uint32(PLACES - 1)).astype(np.int32),
            visits.second.astype(np.int64),
            np.zeros(len(visits.account), np.int32),
            np.ones(len(visits.account), np.bool_),
        )
        observe_all(self._accounts, music, thresholds, events)

    def _is_settled(self, number: int) -> bool:
        """Whether nothing that is counted would change what is said."""
        account = self._gathered.accounts[number]
        return account.is_robot or self._told.get(number) is Rung.SUSPEND

    def _counted_again(self, number: int, thresholds: tuple[float, float, float]) -> Verdict | None:
        """Count exactly what an account fetched; None where that is not enough, or was said."""
        everything = self._gathered.all()
        rows = np.flatnonzero(everything.account == number)
        mine = everything.at(rows)
        alone = mine._replace(account=np.zeros(len(rows), np.int32))
        conduct = new_conduct(1)
        add_conduct(
            conduct, firsts_of(alone), self._learned.had, self._learned.bits, self._since[number]
        )
        score = float((conduct.peaks[0] / np.array(thresholds)).max())
        rung = rung_of(score)
        items, rare = int(conduct.items[0]), int(conduct.rare[0])
        is_new = rung > self._told.get(number, Rung.BUDGET)
        if not is_new or items < LEAST_ITEMS:
            return None
        account = self._gathered.accounts[number]
        second = int(mine.second.max())
        until = second + int(STANDS_FOR.total_seconds())
        why = f"{counted(items, 'different item')}, {rare:,} of them fetched by at most one other."
        return Verdict(account.name, rung, score, second, until, why)


def _music_of(learned: Learned) -> Music:
    music = new_music(PLACES)
    music.plays[:] = learned.had
    return music._replace(bits=learned.bits, rare=2.0)


def follow(
    gathering: Gathering,
    learned: Learned,
    blocks: Iterator[bytes],
    read: Callable[[bytes], Raw],
) -> Iterator[Verdict]:
    """Give verdicts about what is appended to a log that was gathered.

    Args:
        learned: Of what was gathered.
        blocks: Whole lines, as they come.
        read: Reads them.
    """
    watch = Watch(gathering, learned)
    for block in blocks:
        yield from watch.see(gathering.add(read(block)))
