"""Logs judged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phonotheque.guard.score.gathering import Gathering
from phonotheque.guard.score.items import item_rule
from phonotheque.guard.score.judging import Learned, judge
from phonotheque.guard.score.reading import gather
from phonotheque.guard.score.report import Report


@contextmanager
def judged(path: Path, data: bytes) -> Iterator[tuple[Gathering, Report, Learned]]:
    """Write a log, and judge it."""
    path.write_bytes(data)
    with Gathering(item_rule(None)) as gathering:
        read = gather(gathering, [str(path)], {}, lambda *_: None)
        yield gathering, *judge(gathering, (str(path),), read.notes)


def report_of(path: Path, data: bytes) -> Report:
    """The report alone."""
    with judged(path, data) as (_, report, _):
        return report
