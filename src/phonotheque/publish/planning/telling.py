"""A plan in words: the finding, how it was counted, tables of text. Pure.

Laws: no figure without what it is a share of; where nobody counted, it says so and gives no figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime

from phonotheque.music.number_words import counted
from phonotheque.publish.pages.texts import format_day, format_share, plain
from phonotheque.publish.planning.coverage import Bar, PlanCoverage, Tally
from phonotheque.publish.planning.reading import Figures
from phonotheque.publish.planning.words import PLANNED, Status, Tier

ORDERS = {
    "popularity": "the most heard first",
    "at-risk": "what fewest hold first",
    "newest": "what came in last first",
}
"""How an order is told."""

COUNTED_AT, COUNTED_BY, UNCOUNTED = "seeders_counted_at", "seeders_counted_by", "seeders_unknown"
"""Facts of a plan that asked for seeders: when, "" for never, and by whom they were counted; of how
many volumes nobody knows."""

MIRRORS, REPORTS = "mirrors", "mirrors_reports"
"""Facts of such a plan where mirrors reported: how many, and the SHA-256 of what they proved."""


def bar_text(bar: Bar) -> str:
    """Write a share with its error bar."""
    if bar.share is None:
        return "unknown"
    if bar.low == bar.high:
        return format_share(bar.share)
    low, high = format_share(bar.low), format_share(bar.high)
    return f"{format_share(bar.share)} (between {low} and {high})"


def finding(figures: Figures, size: str) -> str:
    """Say in one sentence what a plan comes to.

    Args:
        size: Bytes of all that is planned, for people.
    """
    coverage = figures.coverage
    planned = coverage.tally(statuses=PLANNED)
    share = coverage.planned.share
    if share is None:
        return f"{counted(planned.recordings, 'recording')} in {size}; nobody counted listens"
    return f"{size} hold {format_share(share)} of all known listens"


def method(figures: Figures) -> list[str]:
    """Say how the finding was counted, a sentence a line."""
    coverage, facts = figures.coverage, figures.descriptor.facts
    known = coverage.tally()
    order = ORDERS[figures.descriptor.order]
    of = f"{known.counted:,}" if known.counted else "none"
    heard = f"{counted(known.recordings, 'recording')} known, listens counted of {of}"
    lines = [f"{heard}; {order}; {facts.get('day', '')}."]
    lines += _seeders(facts)
    return [*lines, coverage.note] if coverage.note else lines


def _seeders(facts: Mapping[str, str]) -> list[str]:
    """Say where the number of seeders is from, how old it is, and what is not known."""
    if COUNTED_AT not in facts:
        return []
    at, unknown = facts[COUNTED_AT], int(facts[UNCOUNTED])
    if not at:
        if MIRRORS in facts:
            return ["Nobody counted seeders.", *_mirrors(facts)]
        return ["Nobody counted seeders: all that is shared is taken to have none."]
    line = f"Seeders as {plain(facts[COUNTED_BY])} counted them on {format_day(at)}"
    with suppress(ValueError):  # nobody signed the count: what is no instant has no age
        days = (date.fromisoformat(facts["day"]) - datetime.fromisoformat(at).date()).days
        line += f", {counted(days, 'day')} before" if days > 0 else ""
    if unknown:
        line += f"; of {counted(unknown, 'volume')} nobody knows, and they are taken to have none"
    return [f"{line}.", *_mirrors(facts)]


def _mirrors(facts: Mapping[str, str]) -> list[str]:
    """Say that copies were proven, and how they count beside seeders."""
    if MIRRORS not in facts:
        return []
    number = counted(int(facts[MIRRORS]), "mirror")
    return [f"{number} proved copies; where these are more than the seeders, they count."]


def status_rows(coverage: PlanCoverage) -> list[tuple[str, int, int, str]]:
    """Return statuses that occur: word, recordings, bytes, meaning."""
    rows = []
    for status in Status:
        tally = coverage.tally(statuses=[status])
        if tally.recordings or tally.size_bytes:
            rows.append((str(status), tally.recordings, tally.size_bytes, status.meaning))
    return rows


def tier_rows(coverage: PlanCoverage) -> list[tuple[str, int, int, int, int]]:
    """Return tiers that occur: word, recordings known, shared, to share, bytes of both."""
    rows = []
    for tier in _tiers(coverage):
        shared = coverage.tally([tier], [Status.SHARED])
        waiting = coverage.tally([tier], [Status.TO_SHARE])
        size = (shared + waiting).size_bytes
        known = coverage.tally([tier]).recordings
        rows.append((tier.word, known, shared.recordings, waiting.recordings, size))
    return rows


def _tiers(coverage: PlanCoverage) -> Iterable[Tier]:
    return [tier for tier in Tier if coverage.tally([tier]) != Tally()]


def coverage_rows(coverage: PlanCoverage) -> list[tuple[str, str, str]]:
    """Return what is covered: of what, now, when the plan is carried out."""
    known, releases = coverage.tally(), coverage.releases
    shared = coverage.tally(statuses=[Status.SHARED])
    planned = coverage.tally(statuses=PLANNED)
    rows = [
        ("listens", bar_text(coverage.shared), bar_text(coverage.planned)),
        (
            "recordings",
            _of(shared.recordings, known.recordings),
            _of(planned.recordings, known.recordings),
        ),
    ]
    if releases.known:
        now = _of(releases.whole_shared, releases.known)
        rows.append(("whole releases", now, _of(releases.whole, releases.known)))
        now = _of(releases.some_shared, releases.known)
        rows.append(("releases in part", now, _of(releases.some, releases.known)))
    return rows


def _of(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({format_share(part / whole)})" if whole else "none of none"
