"""A snapshot built from the current generation of every source.

`build` reads like the list of its steps. Each step is done once: what it makes is a folder that
gets its name when it is whole. A build that was stopped, whenever, is gone on with by the next one
after the last whole step, as long as its sources are the same; the snapshot that serves goes on
serving until the new one is whole, and is kept until there is one more.

Memory: ids are looked up in mapped files, joins spill, cards are made by the million; only ranking
holds more, 8 bytes a card and twice that for a while (`phonotheque.catalogue.ranking`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from phonotheque.catalogue import census
from phonotheque.catalogue import snapshot as snapshots
from phonotheque.catalogue.browse.schema import VERSION as BROWSE_VERSION
from phonotheque.catalogue.build import serving
from phonotheque.catalogue.build.card_making import make_cards, unranked
from phonotheque.catalogue.build.describing import (
    digests_of,
    links_of,
    rows_of_cards,
    rows_of_tables,
)
from phonotheque.catalogue.build.engines import Opens, on_one_machine
from phonotheque.catalogue.build.gathering import entries_of, take_in_all
from phonotheque.catalogue.build.inputs import Input, read_inputs
from phonotheque.catalogue.build.serving import (
    BrowseMaker,
    LookupMaker,
    Makers,
    MatchMaker,
    SearchMaker,
)
from phonotheque.catalogue.build.site import (
    BUILDING,
    INPUTS,
    Site,
    named,
    prepared,
    remove_old,
    whole_already,
)
from phonotheque.catalogue.build.steps import OnProgress, Pace, make_once, quietly
from phonotheque.catalogue.bulk import fresh_folder, remove_tree, sync_tree, translated
from phonotheque.catalogue.corrections.resolving import FILE as CORRECTIONS
from phonotheque.catalogue.corrections.resolving import digest_of
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.epoch import Epoch, number_sources, open_epoch
from phonotheque.catalogue.identity import decisions
from phonotheque.catalogue.identity.linking import link_all
from phonotheque.catalogue.match.schema import VERSION as MATCH_VERSION
from phonotheque.catalogue.snapshot import Descriptor, Snapshot
from phonotheque.disk import Disk, read_whole
from phonotheque.errors import NotHeldError
from phonotheque.register.catalogue_corrections import StandingCorrection
from phonotheque.store.lock import hold_folder

_WEIGHTS = {
    "taking in sources": 6.0,
    "linking": 2.0,
    "making cards": 9.0,
    **serving.WEIGHTS,
    "taking digests": 1.0,
}
"""CPU seconds for a million recordings, roughly: what the time left is estimated from."""


@dataclass(frozen=True, slots=True)
class Choices:
    """How a build is done.

    Attributes:
        consume: Remove imported tables as soon as they are taken in, where the disk is small. A
            source must be imported again before it can be built anew in another epoch.
        kept: How many snapshots are kept, the current one among them.
        corrections: What people corrected, those that stand, in the order in which they did.
        opens: Opens the engine that makes cards; what is made is the same with each.
    """

    make_search: SearchMaker
    make_lookup: LookupMaker
    make_browse: BrowseMaker
    make_match: MatchMaker
    machine: Machine = field(default_factory=Machine)
    consume: bool = False
    kept: int = 2
    corrections: Sequence[StandingCorrection] = ()
    opens: Opens = on_one_machine
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def makers(self) -> Makers:
        """Who makes what serves."""
        return Makers(self.make_search, self.make_lookup, self.make_browse, self.make_match)


def build(root: Path, disk: Disk, choices: Choices, on_progress: OnProgress = quietly) -> Snapshot:
    """Build a snapshot from what was imported, and let it serve.

    Args:
        root: Folder of the catalogue.
        disk: The same folder as a disk.

    Returns:
        The snapshot that serves; the one that did, when nothing changed since it was built.

    Raises:
        ArchiveBusyError: Another build is running.
        NotHeldError: No source was imported.
        UnavailableError: The disk refused; run again to go on.
        MalformedError: A source's files are damaged.
    """
    with hold_folder(root, "a build of the catalogue"):
        sources = _sources(root, disk)
        epoch = number_sources(root, disk, [one.name for one in sources])
        inputs = _digest(disk, epoch, sources, choices.corrections)
        serves = snapshots.whole_or_none(lambda: snapshots.current_snapshot(root, disk))
        if serves is None or serves.descriptor.inputs != inputs:
            made = whole_already(root, disk, inputs)
            if made is None:
                site = prepared(root, disk, choices.machine, inputs, serves)
                made = _make(site, sources, choices, Pace(_WEIGHTS, on_progress))
            snapshots.switch_to(disk, made.descriptor.name)
            serves = made
        remove_old(root, disk, serves, choices.kept)
        return serves


def _make(site: Site, sources: Sequence[Input], choices: Choices, pace: Pace) -> Snapshot:
    """Make a snapshot, step by step."""
    take_in_all(site, sources, pace, consume=choices.consume)
    _link(site, choices.corrections, pace)
    _make_cards(site, choices.opens, pace)
    cards = partial(unranked, site.scratch)
    work = site.scratch, site.machine
    serving.count_and_rank(cards, site.building, work, pace, choices.opens)
    serving.make_serving(site.building, choices.makers, site.machine, pace)
    _describe(site, sources, choices, pace)
    return named(site.root, site.disk)


def _sources(root: Path, disk: Disk) -> list[Input]:
    sources = read_inputs(root, disk)
    if not sources:
        todo = "Run `phono catalogue import` first."
        raise NotHeldError(str(root), "nothing was imported yet", todo)
    return sources


def _digest(
    disk: Disk, epoch: Epoch, sources: Sequence[Input], corrections: Sequence[StandingCorrection]
) -> str:
    """Name all that decides what a build makes."""
    by_hand = read_whole(disk, decisions.FILE) if disk.stat(decisions.FILE) else b""
    parts = [
        str(snapshots.FORMAT),
        f"shelves {BROWSE_VERSION}",  # a snapshot without them is built again
        f"match {MATCH_VERSION}",
        f"census {census.VERSION}",
        epoch.record.epoch,
        hashlib.sha256(by_hand).hexdigest(),
        *(f"{one.name} {one.generation}" for one in sources),
        *([digest_of(corrections)] if corrections else []),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _link(site: Site, corrections: Sequence[StandingCorrection], pace: Pace) -> None:
    """Link entities of different sources; nothing is merged."""
    folder, done = site.scratch / "linked", site.scratch / "links-moved"
    standing = decisions.standing(site.disk)

    def make(out: Path) -> None:
        folder = fresh_folder(out)
        redirected = link_all(site.building, folder, site.machine, standing, corrections)
        (out / "identity.json").write_bytes(msgspec.json.encode(asdict(redirected)))

    with pace.step("linking", is_done=done.is_dir()), translated(str(folder)):
        make_once(folder, make)
        for name in ("links.parquet", "canonical.parquet", CORRECTIONS, "gid_redirect"):
            _move(folder / name, site.tables / name)
        _move(folder / "identity.json", site.building / "identity.json")
        make_once(done, lambda _: None)


def _move(path: Path, place: Path) -> None:
    """Put a file or folder in a place, whatever was there; nothing when an earlier run did it."""
    if path.exists():
        remove_tree(place)
        path.replace(place)


def _make_cards(site: Site, opens: Opens, pace: Pace) -> None:
    """Make one card for each thing that can be found."""
    done = site.scratch / "cards-made"
    with pace.step("making cards", is_done=done.is_dir()) as tell:
        if not done.is_dir():
            make_cards(site.building, site.scratch, site.machine, tell, opens)
        make_once(done, lambda _: None)


def _describe(site: Site, sources: Sequence[Input], choices: Choices, pace: Pace) -> None:
    """Say what was made: what has a descriptor is whole."""
    epoch = open_epoch(site.root, site.disk).record
    with pace.step("taking digests") as tell:
        descriptor = Descriptor(
            snapshots.next_name(site.disk),
            choices.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            epoch.epoch,
            epoch.next_ids,
            read_whole(site.disk, INPUTS).decode(),
            entries_of(site, sources),
            rows_of_tables(site.building),
            rows_of_cards(site.building),
            links_of(site.building),
            digests_of(site.building, site.before, tell),
        )
    sync_tree(site.building)
    snapshots.write_descriptor(site.disk, BUILDING, descriptor)
