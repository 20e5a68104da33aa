"""The picture of one case, from the access log of its archive."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from phonotheque.archive.guarding.takings import read_had
from phonotheque.errors import BadReferenceError
from phonotheque.guard.book.case import Case
from phonotheque.guard.papers.case_picture import HOURS, Seen, case_picture


def picture_of_case(root: Path, case: Case, fault: Callable[[str], None]) -> bytes:
    """Draw a case as SVG.

    Args:
        fault: Told of what could not be read.

    Raises:
        BadReferenceError: The log that is kept has nothing of its account.
        UnavailableError: The log cannot be read.
    """
    firsts: dict[str, dict[str, int]] = defaultdict(dict)
    other_hours = [0] * HOURS
    for had in read_had(root, fault):
        firsts[had.account].setdefault(had.item, had.second)
        if had.account != case.account:
            other_hours[had.second // 3_600 % HOURS] += 1
    findings = [one.finding for one in case.decisions if one.finding]
    own = sorted(firsts.pop(case.account, {}).values())
    if not own:
        todo = "The access log is kept for `listen.log_days` days."
        raise BadReferenceError(case.number, "the access log has nothing of its account", todo)
    others = sorted((sorted(one.values()) for one in firsts.values()), key=len)
    everything = [second for one in (own, *others) for second in one]
    return case_picture(
        Seen(
            title=case.grounds.evidence,
            since=min(everything),
            until=max(everything),
            own=own,
            middle=others[len(others) // 2] if others else [],
            most=others[-1] if others else [],
            others=len(others),
            other_hours=other_hours,
            group=next((one.group for one in reversed(findings) if one.group), None),
            is_by_hand=not findings,
        )
    )
