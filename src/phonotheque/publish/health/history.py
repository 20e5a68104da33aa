"""What every count found, in a few numbers: the history behind the chart.

Laws: one line for each observation, only appended; of several on one day the last one counts; a
line that was cut off by a crash, or has no day, is passed over.

The lines stand in `journals/health.jsonl`: they cannot be made again.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import date

import msgspec

from phonotheque.publish.health.report import Health, Level, level_of
from phonotheque.publish.index.lines import TorrentLine

JOURNAL = "journals/health.jsonl"


class Observed(msgspec.Struct, frozen=True):
    """One observation.

    Attributes:
        at: When, UTC.
        observer: Who.
        torrents: How many stood at each level.
        bytes: Their bytes.
    """

    at: str
    observer: str
    torrents: dict[Level, int]
    bytes: dict[Level, int]


def observed(health: Health, lines: Iterable[TorrentLine]) -> Observed:
    """Sum up an observation over the torrents that are offered."""
    torrents = dict.fromkeys(Level, 0)
    sizes = dict.fromkeys(Level, 0)
    for line in lines:
        if line.obsolete:
            continue
        count = health.torrents.get(line.id)
        level = level_of(count.seeders if count else None)
        torrents[level] += 1
        sizes[level] += line.size_bytes
    return Observed(health.observed_at, health.observer, torrents, sizes)


def encode_line(one: Observed) -> bytes:
    """Return the line of the journal."""
    return msgspec.json.encode(one) + b"\n"


def by_day(journal: bytes) -> list[Observed]:
    """Read the journal: the last observation of each day, oldest first."""
    days: dict[str, Observed] = {}
    for line in journal.splitlines():
        with suppress(msgspec.DecodeError, ValueError):
            one = msgspec.json.decode(line, type=Observed)
            days[date.fromisoformat(one.at[:10]).isoformat()] = one
    return [days[day] for day in sorted(days)]


def format_csv(days: Iterable[Observed]) -> bytes:
    """Return the same as a table for everybody: RFC 4180, one row a day."""
    columns = ["day", *(f"{what} {level}" for what in ("torrents", "bytes") for level in Level)]
    rows = [",".join(columns)]
    for one in days:
        numbers = [*(one.torrents.get(x, 0) for x in Level), *(one.bytes.get(x, 0) for x in Level)]
        rows.append(",".join([one.at[:10], *map(str, numbers)]))
    return ("\r\n".join(rows) + "\r\n").encode()
