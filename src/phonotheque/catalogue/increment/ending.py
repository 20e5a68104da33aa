"""How applying ends: ids, sources and decisions are taken up, the snapshot is named, and serves.

Laws: what is written before the pointer is moved does no harm to what serves until then (ids that
are not used yet, terms of sources), and is written again by the next run when this one is stopped;
nothing that what serves still names is removed before the pointer is moved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from phonotheque.catalogue import snapshot as snapshots
from phonotheque.catalogue.build.describing import (
    digests_of,
    links_of,
    rows_of_cards,
    rows_of_tables,
)
from phonotheque.catalogue.build.site import BUILDING, Site, named, remove_old
from phonotheque.catalogue.build.steps import Pace
from phonotheque.catalogue.bulk import remove_tree, rows_of, sync_tree, translated
from phonotheque.catalogue.dump.contents import DECISIONS_FILE
from phonotheque.catalogue.dump.layout import table_path
from phonotheque.catalogue.dump.restoring import Restored, write_restored
from phonotheque.catalogue.dump.standing_sources import (
    entries_in,
    names_that_came_along,
    write_consumed,
)
from phonotheque.catalogue.epoch import EpochRecord, Integers, follow, open_epoch
from phonotheque.catalogue.identity import decisions
from phonotheque.catalogue.increment.following import (
    Following,
    digest_of_decisions,
    refuse_imported,
)
from phonotheque.catalogue.increment.making import Steps
from phonotheque.catalogue.snapshot import Descriptor, Snapshot, SourceEntry
from phonotheque.catalogue.sources.staging import FOLDER as SOURCES
from phonotheque.catalogue.sources.staging import UNFINISHED
from phonotheque.catalogue.tables import ENTITIES, TABLES
from phonotheque.disk import LocalDisk, read_if_held, write_whole

_KEPT = 2
"""Snapshots that stay: the new one, and the one before for those who read it."""


def end(site: Site, steps: Steps, found: Following, pace: Pace) -> Snapshot:
    """Let a snapshot whose tables and serving files are whole take its place.

    Args:
        pace: Of steps among which are "taking up ids", "taking digests" and "switching".

    Raises:
        ConflictError: A source was imported here meanwhile.
    """
    last = steps.last
    data = read_if_held(LocalDisk(steps.folders[-1]), DECISIONS_FILE) or b""
    with pace.step("taking up ids"):
        refuse_imported(site.root, site.disk, found)  # an import may have ended meanwhile
        restored = _restored(site, steps, found, data)
        write_restored(site.disk, restored)
        write_restored(LocalDisk(site.building), restored)  # says that no build made it
        numbers = {one.name: one.id for one in last.sources}
        record = EpochRecord(restored.epoch, numbers, restored.next_ids)
        follow(site.root, site.disk, record, _new_ids(steps))
        entries = _take_up_sources(site, steps)
        write_whole(site.disk, decisions.FILE, data)
    with pace.step("taking digests") as tell:
        descriptor = Descriptor(
            last.snapshot,
            last.made_at,
            open_epoch(site.root, site.disk).record.epoch,
            last.result.next_ids,
            last.inputs,
            entries,
            rows_of_tables(site.building),
            rows_of_cards(site.building),
            links_of(site.building),
            digests_of(site.building, found.snapshot, tell),
        )
        sync_tree(site.building)
        snapshots.write_descriptor(site.disk, BUILDING, descriptor)
    with pace.step("switching"):
        remove_tree(site.root / last.snapshot)  # what a run left that was stopped right here
        made = named(site.root, site.disk)
        snapshots.switch_to(site.disk, made.descriptor.name)
        remove_old(site.root, site.disk, made, _KEPT)
        _remove_left(site, {one.name for one in entries})
    return made


def _restored(site: Site, steps: Steps, found: Following, data: bytes) -> Restored:
    """Return what a catalogue says of where it comes from, true before the switch and after it.

    An id that was given stays given, whatever a later increment says.
    """
    ends = [found.restored.next_ids, *(one.result.next_ids for one in steps.chain)]
    tables = {table for said in ends for table in said}
    return Restored(
        found.restored.snapshot,
        found.restored.epoch,
        {table: max(said.get(table, 0) for said in ends) for table in sorted(tables)},
        (digest_of_decisions(site.disk), hashlib.sha256(data).hexdigest()),
    )


def _new_ids(steps: Steps) -> Iterator[tuple[str, int, Integers, Integers]]:
    """Give key and id of the rows that are put, in order of key, for each table and source."""
    for name in ENTITIES:
        for source in steps.last.sources:
            path = table_path(name, source.name)
            held = [
                _keys(folder / path)
                for folder, one in zip(steps.folders, steps.chain, strict=True)
                if path in one.rows
            ]
            if held:
                rows = pa.concat_tables(held)
                keys, first = np.unique(rows["key"].to_numpy(), return_index=True)
                yield name, source.id, keys, rows["id"].to_numpy()[first]


def _keys(path: Path) -> pa.Table:
    with translated(str(path)):
        return pq.read_table(path, columns=["key", "id"])


def _take_up_sources(site: Site, steps: Steps) -> tuple[SourceEntry, ...]:
    """Let the sources stand as of now."""
    last = steps.last
    note = f"It followed a catalogue to {last.snapshot}."
    for one in last.sources:
        parts = {name: site.tables / name for name in TABLES}
        used = {
            name: count
            for name, folder in parts.items()
            if (count := sum(map(rows_of, sorted(folder.glob(f"part-{one.id:03d}-*")))))
        }
        generation = f"{last.result.sequence:06d}"
        # An import that was stopped may have begun this very generation: it begins anew.
        remove_tree(site.root / SOURCES / one.name / f"{generation}{UNFINISHED}")
        write_consumed(site.disk, one, generation, used, note)
    return entries_in(site.root, site.disk, site.building, last.sources)


def _remove_left(site: Site, stay: set[str]) -> None:
    """Let the sources go that left, also those that an earlier run was stopped before."""
    for name in names_that_came_along(site.root, site.disk) - stay:
        site.disk.remove(f"{SOURCES}/{name}/current")  # from then on it is none
        remove_tree(site.root / SOURCES / name)
