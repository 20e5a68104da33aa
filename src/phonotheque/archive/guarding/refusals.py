"""What the door says to whoever is refused: why, when to come again, and what can be done; pure.

Law: a refusal names the page of its case, where there is one, and what plays all the same.
"""

from __future__ import annotations

from dataclasses import replace

from phonotheque.guard.budgets import DAY, HOUR, MONTH, Ask
from phonotheque.guard.verdicts import VerdictRow
from phonotheque.listen.gate import ABOUT_GUARD, Refusal

_HEARD = "What was heard before, and all that is free, still plays."
_SUSPENDED_S = HOUR


def spent(account: str, refused: Ask, halved: VerdictRow | None = None) -> Refusal:
    """A budget is used up; that of a case where it is halved by one."""
    limit = refused.limit
    told = "" if limit is None else f": {limit.tracks:,} in {_SPANS.get(limit.seconds, 'a time')}"
    found = Refusal(
        int(refused.wait_s) + 1,
        f"the budget for recordings that are new to you and may only be heard is used{told}"
        f"{_case(halved)}",
        f"Wait a little. {_HEARD}",
        account,
        is_over_budget=True,
    )
    if halved is None:
        return found
    return replace(found, page=_page(halved), act="Read why it is halved")


_SPANS = {HOUR: "an hour", DAY: "a day", MONTH: "30 days"}


def asked(account: str, row: VerdictRow | None) -> Refusal:
    """A question waits."""
    case = _case(row)
    return Refusal(
        HOUR,
        f"a question waits for your answer before more is opened that may only be heard{case}",
        _HEARD,
        account,
        page=_page(row),
        act="Answer the question",
    )


def suspended(account: str, row: VerdictRow | None, now: float) -> Refusal:
    """What may only be heard is closed."""
    until = 0 if row is None else (row.asked_from or row.until)
    return Refusal(
        max(1, min(int(until - now), _SUSPENDED_S * 24)),
        f"what may only be heard is closed to you for now{_case(row)}",
        "All that is free still plays.",
        account,
        page=_page(row),
        act="Read why, until when, and how to object",
    )


def _case(row: VerdictRow | None) -> str:
    return f" (case g{row.case})" if row is not None and row.case else ""


def _page(row: VerdictRow | None) -> str:
    return f"/case/g{row.case}" if row is not None and row.case else ABOUT_GUARD
