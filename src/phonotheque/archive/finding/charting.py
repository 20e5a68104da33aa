"""Charts of an archive's catalogue: the snapshot that serves, and what was heard here lately.

Laws: nothing is written into the archive but what sorting spills below `state/`, which goes again.

Not here: what the charts are (`phonotheque.catalogue.charts`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from phonotheque.archive.finding.searching import open_catalogue
from phonotheque.archive.finding.serving import serving_snapshot
from phonotheque.archive.listening.play_journal import journal_of
from phonotheque.archive.listening.play_table import FOLDER as PLAYS
from phonotheque.archive.opening import today
from phonotheque.catalogue.bulk import Progress, translated
from phonotheque.catalogue.charts.counting import MEMORY_BYTES, answers_of
from phonotheque.catalogue.charts.page import Origin
from phonotheque.catalogue.charts.top_lists import DAYS, PLAYED
from phonotheque.catalogue.charts.values import LEAST_LISTENERS, Answer, Chart
from phonotheque.catalogue.charts.writing import write_charts
from phonotheque.catalogue.coverage.counting import coverage_of
from phonotheque.catalogue.coverage.page import write_map
from phonotheque.catalogue.coverage.words import MAP_ORDERS, By
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.card import Card
from phonotheque.catalogue.snapshot import Snapshot
from phonotheque.config import Config
from phonotheque.errors import BadRequestError

_MOST_HEARD = 2_000
"""Recordings of each time that lists are made of, by listeners and by plays: the longest has a
hundred."""


def count_charts(
    root: Path, snapshot: Snapshot, charts: Sequence[Chart], jobs: int, on_progress: Progress
) -> list[Answer]:
    """Ask a snapshot of an archive's catalogue the questions of charts.

    Raises:
        PhonothequeError: What `catalogue.charts.counting.answers_of` raises.
    """
    with scratch(root) as work:
        using = (work, Machine(jobs, MEMORY_BYTES))
        return answers_of(charts, snapshot.folder, _played(root, charts), using, on_progress)


def draw_charts(
    snapshot: Snapshot, config: Config, out: Path, answers: Sequence[Answer], on_progress: Progress
) -> None:
    """Write the answers of a snapshot as files.

    Raises:
        PhonothequeError: What `catalogue.charts.writing.write_charts` raises.
    """
    write_charts(out, snapshot.folder, origin_of(snapshot, config), answers, on_progress)


def origin_of(snapshot: Snapshot, config: Config) -> Origin:
    """Say of what pages about a snapshot are made."""
    made = snapshot.descriptor
    title = config["title"] or config.name
    sources = tuple(one for one in made.sources if one.id)
    return Origin(title, made.name, made.made_at, sources, today().isoformat())


@contextmanager
def scratch(root: Path) -> Iterator[Path]:
    """Give a folder on the archive's disk for what is larger than memory; it is removed after."""
    with translated(str(root / "state")):
        (root / "state").mkdir(exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix="counting-", dir=root / "state")
    with folder as name:
        yield Path(name)


def _played(root: Path, charts: Sequence[Chart]) -> pa.Table:
    """What was heard most at the own door, by the ids of cards; removed recordings have none."""
    is_asked = any("played" in chart.reads for chart in charts)
    if not is_asked or not (root / PLAYS).is_dir():
        return PLAYED.empty_table()
    journal, rows = journal_of(root), []
    with open_catalogue(root) as catalogue:
        for days in DAYS:
            played = journal.most_played(days, _MOST_HEARD, LEAST_LISTENERS)
            heard = list(dict.fromkeys((*journal.most_heard(days, _MOST_HEARD), *played)))
            found = catalogue.lookup.by_gids([gid for gid, _, _ in heard])
            for card, (_, plays, listeners) in zip(found, heard, strict=True):
                if isinstance(card, Card) and card.kind is Kind.RECORDING:
                    rows.append((days, card.id, plays, listeners))
    columns = zip(*rows, strict=True) if rows else ([] for _ in PLAYED)
    arrays = [
        pa.array(list(column), field.type) for column, field in zip(columns, PLAYED, strict=True)
    ]
    return pa.table(arrays, schema=PLAYED)


def count_coverage(root: Path, by: By | None, jobs: int) -> pa.Table:
    """Count what an archive's catalogue knows, and what of it is held, free, missing and rare.

    Raises:
        NoCatalogueError: None was built.
        PhonothequeError: What `catalogue.coverage.counting.coverage_of` raises.
    """
    snapshot = serving_snapshot(root)
    with scratch(root) as work:
        machine = Machine(jobs, MEMORY_BYTES)
        sources = snapshot.descriptor.sources
        return coverage_of(snapshot.folder, by, sources, work, machine)


def map_coverage(
    root: Path, config: Config, out: Path, by: By | None, jobs: int, on_progress: Progress
) -> dict[str, Any]:
    """Write a map of all releases that an archive's catalogue knows.

    Args:
        by: What it is ordered by; None: year.

    Returns:
        The finding and what is what, as a record.

    Raises:
        BadRequestError: Releases cannot be put in that order.
        NoCatalogueError: None was built.
        PhonothequeError: What `catalogue.coverage.page.write_map` raises.
    """
    order = by or By.YEAR
    if order not in MAP_ORDERS:
        todo = f"There are {', '.join(MAP_ORDERS)}."
        raise BadRequestError(str(order), "a map has no such order", todo)
    snapshot = serving_snapshot(root)
    published = config["address"]
    record = f"{published.rstrip('/')}/album/" if "://" in published else "/album/"
    about = (origin_of(snapshot, config), record)
    with scratch(root) as work:
        machine = Machine(jobs, MEMORY_BYTES)
        return write_map(out, snapshot.folder, order, about, (work, machine), on_progress)
