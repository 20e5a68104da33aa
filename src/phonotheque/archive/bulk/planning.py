"""Which recordings are shared, in which order: the plan of an archive.

The plan is made of the catalogue that serves and of the register's index, for one day. Without a
catalogue nobody counted anything: recordings are shared as they came in, all in the tier "all".

Laws: what publishing follows and what `phono publish plan` shows are made of the same tables by the
same rules; a plan is a cache in `state/`: losing it loses seconds.

Not here: how it is decided (`phonotheque.publish.planning`), filling volumes (`publish.plan`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from phonotheque.archive.bulk.plan_wish import wish_of
from phonotheque.archive.finding.serving import FOLDER as CATALOGUE
from phonotheque.archive.opening import Archive, today
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.snapshot import Snapshot, current_snapshot
from phonotheque.disk import LocalDisk
from phonotheque.errors import MalformedError
from phonotheque.music.digest import Sha256
from phonotheque.publish.planning.by_accession import waiting
from phonotheque.publish.planning.words import Form, Order, Status, Tier, Wish
from phonotheque.register.holdings import Held
from phonotheque.register.kinship import access_copies
from phonotheque.register.published import retirements
from phonotheque.store.lock import hold_folder

if TYPE_CHECKING:
    from phonotheque.catalogue.bulk import Progress
    from phonotheque.publish.planning.descriptor import Descriptor
    from phonotheque.publish.planning.reading import Figures

SHOWN = "state/plan"
"""Folder of the plan that `phono publish plan` makes."""

_OF_RUN = "state/plan-of-run"
"""Folder of the plan that publishing follows, made by whoever holds the archive."""


class Turn(NamedTuple):
    """A recording whose turn it is to be shared.

    Attributes:
        tier: "t50", "t90", "t99", "t996" or "rest"; "all" where no listens are known at all.
        listens: Of its recording; None when unknown.
        form: As which of its forms; the original is named in any case.
    """

    sha256: Sha256
    tier: str
    listens: int | None
    form: Form = Form.ORIGINAL


def make_plan(
    archive: Archive, wish: Wish, folder: Path, jobs: int, on_progress: Progress | None = None
) -> Descriptor:
    """Write the plan of an archive into a folder, or leave the one there when it is the same.

    Raises:
        MalformedError: The catalogue is damaged.
        UnavailableError: The disk refused.
    """
    snapshot = _snapshot(archive.root)
    seeders, of_seeders = _seeders(archive) if wish.order is Order.AT_RISK else ({}, {})
    facts = _facts(archive, snapshot) | of_seeders
    if (found := _made_before(folder, wish, facts)) is not None:
        return found
    from phonotheque.catalogue.bulk import remove_tree  # slow to load, all of these
    from phonotheque.catalogue.database import Machine
    from phonotheque.publish.planning import making, matching
    from phonotheque.publish.planning.shelf import Shelf
    from phonotheque.publish.planning.workshop import MEMORY_BYTES

    machine = Machine(jobs, MEMORY_BYTES)
    catalogue = matching.CatalogueParts()
    if snapshot:
        cards = snapshot.cards(Kind.RECORDING.value)
        catalogue = matching.CatalogueParts.of(cards, snapshot.tables)
    shelf = Shelf(
        archive.index.db,
        today(),
        archive.config["rights.licence_tags_count"],
        frozenset(retirements(archive.index)),
        seeders,
    )
    holdings = folder.with_name(f"{folder.name}.held")
    try:
        held = matching.match(shelf.batches(), catalogue, holdings, machine)
        material = making.Material(catalogue.known, held, shelf.reasons, facts)
        engine = making.on_one_machine(machine)
        return making.make_plan(material, wish, folder, engine, on_progress or _quietly, jobs)
    finally:
        remove_tree(holdings)


def _quietly(_: float) -> None:
    """Tell nobody."""


def _snapshot(root: Path) -> Snapshot | None:
    folder = root / CATALOGUE
    return current_snapshot(folder, LocalDisk(folder)) if folder.is_dir() else None


def _facts(archive: Archive, snapshot: Snapshot | None) -> dict[str, str]:
    """What a plan depends on: when none of it changed, it need not be made again."""
    head = archive.index.place.head
    return {
        "register": f"{head.seq} {head.digest}",
        "catalogue": snapshot.descriptor.inputs if snapshot else "",
        "snapshot": snapshot.descriptor.name if snapshot else "",
        "day": today().isoformat(),
        "licence_tags_count": str(archive.config["rights.licence_tags_count"]).lower(),
    }


def _seeders(archive: Archive) -> tuple[dict[str, int], dict[str, str]]:
    """Seeders of each volume as they were counted last, or the copies that mirrors proved where
    these are more; and what a plan says of that."""
    from phonotheque.archive.bulk.pages import read_health
    from phonotheque.archive.keeping.counting import copies_of
    from phonotheque.archive.keeping.mirrors import journal_digest
    from phonotheque.publish.planning.telling import (
        COUNTED_AT,
        COUNTED_BY,
        MIRRORS,
        REPORTS,
        UNCOUNTED,
    )
    from phonotheque.publish.sealed import live

    health = read_health(archive.disk)
    counts = health.torrents if health else {}
    seeders = {name: count.seeders for name, count in counts.items()}
    copies = copies_of(archive)
    reported = {}
    if copies.mirrors:
        reported = {MIRRORS: str(len(copies.mirrors)), REPORTS: journal_digest(archive.disk)}
        more = {one.volume: max(seeders.get(one.volume, 0), one.copies) for one in copies.volumes}
        seeders |= more
    facts = {
        COUNTED_AT: health.observed_at if health else "",
        COUNTED_BY: health.observer if health else "",
        UNCOUNTED: str(sum(volume.name not in seeders for volume in live(archive.index))),
        **reported,
    }
    return seeders, facts


def _made_before(folder: Path, wish: Wish, facts: dict[str, str]) -> Descriptor | None:
    from phonotheque.publish.planning.descriptor import DESCRIPTOR, is_of, read_descriptor

    if not (folder / DESCRIPTOR).exists():
        return None
    try:
        found = read_descriptor(folder)
    except MalformedError:
        return None
    return found if is_of(found, wish, facts) else None


def figures_of(
    archive: Archive, wish: Wish, jobs: int, on_progress: Progress | None = None
) -> Figures:
    """Make the plan that is shown, and add it up.

    Raises:
        ArchiveBusyError: Another one is being made.
        PhonothequeError: What `make_plan` raises.
    """
    from phonotheque.catalogue.database import Machine
    from phonotheque.publish.planning import reading
    from phonotheque.publish.planning.workshop import MEMORY_BYTES

    folder = archive.root / SHOWN
    with hold_folder(folder.parent, "another plan"):
        make_plan(archive, wish, folder, jobs, on_progress)
        return reading.figures_of(folder, Machine(jobs, MEMORY_BYTES))


# -- what publishing follows ---------------------------------------------------------------------


def order(archive: Archive) -> Iterator[tuple[Sha256, str, int | None]]:
    """Give objects that are to be shared and in no volume yet, in the order of the plan.

    Name, tier ("t50" ... "rest", "all") and listens of each. Where a recording is shared as an
    access copy, that is named if it is there (`archive.bulk.access_copies`), else the original. The
    archive is held by the caller. The same as long as register, catalogue, settings and day are the
    same; what is sealed meanwhile is not noticed.

    Raises:
        BadSettingError: What the settings ask for does not exist.
        MalformedError: The catalogue is damaged.
        UnavailableError: The plan could not be written.
    """
    for turn in turns(archive):
        name = turn.sha256
        if turn.form is Form.ACCESS_COPY:
            copies = map(archive.index.held, access_copies(archive.index, name))
            intact = (copy.sha256 for copy in copies if copy and copy.condition == "intact")
            name = next(intact, name)
        yield name, turn.tier, turn.listens


def turns(archive: Archive) -> Iterator[Turn]:
    """Give the recordings that are to be shared and in no volume yet, in the order of the plan.

    Raises:
        PhonothequeError: What `order` raises.
    """
    folder = _plan_of_run(archive)
    if folder is None:
        for held, status, _ in _waiting(archive):
            if status is Status.TO_SHARE:
                yield Turn(held.sha256, Tier.ALL.word, None)
        return
    from phonotheque.publish.planning.reading import to_share

    find = "SELECT sha256 FROM accession WHERE seq = ?"
    for line, tier, listens, form in to_share(folder):
        ((name,),) = archive.index.db.execute(find, (line,))
        yield Turn(Sha256(name), tier, listens, Form(form))


def left(archive: Archive) -> Counter[str]:
    """Count recordings that are whole, may be read and are not shared, by reason."""
    folder = _plan_of_run(archive)
    if folder is None:
        waiting = _waiting(archive)
        return Counter(reason for _, status, reason in waiting if status is not Status.TO_SHARE)
    from phonotheque.publish.planning import reading

    return reading.left(folder)


def coverage_of(archive: Archive) -> Figures:
    """Return the figures of the plan that publishing follows, for fact sheets.

    Raises:
        PhonothequeError: What `order` raises.
    """
    from phonotheque.catalogue.database import Machine
    from phonotheque.publish.planning import reading
    from phonotheque.publish.planning.workshop import MEMORY_BYTES

    folder = _made(archive, wish_of(archive.config))
    return reading.figures_of(folder, Machine(_JOBS, MEMORY_BYTES))


_JOBS = 2
"""Threads that make the plan while something else is being done."""


def _plan_of_run(archive: Archive) -> Path | None:
    """Make the plan to be followed; None where the order of accession is all there is to it."""
    wish = wish_of(archive.config)
    if replace(wish, tiers=frozenset(Tier)) == Wish() and _snapshot(archive.root) is None:
        return None
    return _made(archive, wish)


def _made(archive: Archive, wish: Wish) -> Path:
    """Make a plan where nobody else does: the one writer has a folder, readers share another."""
    if archive.journal is not None:
        folder = archive.root / _OF_RUN
        make_plan(archive, wish, folder, _JOBS)
        return folder
    folder = archive.root / SHOWN
    with hold_folder(folder.parent, "another plan"):
        make_plan(archive, wish, folder, _JOBS)
    return folder


def _waiting(archive: Archive) -> Iterator[tuple[Held, Status, str]]:
    counts = archive.config["rights.licence_tags_count"]
    retired = frozenset(retirements(archive.index))
    return waiting(archive.index, retired, today(), claims_count=counts)
