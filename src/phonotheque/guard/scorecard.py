"""In which order people look at cases: a sum of points that anybody can follow; pure.

Law: it is monotone: while a case is open, a stricter decision, stronger evidence, an appeal, an
hour of waiting never move it back. Whoever is hurt most by being left waiting comes first, not
whoever did most: hours count while a suspension waits for a person's look, also when that was
missed and it became a question, and while an appeal waits; of what a person decided they do not.
"""

from __future__ import annotations

from dataclasses import dataclass

from phonotheque.guard.book.case import Case
from phonotheque.guard.decisions import HOUR_S, Basis, Decision
from phonotheque.guard.rungs import Rung

_APPEAL = 100.0
_OF_RUNG = {
    Rung.NONE: 0.0,
    Rung.OBSERVE: 1.0,
    Rung.BUDGET: 5.0,
    Rung.CHALLENGE: 10.0,
    Rung.SUSPEND: 60.0,
}
_AN_HOUR = 0.5
_MOST_HOURS = 30 * 24.0
_STRENGTH, _MOST_STRENGTH = 2.0, 10.0
_OF_SHADOW = 0.1


@dataclass(frozen=True, slots=True)
class Points:
    """Why a case stands where it stands.

    Attributes:
        parts: Names and points of each part.
    """

    parts: tuple[tuple[str, float], ...]

    @property
    def total(self) -> float:
        """All of them; the most comes first."""
        return sum(points for _, points in self.parts)


def points_of(case: Case, now: int) -> Points:
    """Return the points of a case at an instant (seconds since 1970)."""
    if not case.is_open_at(now):
        return Points((("closed", 0.0),))
    unseen = _unseen(case)
    parts = [("what was decided", _decided(case, unseen))]
    if case.appealed_at:
        parts.append(("an appeal", _APPEAL))
    waiting = [one.second for one in unseen if one.review_by and not one.is_shadow]
    if case.appealed_at:
        waiting.append(case.appealed_at)
    if waiting:
        hours = min(max(0.0, (now - min(waiting)) / HOUR_S), _MOST_HOURS)
        parts.append(("hours of waiting", hours * _AN_HOUR))
    parts.append(("evidence", _strength(case)))
    return Points(tuple(parts))


def _unseen(case: Case) -> list[Decision]:
    """What the guard decided since a person looked last, in order."""
    made = [decided.decision for decided in case.decisions]
    own = max((place for place, one in enumerate(made) if one.basis is Basis.PERSON), default=-1)
    looked_at = max((one.second for one in case.settled), default=0)
    later = [one for one in made[own + 1 :] if one.second >= looked_at]
    return [one for one in later if one.is_shadow or case.governing is None]


def _decided(case: Case, unseen: list[Decision]) -> float:
    """Points for the strictest of what a person decided last, and the guard since. That its time
    is over takes none away: a case that is still open waits for an answer."""
    found = [_OF_RUNG[_persons(case)]]
    found += [_OF_RUNG[one.rung] * (_OF_SHADOW if one.is_shadow else 1.0) for one in unseen]
    return max(found)


def _persons(case: Case) -> Rung:
    """What a person decided last; of two in one second the stricter."""
    if case.governing is not None:
        return case.governing.rung
    made = [one.decision for one in case.decisions if one.decision.basis is Basis.PERSON]
    looks = [(one.second, one.rung) for one in made[-1:]]
    looks += [(one.second, one.rung) for one in case.settled[-1:]]
    return max(looks, default=(0, Rung.NONE))[1]


def _strength(case: Case) -> float:
    """Points for evidence: the strongest that any decision of the case was made of."""
    if any(decided.decision.basis is Basis.CANARY for decided in case.decisions):
        return _MOST_STRENGTH
    scores = (decided.finding.score for decided in case.decisions if decided.finding is not None)
    return min(_MOST_STRENGTH, max(scores, default=0.0) * _STRENGTH)
