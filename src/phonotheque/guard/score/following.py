"""A log watched while it grows: verdicts within seconds, each counted exactly before it is said.

A sketch of each account says who may have come too near (`phonotheque.guard.engine`); whoever does
is counted again from all that was read of the log, and only that count decides.

Laws: nobody is named by the sketch alone, nor twice for the same rung while a verdict holds; what
was found in the log when the watch began is told, as long as it holds; what was learned from the
log so far stays what is held against what follows, until it is started anew; where too few ask to
know what is ordinary, nothing but budgets, and counting through numbers, names anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from phonotheque.guard.budgets import DEFAULT
from phonotheque.guard.engine.compiled import observe_all
from phonotheque.guard.engine.memory import (
    DISTINCT,
    HOUR_BITS,
    PLAYS,
    Events,
    Music,
    new_accounts,
    new_music,
    with_room,
)
from phonotheque.guard.rungs import FROM_SCORE, Rung
from phonotheque.guard.score.columns import Raw
from phonotheque.guard.score.firsts import (
    PLACES,
    Firsts,
    beyond_budget,
    firsts_of,
    in_sequence,
    scores_of,
)
from phonotheque.guard.score.judging import IN_SEQUENCE, LEAST_ITEMS, Learned
from phonotheque.guard.score.reasons import words
from phonotheque.guard.score.visits import Gathering, Visits
from phonotheque.music.number_words import counted

STANDS_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What should be done about somebody.

    Attributes:
        account: As the log names it.
        rung: CHALLENGE or SUSPEND; where too few ask to have a score OBSERVE or BUDGET.
        score: Exactly counted; 1 is at the threshold. None where too few ask to have one.
        second: Since 1970, of the last fetch by which it stood there.
        until: Since 1970; it ends by itself then.
        why: In a sentence.
    """

    account: str
    rung: Rung
    score: float | None
    second: int
    until: int
    why: str


