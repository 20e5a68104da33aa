"""A log watched while it grows: verdicts within seconds, each counted exactly before it is said.

A sketch of each account says who may have come too near (`phonotheque.guard.engine`); whoever does
is counted again from all that was read of the log, and only that count decides.

Laws: nobody is named by the sketch alone, nor twice for the same rung while a verdict holds; what
was found in the log when the watch began is told, as long as it holds; how popular an item is, is
counted as of now, whoever fetched it; what is ordinary stays what the log said when the watch
began, until it is started anew; where too few ask to know that, nothing but budgets, and counting
through numbers, names anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from phonotheque.guard.budgets import DEFAULT
from phonotheque.guard.engine.compiled import NO_WEIGHTS, observe_apart
from phonotheque.guard.engine.memory import (
    DISTINCT,
    HOUR_BITS,
    HOUR_PEAK,
    PLAYS,
    Events,
    Music,
    new_accounts,
    new_music,
    with_room,
)
from phonotheque.guard.engine.plain import TRUSTED_BELOW
from phonotheque.guard.rungs import FROM_SCORE, Rung
from phonotheque.guard.score.columns import Raw
from phonotheque.guard.score.firsts import (
    PLACES,
    Firsts,
    beyond_budget,
    firsts_of,
    in_sequence,
    places_of,
    scores_of,
    votes_of,
)
from phonotheque.guard.score.gathering import Gathering
from phonotheque.guard.score.judging import LEAST_ITEMS, Learned
from phonotheque.guard.score.reasons import words, words_ahead
from phonotheque.guard.score.report import IN_SEQUENCE
from phonotheque.guard.score.visits import Visits
from phonotheque.music.number_words import counted

_VISITS_AT_ONCE = 4_000_000

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
        self._thresholds = np.array(learned.thresholds or (np.inf,) * 3)
        self._highest = Rung.BUDGET if learned.thresholds is None else Rung.SUSPEND
        self._accounts = new_accounts(max(1_024, len(gathered.names)))
        self._music = _music_of(learned)
        self._told: dict[int, Verdict] = {}
        self._since: dict[int, int] = {}  # of each account, since the watch began
        self._distinct: dict[int, float] = {}  # of each account, when it was counted last
        voted = np.zeros_like(self._music.plays)  # these have voted already
        for before in gathered.parts(_VISITS_AT_ONCE):
            self._observe(before.at(np.argsort(before.second, kind="stable")), voted)

    def standing(self, suspects: Iterable[int], now: int) -> Iterator[Verdict]:
        """Give the verdicts about what was read before that hold now.

        Args:
            suspects: Numbers of those who stand out in it.
            now: Seconds since 1970.
        """
        for number in suspects:
            since = now - int(STANDS_FOR.total_seconds()) + 1
            firsts = self._firsts(number)
            if firsts is not None:
                verdict = self._verdict(number, firsts, since, self._learned.had)
                yield from self._tell(number, verdict)

    def see(self, visits: Visits) -> Iterator[Verdict]:
        """Take what `Gathering.add` returned, and give verdicts."""
        visits = visits.at(~visits.by_robots)
        if not len(visits.account):
            return
        self._vote(visits.at(visits.account < 0))
        now, visits = int(visits.second.max()), visits.at(visits.account >= 0)
        self._observe(visits, self._music.plays)
        seen, first = np.unique(visits.account, return_index=True)
        for number, second in zip(seen.tolist(), visits.second[first].tolist(), strict=True):
            self._since.setdefault(number, second)
        for number in seen[self._is_near(seen)].tolist():
            if not self._is_settled(number, now):
                yield from self._tell(number, self._counted_again(number))

    def _vote(self, seldom: Visits) -> None:
        """Let those without numbers say that they had something, each once of a block of lines."""
        pairs = np.stack([seldom.account, places_of(seldom.item)])
        np.add.at(self._music.plays, np.unique(pairs, axis=1)[1], np.uint32(1))

    def _observe(self, visits: Visits, votes: npt.NDArray[np.uint32]) -> None:
        self._accounts = with_room(self._accounts, len(self._gathered.names))
        events = Events(
            visits.account.astype(np.int32),
            places_of(visits.item),
            visits.second.astype(np.int64),
            np.zeros(len(visits.account), np.int32),
            np.ones(len(visits.account), np.bool_),
        )
        observe_apart(self._accounts, self._music, self._thresholds, events, votes, NO_WEIGHTS)

    def _is_near(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether the sketches of accounts say that they are to be counted."""
        sketches = self._accounts.numbers[numbers]
        if self._learned.thresholds is not None:
            sums = sketches[:, HOUR_BITS : HOUR_BITS + 3]
            near = (sums / self._thresholds).max(axis=1)
            return np.asarray(near >= FROM_SCORE[Rung.CHALLENGE])
        # They are few: each is counted when it has more than when it was counted last.
        before = [self._distinct.get(number, 0.0) for number in numbers.tolist()]
        self._distinct.update(zip(numbers.tolist(), sketches[:, DISTINCT].tolist(), strict=True))
        return np.asarray((sketches[:, PLAYS] >= LEAST_ITEMS) & (sketches[:, DISTINCT] > before))

    def _is_settled(self, number: int, now: int) -> bool:
        """Whether nothing that is counted would change what is said."""
        told = self._told.get(number)
        return told is not None and told.rung >= self._highest and now < told.until

    def _tell(self, number: int, verdict: Verdict | None) -> Iterator[Verdict]:
        if verdict is not None:
            self._told[number] = verdict
            yield verdict

    def _counted_again(self, number: int) -> Verdict | None:
        """Count exactly what an account fetched; None where that is not enough, or was said."""
        firsts = self._firsts(number)
        if firsts is None:
            return None
        told, since, least = self._told.get(number), self._since[number], Rung.NONE
        if told is not None and told.until <= int(firsts.second[-1]):
            since = told.until
        elif told is not None:
            least = told.rung
        verdict = self._verdict(number, firsts, since, self._had(firsts))
        return verdict if verdict is not None and verdict.rung > least else None

    def _firsts(self, number: int) -> Firsts | None:
        """What an account fetched, in order; None for a robot by its own word, and for little."""
        self._gathered.settle()
        visits = self._gathered.of(lambda account: account == number)
        if visits.by_robots[visits.second == visits.second.min()].any():
            return None
        firsts = firsts_of(visits._replace(account=np.zeros_like(visits.account)))
        return firsts if len(firsts.second) >= LEAST_ITEMS else None

    def _had(self, firsts: Firsts) -> npt.NDArray[np.uint32]:
        """How many had each item as of now, counted exactly for those that were not popular."""
        learned = self._learned
        if learned.thresholds is None:
            return learned.had
        at_first = np.minimum(learned.had[firsts.place], len(learned.bits) - 1)
        wanted = np.zeros(PLACES, bool)
        wanted[firsts.place] = learned.bits[at_first] > 0
        visits = self._gathered.visits
        fetched = visits.at(visits.where(1, lambda items: wanted[places_of(items)]))
        fetched = fetched.at(~fetched.by_robots)
        accounts, codes = np.unique(fetched.account, return_inverse=True)
        votes = votes_of(firsts_of(fetched._replace(account=codes)), self._trusted(accounts))
        return np.where(wanted, votes, learned.had)

    def _trusted(self, accounts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether accounts say what is popular: nobody who once came near to being named."""
        trusted, numbers = accounts < 0, accounts[accounts >= 0]
        peaks = self._accounts.numbers[numbers, HOUR_PEAK : HOUR_PEAK + 3]
        were_near = (peaks / self._thresholds).max(axis=1) >= TRUSTED_BELOW
        known = numbers < len(self._learned.trusted)
        trusted[accounts >= 0] = ~were_near
        trusted[np.flatnonzero(accounts >= 0)[known]] &= self._learned.trusted[numbers[known]]
        return trusted

    def _verdict(
        self, number: int, firsts: Firsts, since: int, had: npt.NDArray[np.uint32]
    ) -> Verdict | None:
        """The highest rung on which an account stood by a fetch that is no older; None for none."""
        thresholds, scores = self._learned.thresholds, None
        if thresholds is None:
            rungs, why = _by_budgets(firsts)
        else:
            scores = scores_of(firsts, had, self._learned.bits, thresholds)
            rungs, why = _by_scores(scores), _rareness(firsts, had)
        rungs[firsts.second < since] = Rung.NONE
        rung = Rung(int(rungs.max()))
        if rung is Rung.NONE:
            return None
        second = int(firsts.second[rungs == rung].max())
        score = None if scores is None else float(scores[firsts.second >= since].max())
        name, until = self._gathered.name(number), second + int(STANDS_FOR.total_seconds())
        return Verdict(name, rung, score, second, until, why)


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
    tell: Callable[[str], None],
) -> Iterator[Verdict]:
    """Give verdicts about what is appended to a log that was gathered.

    Args:
        watch: Of what was gathered.
        blocks: Whole lines, as they come.
        read: Reads them.
        tell: Is told of lines that are ahead of the clock: of the first, and of ten times as many.
    """
    told = gathering.counted.ahead
    next_told = told + 1
    for block in blocks:
        yield from watch.see(gathering.add(read(block)))
        ahead = gathering.counted.ahead
        if ahead >= next_told:
            tell(f"{words_ahead(ahead - told)} Set the clocks, or see who writes them.")
            next_told = told + 10 * (ahead - told)
