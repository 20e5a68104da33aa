"""All cases of one service, from the lines of its book; pure.

Laws: the same lines give the same cases; no later line changes which permit counted at a second.
What holds by one case: `phonotheque.guard.book.case`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import assert_never

from phonotheque.guard.book.case import Case, is_taken_back
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
from phonotheque.guard.book.standing import forgiven_canaries, standing_of
from phonotheque.guard.decisions import Finding, Permit
from phonotheque.guard.ladder import Rules, Standing, weigh
from phonotheque.guard.rungs import Rung


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
        is_answered = entry.is_appeal or is_taken_back(entry)
        self._put(
            replace(
                case,
                settled=(*case.settled, entry),
                appealed_at=0 if is_answered else case.appealed_at,
                governing=entry,
                shadow=None,
                is_permitted=False,
            )
        )

    def _permitted(self, permit: Permit) -> None:
        self.permits.setdefault(permit.account, []).append(permit)
        number = self.of_account.get(permit.account)
        if number is not None and permit.is_valid_at(permit.second):
            self._put(self.by_number[number].permitted())

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
        cases = [self.by_number[one] for one in self.all_of[account]]
        permitted = self.permitted_at(account)
        return standing_of(self.by_number[number], cases, permit, permitted, second)

    def case_for(self, account: str, second: int, following: int) -> str:
        """Return the case that a new decision belongs to: the open one of the account, or a new
        one that is named by the line that will be written (`following`)."""
        number = self.of_account.get(account)
        if number is not None and self.by_number[number].is_open_at(second):
            return number
        return f"g{following}"

    def called_wrong(self) -> list[Case]:
        """Cases in which a person took a decision back because it was wrong."""
        every = self.by_number.values()
        return [case for case in every if any(settled.is_wrong for settled in case.settled)]

    def lessons(self) -> Iterator[tuple[Case, Finding]]:
        """Findings on which the guard asked or suspended, and that a person called wrong."""
        for case in self.called_wrong():
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
            standing = Standing(permit=permit, forgiven_canaries=forgiven_canaries(case))
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
