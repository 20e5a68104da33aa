"""What a log tells: who stands out, and what budgets would have done."""

from __future__ import annotations

from dataclasses import dataclass

from phonotheque.guard.budgets import Limit
from phonotheque.guard.calibration import LEAST_ACCOUNTS
from phonotheque.guard.rungs import Rung, rung_of
from phonotheque.guard.score.visits import Account, Counted

LEAST_VISITORS = LEAST_ACCOUNTS
"""So many must have fetched what is not popular before it is known what is ordinary."""

IN_SEQUENCE = 0.5
"""Share of items that followed the number before, from which somebody counts through them."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """An account that stands out.

    Attributes:
        number: Of the account in the log.
        score: 1 is at the threshold; None where too few ask to have one.
        items: Different ones that it fetched.
        share: Of all items that anybody fetched.
        rare: Items that at most one other had.
        in_sequence: Items that followed the number before.
        hours: Of the day, in UTC, in which it came.
        first, last: Seconds since 1970.
        beyond: Items that each budget of `Report.budgets` would have kept waiting.
        needed: Items that nobody else has which would have been too many; None likewise.
        examples: Items that it fetched: the first, the middle and the last one.
    """

    number: int
    account: Account
    score: float | None
    items: int
    share: float
    rare: int
    in_sequence: int
    hours: int
    first: int
    last: int
    beyond: tuple[int, ...]
    needed: int | None
    examples: tuple[str, ...]

    @property
    def rung(self) -> Rung:
        """What a guard would do, after it had looked again."""
        if self.score is not None:
            return rung_of(self.score)
        return Rung.BUDGET if any(self.beyond) else Rung.OBSERVE

    @property
    def counts_through(self) -> bool:
        """Whether it takes items in the order of their numbers."""
        return self.in_sequence > IN_SEQUENCE * self.items


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """What a budget would have done.

    Attributes:
        limit: New items within a time.
        others: Accounts that are not suspected and would have met it, of `Report.others`.
        suspects: Suspects that would have met it.
        kept_back: Items that suspects would not have had at once.
    """

    limit: Limit
    others: int
    suspects: int
    kept_back: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a log tells.

    Attributes:
        logs: Names of what was read.
        counted: Lines and what they were.
        accounts: That were looked at one by one.
        robots: Of them, those that call themselves so.
        items: Different ones that were fetched, estimated.
        visitors: Of the accounts, those that say what is ordinary: no robots by their own word, and
            they fetched something that is not popular. With fewer than `LEAST_VISITORS` nobody has
            a score.
        thresholds: Bits of an hour, a day, a month; None where too few ask to have them.
        suspects: The highest score first.
        others: Accounts that are neither suspects nor robots by their own word.
        budgets: What each would have done.
        most: Items of the one in a thousand of the others that had most.
        notes: What else must be said.
    """

    logs: tuple[str, ...]
    counted: Counted
    accounts: int
    robots: int
    items: int
    visitors: int
    thresholds: tuple[float, float, float] | None
    suspects: tuple[Suspect, ...]
    others: int
    budgets: tuple[BudgetUse, ...]
    most: int
    notes: tuple[str, ...] = ()
