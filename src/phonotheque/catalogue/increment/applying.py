"""Increments applied to a catalogue that was restored from a dump: the next snapshot, which serves.

`apply` reads like the list of its steps. Laws: nothing is believed before its digest was compared;
the catalogue begins with what an increment says and ends with what it says, or nothing changes;
the pointer to the snapshot is moved last, so that whoever is killed leaves the old state or the new
one. What was stopped before is gone on with by the next run of the same increments.

Cards and all that serves are made here of the tables, as a build makes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from phonotheque.catalogue import census
from phonotheque.catalogue.build.card_making import make_cards, unranked
from phonotheque.catalogue.build.serving import WEIGHTS, Makers, count_and_rank, make_serving
from phonotheque.catalogue.build.site import Site, prepared
from phonotheque.catalogue.build.steps import OnProgress, Pace, make_once, quietly
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.dump.choosing import DECISIONS
from phonotheque.catalogue.dump.contents import digest_of
from phonotheque.catalogue.dump.excerpt import write_sources
from phonotheque.catalogue.dump.layout import SUMS
from phonotheque.catalogue.dump.state import NOTHING, tables_digests
from phonotheque.catalogue.increment.chain import check_base, check_chain
from phonotheque.catalogue.increment.contents import Increment, check_increment, read_increment
from phonotheque.catalogue.increment.ending import end
from phonotheque.catalogue.increment.following import Following, following
from phonotheque.catalogue.increment.making import Steps, make_tables, untouched
from phonotheque.catalogue.snapshot import Snapshot
from phonotheque.disk import Disk
from phonotheque.errors import DigestMismatchError, NoCatalogueError
from phonotheque.store.lock import hold_folder

_WEIGHTS = {
    "comparing digests": 0.5,
    "taking the state": 2.0,
    "applying": 3.0,
    "proving the state": 2.0,
    "making cards": 9.0,
    **WEIGHTS,
    "taking digests": 1.0,
    "taking up ids": 1.0,
    "switching": 0.1,
}
"""CPU seconds for a million recordings, roughly."""


def look_over(root: Path, disk: Disk, folders: Sequence[Path]) -> tuple[Following, list[Increment]]:
    """Return what increments would do, having checked that they follow from what is here.

    Raises:
        NoCatalogueError: There is no catalogue.
        BadReferenceError: A folder is no increment.
        ConflictError: The catalogue does not follow a dump, or an increment does not follow from
            where it is: it was applied already, comes too early, or is of another catalogue.
        MalformedError: An increment is damaged.
    """
    chain = [read_increment(folder) for folder in folders]
    found = following(root, disk)
    check_chain(folders, chain, found.at, found.restored.epoch)
    return found, chain


def apply(
    root: Path,
    disk: Disk,
    folders: Sequence[Path],
    makers: Makers,
    machine: Machine,
    on_progress: OnProgress = quietly,
) -> Snapshot:
    """Apply increments in the order given, and let what they lead to serve.

    Args:
        root: Folder of the catalogue.
        disk: The same folder as a disk.
        folders: Of the increments.

    Raises:
        PhonothequeError: What `look_over` raises.
        ConflictError: The rows or ids here are not those that the first one begins with.
        DigestMismatchError: A file is not what it was, or the rows it leads to are others.
        MalformedError: An increment is damaged.
        ArchiveBusyError: A build is running, or another one applies.
        UnavailableError: The disk refused; run again to go on.
    """
    if not root.is_dir():
        todo = "Restore a dump with `phono catalogue restore` first."
        raise NoCatalogueError(str(root), "there is no catalogue yet", todo)
    with hold_folder(root, "a build of the catalogue"):
        found, chain = look_over(root, disk, folders)
        pace = Pace(_WEIGHTS, on_progress)
        with pace.step("comparing digests") as tell:
            for done, (folder, one) in enumerate(zip(folders, chain, strict=True), 1):
                check_increment(folder, one)
                tell(done / len(chain))
        steps = Steps(found.snapshot.tables, tuple(folders), tuple(chain))
        with pace.step("taking the state") as tell:
            sources = found.snapshot.descriptor.sources
            before = tables_digests(steps.before, sources, on_progress=tell)
            check_base(folders[0], chain[0], before, found.snapshot.descriptor.next_ids)
        site = prepared(root, disk, machine, _name_of(folders), found.snapshot)
        _make_tables(site, steps, before, pace)
        _make_cards(site, pace)
        make_serving(site.building, makers, machine, pace)
        return end(site, steps, found, pace)


def _name_of(folders: Sequence[Path]) -> str:
    """Name all that decides what is made, for the next run to know it by."""
    sums = [digest_of(folder / SUMS) for folder in folders]
    made = ["increments", f"census {census.VERSION}", *sums]
    return hashlib.sha256("\n".join(made).encode()).hexdigest()


def _make_tables(site: Site, steps: Steps, before: dict[str, str], pace: Pace) -> None:
    """Make the tables, and prove that their rows are those that the last increment leads to."""
    done = site.scratch / "tables-proven"
    with pace.step("applying", is_done=done.is_dir()) as tell:
        if not done.is_dir():
            make_tables(steps, site.tables, tell)
            write_sources(site.tables / "sources.parquet", (DECISIONS, *steps.last.sources))
    with pace.step("proving the state", is_done=done.is_dir()) as tell:
        if not done.is_dir():
            known = untouched(steps, before, NOTHING)
            found = tables_digests(site.tables, steps.last.sources, known, tell)
            _refuse_others(steps, found)
            make_once(done, lambda _: None)


def _refuse_others(steps: Steps, found: dict[str, str]) -> None:
    wanted = steps.last.result.tables
    for path in sorted({*wanted, *found}):
        if wanted.get(path) != found.get(path):
            wrong = (
                f"with {path} applied the rows are not those of {steps.last.result.sequence}: "
                f"their digest is {found.get(path, 'none')}, and {wanted.get(path, 'none')} is said"
            )
            todo = "Ask its publisher, or restore a full dump. Nothing was changed."
            raise DigestMismatchError(str(steps.folders[-1]), wrong, todo)


def _make_cards(site: Site, pace: Pace) -> None:
    """Make the cards of the tables, count them, and put them in order of rank."""
    done = site.scratch / "cards-made"
    with pace.step("making cards", is_done=done.is_dir()) as tell:
        if not done.is_dir():
            make_cards(site.building, site.scratch, site.machine, tell)
        make_once(done, lambda _: None)
    work = site.scratch, site.machine
    count_and_rank(partial(unranked, site.scratch), site.building, work, pace)
