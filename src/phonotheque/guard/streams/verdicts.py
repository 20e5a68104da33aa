"""What workers find, as a verdict that goes where all verdicts go.

Law: a verdict that a sink refused is never passed over: it is taken later, or who hands it on ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from phonotheque.errors import UnavailableError
from phonotheque.guard.ladder import LASTS_S, REVIEW_S
from phonotheque.guard.rungs import FROM_SCORE, Rung
from phonotheque.guard.score.following import Verdict
from phonotheque.guard.score.sinks import Sink
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
_CANARY = "It asked for two tracks that exist nowhere and were shown to nobody."

SUSPENDS_S = min(LASTS_S[Rung.SUSPEND], REVIEW_S)
"""So long somebody is suspended here, where no person looks at it."""


def verdict_of(told: Told) -> Verdict:
    """Return a verdict; its score is the least that leads to its rung."""
    why = _CANARY if told.rung is Rung.SUSPEND else _GROUP if told.by_group else _ALONE
    lasts_s = SUSPENDS_S if told.rung is Rung.SUSPEND else LASTS_S[told.rung]
    until = told.second + lasts_s
    return Verdict(named(told.account), told.rung, FROM_SCORE[told.rung], told.second, until, why)


def take_to(sink: Sink, verdict: Verdict, waits: Callable[[], Iterator[None]]) -> None:
    """Take a verdict to a sink, and again while the sink refuses.

    Args:
        waits: Yields as often as it may be tried.

    Raises:
        UnavailableError: It cannot be delivered.
    """
    failed: UnavailableError | None = None
    for _ in waits():
        try:
            return sink.take(verdict)
        except UnavailableError as error:
            failed = error
    assert failed is not None
    raise failed
