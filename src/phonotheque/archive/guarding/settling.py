"""What people do with cases: look at one, answer an appeal, forget what was written."""

from __future__ import annotations

from dataclasses import dataclass

from phonotheque.archive.guarding.desk import GuardDesk, known
from phonotheque.archive.guarding.words import forget_words, words_of
from phonotheque.guard.book.case import Case
from phonotheque.guard.book.entries import Settled
from phonotheque.guard.decisions import DAY_S, Permit
from phonotheque.guard.ladder import LASTS_S
from phonotheque.guard.rungs import Rung


@dataclass(frozen=True, slots=True)
class Settling:
    """What a person found on looking at a case.

    Attributes:
        rung: What holds from now on.
        by: Who looked.
        reason: Why, in words that name nobody.
        days: For how many days; None for as long as the rung lasts.
        is_wrong: The guard should not have decided it.
    """

    rung: Rung
    by: str
    reason: str
    days: int | None = None
    is_wrong: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What an appeal is answered.

    Attributes:
        permit: Given with it.
    """

    by: str
    reason: str
    is_accepted: bool
    permit: Permit | None = None


def settle(desk: GuardDesk, number: str, settling: Settling) -> Case:
    """Settle a case. Raises as `GuardDesk.settle`."""
    lasts_s = LASTS_S.get(settling.rung, 0) if settling.days is None else settling.days * DAY_S
    settled = Settled(
        number, desk.now, settling.rung, desk.now + lasts_s, settling.by, settling.reason,
        is_wrong=settling.is_wrong,
    )  # fmt: skip
    return desk.settle(number, settled)


def answer_appeal(desk: GuardDesk, number: str, answer: Answer) -> Case:
    """Answer an appeal: the decision is taken back, or it holds as it does.

    Raises:
        BadReferenceError: There is no such case.
        ConflictError: Nobody waits for an answer.
    """
    settled = Settled(
        number, desk.now, Rung.NONE, desk.now, answer.by, answer.reason,
        is_appeal=True, is_wrong=answer.is_accepted,
    )  # fmt: skip
    return desk.settle(number, settled, answer.permit)


def forget_case(desk: GuardDesk, number: str) -> int:
    """Forget all texts of a case; return how many there were.

    Raises:
        BadReferenceError: There is no such case.
    """
    case = known(desk.read().cases, number)
    digests = {entry.words for entry in (*case.written, *case.answers) if entry.words}
    kept = [digest for digest in digests if words_of(desk.disk, number, digest) is not None]
    for digest in kept:
        forget_words(desk.disk, number, digest)
    return len(kept)
