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
    for number, path in enumerate(paths):
        absolute = os.fsencode(path.absolute())
        try:
            found = os.stat(absolute)
        except OSError as error:
            raise BadReferenceError(
                str(path), (error.strerror or "unusable").lower(), "Check the path."
            ) from error
        real, home = os.path.realpath(absolute), os.fsencode(archive.resolve())
        if real.startswith(home + b"/"):  # people.sqlite, say, is not for the objects
            yield Refused(os.path.basename(absolute), "it lies in the archive itself")
        elif stat.S_ISDIR(found.st_mode):
            yield from _walk_folder(absolute, b"", home, number)
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


def _walk_folder(
    folder: bytes, below: bytes, archive: bytes, root: int
) -> Iterator[Source | Refused]:
    if os.path.realpath(folder) == archive:
        yield Refused(below or b".", "the archive itself")
        return
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        yield Refused(below + b"/" if below else b".", f"folder cannot be read: {reason}")
        return
    for name in names:
        absolute = folder + b"/" + name
        relative = below + b"/" + name if below else name
        try:
            found = os.lstat(absolute)
        except OSError as error:
            yield Refused(relative, (error.strerror or "unreadable").lower())
            continue
        if stat.S_ISDIR(found.st_mode):
            yield from _walk_folder(absolute, relative, archive, root)
        else:
            yield _file(absolute, relative, found, root)
