"""Walking what was given to `phono add`: which files there are, and what cannot be taken.

Laws: symbolic links, devices, sockets and pipes are named and refused, never followed or opened;
any file name is carried as its exact bytes; the order is that of the names' bytes, so two walks of
one tree agree. Not here: opening files (`take`).
"""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from phonotheque.errors import BadReferenceError

RULES_FILE = b"rights.toml"


@dataclass(frozen=True, slots=True)
class Source:
    """A regular file that may be taken in.

    Attributes:
        absolute: Where it lies, as bytes.
        relative: Its path below what was given, as bytes, POSIX style.
        size_bytes: Its length when it was listed.
        root: Which of the given paths it was found under, counted from 0.
    """

    absolute: bytes
    relative: bytes
    size_bytes: int
    root: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that cannot be taken in, and why, in plain words."""

    relative: bytes
    reason: str


def path_text(path: bytes) -> str:
    """A path for people and for the register: undecodable bytes read as U+FFFD."""
    return path.decode("utf-8", "replace")


def path_base64(path: bytes) -> str:
    """The exact bytes of a path, only when its text lost some; else ""."""
    try:
        path.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(path).decode("ascii")
    return ""


def walk(paths: Sequence[Path], archive: Path) -> Iterator[Source | Refused]:
    """List what lies under the given paths, in order.

    Args:
        paths: Files or folders; a path that is itself a symbolic link is followed, since it was
            named by hand.
        archive: The archive's own folder: neither it nor anything in it is taken into itself.

    Raises:
        BadReferenceError: One of the paths does not exist.
    """
    home = _identity(archive)
    inside = os.fsencode(archive.resolve()) + b"/"
    for number, path in enumerate(paths):
        absolute = os.fsencode(path.absolute())
        try:
            found = os.stat(absolute)
        except OSError as error:
            raise BadReferenceError(
                str(path), (error.strerror or "unusable").lower(), "Check the path."
            ) from error
        real = os.path.realpath(absolute)
        if real.startswith(inside):  # people.sqlite, say, is not for the objects
            yield Refused(os.path.basename(absolute), "it lies in the archive itself")
        elif stat.S_ISDIR(found.st_mode):
            yield from _walk_folder(_Entry(absolute, b"", found), home, number)
        else:
            yield _file(real, os.path.basename(absolute), found, number)


def _file(absolute: bytes, relative: bytes, found: os.stat_result, root: int) -> Source | Refused:
    if not stat.S_ISREG(found.st_mode):
        return Refused(relative, f"{_kind(found.st_mode)}, not a regular file")
    if found.st_size == 0:
        return Refused(relative, "empty file")
    return Source(absolute, relative, found.st_size, root)


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")


@dataclass(frozen=True, slots=True)
class _Entry:
    """Something in a folder, and what the file system says of it."""

    absolute: bytes
    relative: bytes
    status: os.stat_result


_Identity = tuple[int, int]
"""Device and inode: the same for a folder by whichever path it is reached."""


def _identity(folder: Path) -> _Identity | None:
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _walk_folder(top: _Entry, home: _Identity | None, root: int) -> Iterator[Source | Refused]:
    """What lies below a folder, however deep; a folder's content stands where its name would."""
    waiting = [_entries(top, home)]
    while waiting:
        found = next(waiting[-1], None)
        if found is None:
            waiting.pop()
        elif isinstance(found, Refused):
            yield found
        elif stat.S_ISDIR(found.status.st_mode):
            waiting.append(_entries(found, home))
        else:
            yield _file(found.absolute, found.relative, found.status, root)


def _entries(folder: _Entry, home: _Identity | None) -> Iterator[_Entry | Refused]:
    """What stands in one folder, in order of the names' bytes."""
    below = folder.relative
    if (folder.status.st_dev, folder.status.st_ino) == home:
        yield Refused(below or b".", "the archive itself")
        return
    try:
        names = sorted(os.listdir(folder.absolute))
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        yield Refused(below + b"/" if below else b".", f"folder cannot be read: {reason}")
        return
    for name in names:
        absolute = folder.absolute + b"/" + name
        relative = below + b"/" + name if below else name
        try:
            yield _Entry(absolute, relative, os.lstat(absolute))
        except OSError as error:
            yield Refused(relative, (error.strerror or "unreadable").lower())
