"""Files for other programs: new ones, whole or not there, and never in the place of another."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def check_targets(*targets: Path | None) -> None:
    """Refuse what is to be written where something is, or nothing can be, before a line is read.

    Raises:
        BadRequestError: It is there already, its folder cannot take it, or both are one file.
    """
    from phonotheque.errors import BadRequestError

    taken: set[Path] = set()
    for target in filter(None, targets):
        folder = target.absolute().parent
        place = folder.resolve() / target.name
        if os.path.lexists(target):
            wrong = "it is there already, and nothing is overwritten"
        elif not folder.is_dir():
            wrong = "the folder that it is to be in is not there"
        elif not os.access(folder, os.W_OK):
            wrong = "its folder cannot be written to"
        elif place in taken:
            wrong = "the table and the playlist cannot be one file"
        else:
            taken.add(place)
            continue
        raise BadRequestError(str(target), wrong, "Give another name.")


def refuse_inside(root: Path, *targets: Path | None) -> None:
    """Refuse to write a private list where an archive is, which is copied, and published in parts.

    Raises:
        BadRequestError: The file would be in the archive's folder.
    """
    from phonotheque.errors import BadRequestError

    for target in filter(None, targets):
        if target.absolute().parent.resolve().is_relative_to(root.resolve()):
            wrong = "it would be in the archive's folder, and the list is private"
            raise BadRequestError(str(target), wrong, "Write it somewhere else.")


@contextmanager
def written_whole(path: Path, end: bytes = b"") -> Iterator[Callable[[bytes], None]]:
    """Write a file part by part; whole and durable, it gets its name, and else it is not there.

    Args:
        end: What stands behind all else.
    """
    from phonotheque.disk import LocalDisk

    disk, temporary = LocalDisk(path.absolute().parent), f".{path.name}.new"
    disk.remove(temporary)
    writer = disk.create(temporary)
    try:
        yield writer.write
        writer.write(end)
        writer.sync()
    except BaseException:
        writer.close()
        disk.remove(temporary)
        raise
    writer.close()
    disk.rename(temporary, path.name)
    disk.sync_folder("")
