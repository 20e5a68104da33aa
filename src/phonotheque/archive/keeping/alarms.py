"""What has stopped: checks that are late, mirrors that fell silent, volumes that nobody else has.

A disk that breaks is seen; a check that is not made any more, and a mirror that is gone, are seen
only when somebody looks at what did not happen. `phono status` ends with 1 while one of these
stands.

Laws: pure; an archive without mirrors is not blamed for having none; a volume has a month to reach
the first of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from phonotheque.archive.keeping.copies import LATE, Copies

GRACE_DAYS = 30
"""A mirror that looks once a week and has a slow line has fetched a volume by then."""


class AlarmKind(StrEnum):
    """What has stopped, or went wrong at a mirror.

    checks-stopped: something here was not read for half as long again as it should be.
    mirror-silent: what a mirror proved is too old to count.
    mirror-checks-stopped: a mirror does not read what it has, as it says itself.
    mirror-refuted: a mirror answered wrongly: it has not the bytes that it says it has.
    single-copy: no mirror has a volume whole, though there are mirrors and it is a month old.
    """

    CHECKS_STOPPED = "checks-stopped"
    MIRROR_SILENT = "mirror-silent"
    MIRROR_CHECKS_STOPPED = "mirror-checks-stopped"
    MIRROR_REFUTED = "mirror-refuted"
    SINGLE_COPY = "single-copy"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that somebody has to look after: what, about which mirror or volume, in words."""

    kind: AlarmKind
    thing: str
    detail: str


def alarms(copies: Copies, oldest_check: str, check_days: int, at: datetime) -> tuple[Alarm, ...]:
    """Return what has stopped.

    Args:
        copies: As they are counted.
        oldest_check: When what was read least recently here was read, UTC; "" for nothing held.
        check_days: Everything should be read again after so many days.
        at: This instant.
    """
    return (*_checks(oldest_check, check_days, at), *_mirrors(copies), *_volumes(copies, at))


def _checks(oldest_check: str, check_days: int, at: datetime) -> Iterator[Alarm]:
    if not oldest_check:
        return
    age = at - datetime.fromisoformat(oldest_check)
    if age > timedelta(days=check_days * LATE):
        detail = f"something was not read for {age.days} days: run phono verify"
        yield Alarm(AlarmKind.CHECKS_STOPPED, "this archive", detail)


def _mirrors(copies: Copies) -> Iterator[Alarm]:
    for one in copies.mirrors:
        name = f"{one.operator or 'nobody named'} ({one.mirror[:12]})"
        if one.refuted:
            detail = f"its answers were wrong for {one.refuted} of its torrents: ask its keeper to "
            detail += "run phono mirror verify, phono mirror repair and phono mirror report"
            yield Alarm(AlarmKind.MIRROR_REFUTED, name, detail)
        if not one.is_fresh:
            detail = f"it has proved nothing since {one.proven_at[:10]}: ask its keeper to run "
            detail += "phono mirror report, or count on it no more with phono mirror forget"
            yield Alarm(AlarmKind.MIRROR_SILENT, name, detail)
        elif not one.is_checked:
            since = one.oldest_check[:10] or "ever"
            detail = f"it has not read all that it has since {since}, as it says itself"
            yield Alarm(AlarmKind.MIRROR_CHECKS_STOPPED, name, detail)


def _volumes(copies: Copies, at: datetime) -> Iterator[Alarm]:
    if not copies.mirrors:
        return
    for one in copies.volumes:
        age = at - datetime.fromisoformat(one.sealed_at)
        if one.copies < 2 and age > timedelta(days=GRACE_DAYS):
            detail = f"{'nobody' if not one.copies else 'nobody else'} has it whole"
            yield Alarm(AlarmKind.SINGLE_COPY, one.volume, detail)
