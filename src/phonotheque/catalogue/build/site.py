"""Where a snapshot is made: one folder, which the next run finds as the last one left it.

`building` becomes the snapshot by getting its name. In it, `scratch` has what only the making
needs, and says of which inputs the rest is made: another run goes on with it, or begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from phonotheque.catalogue import snapshot as snapshots
from phonotheque.catalogue.bulk import fresh_folder, remove_tree
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.snapshot import Snapshot
from phonotheque.disk import Disk, read_whole, write_whole

BUILDING = "building"
"""Folder of the snapshot in the making, in the catalogue's folder."""

_SCRATCH = "scratch"
INPUTS = f"{BUILDING}/{_SCRATCH}/inputs"
"""File that says what the unfinished snapshot is made of."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a build works.

    Attributes:
        root: Folder of the catalogue.
        disk: The same folder as a disk.
        building: Folder of the snapshot in the making, below `root`.
        before: The snapshot that serves until then.
    """

    root: Path
    disk: Disk
    building: Path
    machine: Machine
    before: Snapshot | None

    @property
    def scratch(self) -> Path:
        """Folder for what is removed before the snapshot is whole."""
        return self.building / _SCRATCH

    @property
    def tables(self) -> Path:
        """Folder of the tables in the making."""
        return self.building / "tables"


def prepared(
    root: Path, disk: Disk, machine: Machine, inputs: str, before: Snapshot | None
) -> Site:
    """Go on with what an earlier build of the same inputs left, or begin anew.

    Args:
        inputs: Digest of all that decides what is made.
        before: The snapshot that serves.
    """
    site = Site(root, disk, root / BUILDING, machine, before)
    if disk.stat(INPUTS) is None or read_whole(disk, INPUTS) != inputs.encode():
        fresh_folder(site.building)
        fresh_folder(site.scratch)
        write_whole(disk, INPUTS, inputs.encode())
    return site


def whole_already(root: Path, disk: Disk, inputs: str) -> Snapshot | None:
    """Return the snapshot of a build that was stopped between its last step and the switch.

    None when there is none of these inputs.
    """
    for name in (BUILDING, *snapshots.snapshot_names(disk)[-1:]):
        found = snapshots.whole_or_none(partial(snapshots.read_snapshot, root, disk, name))
        if found is not None and found.descriptor.inputs == inputs:
            return named(root, disk) if name == BUILDING else found
    return None


def named(root: Path, disk: Disk) -> Snapshot:
    """Give a whole snapshot the name that its descriptor says."""
    name = snapshots.read_snapshot(root, disk, BUILDING).descriptor.name
    remove_tree(root / BUILDING / _SCRATCH)
    disk.rename(BUILDING, name)
    disk.sync_folder("")
    return snapshots.read_snapshot(root, disk, name)


def remove_old(root: Path, disk: Disk, current: Snapshot, kept: int) -> None:
    """Remove all snapshots but the current one and the last `kept`."""
    names = snapshots.snapshot_names(disk)
    stay = {current.descriptor.name, *names[max(len(names) - kept, 0) :]}
    for name in names:
        if name not in stay:
            remove_tree(root / name)