class Watch:
    """Watches what follows in a log that was gathered and judged."""

    def __init__(self, gathered: Gathering, learned: Learned) -> None:
        """Begin with what was read so far.

        Args:
            learned: Popularity and thresholds.
        """
        self._gathered, self._learned = gathered, learned
        self._highest = Rung.BUDGET if learned.thresholds is None else Rung.SUSPEND
        self._accounts = new_accounts(max(1_024, len(gathered.accounts)))
        self._music = _music_of(learned)
        self._told: dict[int, Verdict] = {}
        before = gathered.all()
        order = np.argsort(before.second, kind="stable")
        self._since: dict[int, int] = {}  # of each account, since the watch began
        self._distinct: dict[int, float] = {}  # of each account, when it was counted last
        voted = self._music._replace(plays=self._music.plays.copy())
        self._observe(before.at(order), voted)  # these have voted already

    def standing(self, suspects: Iterable[int], now: int) -> Iterator[Verdict]:
        """Give the verdicts about what was read before that hold now.

        Args:
            suspects: Numbers of those who stand out in it.
            now: Seconds since 1970.
        """
        for number in suspects:
            if not self._gathered.accounts[number].is_robot:
                since = now - int(STANDS_FOR.total_seconds()) + 1
                yield from self._tell(number, self._verdict(number, self._firsts(number), since))

    def see(self, visits: Visits) -> Iterator[Verdict]:
        """Take what `Gathering.add` returned, and give verdicts."""
        if not len(visits.account):
            return
        self._observe(visits, self._music)
        seen, first = np.unique(visits.account, return_index=True)
        for number, second in zip(seen.tolist(), visits.second[first].tolist(), strict=True):
            self._since.setdefault(number, second)
        now = int(visits.second.max())
        for number in seen[self._is_near(seen)].tolist():
            if not self._is_settled(number, now):
                yield from self._tell(number, self._counted_again(number))

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

    def _is_near(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Whether the sketches of accounts say that they are to be counted."""
        sketches = self._accounts.numbers[numbers]
        if self._learned.thresholds is not None:
            sums = sketches[:, HOUR_BITS : HOUR_BITS + 3]
            near = (sums / np.array(self._learned.thresholds)).max(axis=1)
            return np.asarray(near >= FROM_SCORE[Rung.CHALLENGE])
        # They are few: each is counted when it has more than when it was counted last.
        before = [self._distinct.get(number, 0.0) for number in numbers.tolist()]
        self._distinct.update(zip(numbers.tolist(), sketches[:, DISTINCT].tolist(), strict=True))
        return np.asarray((sketches[:, PLAYS] >= LEAST_ITEMS) & (sketches[:, DISTINCT] > before))

    def _is_settled(self, number: int, now: int) -> bool:
        """Whether nothing that is counted would change what is said."""
        told = self._told.get(number)
        holds = told is not None and told.rung >= self._highest and now < told.until
        return holds or self._gathered.accounts[number].is_robot

    def _tell(self, number: int, verdict: Verdict | None) -> Iterator[Verdict]:
        if verdict is not None:
            self._told[number] = verdict
            yield verdict

    def _firsts(self, number: int) -> Firsts:
        everything = self._gathered.all()
        mine = everything.at(np.flatnonzero(everything.account == number))
        return firsts_of(mine._replace(account=np.zeros(len(mine.account), np.int32)))

    def _counted_again(self, number: int) -> Verdict | None:
        """Count exactly what an account fetched; None where that is not enough, or was said."""
        firsts = self._firsts(number)
        told, since, least = self._told.get(number), self._since[number], Rung.NONE
        if told is not None and told.until <= int(firsts.second[-1]):
            since = told.until
        elif told is not None:
            least = told.rung
        verdict = self._verdict(number, firsts, since)
        return verdict if verdict is not None and verdict.rung > least else None

    def _verdict(self, number: int, firsts: Firsts, since: int) -> Verdict | None:
        """The highest rung on which an account stood by a fetch that is no older; None for none."""
        if len(firsts.second) < LEAST_ITEMS:
            return None
        thresholds, scores = self._learned.thresholds, None
        if thresholds is None:
            rungs, why = _by_budgets(firsts)
        else:
            had, bits = self._learned.had, self._learned.bits
            scores = scores_of(firsts, had, bits, thresholds)
            rungs, why = _by_scores(scores), _rareness(firsts, had)
        rungs[firsts.second < since] = Rung.NONE
        rung = Rung(int(rungs.max()))
        if rung is Rung.NONE:
            return None
        second = int(firsts.second[rungs == rung].max())
        score = None if scores is None else float(scores[firsts.second >= since].max())
        name = self._gathered.accounts[number].name
        return Verdict(name, rung, score, second, second + int(STANDS_FOR.total_seconds()), why)


def _by_scores(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.int8]:
    """The rung after each first, of those that are acted on."""
    rungs = np.full(len(scores), Rung.NONE, np.int8)
    for rung in (Rung.CHALLENGE, Rung.SUSPEND):
        rungs[scores >= FROM_SCORE[rung]] = rung
    return rungs


def _by_budgets(firsts: Firsts) -> tuple[npt.NDArray[np.int8], str]:
    """The rung after each first where there is no score, and why, in a sentence."""
    count = len(firsts.second)
    rungs = np.full(count, Rung.NONE, np.int8)
    said = [counted(count, "different item")]
    follows = in_sequence(firsts)
    if np.count_nonzero(follows) > IN_SEQUENCE * count:
        rungs[follows] = Rung.OBSERVE
        said.append(f"{np.count_nonzero(follows):,} of them followed the number before")
    for limit in DEFAULT:
        beyond = beyond_budget(firsts, limit)
        rungs[beyond] = Rung.BUDGET
        if beyond.any():
            said.append(f"{np.count_nonzero(beyond):,} beyond {words(limit)}")
    return rungs, f"{', '.join(said)}."


def _rareness(firsts: Firsts, had: npt.NDArray[np.uint32]) -> str:
    rare = int(np.count_nonzero(had[firsts.place] <= 1))
    items = counted(len(firsts.second), "different item")
    return f"{items}, {rare:,} of them fetched by at most one other."


def _music_of(learned: Learned) -> Music:
    music = new_music(PLACES)
    music.plays[:] = learned.had
    return music._replace(bits=learned.bits, rare=2.0)


def follow(
    watch: Watch,
    gathering: Gathering,
    blocks: Iterator[bytes],
    read: Callable[[bytes], Raw],
) -> Iterator[Verdict]:
    """Give verdicts about what is appended to a log that was gathered.

    Args:
        watch: Of what was gathered.
        blocks: Whole lines, as they come.
        read: Reads them.
    """
    for block in blocks:
        yield from watch.see(gathering.add(read(block)))
