"""Sealed volumes as they lie on the disk: where their files are, and which objects they hold.

Laws: what a volume holds is believed only from bytes that the register has the digest of; pointers
follow from the record and can be set again at any time. Not here: sealing (`seal`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from phonotheque.disk import Disk, read_if_held
from phonotheque.errors import ListLostError, MalformedError
from phonotheque.publish import lists
from phonotheque.register.events import Volume
from phonotheque.register.index import Index
from phonotheque.register.published import offered, retirements
from phonotheque.store.objects import LISTS, ObjectName, parse_file_name

PUBLISHED = "published"
VOLUMES = "volumes"
_TWIN = ".v1"  # names of volumes have no dot
LIST_FILES = ("ATTRIBUTION.txt", "README.txt", "SHA256SUMS", "manifest.tsv")


def members(disk: Disk, volume: Volume) -> list[ObjectName]:
    """Which objects a volume holds: from its manifest, or from its torrent when that is lost.

    Both are believed only when they are, byte for byte, what the register says was sealed.

    Raises:
        ListLostError: Neither is there as it was sealed.
    """
    path = manifest_path(volume.name)
    if data := sealed_bytes(disk, path, volume.manifest):
        try:
            return lists.read_manifest(data.decode())
        except ValueError as error:
            raise MalformedError(path, str(error), "This is a fault in Phonotheque.") from error
    from phonotheque.publish.torrent_reader import read_torrent  # seldom needed, slow to load

    for path in (torrent_path(volume.name), hidden_path(volume.name)):
        if data := sealed_bytes(disk, path, volume.torrent):
            names = (parse_file_name(file.path[-1]) for file in read_torrent(data).files)
            return [name for name in names if name is not None]
    raise list_lost(volume.name)


def sealed_bytes(disk: Disk, path: str, sha256: str) -> bytes | None:
    """Return the bytes of a file if they are there as they were sealed; None if not.

    Args:
        disk: The archive's.
        path: Of a manifest or torrent.
        sha256: What the register says that was sealed, 64 hexadecimal digits.
    """
    data = read_if_held(disk, path)
    return data if data is not None and hashlib.sha256(data).hexdigest() == sha256 else None


def list_lost(volume: str) -> ListLostError:
    """Say that nobody knows any more which objects a volume holds, and how to know it again."""
    return ListLostError(
        manifest_path(volume),
        f"neither it nor {torrent_path(volume)} is there as it was sealed, "
        "so it is not known which recordings the volume holds",
        "Bring one of the two back from a backup or any copy of the volume, then run "
        "`phono rebuild`; until then nothing new is published.",
    )


def manifest_path(volume: str) -> str:
    """Where the list of a sealed volume's recordings lies."""
    return f"{LISTS}/{volume}/manifest.tsv"


def torrent_path(volume: str) -> str:
    """Where a sealed volume's torrent is published."""
    return f"{PUBLISHED}/{volume}.torrent"


def hidden_path(volume: str) -> str:
    """Where a torrent lies until the register knows its volume."""
    return f"{PUBLISHED}/.{volume}.torrent"


def twin_name(volume: str) -> str:
    """What the v1-only twin of a volume's torrent is called."""
    return f"{volume}{_TWIN}"


def twin_path(volume: str) -> str:
    """Where it is published, when somebody asked for it."""
    return torrent_path(twin_name(volume))


def is_twin(file: str) -> bool:
    """Whether a file of this name in `published/` is a v1-only twin."""
    return file.endswith(f"{_TWIN}.torrent")


def offered_as(file: str) -> str:
    """The name of the volume or pack that a .torrent file in `published/` offers."""
    return file.removesuffix(".torrent").removesuffix(_TWIN)


def finish(disk: Disk, volumes: Iterable[str]) -> None:
    """Set the pointers of live volumes: the torrent's name and the link. Idempotent."""
    torrents = {entry.name for entry in disk.list(PUBLISHED)}
    links = {entry.name for entry in disk.list(VOLUMES)}
    for volume in volumes:
        if f".{volume}.torrent" in torrents:
            disk.rename(hidden_path(volume), torrent_path(volume))
            disk.sync_folder(PUBLISHED)
        if volume not in links:
            disk.symlink(f"{VOLUMES}/{volume}", "../objects")
            disk.sync_folder(VOLUMES)


def live(index: Index) -> list[Volume]:
    """The volumes that are offered now, in the order they were sealed."""
    return [one for one in offered(index) if isinstance(one, Volume)]


def remains(disk: Disk, index: Index) -> list[str]:
    """Names of retired volumes of which a torrent or link still lies on the disk."""
    there = {entry.name for folder in (PUBLISHED, VOLUMES) for entry in disk.list(folder)}
    sealed = {volume.name for volume in index.volumes()}
    pointers = (torrent_path, hidden_path, twin_path)
    return [
        name
        for name in retirements(index)
        if name in sealed
        and there & {name, *(path(name).removeprefix(f"{PUBLISHED}/") for path in pointers)}
    ]


def unpublish(disk: Disk, volume: str) -> None:
    """Take torrent, twin and link of a retired volume off the disk. Idempotent.

    For when no published index offers it any more: pointers go before what they point to. Its
    lists stay: no door gives them out, and an index made again is told by them what was in it.
    """
    for path in (torrent_path(volume), hidden_path(volume), twin_path(volume)):
        disk.remove(path)
    disk.sync_folder(PUBLISHED)
    disk.remove(f"{VOLUMES}/{volume}")
    disk.sync_folder(VOLUMES)


def withdraw(disk: Disk, volume: str) -> None:
    """Take lists of a retired volume off the disk, too: they name what was removed. Idempotent."""
    unpublish(disk, volume)
    folder = f"{LISTS}/{volume}"
    if disk.stat(folder) is None:
        return
    for name in LIST_FILES:
        disk.remove(f"{folder}/{name}")
    disk.sync_folder(folder)
