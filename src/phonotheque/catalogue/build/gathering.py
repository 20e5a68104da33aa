"""All sources taken in, one after the other, and gathered as the tables of one snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue.build.inputs import Input, priority_of
from phonotheque.catalogue.build.site import BUILDING, Site
from phonotheque.catalogue.build.steps import Pace, make_once
from phonotheque.catalogue.build.taking_in import take_in
from phonotheque.catalogue.bulk import parts_in, sync_file, translated
from phonotheque.catalogue.epoch import open_epoch
from phonotheque.catalogue.identity.hand import HAND
from phonotheque.catalogue.snapshot import SourceEntry
from phonotheque.catalogue.tables import TABLES
from phonotheque.disk import read_whole, write_whole

REPORT = "report.json"
"""What became of the rows of each table of each source, in a snapshot."""


def entries_of(site: Site, sources: Sequence[Input]) -> tuple[SourceEntry, ...]:
    """Return what a snapshot says of its sources."""
    numbers = open_epoch(site.root, site.disk).record.sources
    return tuple(_entry(one, numbers[one.name]) for one in sources)


def take_in_all(site: Site, sources: Sequence[Input], pace: Pace, *, consume: bool) -> None:
    """Make the tables of all sources, `sources.parquet` and the report of what was left out.

    Args:
        consume: Remove each imported table as soon as it is taken in.
    """
    done = site.scratch / "gathered"
    with pace.step("taking in sources", is_done=done.is_dir()) as tell:
        if done.is_dir():
            return
        reports: dict[str, dict[str, object]] = {}
        for place, (one, entry) in enumerate(zip(sources, entries_of(site, sources), strict=True)):
            taken = take_in(
                site,
                one,
                entry.id,
                lambda share, place=place: tell((place + share) / len(sources)),  # type: ignore[misc]
                consume=consume,
            )
            new = {name: asdict(report) for name, report in taken.items()}
            reports[one.name] = _earlier_report(site, one.name) | new
        write_whole(site.disk, f"{BUILDING}/{REPORT}", msgspec.json.encode(reports))
        _gather_tables(site)
        _write_sources(site, entries_of(site, sources))
        make_once(done, lambda _: None)


def _earlier_report(site: Site, name: str) -> dict[str, object]:
    """What the last build told of a source, for the tables that are taken over from it."""
    path = f"{site.before.descriptor.name}/{REPORT}" if site.before else ""
    if not path or site.disk.stat(path) is None:
        return {}
    reports = msgspec.json.decode(read_whole(site.disk, path), type=dict[str, dict[str, object]])
    return reports.get(name, {})


def _gather_tables(site: Site) -> None:
    """Move what was made of every source into the folders of the tables."""
    with translated(str(site.tables)):
        for table in TABLES:
            (site.tables / table).mkdir(parents=True, exist_ok=True)
        for folder in sorted(site.scratch.glob("united-*")):
            table = folder.name.split("-", 2)[2]
            for part in parts_in(folder):
                part.replace(site.tables / table / part.name)


def _entry(one: Input, number: int) -> SourceEntry:
    terms = one.terms
    return SourceEntry(
        number,
        terms.name,
        terms.title,
        one.generation,
        priority_of(terms.name, number),
        terms.licence,
        terms.attribution,
        terms.origin,
        terms.as_of,
    )


def _write_sources(site: Site, entries: Sequence[SourceEntry]) -> None:
    """Write the table of sources, decisions by hand first."""
    by_hand = SourceEntry(HAND, "decisions", "Decisions made by hand in this archive", "", 0)
    rows = [msgspec.to_builtins(one) for one in (by_hand, *entries)]
    path = site.tables / "sources.parquet"
    with translated(str(path)):
        pq.write_table(pa.Table.from_pylist(rows), path)
        sync_file(path)
