"""What a laid out volume leaves to the one that takes its place: files are moved, not copied again.

Laws: what the heir's own list does not name goes before anything is moved; a file is moved only
while it is what its name says: it is read, so that rot is copied over and not handed down; a file
that the heir has already stays. What cannot be moved is not handed on: it goes with its folder and
is copied anew, because what was removed must go whatever the disk says. So does a hard link to the
archive's own file, unless links are wanted.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from phonotheque.disk import Disk
from phonotheque.errors import ListLostError
from phonotheque.publish.sealed import members
from phonotheque.register.events import Retirement, Volume
from phonotheque.register.published import heir_of
from phonotheque.store.objects import ObjectName


def heirs(
    folders: Iterable[Path], retired: Mapping[str, Retirement], volumes: Iterable[Volume]
) -> dict[Path, Volume]:
    """Find who takes the place of volumes that go.

    Args:
        folders: Of the volumes that go, or links; their names are those of the volumes.
        retired: What is not offered any more, by name.
        volumes: Those that are laid out.

    Returns:
        Each folder with the volume that took its place, be it after several others.
    """
    there = {volume.name: volume for volume in volumes}
    found = {}
    for folder in folders:
        name = heir_of(folder.name, retired)
        if name in there and not folder.is_symlink():
            found[folder] = there[name]
    return found


def strip(disk: Disk, folder: Path, heir: Volume) -> None:
    """Take what the heir does not hold out of a folder that goes.

    Raises:
        OSError: The disk refused.
    """
    kept = {folder / name.folder / name.file for name in _members(disk, heir)}
    for path in sorted(folder.rglob("*")):
        if path not in kept and (path.is_symlink() or not path.is_dir()):
            path.unlink()


def handed_on(
    disk: Disk, folder: Path, heir: Volume, *, is_linked: bool
) -> Iterator[tuple[ObjectName, Path, Path]]:
    """Give what can be moved out of a folder that goes: its name, where it is, its place in the
    heir's.

    Args:
        disk: The archive's.
        folder: The one that goes.
        heir: Who takes its place.
        is_linked: Whether hard links to the archive's own files are wanted.
    """
    for name in _members(disk, heir):
        source = folder / name.folder / name.file
        target = folder.with_name(heir.name) / name.folder / name.file
        is_own = source.is_file() and (is_linked or source.stat().st_nlink == 1)
        if is_own and not target.exists():
            yield name, source, target


def hand_on(disk: Disk, folder: Path, heir: Volume, *, is_linked: bool) -> None:
    """Move what is in the heir, too, out of a folder that goes, as far as the disk lets it.

    Cost: each file is read once.
    """
    for name, source, target in handed_on(disk, folder, heir, is_linked=is_linked):
        with suppress(OSError):  # of this file alone: one bad sector is no reason to copy the rest
            with open(source, "rb") as file:
                is_whole = hashlib.file_digest(file, "sha256").digest() == name.sha256.raw
            if is_whole:
                target.parent.mkdir(parents=True, exist_ok=True)
                os.rename(source, target)


def _members(disk: Disk, heir: Volume) -> list[ObjectName]:
    """What the heir holds; nothing where its list is lost: that is told when its turn comes."""
    try:
        return members(disk, heir)
    except ListLostError:
        return []
