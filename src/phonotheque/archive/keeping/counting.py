"""Counting the copies of an archive that is open: what it says itself, and what its mirrors proved.

Cost: two ranges of covering indexes, and the journal of mirrors once: 0.8 CPU seconds for 10,500
volumes and a hundred mirrors with 500 of them each that reported ten times.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from phonotheque.archive.keeping.alarms import Alarm, alarms
from phonotheque.archive.keeping.copies import LATE, Copies, Own, Rules, count
from phonotheque.archive.keeping.mirrors import reports
from phonotheque.archive.opening import Archive
from phonotheque.config import FILE_NAME
from phonotheque.errors import BadSettingError
from phonotheque.mirror.values import Medium
from phonotheque.publish.sealed import live
from phonotheque.register.chain import format_instant
from phonotheque.register.published import added_at


def copies_of(archive: Archive) -> Copies:
    """Count the copies of every volume that is offered.

    Raises:
        BadSettingError: `mirrors.medium` is none.
    """
    at = datetime.fromisoformat(archive.now())
    rules = _rules(archive)
    added, damaged = added_at(archive.index), _damaged(archive)
    unread = _unread(archive, at - timedelta(days=rules.check_days * LATE))
    own = [
        Own(
            one.name,
            one.size_bytes,
            added[one.name],
            one.name not in damaged,
            one.name not in unread,
        )
        for one in live(archive.index)
    ]
    return count(own, reports(archive.disk).values(), rules, at)


def alarms_of(archive: Archive, copies: Copies, oldest_check: str) -> tuple[Alarm, ...]:
    """Return what has stopped in an archive.

    Args:
        archive: Open.
        copies: As they were counted.
        oldest_check: When what was read least recently was read, UTC; "" for nothing held.
    """
    at = datetime.fromisoformat(archive.now())
    return alarms(copies, oldest_check, archive.config["verify.older_than_days"], at)


def _rules(archive: Archive) -> Rules:
    config = archive.config
    try:
        medium = Medium(config["mirrors.medium"])
    except ValueError as error:
        wrong = f"{config['mirrors.medium']!r} is no medium"
        todo = "Say online, offline-disk or tape."
        raise BadSettingError(f"{FILE_NAME}: mirrors.medium", wrong, todo) from error
    return Rules(
        config["mirrors.target_copies"],
        config["mirrors.fresh_days"],
        config["mirrors.fresh_days_offline"],
        config["verify.older_than_days"],
        config["mirrors.operator"] or config["title"] or config.name,
        config["mirrors.country"].upper(),
        medium,
    )


def _damaged(archive: Archive) -> set[str]:
    """Volumes of which something is known to be damaged or missing here."""
    rows = archive.index.db.execute(
        # Three ranges of an index: whatever is neither, told with NOT IN, is looked for everywhere.
        """SELECT DISTINCT volume FROM object
           WHERE (condition < 'intact' OR condition > 'intact' AND condition < 'removed'
                  OR condition > 'removed') AND volume IS NOT NULL"""
    )
    found = {name for (name,) in rows}
    paths = [path for (path,) in archive.index.db.execute("SELECT path FROM finding")]
    if paths:
        found |= {
            one.name for one in live(archive.index) if any(one.name in path for path in paths)
        }
    return found


def _unread(archive: Archive, before: datetime) -> set[str]:
    """Volumes of which something was not read since then."""
    rows = archive.index.db.execute(
        """SELECT DISTINCT volume FROM object
           WHERE checked_at < ? AND condition != 'removed' AND volume IS NOT NULL""",
        (format_instant(before),),
    )
    return {name for (name,) in rows}
