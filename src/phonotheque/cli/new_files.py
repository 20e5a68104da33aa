"""Files for other programs, whole or not there.

What is made of somebody's list is new, never in the place of another, and nobody but the owner can
read it (0600). A report takes the place of the one before it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
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
        elif wrong := _wrong_with(folder):
            pass
        elif place in taken:
            wrong = "the table and the playlist cannot be one file"
        else:
            taken.add(place)
            continue
        raise BadRequestError(str(target), wrong, "Give another name.")


def check_reports(*paths: Path | None, sources: Iterable[str] = ()) -> None:
    """Refuse what a report cannot be written to, before anything is read for it.

    Args:
        sources: Files that it is made of; `-` is standard input.

    Raises:
        BadRequestError: Its folder is not there or cannot be written to, what has its name is no
            file (a folder, a device), two reports would be one file, or one would take the place
            of what it is made of.
    """
    from phonotheque.errors import BadRequestError

    taken: set[str] = set()
    sources = list(sources)
    for path in filter(None, paths):
        place = os.path.realpath(path)  # a link stays one, and what it leads to is replaced
        if os.path.isdir(place):
            wrong = "it is a folder"
        elif os.path.exists(place) and not os.path.isfile(place):
            wrong = "it is no file, and is not replaced"
        elif is_one_of(path, sources):
            wrong = "it is read for this, and would be lost"
        elif wrong := _wrong_with(Path(place).parent):
            pass
        elif place in taken:
            wrong = "two reports cannot be one file"
        else:
            taken.add(place)
            continue
        raise BadRequestError(str(path), wrong, "Give another name.")


def is_one_of(place: Path | int, sources: Iterable[str]) -> bool:
    """Return whether a file, or what is open as a number, is one of those that are read.

    Args:
        sources: Paths; `-` is standard input.
    """
    try:
        mine = os.stat(place)
    except OSError:  # it is not there: nothing is lost
        return False
    for source in sources:
        try:
            theirs = os.fstat(0) if source == "-" else os.stat(source)
        except OSError:
            continue
        if os.path.samestat(mine, theirs) and stat.S_ISREG(mine.st_mode):
            return True
    return False


def write_report(path: Path, data: bytes) -> None:
    """Write a file in the place of the one before it, whole or not at all, and durable.

    Raises:
        BadRequestError: As `check_reports`.
        UnavailableError: The disk refuses; the path is named as it was given.
    """
    from phonotheque.disk import LocalDisk, write_whole
    from phonotheque.errors import PhonothequeError

    check_reports(path)
    place = Path(os.path.realpath(path))
    try:
        write_whole(LocalDisk(place.parent), place.name, data)
    except PhonothequeError as error:  # it names the file that is written aside
        raise type(error)(str(path), error.wrong, error.todo) from error


def _wrong_with(folder: Path) -> str:
    """Why no file can be made in a folder; empty when one can."""
    if not os.path.isdir(folder):
        return f"the folder that it is to be in is not there ({folder})"
    return "" if os.access(folder, os.W_OK) else f"its folder cannot be written to ({folder})"


def refuse_inside(root: Path, *targets: Path | None, is_private: bool = True) -> None:
    """Refuse to write where an archive is, which is copied, and published in parts.

    Args:
        is_private: Whether it is made of somebody's list.

    Raises:
        BadRequestError: The file or folder would be in the archive's folder, or be it.
    """
    from phonotheque.errors import BadRequestError

    home = root.resolve()
    for target in filter(None, targets):
        place = target.absolute()
        if any(one.is_relative_to(home) for one in (place.parent.resolve(), place.resolve())):
            private = ", and the list is private" if is_private else ""
            wrong = f"it would be in the archive's folder{private}"
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
