"""How the guard's questions ended, from the cases of a book; pure.

A question is passed by whoever answers it, and for whom a person takes it back or gives a permit;
it is failed when its time is over and none of that happened: who copies a catalogue out is silent.

Laws: what was on paper only was no question, and nobody fails one while he waits for an answer to
an appeal; words that another account sent before leave a question open and are no failure; who
answers late passes all the same; to renew a permit, or to end it, changes nothing that it passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from phonotheque.guard.book.case import Case, is_taken_back
from phonotheque.guard.book.cases import Cases
from phonotheque.guard.decisions import Decision
from phonotheque.guard.rungs import Rung


class Outcome(NamedTuple):
    """How a question ended, in order of time.

    Attributes:
        second: When, in seconds since 1970; what is only to be failed may be of the future.
        account: Keyed hash of the name.
        is_passed: Whether it was passed.
    """

    second: int
    account: str
    is_passed: bool


def outcomes(cases: Cases) -> list[Outcome]:
    """Return how all questions ended, or will have ended if nothing follows, in order of time."""
    return sorted(
        outcome
        for account, numbers in cases.all_of.items()
        for outcome in _of_account(account, [cases.by_number[one] for one in numbers], cases)
    )


def standing_at(second: int, ended: Iterable[Outcome]) -> dict[str, bool]:
    """Return of each account whose question ended before an instant whether it passed its last.

    Args:
        ended: In order of time.
    """
    found = {}
    for outcome in ended:
        if outcome.second >= second:
            break
        found[outcome.account] = outcome.is_passed
    return found


def _of_account(account: str, cases: list[Case], book: Cases) -> Iterable[Outcome]:
    questions = [one for case in cases for one in _questions(case)]
    if not questions:
        return
    first = min(one.second for one in questions)
    passed = [one for one in _passed(account, cases, book) if one >= first]
    yield from (Outcome(second, account, is_passed=True) for second in passed)
    if any(case.appealed_at for case in cases):
        return
    for asked in questions:
        if not any(asked.second <= second <= asked.until for second in passed):
            yield Outcome(asked.until, account, is_passed=False)


def _questions(case: Case) -> Iterable[Decision]:
    """What the guard itself really asked."""
    for decided in case.decisions:
        decision = decided.decision
        if decided.finding and decision.rung is Rung.CHALLENGE and not decision.is_shadow:
            yield decision


def _passed(account: str, cases: list[Case], book: Cases) -> Iterable[int]:
    """When somebody was found to be no farm."""
    for case in cases:
        yield from (answer.second for answer in case.answers if answer.is_passed)
        yield from (settled.second for settled in case.settled if is_taken_back(settled))
    yield from book.permitted_at(account)
