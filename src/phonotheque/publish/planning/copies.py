"""What becomes of one copy: pure decisions, a copy at a time.

Not here: how good it is (`music.preference`); which copy of a recording goes (`expressions`, and
`by_accession` where there is no catalogue).
"""

from __future__ import annotations

from phonotheque.music.rights import Verdict
from phonotheque.publish.planning.words import Status


def status_of_copy(
    condition: str, verdict: Verdict, *, is_readable: bool, is_offered: bool
) -> Status:
    """Say what becomes of one copy, others left aside.

    Args:
        condition: "intact", "removed", or what a check found.
        verdict: What the resolver answers at the door of volumes.
        is_offered: Whether it is in a volume that is not retired.
    """
    if condition == "removed":
        return Status.REMOVED
    if condition != "intact":
        return Status.DAMAGED
    if not (is_readable or is_offered):
        return Status.UNREADABLE
    if not verdict.allowed:
        return Status.HELD_NOT_SHARED
    return Status.SHARED if is_offered else Status.TO_SHARE


def reason_of_copy(status: Status, verdict: Verdict, condition: str) -> str:
    """Say why a copy has its status: the resolver's words where rights decide."""
    match status:
        case Status.HELD_NOT_SHARED | Status.TO_SHARE:
            return verdict.reason
        case Status.DAMAGED:
            return f"A check found it {condition}."
        case _:
            return status.meaning
