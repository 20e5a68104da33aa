"""What the door says to whoever is refused: why, when to come again, and what can be done; pure.

Law: a refusal names the page of its case, where there is one, and what plays all the same.
"""

from __future__ import annotations

from phonotheque.guard.budgets import DAY, HOUR, MONTH, Ask
from phonotheque.guard.verdicts import VerdictRow
from phonotheque.listen.gate import Refusal

_BULK = "All that is free can be had at once at the bulk door: /torrents/."
_HEARD = "What was heard before, and all that is free, still plays."
_SUSPENDED_S = HOUR


def spent(account: str, refused: Ask) -> Refusal:
    """A budget is used up."""
    limit = refused.limit
    told = "" if limit is None else f": {limit.tracks:,} in {_SPANS.get(limit.seconds, 'a time')}"
    return Refusal(
        int(refused.wait_s) + 1,
        f"the budget for recordings that are new to you and may only be heard is used{told}",
        f"Wait a little. {_HEARD} {_BULK}",
        account,
        is_over_budget=True,
    )


_SPANS = {HOUR: "an hour", DAY: "a day", MONTH: "30 days"}


def asked(account: str, row: VerdictRow | None) -> Refusal:
    """A question waits."""
    case = _case(row)
    return Refusal(
        HOUR,
        f"a question waits for your answer before more is opened that may only be heard{case}",
        f"Answer it at {_page(row)}. {_HEARD} {_BULK}",
        account,
    )


def suspended(account: str, row: VerdictRow | None, now: float) -> Refusal:
    """What may only be heard is closed."""
    until = 0 if row is None else (row.asked_from or row.until)
    return Refusal(
        max(1, min(int(until - now), _SUSPENDED_S * 24)),
        f"what may only be heard is closed to you for now{_case(row)}",
        f"Why, until when and how to object stands at {_page(row)}. {_BULK}",
        account,
    )


def _case(row: VerdictRow | None) -> str:
    return f" (case g{row.case})" if row is not None and row.case else ""


def _page(row: VerdictRow | None) -> str:
    return f"/case/g{row.case}" if row is not None and row.case else "/report"
