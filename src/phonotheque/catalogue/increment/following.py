"""A catalogue that follows another one: restored from a dump of it, with nothing of its own since.

Laws: what follows imports nothing, builds nothing and decides nothing, for its sources, next ids
and decisions are those of the other; who did is told so, and loses nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from phonotheque.catalogue.dump.restoring import RESTORED, Restored
from phonotheque.catalogue.dump.standing_sources import imported_here
from phonotheque.catalogue.epoch import open_epoch
from phonotheque.catalogue.identity import decisions
from phonotheque.catalogue.snapshot import Snapshot, current_snapshot, number_of
from phonotheque.disk import Disk, read_if_held, read_whole
from phonotheque.errors import ConflictError, MalformedError, NoCatalogueError
from phonotheque.music.decoding import UNDECODABLE

_RESTORE = (
    "Move the folder `catalogue` away and restore a full dump: it can be followed from there."
)


@dataclass(frozen=True, slots=True)
class Following:
    """A catalogue that follows another one.

    Attributes:
        snapshot: The one that serves.
        restored: Where it came from.
    """

    snapshot: Snapshot
    restored: Restored

    @property
    def at(self) -> int:
        """Number of the dump that it is."""
        return number_of(self.snapshot.descriptor.name)


def following(root: Path, disk: Disk) -> Following:
    """Return what a catalogue follows.

    Raises:
        NoCatalogueError: There is none.
        ConflictError: It was not restored from a dump, or has something of its own since.
        MalformedError: It is damaged.
    """
    snapshot = current_snapshot(root, disk) if root.is_dir() else None
    if snapshot is None:
        todo = "Restore a dump with `phono catalogue restore` first."
        raise NoCatalogueError(str(root), "there is no catalogue yet", todo)
    if disk.stat(RESTORED) is None:
        wrong = "it was not restored from a dump, so that nothing can be applied to it"
        raise ConflictError(str(root), wrong, _RESTORE)
    try:
        restored = msgspec.json.decode(read_whole(disk, RESTORED), type=Restored)
    except UNDECODABLE as error:
        raise MalformedError(RESTORED, f"it cannot be read: {error}", _RESTORE) from error
    found = Following(snapshot, restored)
    _refuse_own(root, disk, found)
    refuse_imported(root, disk, found)
    return found


def refuse_imported(root: Path, disk: Disk, found: Following) -> None:
    """Refuse a catalogue with sources that were imported and not built, which would be lost.

    Raises:
        ConflictError: There is one.
    """
    if names := imported_here(root, disk, found.snapshot.descriptor.sources):
        wrong = f"{', '.join(names)}: imported here since it was restored, and would be lost"
        todo = f"Build it, and follow no more; or: {_RESTORE}"
        raise ConflictError(str(root), wrong, todo)


def digest_of_decisions(disk: Disk) -> str:
    """Return the SHA-256 of the decisions by hand that are here, in hexadecimal."""
    return hashlib.sha256(read_if_held(disk, decisions.FILE) or b"").hexdigest()


def _refuse_own(root: Path, disk: Disk, found: Following) -> None:
    """Refuse a catalogue in which something was built, numbered or decided since."""
    name, ends = found.snapshot.descriptor.name, found.restored.next_ids
    is_made = name == found.restored.snapshot or (found.snapshot.folder / RESTORED).is_file()
    given = open_epoch(root, disk).record.next_ids
    if not is_made or any(given[table] > ends.get(table, 0) for table in given):
        wrong = "something was built here since it was restored, and ids would be given twice"
        raise ConflictError(str(root), wrong, _RESTORE)
    if digest_of_decisions(disk) not in (*found.restored.decisions, hashlib.sha256().hexdigest()):
        wrong = "decisions were made here since it was restored, and would be lost"
        raise ConflictError(str(root / decisions.FILE), wrong, _RESTORE)
