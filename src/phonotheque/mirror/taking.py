"""Taking in: proven files go from where they came to where they stay.

Write order: each file's bytes are durable and proven where it came; then folders are made, files
renamed into them, and every folder that has a new name in it is made durable, the deepest first;
then the volume's link. Only then may a journal say that it is held. Laws: nothing is moved that
was not proven; an object that is there already is left as it is; a crash leaves some files moved
and others not, and doing it again moves the rest.

The folders are synced at the end and once: file systems make all that happened durable with the
first of them, and a volume touches thousands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from phonotheque.disk import Disk, Kind
from phonotheque.errors import ConflictError, DiskFailedError
from phonotheque.mirror.contents import Contents, Part
from phonotheque.mirror.home import VOLUMES, Copy
from phonotheque.store.digests import iter_chunks
from phonotheque.store.objects import INCOMING, Store


@dataclass(frozen=True, slots=True)
class Place:
    """Where bytes are taken in: a copy on a mirror, or an archive itself; both are laid out alike.

    Attributes:
        root: Its folder.
        disk: The same, as everything durable is written.
        store: Its objects.
        incoming: Folder in which torrents lie while they come.
    """

    root: Path
    disk: Disk
    store: Store
    incoming: str = INCOMING

    @classmethod
    def of(cls, copy: Copy) -> Place:
        """The place of a copy."""
        return cls(copy.root, copy.disk, copy.store)


def incoming_path(place: Place, contents: Contents, part: Part) -> str:
    """Where a file of a torrent lies while it comes."""
    return f"{place.incoming}/{contents.torrent}/{part.path}"


def is_held(place: Place, part: Part) -> bool:
    """Whether a file of this name and length is there. That its bytes are right was proven when
    it came, and is proven again by a scrub."""
    entry = place.disk.stat(part.target)
    return entry is not None and entry.kind is Kind.FILE and entry.size_bytes == part.size_bytes


def settle(disk: Disk, path: str) -> None:
    """Make a proven file's bytes durable, and take everybody's right to write from it."""
    try:
        writer = disk.append(path)
    except DiskFailedError:  # a run that was killed took that right already, even from us
        _settle_copy(disk, path)
        return
    try:
        writer.freeze()
        writer.sync()
    finally:
        writer.close()


def _settle_copy(disk: Disk, path: str) -> None:
    """Put a durable copy of a file in its place."""
    again = f"{path}.again"
    disk.remove(again)
    writer = disk.create(again)
    try:
        with disk.open(path) as file:
            for chunk in iter_chunks(file):
                writer.write(chunk)
        writer.freeze()
        writer.sync()
    finally:
        writer.close()
    disk.rename(again, path)


def take_in(place: Place, contents: Contents, parts: Iterable[Part]) -> None:
    """Move proven files of a torrent to where they stay; all of it is durable on return.

    Raises:
        ConflictError: Something else than a file or folder stands where one belongs.
        UnavailableError: The disk refused.
    """
    disk = place.disk
    folders: set[str] = set()
    for part in parts:
        folder = part.target.rpartition("/")[0]
        make_all(disk, folder, folders)
        if is_held(place, part):
            disk.remove(incoming_path(place, contents, part))
        else:
            _refuse_what_is_no_file(disk, part.target)
            disk.rename(incoming_path(place, contents, part), part.target)
    for folder in sorted(folders, key=lambda one: one.count("/"), reverse=True):
        disk.sync_folder(folder)


def make_all(disk: Disk, path: str, made: set[str]) -> None:
    """Make a folder and its parents, but for those in `made`; their names are not durable yet."""
    if path in made:
        return
    parent = path.rpartition("/")[0]
    if parent:
        make_all(disk, parent, made)
    entry = disk.stat(path)
    if entry is None:
        disk.make_folder(path)
    elif entry.kind is not Kind.FOLDER:
        raise ConflictError(path, f"a {entry.kind} stands where a folder belongs", "Move it away.")
    made.add(path)


def _refuse_what_is_no_file(disk: Disk, path: str) -> None:
    """A folder or link in the place of an object was put there by somebody else."""
    entry = disk.stat(path)
    if entry is not None and entry.kind is not Kind.FILE:
        raise ConflictError(path, f"a {entry.kind} stands where a file belongs", "Move it away.")


def link(place: Place, contents: Contents) -> None:
    """Set the link of a volume, through which it is shared. Idempotent, durable on return."""
    if not contents.is_volume:
        return
    path = f"{VOLUMES}/{contents.torrent}"
    entry = place.disk.stat(path)
    if entry is None:
        place.disk.symlink(path, "../objects")
    elif entry.kind is not Kind.SYMLINK:
        raise ConflictError(path, f"a {entry.kind} stands where a link belongs", "Move it away.")
    place.disk.sync_folder(VOLUMES)


def clear_incoming(disk: Disk, path: str) -> None:
    """Remove a folder of `state/incoming/` with all that is in it; links are not followed.

    Raises:
        DiskFailedError: Folders are nested deeper than any torrent's.
    """
    _clear(disk, path, 0)


def _clear(disk: Disk, path: str, depth: int) -> None:
    if depth > _MOST_FOLDERS:
        raise DiskFailedError(path[:200], "it has too many folders in folders", "Remove it.")
    entry = disk.stat(path)
    if entry is None:
        return
    if entry.kind is not Kind.FOLDER:
        disk.remove(path)
        return
    for below in disk.list(path):
        _clear(disk, f"{path}/{below.name}", depth + 1)
    disk.remove_folder(path)


_MOST_FOLDERS = 40
"""Twice what a torrent may have."""
