"""The cases of one archive as those see them whom they are about. See `listen.cases.values`.

An answer to the question is one of a person when it has some words of its own: the same words that
came from another account within 30 days are none, and the question stays. Nothing else follows from
that: two people may well say the same. It stops nobody who lets a program write; it makes each
account cost an answer that a person may read, and no picture puzzle keeps anybody out.

Laws: whoever asks for cases that are not his own costs a look at the entries of the book
(`kept_cases`); while the book cannot be read, no case is shown or written to, whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from phonotheque.archive.guarding.desk import GuardDesk
from phonotheque.archive.guarding.kept_cases import KeptCases
from phonotheque.archive.guarding.words import digest_of, words_of
from phonotheque.errors import (
    BadReferenceError,
    BadRequestError,
    ConflictError,
    PhonothequeError,
    UnavailableError,
)
from phonotheque.guard.book.case import Case
from phonotheque.guard.book.cases import Cases
from phonotheque.guard.book.entries import Appealed, Settled
from phonotheque.guard.decisions import DAY_S, Permit
from phonotheque.guard.instants import instant_of
from phonotheque.guard.rungs import Rung
from phonotheque.listen.cases.values import Said, ShownCase
from phonotheque.listen.listener import Listener

_HAPPENS = {
    Rung.NONE: "nothing",
    Rung.OBSERVE: "observed",
    Rung.BUDGET: "less",
    Rung.CHALLENGE: "asked",
    Rung.SUSPEND: "closed",
}
_OF_AN_ADDRESS = (
    "This is about an address, behind which there may be several people, and need not be about "
    "you. Why it was decided, and what was written about it, is told to whoever asks the archive."
)
_FEWEST_LETTERS = 15
_SAME_WITHIN_S = 30 * DAY_S


@dataclass(frozen=True, slots=True)
class Concerned:
    """The accounts that a listener is.

    Attributes:
        own: By his token.
        addresses: By his address, which may be that of many.
    """

    own: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


class ConcernedDesk:
    """The cases at the listening door. Threads may share it.

    Args:
        desk: Where cases are dealt with.
        concerned: Says which accounts a listener is.

    Attributes:
        kept: The book, as it was read last.
    """

    def __init__(self, desk: GuardDesk, concerned: Callable[[Listener], Concerned]) -> None:
        self.desk = desk
        self.concerned = concerned
        self.kept = KeptCases(desk)

    def shown(self, number: str, listener: Listener) -> ShownCase:
        """Return a case as its page tells it."""
        case, cases = self._own(number, listener)
        is_staff, own = listener.place.is_premises, self.concerned(listener).own
        permit = cases.permit_at(case.account, self.desk.now)
        return self._shown(case, permit, is_whole=is_staff or case.account in own)

    def appeal(self, number: str, listener: Listener, words: str) -> None:
        """Take an objection."""
        self._own(number, listener)
        self.desk.appeal(number, words)

    def answer(self, number: str, listener: Listener, words: str) -> bool:
        """Take an answer to the question."""
        case, cases = self._own(number, listener)
        now = self.desk.now
        if case.rung_at(now) is not Rung.CHALLENGE:
            raise ConflictError(number, "no question waits for an answer", "Read its page again.")
        if len(words.strip()) < _FEWEST_LETTERS:
            todo = "Say in a sentence what you are listening for."
            raise BadRequestError("The answer", "it is too short", todo)
        is_passed = not _is_known(cases, case.account, digest_of(words), now - _SAME_WITHIN_S)
        self.desk.answer(number, words, is_passed=is_passed)
        return is_passed

    def _own(self, number: str, listener: Listener) -> tuple[Case, Cases]:
        cases = self._read()
        case = cases.by_number.get(number)
        is_staff = listener.place.is_premises  # not this machine: a proxy may hide who asks
        concerned = self.concerned(listener)
        accounts = (*concerned.own, *concerned.addresses)
        if case is None or not (is_staff or case.account in accounts):
            wrong = "there is no case of this number for whoever asks"
            todo = "Open it where you listened: with the same browser, from the same network."
            raise BadReferenceError(number[:20], wrong, todo)
        return case, cases

    def _read(self) -> Cases:
        """The book. Of what is wrong with it the operator is told, and nobody who asks."""
        try:
            return self.kept.read()
        except PhonothequeError as error:
            todo = "Come again later, or write to whoever runs this service."
            raise UnavailableError("Cases", "they cannot be read for now", todo) from error

    def _shown(self, case: Case, permit: Permit | None, *, is_whole: bool) -> ShownCase:
        """The page of a case; of an address all behind it see what happens and how to object, and
        not how much was seen, nor what one of them wrote."""
        now, grounds = self.desk.now, case.grounds
        rung, review_by = case.rung_at(now), case.decision.review_by
        is_waiting = rung is Rung.SUSPEND and review_by > now and not case.governing
        ended_at = case.ended_at(now)
        return ShownCase(
            number=case.number,
            happens=_HAPPENS[rung],
            is_shadow=case.shadow_rung_at(now) is not Rung.NONE,
            since=instant_of(grounds.second),
            until=instant_of(case.ends_at(now)[0]),
            ended=instant_of(ended_at) if ended_at else "",
            review_by=instant_of(review_by) if is_waiting else "",
            appeal_by=instant_of(grounds.appeal_by),
            evidence=grounds.evidence if is_whole else _OF_AN_ADDRESS,
            counterfactual=grounds.counterfactual if is_whole else "",
            rule=_decided_by(grounds.by, case.decision.rule, grounds.upheld_by),
            is_appealed=bool(case.appealed_at),
            may_appeal=case.may_appeal_at(now),
            factor=permit.factor if permit else 1,
            factor_until=instant_of(permit.until) if permit else "",
            said=tuple(self._said(case)) if is_whole else (),
        )

    def _said(self, case: Case) -> list[Said]:
        """What was written, and what was decided before, in order."""
        before = [one.decision for one in case.decisions if not one.decision.is_shadow]
        found = [
            (one.second, Said(instant_of(one.second), _decided_by(one.by, one.rule), one.evidence))
            for one in before
            if one.evidence != case.grounds.evidence
        ]
        for entry in (*case.written, *case.answers, *case.settled):
            if isinstance(entry, Settled):
                by, words = entry.by, entry.reason
            else:
                by = "account" if isinstance(entry, Appealed) else getattr(entry, "by", "account")
                words = words_of(self.desk.disk, entry.case, entry.words) or ""
            found.append((entry.second, Said(instant_of(entry.second), by, words)))
        return [said for _, said in sorted(found, key=lambda one: one[0])]


def _decided_by(by: str, rule: str, upheld_by: str = "") -> str:
    """Whose decision it is, and who let it stand."""
    decided = f"the guard, rules {rule}" if by == "guard" else by
    return f"{decided}; an objection was looked at by {upheld_by}" if upheld_by else decided


def _is_known(cases: Cases, account: str, digest: str, since: int) -> bool:
    """Whether these words came from another account not long ago."""
    return any(
        answer.words == digest and answer.second >= since
        for case in cases.by_number.values()
        if case.account != account
        for answer in case.answers
    )
