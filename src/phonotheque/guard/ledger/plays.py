"""A line of the ledger, and for how long it is kept; pure.

Laws: names, addresses and devices are keyed hashes, and what is none does not get in; a line of an
account that nobody decided anything about is kept as long as the slowest clock remembers it, a line
of a case until 90 days after nothing follows from the case any more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from phonotheque.guard.book.case import Case
from phonotheque.guard.book.cases import Cases
from phonotheque.guard.decisions import DAY_S
from phonotheque.guard.rungs import FROM_SCORE, Rung

AFTER_THE_CASE_S = 90 * DAY_S
WITHOUT_A_CASE_S = 30 * DAY_S

KEPT_FROM = FROM_SCORE[Rung.OBSERVE]
"""Score from which what an account opens is written down."""

_HASH = re.compile(r"[0-9a-f]{16,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """That something of a recording went to an account.

    Attributes:
        id: Of the request; the same one is counted once.
        second: Since 1970.
        account: Keyed hash of the name.
        item: What was opened, as the service calls it.
        size_bytes: That went out.
        of_bytes: How long all of it is; 0 unknown.
        address, device: Keyed hashes; "" where they are not known.
    """

    id: str
    second: int
    account: str
    item: str
    size_bytes: int
    of_bytes: int = 0
    address: str = ""
    device: str = ""

    def __post_init__(self) -> None:
        for name in ("account", "address", "device"):
            value = getattr(self, name)
            if not _HASH.fullmatch(value) and (value or name == "account"):
                raise ValueError(f"{name} is no keyed hash")
        if min(self.size_bytes, self.of_bytes) < 0 or not self.id or not self.item:
            raise ValueError("a play of nothing")


def kept_until(cases: Cases, now: int) -> dict[str, int | None]:
    """Return until which second the lines of each account with a case are kept; None: for now.

    Args:
        cases: The case book.
        now: Seconds since 1970.
    """
    return {
        account: _until([cases.by_number[number] for number in numbers], now)
        for account, numbers in cases.all_of.items()
    }


def kept_from(account: str, until: Mapping[str, int | None], now: int) -> float:
    """Return from which second on lines of an account are still kept; infinity for none of them."""
    if account not in until:
        return now - WITHOUT_A_CASE_S + 1
    end = until[account]
    return -math.inf if end is None or now < end else math.inf


def _until(cases: list[Case], now: int) -> int | None:
    if any(case.is_open_at(now) for case in cases):
        return None
    return max(_end(case, now) for case in cases) + AFTER_THE_CASE_S


def _end(case: Case, now: int) -> int:
    """When the last thing of a closed case happened, or ended by itself."""
    decisions = [decided.decision for decided in case.decisions]
    moments = [one.second for one in (*decisions, *case.settled, *case.written, *case.answers)]
    moments += [*(one.until for one in decisions), *(one.until for one in case.settled)]
    return max((moment for moment in moments if moment <= now), default=now)
