"""From conduct to names: who goes through the catalogue, and what a budget would have done.

Laws: nobody is named for fewer than `LEAST_ITEMS` items; what calls itself a robot neither votes on
what is popular nor on what is ordinary; where too few ask to know what is ordinary, that is said,
and nothing but budgets is held against anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from phonotheque.guard.budgets import DEFAULT
from phonotheque.guard.calibration import threshold
from phonotheque.guard.engine.memory import surprise_table
from phonotheque.guard.engine.plain import TRUSTED_BELOW
from phonotheque.guard.rungs import FROM_SCORE, Rung
from phonotheque.guard.score.firsts import (
    Conduct,
    add_conduct,
    beyond_budget,
    new_conduct,
    votes_of,
)
from phonotheque.guard.score.gathering import Gathering
from phonotheque.guard.score.ledger import Ledger, ledger_of
from phonotheque.guard.score.reasons import words_ahead
from phonotheque.guard.score.report import IN_SEQUENCE, BudgetUse, Report, Suspect
from phonotheque.guard.score.visits import Account

LEAST_ITEMS = 40
"""An evening's reading or listening; what 40 items say about somebody says nothing for sure."""

RATE = 1e-4
"""Share of honest accounts that may reach a threshold in 30 days, by any of the three clocks."""

_VISITS_AT_ONCE = 4_000_000
_ROUNDS = 2
_MOSTLY = 0.5


class Learned(NamedTuple):
    """What a log teaches about a service.

    Attributes:
        had: How many trusted accounts had the item of each place.
        bits: Surprise by that number, float32.
        thresholds: As in `Report`.
        trusted: Whether each account with a number says what is popular.
    """

    had: npt.NDArray[np.uint32]
    bits: npt.NDArray[np.float32]
    thresholds: tuple[float, float, float] | None
    trusted: npt.NDArray[np.bool_]


class _Known(NamedTuple):
    """What a pass over the log finds out."""

    conduct: Conduct
    learned: Learned
    scores: npt.NDArray[np.float64]


def judge(
    gathered: Gathering, logs: tuple[str, ...], notes: tuple[str, ...] = ()
) -> tuple[Report, Learned]:
    """Say who stands out in what was gathered, and what was learned of the service."""
    ledger = ledger_of(gathered, _VISITS_AT_ONCE)
    robots, ordinary = ledger.robots, ledger.often & ~ledger.robots
    trusted = ~robots
    for _ in range(_ROUNDS):
        known = _pass(ledger, trusted, ordinary)
        trusted = ~robots & ((known.scores < TRUSTED_BELOW) | ~ledger.often)
    conduct, learned, scores = known
    refused = _refused(ledger)
    if learned.thresholds is None:
        stands_out = refused.any(axis=1) | (conduct.in_sequence > IN_SEQUENCE * conduct.items)
    else:
        stands_out = scores >= FROM_SCORE[Rung.CHALLENGE]
    stands_out &= conduct.items >= LEAST_ITEMS
    others = ordinary & ~stands_out
    visitors = int(np.count_nonzero(conduct.peaks[ordinary] > 0, axis=0).min())
    report = Report(
        logs, replace(gathered.counted, few=ledger.few, beyond=ledger.beyond),
        int(ledger.often.sum()), int((robots & ledger.often).sum()), ledger.items, visitors,
        learned.thresholds, _suspects(gathered, ledger, known, refused, stands_out),
        int(others.sum()), _budgets(refused, others, stands_out), _most(conduct, others),
        (*notes, *_notes_on(gathered)),
    )  # fmt: skip
    return report, learned._replace(trusted=trusted)


def _notes_on(gathered: Gathering) -> Iterator[str]:
    """What must be said of lines that were left out, and of the items."""
    if gathered.counted.ahead:
        yield words_ahead(gathered.counted.ahead)
    pictures = gathered.item_names.share_of_pictures()
    if gathered.rule.pattern is None and pictures > _MOSTLY:
        yield f"You gave no --item: pictures count as items ({pictures * 100:.0f} % of them)."


