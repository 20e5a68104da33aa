"""What holds now, from the lines of a case book: cases, standings, permits, lessons; pure.

Laws: the same lines give the same cases; what a person settled governs over what the guard decided
before, never over what it finds after; what shadow mode writes down changes nothing of what holds;
a permit ends what the guard decided by itself before it (canaries excepted), and what was ended so
does not come back when the permit does; no later line changes which permit counted at a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import assert_never

from phonotheque.guard.book.entries import (
    Answered,
    Appealed,
    Begun,
    Decided,
    Entry,
    Permitted,
    Settled,
    Wrote,
)
from phonotheque.guard.decisions import DAY_S, Basis, Decision, Finding, Permit
from phonotheque.guard.ladder import Past, Rules, Standing, weigh
from phonotheque.guard.rungs import Rung

_CLEARED_S = 90 * DAY_S
"""What a person took back, or somebody answered for, is not decided again on no more so long."""

_KEPT = (Basis.CANARY, Basis.PERSON)
"""What rests on these a permit leaves as it is, but for a question."""


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
        settled, decision = self.governing, self.decision
        is_nothing = decision.is_shadow if settled is None else settled.rung is Rung.NONE
        return second < decision.appeal_by and not is_nothing

    def is_open_at(self, second: int) -> bool:
        """Whether anything happens by it, or somebody waits for an answer."""
        return bool(self.appealed_at or self.rung_at(second) or self.shadow_rung_at(second))

    def _is_answered_since(self, second: int) -> bool:
        return any(answer.is_passed and answer.second >= second for answer in self.answers)

    def _is_ended_by_permit(self) -> bool:
        """Whether a permit was given for what holds: it answers a question, whoever asked it, and
        ends what the guard decided by itself on anything but canaries."""
        asked = self.decision.rung if self.governing is None else self.governing.rung
        is_own = self.governing is None and self.decision.basis not in _KEPT
        return self.is_permitted and (asked is Rung.CHALLENGE or is_own)


@dataclass
class Cases:
    """The cases of one service; `apply` takes line after line.

    Attributes:
        begun: The first line; None of an empty book.
        by_number: Every case.
        of_account: The last case of each account.
        all_of: All cases of each account, in order.
        permits: All permits of each account, in order; one that is over as it begins ends the last.
    """

    begun: Begun | None = None
    by_number: dict[str, Case] = field(default_factory=dict)
    of_account: dict[str, str] = field(default_factory=dict)
    all_of: dict[str, list[str]] = field(default_factory=dict)
    permits: dict[str, list[Permit]] = field(default_factory=dict)

    def apply(self, entry: Entry) -> None:
        """Take one line.

        Raises:
            KeyError: It is about a case that no line before it opened.
        """
        match entry:
            case Begun():
                self.begun = self.begun or entry
            case Permitted(permit):
                self._permitted(permit)
            case Decided():
                self._decided(entry)
            case Answered():
                case = self.by_number[entry.case]
                self._put(replace(case, answers=(*case.answers, entry)))
            case Wrote():
                case = self.by_number[entry.case]
                self._put(replace(case, written=(*case.written, entry)))
            case Appealed():
                case = self.by_number[entry.case]
                waiting = case.appealed_at or entry.second
                self._put(replace(case, written=(*case.written, entry), appealed_at=waiting))
            case Settled():
                self._settled(self.by_number[entry.case], entry)
            case _:
                assert_never(entry)

    def _decided(self, entry: Decided) -> None:
        decision = entry.decision
        case = self.by_number.get(entry.case)
        if case is None:
            case = Case(number=entry.case, account=decision.account)
            self.all_of.setdefault(case.account, []).append(case.number)
        made = (*case.decisions, entry)
        if decision.is_shadow:  # it changes nothing of what holds
            self._put(replace(case, decisions=made, shadow=decision))
        else:
            self._put(
                replace(case, decisions=made, governing=None, shadow=None, is_permitted=False)
            )
        self.of_account[case.account] = case.number

    def _settled(self, case: Case, entry: Settled) -> None:
        self._put(
            replace(
                case,
                settled=(*case.settled, entry),
                appealed_at=0 if entry.is_appeal else case.appealed_at,
                governing=entry,
                shadow=None,
                is_permitted=False,
            )
        )

    def _permitted(self, permit: Permit) -> None:
        self.permits.setdefault(permit.account, []).append(permit)
        number = self.of_account.get(permit.account)
        if number is not None and permit.is_valid_at(permit.second):
            case = self.by_number[number]
            is_kept = case.shadow is not None and case.shadow.basis in _KEPT
            shadow = case.shadow if is_kept else None
            self._put(replace(case, is_permitted=True, shadow=shadow))

    def _put(self, case: Case) -> None:
        self.by_number[case.number] = case

    def permit_at(self, account: str, second: int) -> Permit | None:
        """The permit of an account that counts at an instant: the last one given until then, if it
        is not over."""
        begun = [one for one in self.permits.get(account, ()) if one.second <= second]
        return begun[-1] if begun and begun[-1].is_valid_at(second) else None

    def permitted_at(self, account: str) -> list[int]:
        """When an account was given permits, in order of the lines; ending one gives none."""
        permits = self.permits.get(account, ())
        return [one.second for one in permits if one.is_valid_at(one.second)]

    def standing(self, account: str, second: int) -> Standing:
        """What the ladder must know of an account at an instant."""
        permit = self.permit_at(account, second)
        number = self.of_account.get(account)
        if number is None:
            return Standing(permit=permit)
        last, cases = self.by_number[number], [self.by_number[n] for n in self.all_of[account]]
        answered = [_answered(case, second) for case in cases]
        permitted = [one for one in self.permitted_at(account) if one <= second]
        asked_at, asked_score = _asked(cases, max(permitted, default=-1))
        return Standing(
            rung=last.rung_at(second),
            permit=permit,
            answered_score=max(score for score, _ in answered),
            answered_groups=frozenset().union(*(groups for _, groups in answered)),
            cleared_score=max(_cleared(case, second) for case in cases),
            forgiven_canaries=max(map(_forgiven, cases)),
            asked_at=asked_at,
            asked_score=asked_score,
            shadow_rung=last.shadow_rung_at(second),
            past=tuple(_past(cases)),
        )

    def case_for(self, account: str, second: int, following: int) -> str:
        """Return the case that a new decision belongs to: the open one of the account, or a new
        one that is named by the line that will be written (`following`)."""
        number = self.of_account.get(account)
        if number is not None and self.by_number[number].is_open_at(second):
            return number
        return f"g{following}"

    def lessons(self) -> Iterator[tuple[Case, Finding]]:
        """Findings on which a decision was made that a person called wrong."""
        for case in self.by_number.values():
            if any(settled.is_wrong for settled in case.settled):
                for decided in case.decisions:
                    if decided.finding is not None and decided.decision.rung >= Rung.CHALLENGE:
                        yield case, decided.finding

    def unlearned(self, rules: Rules, now: int) -> list[tuple[Case, Rung]]:
        """Lessons that the rules of today would get wrong again, with the permits that count.

        Args:
            now: Seconds since 1970; a permit that is over by then keeps nothing away.
        """
        found = []
        for case, finding in self.lessons():
            permit = self.permit_at(case.account, now)
            standing = Standing(permit=permit, forgiven_canaries=_forgiven(case))
            rung, _ = weigh(finding, standing, rules)
            if rung >= Rung.CHALLENGE:
                found.append((case, rung))
        return found


def cases_of(entries: Iterable[Entry]) -> Cases:
    """Return what holds after some lines."""
    cases = Cases()
    for entry in entries:
        cases.apply(entry)
    return cases


def _past(cases: Iterable[Case]) -> Iterator[Past]:
    """What the guard decided about an account, and on what."""
    for case in cases:
        for decided in case.decisions:
            if decided.finding is not None:
                made = decided.decision
                yield Past(
                    rung=made.rung,
                    second=made.second,
                    is_shadow=made.is_shadow,
                    finding=decided.finding,
                )


def _asked(cases: list[Case], permitted_at: int) -> tuple[int, float]:
    """When the guard really asked an account last, or was answered, and the highest score at which
    it asked; what a person asked has no score, so that nobody can say what is more than that. What
    was asked before a permit is settled by it: nobody went on by opening what he was permitted."""
    made = (one for one in _past(cases) if one.rung >= Rung.CHALLENGE and not one.is_shadow)
    asked = [one for one in made if one.second > permitted_at]
    if not asked:
        return 0, 0.0
    answers = [one.second for case in cases for one in case.answers if one.is_passed]
    last = max(*answers, *(one.second for one in asked), 0)
    return last, max(one.finding.best_score for one in asked)


def is_taken_back(settled: Settled) -> bool:
    """Whether a person took a decision back; an appeal that was rejected takes nothing back."""
    return settled.rung is Rung.NONE and (settled.is_wrong or not settled.is_appeal)


def _answered(case: Case, second: int) -> tuple[float, frozenset[str]]:
    """The highest score for which somebody answered well, or that was taken back, not long ago;
    groups too."""
    score, groups = 0.0, set[str]()
    answered = [answer.second for answer in case.answers if answer.is_passed]
    cleared = [settled.second for settled in case.settled if is_taken_back(settled)]
    for at in (one for one in (*answered, *cleared) if second - one < _CLEARED_S):
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
        if is_taken_back(settled) and second - settled.second < _CLEARED_S:
            for decided in case.decisions:
                if decided.finding is not None and decided.decision.second <= settled.second:
                    score = max(score, decided.finding.best_score)
    return score


def _forgiven(case: Case) -> int:
    """Canaries that were asked for before a person said that it was a mistake."""
    wrong_at = max((one.second for one in case.settled if one.is_wrong), default=0)
    hits = (
        decided.finding.canaries
        for decided in case.decisions
        if decided.finding is not None and decided.decision.second <= wrong_at
    )
    return max(hits, default=0)
