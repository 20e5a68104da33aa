"""What the ladder must know of an account, from all its cases; pure.

Law: what was answered well, or taken back by a person, weighs for 90 days; what was asked before a
permit is settled by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from phonotheque.guard.book.case import Case, is_taken_back
from phonotheque.guard.decisions import Basis, Permit
from phonotheque.guard.ladder import CLEARED_S, Past, Standing
from phonotheque.guard.rungs import Rung


def standing_of(
    last: Case,
    cases: Sequence[Case],
    permit: Permit | None,
    permitted: Iterable[int],
    second: int,
) -> Standing:
    """Return how an account stands at an instant.

    Args:
        last: The case that holds.
        cases: All of the account, in order.
        permit: The one that counts then.
        permitted: When permits were given.
        second: The instant, since 1970.
    """
    answered = [_answered(case, second) for case in cases]
    asked_at, asked_score = _asked(cases, max((at for at in permitted if at <= second), default=-1))
    return Standing(
        rung=last.rung_at(second),
        permit=permit,
        answered_score=max(score for score, _ in answered),
        answered_groups=frozenset().union(*(groups for _, groups in answered)),
        cleared_score=max(_cleared(case, second) for case in cases),
        forgiven_canaries=max(map(forgiven_canaries, cases)),
        asked_at=asked_at,
        asked_score=asked_score,
        shadow_rung=last.shadow_rung_at(second),
        past=tuple(_past(cases)),
    )


def _past(cases: Iterable[Case]) -> Iterator[Past]:
    """What the guard decided about an account, and on what."""
    for case in cases:
        for decided in case.decisions:
            if decided.finding is not None:
                made = decided.decision
                yield Past(
                    rung=made.rung,
                    basis=made.basis,
                    second=made.second,
                    is_shadow=made.is_shadow,
                    finding=decided.finding,
                )


def _asked(cases: Sequence[Case], permitted_at: int) -> tuple[int, float]:
    """When the guard really asked an account last, or was answered, and the highest score at which
    it asked; what a person asked has no score, so that nobody can say what is more than that; who
    was suspended for canaries was asked nothing. What was asked before a permit is settled by it:
    nobody went on by opening what he was permitted."""
    made = (one for one in _past(cases) if one.rung >= Rung.CHALLENGE and not one.is_shadow)
    asked = [one for one in made if one.second > permitted_at and not _is_without_question(one)]
    if not asked:
        return 0, 0.0
    answers = [one.second for case in cases for one in case.answers if one.is_passed]
    last = max(*answers, *(one.second for one in asked), 0)
    return last, max(one.finding.best_score for one in asked)


def _is_without_question(past: Past) -> bool:
    return past.rung is Rung.SUSPEND and past.basis is Basis.CANARY


def _answered(case: Case, second: int) -> tuple[float, frozenset[str]]:
    """The highest score for which somebody answered well, or that was taken back, not long ago;
    groups too."""
    score, groups = 0.0, set[str]()
    answered = [answer.second for answer in case.answers if answer.is_passed]
    cleared = [settled.second for settled in case.settled if is_taken_back(settled)]
    for at in (one for one in (*answered, *cleared) if second - one < CLEARED_S):
        for decided in case.decisions:
            finding = decided.finding
            if finding is not None and decided.decision.second <= at:
                score = max(score, finding.best_score)
                if finding.group is not None:
                    groups.add(finding.group.name)
    return score, frozenset(groups)


def _cleared(case: Case, second: int) -> float:
    """The score of what a person took back not long ago."""
    score = 0.0
    for settled in case.settled:
        if is_taken_back(settled) and second - settled.second < CLEARED_S:
            for decided in case.decisions:
                if decided.finding is not None and decided.decision.second <= settled.second:
                    score = max(score, decided.finding.best_score)
    return score


def forgiven_canaries(case: Case) -> int:
    """Canaries that were asked for before a person said that it was a mistake."""
    wrong_at = max((one.second for one in case.settled if one.is_wrong), default=0)
    hits = (
        decided.finding.canaries
        for decided in case.decisions
        if decided.finding is not None and decided.decision.second <= wrong_at
    )
    return max(hits, default=0)
