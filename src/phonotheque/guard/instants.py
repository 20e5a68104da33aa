"""Seconds since 1970 as text, in UTC: what the guard counts with, and what people read."""

from __future__ import annotations

from datetime import UTC, datetime

INSTANT = "%Y-%m-%dT%H:%M:%SZ"
"""ISO 8601, to the second."""


def instant_of(second: int) -> str:
    """Return the instant: "2026-11-22T23:52:00Z"."""
    return datetime.fromtimestamp(second, UTC).strftime(INSTANT)


def day_of(second: int) -> str:
    """Return the day: "2026-11-22"."""
    return datetime.fromtimestamp(second, UTC).date().isoformat()
