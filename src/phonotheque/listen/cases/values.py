"""What the page of a case shows, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from phonotheque.listen.listener import Listener


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was written about a case.

    Attributes:
        at: Instant, ISO 8601 in UTC.
        by: "account", or who wrote for the archive.
        words: "" when they were forgotten.
    """

    at: str
    by: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCase:
    """A case, as its page tells it. Instants are ISO 8601 in UTC, "" for none.

    Attributes:
        number: As "g12".
        happens: What happens now: "nothing", "observed", "less", "asked", "closed".
        is_shadow: It is only written down.
        since, until: Of what was decided last.
        ended: When that was over, was answered or taken back; "" also where a permit ended it.
        review_by: Until when a person looks at it.
        appeal_by: Until when one can object.
        evidence: Why, in the words of whoever decided it last.
        counterfactual: What would have changed it; "" for nothing.
        rule: Version of the rules; "operator" and the like when a person decided.
        is_appealed: An appeal waits for an answer.
        may_appeal: It is not too late to object.
        factor: So many times the budget, by a permit; 1 without one.
        factor_until: Until when, "" without one.
        said: Messages, appeals, answers and what was decided before, in order.
    """

    number: str
    happens: str
    is_shadow: bool
    since: str
    until: str
    ended: str
    review_by: str
    appeal_by: str
    evidence: str
    counterfactual: str
    rule: str
    is_appealed: bool
    may_appeal: bool
    factor: int
    factor_until: str
    said: tuple[Said, ...]


class CaseDesk(Protocol):
    """The cases of an archive, as those see them whom they are about.

    All methods answer for the listener's own account, and in the archive's own rooms for
    everybody's; a case of another is not there.
    """

    def shown(self, number: str, listener: Listener) -> ShownCase:
        """Return a case.

        Raises:
            BadReferenceError: There is none of this number for this listener.
        """

    def appeal(self, number: str, listener: Listener, words: str) -> None:
        """Take an objection, durable on return.

        Raises:
            BadReferenceError: As `shown`.
            BadRequestError: There is nothing in it, or too much.
            ConflictError: It is too late.
        """

    def answer(self, number: str, listener: Listener, words: str) -> bool:
        """Take an answer to the question; whether it is one of a person. Raises as `appeal`."""
