"""A plan in words: the finding, how it was counted, tables of text. Pure.

Laws: no figure without what it is a share of; where nobody counted, it says so and gives no figure.
"""

from __future__ import annotations

from collections.abc import Iterable

from phonotheque.publish.planning.coverage import Bar, Coverage, Tally
from phonotheque.publish.planning.reading import Figures
from phonotheque.publish.planning.words import PLANNED, Status, Tier

ORDERS = {
    "popularity": "the most heard first",
    "at-risk": "what fewest hold first",
    "newest": "what came in last first",
}
"""How an order is told."""


def percent(share: float) -> str:
    """Write a share: "99.6 %", "0.03 %". All is said of all alone, nothing of nothing alone."""
    for digits in (1, 2, 3):
        text = f"{share * 100:.{digits}f}"
        if 0 < float(text) < 100 or share in (0.0, 1.0):
            return f"{text.rstrip('0').rstrip('.')} %"
    return "more than 99.999 %" if share > 0.5 else "less than 0.001 %"


def bar_text(bar: Bar) -> str:
    """Write a share with its error bar."""
    if bar.share is None:
        return "unknown"
    if bar.low == bar.high:
        return percent(bar.share)
    return f"{percent(bar.share)} (between {percent(bar.low)} and {percent(bar.high)})"


def finding(figures: Figures, size: str) -> str:
    """Say in one sentence what a plan comes to.

    Args:
        size: Bytes of all that is planned, for people.
    """
    coverage = figures.coverage
    planned = coverage.tally(statuses=PLANNED)
    share = coverage.planned.share
    if share is None:
        return f"{planned.recordings:,} recordings in {size}; nobody counted listens"
    return f"{size} hold {percent(share)} of all known listens"


def method(figures: Figures) -> list[str]:
    """Say how the finding was counted, a sentence a line."""
    coverage, facts = figures.coverage, figures.descriptor.facts
    known = coverage.tally()
    order = ORDERS[figures.descriptor.order]
    counted = f"{known.recordings:,} recordings known, listens counted of {known.counted:,}"
    lines = [f"{counted}; {order}; {facts.get('day', '')}."]
    return [*lines, coverage.note] if coverage.note else lines


def status_rows(coverage: Coverage) -> list[tuple[str, int, int, str]]:
    """Return statuses that occur: word, recordings, bytes, meaning."""
    rows = []
    for status in Status:
        tally = coverage.tally(statuses=[status])
        if tally.recordings or tally.size_bytes:
            rows.append((str(status), tally.recordings, tally.size_bytes, status.meaning))
    return rows


def tier_rows(coverage: Coverage) -> list[tuple[str, int, int, int, int]]:
    """Return tiers that occur: word, recordings known, shared, to share, bytes of both."""
    rows = []
    for tier in _tiers(coverage):
        shared = coverage.tally([tier], [Status.SHARED])
        waiting = coverage.tally([tier], [Status.TO_SHARE])
        size = (shared + waiting).size_bytes
        known = coverage.tally([tier]).recordings
        rows.append((tier.word, known, shared.recordings, waiting.recordings, size))
    return rows


def _tiers(coverage: Coverage) -> Iterable[Tier]:
    return [tier for tier in Tier if coverage.tally([tier]) != Tally()]


def coverage_rows(coverage: Coverage) -> list[tuple[str, str, str]]:
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
    return f"{part:,} of {whole:,} ({percent(part / whole)})" if whole else "none of none"
