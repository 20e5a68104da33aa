"""Packs as they lie on the disk: which are offered, their pointers, and what is cleared away.

Laws: pointers follow from the record and can be set again at any time; a pack that must not be
offered any more is gone after the next opening at the latest, one that was only replaced stays for
as long as a published index may offer it.
"""

from __future__ import annotations

from phonotheque.disk import Disk, Kind
from phonotheque.publish.packs.form import PACKS, PackKind, folder_of
from phonotheque.publish.sealed import PUBLISHED, hidden_path, torrent_path
from phonotheque.register.events import Pack
from phonotheque.register.index import Index
from phonotheque.register.published import offered, packs, retirements

LOST = "Its files were lost."
WITHDRAWN = "Something in it may not be given away any more."
OUTDATED = "What it says has changed."
FOLDED = "What is in it stands in a newer pack."


def offered_packs(index: Index, kind: PackKind | None = None) -> list[Pack]:
    """Packs that are offered now, of one kind or all, the oldest first."""
    found = [one for one in offered(index) if isinstance(one, Pack)]
    return [one for one in found if kind is None or one.kind == kind]


def finish_packs(disk: Disk, index: Index) -> None:
    """Set the pointers of recorded packs; remove what must not be there, and what no line names.

    A pack that was only replaced stays for as long as a published index may offer it: `sweep_packs`
    removes it. Idempotent.
    """
    torrents = {entry.name for entry in disk.list(PUBLISHED)}
    stand = disk.list(PACKS)
    if not stand and not torrents:
        return
    gone = retirements(index)
    known = {pack.name for pack in packs(index)}
    for name in sorted(known):
        if name not in gone and f".{name}.torrent" in torrents:
            disk.rename(hidden_path(name), torrent_path(name))
            disk.sync_folder(PUBLISHED)
        elif name in gone and gone[name].reason not in (OUTDATED, FOLDED):
            _take_away(disk, name, torrents)
    for entry in stand:
        if entry.name not in known:
            clear(disk, f"{PACKS}/{entry.name}", entry.kind)


def sweep_packs(disk: Disk, index: Index) -> list[str]:
    """Remove packs that were replaced; for when no published index offers them any more.

    Returns:
        Their names.
    """
    torrents = {entry.name for entry in disk.list(PUBLISHED)}
    gone = retirements(index)
    there = {entry.name for entry in disk.list(PACKS)}
    names = [
        pack.name
        for pack in packs(index)
        if pack.name in gone and (pack.name in there or f"{pack.name}.torrent" in torrents)
    ]
    for name in names:
        _take_away(disk, name, torrents)
    return names


def _take_away(disk: Disk, name: str, torrents: set[str]) -> None:
    for path in (torrent_path(name), hidden_path(name)):
        if path.removeprefix(f"{PUBLISHED}/") in torrents:
            disk.remove(path)
            disk.sync_folder(PUBLISHED)
    if disk.stat(folder_of(name)) is not None:
        clear(disk, folder_of(name))
        disk.sync_folder(PACKS)  # else it may be back when power returns


def clear(disk: Disk, path: str, kind: Kind = Kind.FOLDER) -> None:
    """Remove a folder with all that is in it, or a file; nothing when it is absent."""
    if kind is not Kind.FOLDER:
        disk.remove(path)
        return
    for entry in disk.list(path):
        clear(disk, f"{path}/{entry.name}", entry.kind)
    disk.remove_folder(path)
