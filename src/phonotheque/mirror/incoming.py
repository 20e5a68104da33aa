"""`state/incoming/<torrent>/`: where a torrent lies while it comes, and nothing else does.

Laws: before anything is fetched into it, only real folders and regular files at paths of the
torrent are left in it: links, devices, strangers' files and what the torrent does not have are
removed, links unfollowed; no file in it is longer than its torrent says.

Not here: fetching (`swarm`, `copying`), moving out what is proven (`taking`).
"""

from __future__ import annotations

import os
import shutil

from phonotheque.disk import Kind
from phonotheque.errors import DiskFullError
from phonotheque.mirror.contents import Contents, Part
from phonotheque.mirror.resuming import forget
from phonotheque.mirror.taking import Place, clear_incoming, incoming_path

_SPARE_BYTES = 64 << 20
"""Room that is left free on the disk: for the journal, the index, and whoever else lives there."""


def prepare(place: Place, contents: Contents, wanted: tuple[Part, ...]) -> None:
    """Make the folder of a torrent fit to be fetched into.

    Args:
        place: Where it comes to.
        contents: The torrent.
        wanted: Files that are to come; others in the folder are removed.

    Raises:
        DiskFullError: The disk has no room for what is to come.
        UnavailableError: The disk refused.
    """
    sizes = {incoming_path(place, contents, part): part.size_bytes for part in wanted}
    root = f"{place.incoming}/{contents.torrent}"
    folders = {root}
    for path in sizes:
        while (path := path.rpartition("/")[0]) != root:
            folders.add(path)
    _tidy(place, root, folders, sizes)
    _require_room(place, contents.torrent, sizes)


def _tidy(place: Place, path: str, folders: set[str], sizes: dict[str, int]) -> None:
    """Leave at a path and below only what belongs there. Depth is bounded by that of `folders`."""
    entry = place.disk.stat(path)
    if entry is None:
        return
    if path in folders and entry.kind is Kind.FOLDER:
        for below in place.disk.list(path):
            _tidy(place, f"{path}/{below.name}", folders, sizes)
    elif path in sizes and entry.kind is Kind.FILE:
        if entry.size_bytes > sizes[path]:
            place.disk.truncate(path, sizes[path])
    else:
        clear_incoming(place.disk, path)


def _require_room(place: Place, torrent: str, sizes: dict[str, int]) -> None:
    there = 0
    for path in sizes:
        try:
            there += os.lstat(place.root / path).st_blocks * 512  # a file with holes has less
        except OSError:
            continue
    needed = sum(sizes.values()) - there
    free = shutil.disk_usage(place.root).free
    if needed > free - _SPARE_BYTES:
        wrong = f"{needed:,} bytes are to come, and the disk has room for {free:,}"
        raise DiskFullError(torrent, wrong, "Free some space, or give the mirror less: --space.")


def clear(place: Place, contents: Contents) -> None:
    """Remove the folder of a torrent that came, or shall not come any more, and the note on it."""
    forget(place, contents.torrent)
    clear_incoming(place.disk, f"{place.incoming}/{contents.torrent}")
