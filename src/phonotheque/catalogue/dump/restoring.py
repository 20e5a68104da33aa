"""A catalogue made again from the Parquet files of a dump, which answers as the one it is of.

`restore` reads like the list of its steps. Laws: nothing is believed before its digest was
compared; the folder of the catalogue has its name only when all in it is whole; what was stopped is
gone on with by the next run from the same dump.

The sources stand there as if an earlier build had consumed them: the next build takes their tables
over, adds what was imported since, and makes all else anew. Ids stay what they are in the dump, but
further ones are this catalogue's own: so it begins an epoch of its own, and `restored.json` says in
which epoch the first ones were given.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from phonotheque.catalogue import census
from phonotheque.catalogue import snapshot as snapshots
from phonotheque.catalogue.build.card_making import unranked
from phonotheque.catalogue.build.describing import (
    digests_of,
    links_of,
    rows_of_cards,
    rows_of_tables,
)
from phonotheque.catalogue.build.serving import WEIGHTS, Makers, count_and_rank, make_serving
from phonotheque.catalogue.build.steps import OnProgress, Pace, quietly
from phonotheque.catalogue.bulk import (
    fresh_folder,
    remove_tree,
    sync_file,
    sync_tree,
    translated,
)
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.dump.contents import (
    DECISIONS_FILE,
    Contents,
    check_files,
    decisions_in,
    read_contents,
    write_text,
)
from phonotheque.catalogue.dump.layout import CONTENTS, SUMS, table_path
from phonotheque.catalogue.dump.standing_sources import entries_in, write_consumed
from phonotheque.catalogue.dump.taking_back import (
    check_columns,
    ids_of,
    sheets_of,
    take_in_cards,
    take_in_tables,
)
from phonotheque.catalogue.epoch import EpochRecord, Integers, take_up
from phonotheque.catalogue.identity import decisions
from phonotheque.catalogue.snapshot import Descriptor, Snapshot, SourceEntry
from phonotheque.catalogue.tables import TABLES
from phonotheque.disk import Disk, LocalDisk, read_if_held, write_whole
from phonotheque.errors import ConflictError
from phonotheque.store.lock import hold_folder

RESTORED = "restored.json"

_WORK, _PLAN = "work", "plan"
_GENERATION = "000001"
_WEIGHTS = {
    "comparing digests": 0.5,
    "taking in tables": 6.0,
    "taking in cards": 4.0,
    **WEIGHTS,
    "taking up ids": 1.0,
    "taking digests": 1.0,
}
"""CPU seconds for a million recordings, roughly."""


class Restored(msgspec.Struct, frozen=True):
    """`restored.json`: ids below `next_ids` were given in `epoch` and mean what they mean there.

    Attributes:
        snapshot: Name of the snapshot that was restored.
        decisions: SHA-256 of each `decisions.jsonl` that came along and may stand here: others
            were made in this archive.
    """

    snapshot: str
    epoch: str
    next_ids: dict[str, int]
    decisions: tuple[str, ...] = ()


def restore(
    dump: Path, root: Path, makers: Makers, machine: Machine, on_progress: OnProgress = quietly
) -> Snapshot:
    """Make a catalogue of a dump.

    Args:
        dump: Folder of the dump; its Parquet files and its small files are needed.
        root: Folder of the catalogue to make; it is absent or empty.

    Raises:
        BadReferenceError: It is no dump.
        ConflictError: There is a catalogue already.
        DigestMismatchError: A file of the dump is not what it was.
        MalformedError: The dump is not what it says.
        ArchiveBusyError: Another process restores here.
        UnavailableError: The disk refused; run again to go on.
    """
    contents = read_contents(dump)
    _refuse_a_second(root)
    unfinished = root.with_name(f"{root.name}.part")
    with translated(str(unfinished)):
        unfinished.mkdir(parents=True, exist_ok=True)
    with hold_folder(unfinished, "a restore"):
        site = _Site(dump, unfinished, contents)
        pace = Pace(_WEIGHTS, on_progress)
        _begin(site)
        with pace.step("comparing digests") as tell:
            check_files(dump, (CONTENTS, *decisions_in(dump), *sheets_of(contents)), tell)
            check_columns(dump, contents)
        with pace.step("taking in tables") as tell:
            take_in_tables(dump, contents, site.snapshot / "tables", tell)
            sources = _write_generations(site)
        with pace.step("taking in cards") as tell:
            take_in_cards(dump, site.work, tell)
        count_and_rank(partial(unranked, site.work), site.snapshot, (site.work, machine), pace)
        make_serving(site.snapshot, makers, machine, pace)
        with pace.step("taking up ids"):
            epoch = _take_up_ids(site)
        with pace.step("taking digests") as tell:
            _describe(site, epoch, sources, tell)
        _finish(site, root)
    return snapshots.read_snapshot(root, LocalDisk(root), contents.snapshot)


@dataclass(frozen=True, slots=True)
class _Site:
    """Where a restore works: from which dump, and in which folder until all is whole."""

    dump: Path
    root: Path
    contents: Contents

    @property
    def work(self) -> Path:
        """Folder for what is removed at the end."""
        return self.root / _WORK

    @property
    def snapshot(self) -> Path:
        """Folder of the snapshot in the making."""
        return self.root / self.contents.snapshot

    @property
    def disk(self) -> LocalDisk:
        """The folder as a disk."""
        return LocalDisk(self.root)


def _refuse_a_second(root: Path) -> None:
    with translated(str(root)):
        if root.exists() and any(root.iterdir()):
            todo = "Restore into an archive without one, or move this one away."
            raise ConflictError(str(root), "there is a catalogue already", todo)


def _begin(site: _Site) -> None:
    """Go on with what an earlier run of the same dump left, or begin anew."""
    with translated(str(site.root)):
        made = (site.dump / SUMS).read_bytes() + f"census {census.VERSION}\n".encode()
        wanted = hashlib.sha256(made).hexdigest()
        path = site.work / _PLAN
        if path.exists() and path.read_text() == wanted:
            return
        for entry in sorted(site.root.iterdir()):
            remove_tree(entry) if entry.is_dir() else entry.unlink()
        fresh_folder(site.work)
        write_text(path, wanted)


def _write_generations(site: _Site) -> tuple[SourceEntry, ...]:
    """Let every source stand there as one whose tables were consumed, and say who they are."""
    contents, note = site.contents, f"It was restored from a dump of {site.contents.snapshot}."
    for one in contents.sources:
        paths = {name: table_path(name, one.name) for name in TABLES}
        used = {name: contents.rows[path] for name, path in paths.items() if path in contents.rows}
        write_consumed(site.disk, one, _GENERATION, used, note)
    return entries_in(site.root, site.disk, site.snapshot, contents.sources)


def _take_up_ids(site: _Site) -> EpochRecord:
    """Begin an epoch whose first ids are those of the dump."""
    contents, folder = site.contents, site.root / "epoch"
    numbers = {one.name: one.id for one in contents.sources}
    record = EpochRecord(str(uuid.uuid4()), numbers, contents.next_ids)
    remove_tree(folder)  # what a stopped run left
    taken = take_up(site.root, site.disk, record, _ids(site))
    data = read_if_held(LocalDisk(site.dump), DECISIONS_FILE) or b""
    digest = hashlib.sha256(data).hexdigest()
    write_restored(
        site.disk, Restored(contents.snapshot, contents.epoch, contents.next_ids, (digest,))
    )
    write_whole(site.disk, decisions.FILE, data)
    decisions.read_all(site.disk)  # told now when a line is none
    return taken.record


def write_restored(disk: Disk, restored: Restored) -> None:
    """Write `restored.json`."""
    write_whole(disk, RESTORED, msgspec.json.encode(restored) + b"\n")


def _ids(site: _Site) -> Iterator[tuple[str, int, Integers, Integers]]:
    for name, source, rows in ids_of(site.dump, site.contents):
        yield name, source.id, rows["key"].to_numpy(), rows["id"].to_numpy()


def _describe(
    site: _Site,
    epoch: EpochRecord,
    sources: tuple[SourceEntry, ...],
    on_progress: Callable[[float], None],
) -> None:
    contents = site.contents
    descriptor = Descriptor(
        contents.snapshot,
        contents.made_at,
        epoch.epoch,
        contents.next_ids,
        contents.inputs,
        sources,
        rows_of_tables(site.snapshot),
        rows_of_cards(site.snapshot),
        links_of(site.snapshot),
        digests_of(site.snapshot, None, on_progress),
    )
    snapshots.write_descriptor(site.disk, contents.snapshot, descriptor)
    snapshots.switch_to(site.disk, contents.snapshot)


def _finish(site: _Site, root: Path) -> None:
    """Let the catalogue stand where it is looked for."""
    remove_tree(site.work)
    sync_tree(site.root)
    with translated(str(root)):
        site.root.replace(root)
        sync_file(root.parent)
