"""Packs as they lie on the disk: which are offered, their pointers, and what is cleared away.

Laws: pointers follow from the record and can be set again at any time; a pack that must not be
offered any more is gone after the next opening at the latest, one that was only replaced stays for
as long as a published index may offer it.
"""

from __future__ import annotations

from phonotheque.disk import Disk, Kind
from phonotheque.errors import MalformedError
from phonotheque.publish.packs.form import PACK_PIECE_BYTES, PACKS, PackKind, folder_of
from phonotheque.publish.sealed import PUBLISHED, hidden_path, sealed_bytes, torrent_path
from phonotheque.publish.torrent_reader import read_torrent
from phonotheque.register.events import Pack
from phonotheque.register.findings import damaged_torrents
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


def is_whole(disk: Disk, index: Index, pack: Pack) -> bool:
    """Whether no check found anything wrong with a pack, its torrent is the one that was sealed,
    and each file that the torrent names is there in its length.

    Cost: the torrent is read, the files are not; `phono verify` does that.
    """
    if pack.name in damaged_torrents(index.db):
        return False
    data = sealed_bytes(disk, torrent_path(pack.name), pack.torrent)
    if data is None:
        return False
    try:
        files = read_torrent(data, thing=pack.name, piece_bytes=PACK_PIECE_BYTES).files
    except MalformedError:
        return False
    found = (disk.stat("/".join((folder_of(pack.name), *file.path))) for file in files)
    return all(
        entry is not None and entry.kind is Kind.FILE and entry.size_bytes == file.size_bytes
        for entry, file in zip(found, files, strict=True)
    )


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
    names = torrents | {entry.name for entry in stand}
    for name in sorted(known):
        if name not in gone and f".{name}.torrent" in torrents:
            disk.rename(hidden_path(name), torrent_path(name))
            disk.sync_folder(PUBLISHED)
        elif name in gone and gone[name].reason not in (OUTDATED, FOLDED):
            _take_away(disk, name, names)
    for entry in stand:
        if entry.name not in known:
            clear(disk, f"{PACKS}/{entry.name}", entry.kind)


def sweep_packs(disk: Disk, index: Index) -> list[str]:
    """Remove packs that were replaced; for when no published index offers them any more.

    Returns:
        Their names.
    """
    names = {entry.name for folder in (PUBLISHED, PACKS) for entry in disk.list(folder)}
    gone = retirements(index)
    return [
        pack.name
        for pack in packs(index)
        if pack.name in gone and _take_away(disk, pack.name, names)
    ]


def _take_away(disk: Disk, name: str, names: set[str]) -> bool:
    """Take a pack away of which anything stands among these names; whether it did."""
    is_there = not names.isdisjoint((name, f"{name}.torrent", f".{name}.torrent"))
    if is_there:
        withdraw_pack(disk, name)
    return is_there


def withdraw_pack(disk: Disk, name: str) -> None:
    """Take a pack off the disk: its torrent, then its files. Idempotent.

    Durable also when all of it was gone: who removed it may not have come to sync it.
    """
    for path in (torrent_path(name), hidden_path(name)):
        disk.remove(path)
    disk.sync_folder(PUBLISHED)
    if disk.stat(PACKS) is not None:
        clear(disk, folder_of(name))
        disk.sync_folder(PACKS)  # which takes all that was in the folder along


def clear(disk: Disk, path: str, kind: Kind = Kind.FOLDER) -> None:
    """Remove a folder with all that is in it, or a file; nothing when it is absent."""
    if kind is not Kind.FOLDER:
        disk.remove(path)
        return
    for entry in disk.list(path):
        clear(disk, f"{path}/{entry.name}", entry.kind)
    disk.remove_folder(path)
