"""Copying from a folder: an archive, another mirror, a disk that came by post, a download.

Laws: every file is read once, proven while it is copied, and durable before it is told as copied;
a source is never written to; a source that is damaged, or fails while it is read, is passed over
for that file and the next one is asked.

Not here: where a torrent comes to (`incoming`), moving out what is proven (`taking`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from phonotheque.disk import Disk, Kind, LocalDisk
from phonotheque.errors import NotHeldError, UnavailableError
from phonotheque.mirror.contents import Contents, Part
from phonotheque.mirror.home import VOLUMES
from phonotheque.mirror.proving import wrong_with
from phonotheque.mirror.taking import Place, incoming_path, make_all, settle
from phonotheque.store.digests import TreeDigests, tree_of_file


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder to copy from.

    Attributes:
        name: What to call it.
        disk: The folder. It is only read.
        bring: Lets a file of it, by its path, be found at another path at once, without its bytes
            being copied, and says whether it could; None: bytes are copied.
    """

    name: str
    disk: Disk
    bring: Callable[[str, Path], bool] | None = None

    @classmethod
    def at(cls, path: Path) -> Folder:
        """A folder of this machine."""
        return cls(str(path), LocalDisk(path))


def where(
    folder: Folder, contents: Contents, part: Part, *, any_length: bool = False
) -> Iterator[str]:
    """Yield where a file of a torrent lies in a folder, in full length unless any will do.

    Looked for as an archive or a mirror has it, as a volume's folder elsewhere, and as a torrent
    client saves it: `<torrent>/<path>`, or the torrent's own folder.
    """
    torrent, path = contents.torrent, part.path
    for at in (part.target, f"{torrent}/{path}", path, f"{VOLUMES}/{torrent}/{path}"):
        try:
            entry = folder.disk.stat(at)
        except UnavailableError:
            continue  # a disk that fails here may still have it elsewhere
        is_file = entry is not None and entry.kind is Kind.FILE
        if entry and is_file and (any_length or entry.size_bytes == part.size_bytes):
            yield at


def copy_part(
    place: Place, contents: Contents, part: Part, folders: Sequence[Folder]
) -> tuple[Folder, TreeDigests] | None:
    """Copy one file into `state/incoming/` from the first folder that has it exact.

    Returns:
        Where it came from and its digests; it is proven and durable. None: nobody has it.

    Raises:
        UnavailableError: This disk refused; the other one's refusals are passed over.
    """
    to = incoming_path(place, contents, part)
    for folder in folders:
        for path in where(folder, contents, part):
            tree = _brought(place, folder, path, to, contents.piece_bytes)
            if tree is None:
                tree = _copy(place.disk, folder.disk, path, to, contents.piece_bytes)
            if tree is not None and not wrong_with(part, tree):
                return folder, tree
            place.disk.remove(to)
    return None


def _brought(
    place: Place, folder: Folder, path: str, target: str, piece_bytes: int
) -> TreeDigests | None:
    """Have a file here without copying it, and read it; None when that cannot be."""
    if folder.bring is None:
        return None
    make_all(place.disk, target.rpartition("/")[0], set())
    place.disk.remove(target)
    if not folder.bring(path, place.root / target):
        return None
    try:
        with place.disk.open(target) as file:
            tree = tree_of_file(file, piece_bytes=piece_bytes)
    except (OSError, NotHeldError, UnavailableError):
        return None
    settle(place.disk, target)
    return tree


def _copy(to: Disk, source: Disk, path: str, target: str, piece_bytes: int) -> TreeDigests | None:
    """Copy a file and read it on the way; None when the source failed."""
    make_all(to, target.rpartition("/")[0], set())
    try:
        file = source.open(path)
    except (NotHeldError, UnavailableError):
        return None
    with file:
        to.remove(target)
        writer = to.create(target)
        try:
            try:
                tree = tree_of_file(file, into=writer.write, piece_bytes=piece_bytes)
            except OSError:
                return None
            writer.freeze()
            writer.sync()
        finally:
            writer.close()
    return tree
