"""Files for other programs: new ones, whole or not there, and never in the place of another.

All of them are made of somebody's list, so nobody but the owner can read them (0600).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonotheque.disk import LocalDisk

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)
"""What is said where a file cannot have two names, as on most sticks and cards."""


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

    Until then it is called `.NAME.(random).new`, which is all that a kill leaves.

    Args:
        end: What stands behind all else.

    Raises:
        ConflictError: Something came to be under its name meanwhile.
    """
    from secrets import token_hex

    from phonotheque.disk import LocalDisk

    disk = LocalDisk(path.absolute().parent, mode=0o600)
    temporary = f".{path.name[:40]}.{token_hex(8)}.new"  # two may write at a time
    writer = disk.create(temporary)
    try:
        yield writer.write
        writer.write(end)
        writer.sync()
        _give_name(disk, temporary, path.name)
    finally:
        writer.close()
        disk.remove(temporary)
    disk.sync_folder("")


def _give_name(disk: LocalDisk, temporary: str, name: str) -> None:
    """Give a file its name, if nothing has it."""
    from phonotheque.disk import refusal

    try:
        os.link(disk.root / temporary, disk.root / name)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise refusal(name, error) from error
        if os.path.lexists(disk.root / name):
            raise refusal(name, FileExistsError(errno.EEXIST, "")) from error
        disk.rename(temporary, name)