def _pass(
    ledger: Ledger, trusted: npt.NDArray[np.bool_], ordinary: npt.NDArray[np.bool_]
) -> _Known:
    """Go through the log twice: what trusted accounts had, and what that says about everybody."""
    had = ledger.others_had.copy()
    for firsts in ledger.parts():
        had += votes_of(firsts, trusted)
    there = int(np.count_nonzero(had))
    bits = surprise_table(float(had.sum()) / max(there, 1))
    conduct = new_conduct(len(trusted))
    for firsts in ledger.parts():
        add_conduct(conduct, firsts, had, bits)
    thresholds = _thresholds(conduct.peaks[ordinary])
    scores = np.zeros(len(trusted))
    if thresholds is not None and len(scores):
        scores = (conduct.peaks / np.array(thresholds)).max(axis=1)
    return _Known(conduct, Learned(had, bits, thresholds, trusted), scores)


def _thresholds(peaks: npt.NDArray[np.float64]) -> tuple[float, float, float] | None:
    hour, day, month = (
        threshold(peaks[:, clock].astype(np.float32), RATE / 3) for clock in range(3)
    )
    return None if hour is None or day is None or month is None else (hour, day, month)


def _refused(ledger: Ledger) -> npt.NDArray[np.int64]:
    """Items of each account that each budget would have kept waiting."""
    refused = np.zeros((len(ledger.often), len(DEFAULT)), np.int64)
    for firsts in ledger.parts():
        for place, limit in enumerate(DEFAULT):
            who = firsts.account[beyond_budget(firsts, limit)]
            refused[:, place] += np.bincount(who, minlength=len(refused))
    return refused


def _budgets(
    refused: npt.NDArray[np.int64], others: npt.NDArray[np.bool_], named: npt.NDArray[np.bool_]
) -> tuple[BudgetUse, ...]:
    return tuple(
        BudgetUse(
            limit,
            int(np.count_nonzero(refused[others, place])),
            int(np.count_nonzero(refused[named, place])),
            int(refused[named, place].sum()),
        )
        for place, limit in enumerate(DEFAULT)
    )


def _most(conduct: Conduct, others: npt.NDArray[np.bool_]) -> int:
    items = conduct.items[others & (conduct.items > 0)]
    return int(np.quantile(items, 0.999, method="higher")) if len(items) else 0


def _suspects(
    gathered: Gathering,
    ledger: Ledger,
    known: _Known,
    refused: npt.NDArray[np.int64],
    stands_out: npt.NDArray[np.bool_],
) -> tuple[Suspect, ...]:
    """Those who stand out, the highest score first, in an order that does not hang on the log's."""
    conduct, found = known.conduct, np.flatnonzero(stands_out).tolist()
    agents = gathered.agents_at(np.where(stands_out, conduct.first, -1))
    taken = {place: ledger.spread(place) for place in found}
    names = gathered.item_names.names(item for items in taken.values() for item in items)
    suspects = []
    for place in found:
        score, needed = _scored(known, place)
        account = Account(gathered.name(place), agents[place])
        examples = tuple(names[item] for item in taken[place])
        suspects.append(Suspect(
            place, account, score, int(conduct.items[place]),
            int(conduct.items[place]) / max(ledger.items, 1), int(conduct.rare[place]),
            int(conduct.in_sequence[place]), int(conduct.hours[place]), int(conduct.first[place]),
            int(conduct.last[place]), tuple(refused[place].tolist()), needed, examples,
        ))  # fmt: skip
    return tuple(
        sorted(suspects, key=lambda one: (-(one.score or 0), -one.items, one.account.name))
    )


def _scored(known: _Known, place: int) -> tuple[float | None, int | None]:
    """Score of an account, and how many items that nobody else has would have been too many."""
    conduct, learned = known.conduct, known.learned
    thresholds = learned.thresholds
    if thresholds is None:
        return None, None
    clock = int(np.argmax(conduct.peaks[place] / np.array(thresholds)))
    there = max(int(np.count_nonzero(learned.had)), 1)
    unknown_bits = max(float(np.log2(learned.had.sum() / there + 1)), 1e-9)
    return float(known.scores[place]), int(np.ceil(thresholds[clock] / unknown_bits))
