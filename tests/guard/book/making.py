"""A book with a case of every kind in it."""

from __future__ import annotations

from phonotheque.archive.guarding.desk import GuardDesk
from phonotheque.disk import LocalDisk
from phonotheque.guard.book.entries import Settled
from phonotheque.guard.decisions import DAY_S, Finding, Group, Permit, Recount, Use
from phonotheque.guard.rungs import Rung

BEGIN = 1_800_000_000
GROUP = Group(name="a1", accounts=312, shared=5, expected=80.4)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: float = BEGIN) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def account(number: int) -> str:
    """The name of an account."""
    return f"{number:016x}"


def new_desk(root, clock=None, shadow_days=0):
    """A desk whose service is not new any more."""
    return GuardDesk(root, LocalDisk(root, mode=0o600), clock or Clock(), shadow_days)


def canaries(number, second=BEGIN, hits=2):
    """A finding that suspends."""
    return Finding(account=account(number), second=second, canaries=hits)


def grouped(number, second=BEGIN):
    """A finding that asks."""
    return Finding(account=account(number), second=second, score=0.4, group=GROUP)


def counted(number, score, second=BEGIN):
    """A finding whose tracks were counted one by one."""
    recount = Recount(
        new_tracks=10, rare_tracks=9, rare_below=2, days=14, weights=(score * 10,) * 10,
        threshold=100.0,
    )  # fmt: skip
    return Finding(account=account(number), second=int(second), score=score, recount=recount)


def permit_for(number, second, *, days):
    """A permit; of 0 days: the one before is over."""
    until = second + days * DAY_S
    return Permit(
        account=account(number), use=Use.DJ, factor=5, second=second, until=until, by="ann"
    )


def write_some(desk):
    """Decide, object, answer, settle, permit: ten lines."""
    desk.take(canaries(1))
    desk.take(grouped(2))
    desk.appeal("g2", "It was my feed reader.")
    desk.write("g2", "ann", "Which one?")
    desk.answer("g3", "I dig for obscure records.", is_passed=True)
    back = Settled(
        "g2", desk.now, Rung.NONE, 0, "ann", "A reader that counts up.", is_appeal=True,
        is_wrong=True,
    )  # fmt: skip
    until = desk.now + 90 * DAY_S
    permit = Permit(
        account=account(1), use=Use.OTHER, factor=2, second=desk.now, until=until, by="ann",
        case="g2",
    )  # fmt: skip
    desk.settle("g2", back, permit)
    desk.decide(account(3), Rung.BUDGET, "ann", "Asked for by the label.")
