"""The plan of those who have no catalogue: recordings in the order in which they came in.

Laws: what is given, and what is left with which reason, is what a plan made of no catalogue says;
a recording at a time is held in memory. No table is made for it, so that an archive of a few
albums publishes at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from phonotheque.music.doors import Door, ask
from phonotheque.music.preference import Copy, merit
from phonotheque.publish.planning.copies import reason_of_copy, status_of_copy
from phonotheque.publish.planning.words import Status
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index


def waiting(
    index: Index, retired: frozenset[str], on: date, *, claims_count: bool
) -> Iterator[tuple[Held, Status, str]]:
    """Give the readable recordings in no volume with what becomes of each, and why, in order.

    Args:
        retired: Volumes that are not offered any more.
        on: The day on which rights are asked for.
        claims_count: Whether a licence tag in a file is enough.
    """

    def judged(held: Held) -> tuple[Status, str]:
        verdict = ask(Door.PUBLISH, index.statements(held.sha256), on, claims_count=claims_count)
        status = status_of_copy(
            held.condition,
            verdict,
            is_readable=held.readability == "readable",
            is_offered=held.volume is not None and held.volume not in retired,
        )
        return status, reason_of_copy(status, verdict, held.condition)

    for held in index.unsealed():
        status, reason = judged(held)
        if status is Status.TO_SHARE and held.sound:
            twins = index.with_payload(held.sound.payload_sha256)
            if len(twins) > 1 and min(twins, key=lambda twin: _rank(twin, judged(twin)[0])) != held:
                status, reason = Status.BETTER_COPY_HELD, Status.BETTER_COPY_HELD.meaning
        yield held, status, reason


def _rank(held: Held, status: Status) -> tuple[bool, int, int, int]:
    """Where a copy stands among those of the same coded sound; the lowest goes first."""
    is_closed = status.number > Status.TO_SHARE.number
    is_exact = held.condition == "intact"
    copy = Copy(
        held.sha256.hex, is_exact, held.technical, held.integrity, held.sound, held.first_seq
    )
    return is_closed, -merit(copy), status.number, held.first_seq
