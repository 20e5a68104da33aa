"""In which order people look at cases: a sum of points that anybody can follow; pure.

Law: it is monotone: a stricter decision, stronger evidence, an appeal, an hour of waiting never
move a case back. Whoever is hurt most by being left waiting comes first, not whoever did most.
"""

from __future__ import annotations

from dataclasses import dataclass

from phonotheque.guard.book.case import Case
from phonotheque.guard.decisions import HOUR_S, Basis
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
    rung, shadow = case.rung_at(now), case.shadow_rung_at(now)
    if not case.is_open_at(now):
        return Points((("closed", 0.0),))
    parts = [("what happens", _OF_RUNG[rung])]
    if shadow:
        parts.append(("what would happen", _OF_RUNG[shadow] * _OF_SHADOW))
    if case.appealed_at:
        parts.append(("an appeal", _APPEAL))
    since = case.appealed_at or case.decision.second
    hours = min(max(0.0, (now - since) / HOUR_S), _MOST_HOURS)
    if case.appealed_at or rung is Rung.SUSPEND:
        parts.append(("hours of waiting", hours * _AN_HOUR))
    parts.append(("evidence", _strength(case)))
    return Points(tuple(parts))


def _strength(case: Case) -> float:
    """Points for evidence: the strongest that any decision of the case was made of."""
    if any(decided.decision.basis is Basis.CANARY for decided in case.decisions):
        return _MOST_STRENGTH
    scores = (decided.finding.score for decided in case.decisions if decided.finding is not None)
    return min(_MOST_STRENGTH, max(scores, default=0.0) * _STRENGTH)
