"""Where the ledger of plays of one archive lies, and what it tells that the access log does not.

Law: a day is told by one of them: by the log as long as it is there, before that by the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from phonotheque.archive.listening.door import LOGS
from phonotheque.disk import Disk, LocalDisk
from phonotheque.guard.incident import Takings
from phonotheque.guard.ledger.keeping import PlayLedger, Span

FOLDER = "journals/guard-plays"


def ledger_of(root: Path, disk: Disk) -> PlayLedger:
    """The ledger of the archive in a folder."""
    return PlayLedger(disk, root, FOLDER)


def takings_before_the_log(root: Path, accounts: Sequence[str], since: int, until: int) -> Takings:
    """Return what accounts took in a span before the first day of the log that is kept.

    Raises:
        MalformedError: A file of the ledger is damaged.
    """
    days = sorted(path.stem for path in (root / LOGS).glob("????-??-??.jsonl"))
    if days:
        until = min(until, int(datetime.fromisoformat(days[0]).replace(tzinfo=UTC).timestamp()))
    if until <= since:
        return {}
    return ledger_of(root, LocalDisk(root)).takings(accounts, Span(since, until))
