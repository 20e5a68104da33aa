"""What workers find, as a verdict that goes where all verdicts go; pure."""

from __future__ import annotations

from phonotheque.guard.ladder import LASTS_S
from phonotheque.guard.rungs import FROM_SCORE, Rung
from phonotheque.guard.score.following import Verdict
from phonotheque.guard.streams.rows import named
from phonotheque.guard.streams.telling import Told

_ALONE = (
    "It opened more tracks that were new to it and that hardly anybody plays than hardly any "
    "account here ever did."
)
_GROUP = (
    "It is one of a group of accounts that have far fewer tracks in common than people with such "
    "tastes have."
)
_CANARY = "It asked twice for tracks that exist nowhere and were shown to nobody."


def verdict_of(told: Told) -> Verdict:
    """Return a verdict; its score is the least that leads to its rung."""
    why = _CANARY if told.rung is Rung.SUSPEND else _GROUP if told.by_group else _ALONE
    until = told.second + LASTS_S[told.rung]
    return Verdict(named(told.account), told.rung, FROM_SCORE[told.rung], told.second, until, why)
