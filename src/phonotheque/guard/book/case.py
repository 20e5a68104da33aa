"""All that was done about one account, and what holds for it at an instant; pure.

Laws: what a person settled governs over what the guard decided before, never over what it finds
after, and his reason is the one that is told; an appeal that was rejected changes neither reason
nor time; what shadow mode writes down changes nothing of what holds; a permit ends what the guard
decided by itself before it (canaries excepted), and what was ended so does not come back when the
permit does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from phonotheque.guard.book.entries import Answered, Appealed, Decided, Settled, Wrote
from phonotheque.guard.decisions import Basis, Decision
from phonotheque.guard.ladder import APPEAL_S
from phonotheque.guard.rungs import Rung

_KEPT = (Basis.CANARY, Basis.PERSON)
"""What rests on these a permit leaves as it is, but for a question."""


LOOK_AGAIN = "A person decided it, and can be asked to look again."
"""What is said where a person decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """On what rests that which governs now.

    Attributes:
        evidence: Why, in the words of whoever decided it.
        counterfactual: What would have changed it; "" of what was taken back.
        second: Since when, in seconds since 1970.
        basis: What it rests on.
        by: Who decided: "guard", or a person's name with this service.
        appeal_by: Until when it can be objected to.
        thresholds: Names and values that were in force; () of what a person settled.
        upheld_by: Who rejected an appeal against it last; "" for nobody.
    """

    evidence: str
    counterfactual: str
    second: int
    basis: Basis
    by: str
    appeal_by: int
    thresholds: tuple[tuple[str, float], ...] = ()
    upheld_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that was done about one account, from a first decision on.

    Attributes:
        number: Its name: "g12" follows from the 12th line.
        decisions: In order, each with what it was made of.
        answers: Whether the question was answered well, each time.
        written: Messages and appeals, in order.
        settled: What people decided, in order.
        appealed_at: Second of an appeal that waits for an answer; 0 when none does.
        governing: What a person settled since the last decision that counts; None where nobody did.
        shadow: What shadow mode wrote down since the last decision that counts, or was settled.
        is_permitted: Whether the account was given a permit since then.
    """

    number: str
    account: str
    decisions: tuple[Decided, ...] = ()
    answers: tuple[Answered, ...] = ()
    written: tuple[Wrote | Appealed, ...] = ()
    settled: tuple[Settled, ...] = ()
    appealed_at: int = 0
    governing: Settled | None = None
    shadow: Decision | None = None
    is_permitted: bool = False

    @property
    def decision(self) -> Decision:
        """The last decision that counts; where none does, the last of shadow mode."""
        made = [decided.decision for decided in self.decisions]
        return next((one for one in reversed(made) if not one.is_shadow), made[-1])

    @property
    def grounds(self) -> Grounds:
        """On what rests that which governs."""
        settled, decision, upheld_by = self.governing, self.decision, ""
        if settled is not None and settled.is_appeal and not is_taken_back(settled):
            upheld_by = settled.by
            since = (one for one in reversed(self.settled) if one.second >= decision.second)
            settled = next((one for one in since if not one.is_appeal), None)
        if settled is None:
            return Grounds(
                evidence=decision.evidence,
                counterfactual=decision.counterfactual,
                second=decision.second,
                basis=decision.basis,
                by=decision.by,
                appeal_by=decision.appeal_by,
                thresholds=decision.thresholds,
                upheld_by=upheld_by,
            )
        return Grounds(
            evidence=settled.reason,
            counterfactual=LOOK_AGAIN if settled.rung else "",
            second=settled.second,
            basis=Basis.PERSON,
            by=settled.by,
            appeal_by=settled.second + APPEAL_S,
            upheld_by=upheld_by,
        )

    @property
    def opened_at(self) -> int:
        """Second of the first decision."""
        return self.decisions[0].decision.second

    def rung_at(self, second: int) -> Rung:
        """What happens to the account at an instant, by this case."""
        settled, decision = self.governing, self.decision
        if settled is not None:
            rung = settled.rung if second < settled.until else Rung.NONE
        else:
            rung = decision.rung_at(second)
        asked_at = decision.second if settled is None else settled.second
        if rung is Rung.CHALLENGE and self._is_answered_since(asked_at):
            return Rung.NONE
        return Rung.NONE if rung > Rung.OBSERVE and self._is_ended_by_permit() else rung

    def ends_at(self, second: int) -> tuple[int, int]:
        """When what happens at an instant ends, and from when on a suspension is a challenge (0:
        never); by this case, if nobody changes it."""
        if self.governing is not None:
            return self.governing.until, 0
        decision = self.decision
        is_reviewed_later = decision.rung_at(second) is Rung.SUSPEND
        return decision.until, decision.review_by if is_reviewed_later else 0

    def shadow_rung_at(self, second: int) -> Rung:
        """What would happen, did the decisions of shadow mode count."""
        if self.shadow is None:
            return Rung.NONE
        return replace(self.shadow, is_shadow=False).rung_at(second)

    def may_appeal_at(self, second: int) -> bool:
        """Whether there is something that can be objected to: what was carried out within half a
        year, and was not settled to be nothing."""
        settled = self.governing
        is_nothing = self.decision.is_shadow if settled is None else settled.rung is Rung.NONE
        return second < self.grounds.appeal_by and not is_nothing

    def is_open_at(self, second: int) -> bool:
        """Whether anything happens by it, or somebody waits for an answer."""
        return bool(self.appealed_at or self.rung_at(second) or self.shadow_rung_at(second))

    def waits_at(self, second: int) -> bool:
        """Whether it is for a person to look at: it is open, and nobody looked since the guard
        decided, or an appeal waits."""
        if self.appealed_at or self.shadow_rung_at(second):
            return True
        is_seen = self.governing is not None or self.decision.basis is Basis.PERSON
        return bool(self.rung_at(second)) and not is_seen

    def ended_at(self, second: int) -> int:
        """When what was decided was over by itself, was answered or taken back; 0 when it is not,
        or a permit ended it."""
        if self.governing is not None and is_taken_back(self.governing):
            return self.governing.second
        asked_at = self.grounds.second
        answered = [one.second for one in self.answers if one.is_passed and one.second >= asked_at]
        ends = [one for one in (*answered[:1], self.ends_at(second)[0]) if one <= second]
        return 0 if self.rung_at(second) else min(ends, default=0)

    def permitted(self) -> Case:
        """The same case once a permit was given; what only shadow mode wrote down is over, but for
        what a permit leaves."""
        is_kept = self.shadow is not None and self.shadow.basis in _KEPT
        return replace(self, is_permitted=True, shadow=self.shadow if is_kept else None)

    def _is_answered_since(self, second: int) -> bool:
        return any(answer.is_passed and answer.second >= second for answer in self.answers)

    def _is_ended_by_permit(self) -> bool:
        """Whether a permit was given for what holds: it answers a question, whoever asked it, and
        ends what the guard decided by itself on anything but canaries."""
        asked = self.decision.rung if self.governing is None else self.governing.rung
        is_own = self.governing is None and self.decision.basis not in _KEPT
        return self.is_permitted and (asked is Rung.CHALLENGE or is_own)


def is_taken_back(settled: Settled) -> bool:
    """Whether a person took a decision back; an appeal that was rejected takes nothing back."""
    return settled.rung is Rung.NONE and (settled.is_wrong or not settled.is_appeal)
