"""The few calls through which everything durable is written, and the local file system behind them.

Laws: paths are relative to one folder, POSIX style, without `..`: one that leads out of it is
refused, wherever its name came from; `create` is exclusive; bytes are durable only after
`Writer.sync`, a name only after `sync_folder` of the folder that holds it; an operating system's
refusal becomes an `UnavailableError` here and nowhere else.

The port is small so that a test can stand a whole file system behind it that loses power.
Source: "All File Systems Are Not Created Equal" (Pillai et al., OSDI 2014) for what may be lost.
Not here: what is written in which order; the rooms decide that.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from phonotheque.errors import (
    BadReferenceError,
    ConflictError,
    DiskFailedError,
    DiskFullError,
    NotHeldError,
    PhonothequeError,
)

_END_BYTES = 4096
"""Of the end of a file of lines so many are read at a time: one page, longer than most lines."""


class Kind(StrEnum):
    """What stands under a name."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symlink"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in a folder. `size_bytes` is 0 for anything but a file."""

    name: str
    kind: Kind
    size_bytes: int


class Writer(Protocol):
    """An open file being written. Closing does not make anything durable; `sync` does."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write all of `data` at the end. Raises `UnavailableError` if any byte was refused."""

    def sync(self) -> None:
        """Return only when every byte written is durable. A failure is final for this file."""

    def freeze(self) -> None:
        """Make the file readable by all and writable by none (mode 0444)."""

    def close(self) -> None:
        """Let go of the file. Safe to call twice."""


class Disk(Protocol):
    """A folder on a file system. All paths are relative to it; see `refuse_outward`."""

    def create(self, path: str) -> Writer:
        """Make a new file. Raises `ConflictError` when the name is taken."""

    def append(self, path: str) -> Writer:
        """Open a file at its end, making it when it is absent."""

    def truncate(self, path: str, size_bytes: int) -> None:
        """Cut a file to `size_bytes` and make that durable."""

    def rename(self, old: str, new: str) -> None:
        """Give a file or folder a new name, replacing a file of that name. Atomic."""

    def make_folder(self, path: str) -> None:
        """Make one folder (its parent exists). Does nothing when it is there."""

    def symlink(self, path: str, target: str) -> None:
        """Make a symbolic link. Raises `ConflictError` when the name is taken."""

    def remove(self, path: str) -> None:
        """Remove a file or link. Does nothing when it is absent."""

    def remove_folder(self, path: str) -> None:
        """Remove an empty folder. Does nothing when it is absent; one with names in it stays."""

    def sync_folder(self, path: str) -> None:
        """Return only when the names in this folder are durable. "" is the root."""

    def open(self, path: str) -> BinaryIO:
        """Open a regular file to read, unbuffered. Raises `NotHeldError` when there is none."""

    def stat(self, path: str) -> Entry | None:
        """What stands under a path (links are not followed), or None."""

    def list(self, path: str) -> list[Entry]:
        """The entries of a folder in order of name; empty when there is no such folder."""


def refuse_outward(path: str) -> None:
    """Refuse a path that leads out of the folder that it is relative to.

    Raises:
        BadReferenceError: It has a part `..`, or begins at the root of the system.
    """
    if path.startswith("/") or (".." in path and ".." in path.split("/")):
        raise BadReferenceError(
            path[:200], "the path leads out of its folder", "Nothing was read or written there."
        )


def make_folders(disk: Disk, path: str) -> None:
    """Make a folder and the parents it lacks, each durable in its parent before the next.

    A folder that is there is synced all the same: it may have been made by a process that was
    killed before it could, and then power loss takes it with everything in it.
    """
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        disk.make_folder("/".join(parts[:count]))
        disk.sync_folder("/".join(parts[: count - 1]))


def write_whole(
    disk: Disk, path: str, data: bytes | Iterator[bytes | memoryview], *, is_frozen: bool = False
) -> None:
    """Put `data`, or its parts one after the other, under `path`, whole or not at all, durable.

    The folder of `path` must exist; a file of that name is replaced. A frozen file has mode 0444.
    """
    folder, _, name = path.rpartition("/")
    temporary = f"{folder}/.{name}.new" if folder else f".{name}.new"
    disk.remove(temporary)
    writer = disk.create(temporary)
    try:
        for part in (data,) if isinstance(data, bytes) else data:
            writer.write(part)
        if is_frozen:
            writer.freeze()
        writer.sync()
    finally:
        writer.close()
    disk.rename(temporary, path)
    disk.sync_folder(folder)


def write_changed(disk: Disk, path: str, data: bytes) -> bool:
    """Put `data` under `path` as `write_whole` does, unless these very bytes stand there.

    Durable on return in both cases: a process that was killed may have given a file its name and
    not come to make the name last, so the folder is synced also when nothing is written.

    Returns:
        Whether it was written.
    """
    if read_if_held(disk, path) == data:
        disk.sync_folder(path.rpartition("/")[0])
        return False
    write_whole(disk, path, data)
    return True


def append_line(disk: Disk, path: str, line: bytes) -> None:
    """Add a line to a file of lines, durable on return; the file is made when it is absent.

    The piece of a line that a crash left at the end was told to nobody, and is cut off first: else
    the new line could not be read.

    Args:
        disk: The folder.
        path: The file. The folder that it lies in must exist.
        line: With its line feed, and no other.
    """
    _cut_torn_end(disk, path)
    writer = disk.append(path)
    try:
        writer.write(line)
        writer.sync()
    finally:
        writer.close()
    disk.sync_folder(path.rpartition("/")[0])


def _cut_torn_end(disk: Disk, path: str) -> None:
    """Cut a file of lines off behind its last line feed. Only its end is read: a journal grows for
    years, and a line is added to it many times."""
    try:
        file = disk.open(path)
    except NotHeldError:
        return
    with file:
        size_bytes = file.seek(0, os.SEEK_END)
        kept_bytes = _end_of_last_line(file, size_bytes)
    if kept_bytes < size_bytes:
        disk.truncate(path, kept_bytes)


def _end_of_last_line(file: BinaryIO, end: int) -> int:
    """Where the last line feed before `end` stands, counted with it; 0 when there is none."""
    while end:
        start = max(0, end - _END_BYTES)
        file.seek(start)
        data = b""
        while len(data) < end - start and (more := file.read(end - start - len(data))):
            data += more
        if found := data.rfind(b"\n") + 1:
            return start + found
        end = start
    return 0


def read_whole(disk: Disk, path: str) -> bytes:
    """Return all bytes of a file. For small files of ours, never for masters."""
    with disk.open(path) as file:
        return file.read()


def read_if_held(disk: Disk, path: str) -> bytes | None:
    """Return all bytes of a file as `read_whole` does; None when there is no such file."""
    try:
        return read_whole(disk, path)
    except NotHeldError:
        return None


FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def _translated(path: str) -> Iterator[None]:
    """Turn an operating system's refusal into ours, once."""
    try:
        yield
    except OSError as error:
        raise refusal(path, error) from error


def refusal(path: str, error: OSError) -> PhonothequeError:
    """Say in our words why the operating system refused a call on `path`."""
    if error.errno in FULL:
        return DiskFullError(path, "no room is left on the disk", "Free some space and run again.")
    if error.errno == errno.EEXIST:
        return ConflictError(path, "the name is taken", "Nothing was overwritten.")
    if error.errno == errno.ENOENT:
        return NotHeldError(
            path, "there is no such file", "Run `phono verify` to see what is held."
        )
    reason = (error.strerror or str(error)).lower()
    return DiskFailedError(path, reason, "Check the disk and its permissions, then run again.")


class _LocalWriter:
    """A file descriptor that writes all or raises."""

    def __init__(self, path: str, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def write(self, data: bytes | bytearray | memoryview) -> None:
        view = memoryview(data)
        with _translated(self._path):
            while view:  # write(2) may take fewer bytes than it was given
                view = view[os.write(self._descriptor, view) :]

    def sync(self) -> None:
        with _translated(self._path):
            os.fsync(self._descriptor)

    def freeze(self) -> None:
        with _translated(self._path):
            os.fchmod(self._descriptor, 0o444)

    def close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            with _translated(self._path):
                os.close(descriptor)


_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class LocalDisk:
    """A folder of the local file system. `mode` is that of new files; what is secret has 0600."""

    def __init__(self, root: Path, *, mode: int = 0o644) -> None:
        self.root = root
        self._mode = mode

    def _at(self, path: str) -> str:
        refuse_outward(path)
        return f"{self.root}/{path}" if path else str(self.root)

    def create(self, path: str) -> Writer:
        with _translated(path):
            return _LocalWriter(path, os.open(self._at(path), _NEW_FILE | os.O_EXCL, self._mode))

    def append(self, path: str) -> Writer:
        with _translated(path):
            return _LocalWriter(path, os.open(self._at(path), _NEW_FILE | os.O_APPEND, self._mode))

    def truncate(self, path: str, size_bytes: int) -> None:
        with _translated(path):
            descriptor = os.open(self._at(path), os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                os.ftruncate(descriptor, size_bytes)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def rename(self, old: str, new: str) -> None:
        with _translated(new):
            os.rename(self._at(old), self._at(new))

    def make_folder(self, path: str) -> None:
        with _translated(path):
            try:
                os.mkdir(self._at(path), 0o755)
            except FileExistsError:
                if not os.path.isdir(self._at(path)):
                    raise

    def symlink(self, path: str, target: str) -> None:
        with _translated(path):
            os.symlink(target, self._at(path))

    def remove(self, path: str) -> None:
        with _translated(path):
            try:
                os.unlink(self._at(path))
            except FileNotFoundError:
                return

    def remove_folder(self, path: str) -> None:
        with _translated(path):
            try:
                os.rmdir(self._at(path))
            except FileNotFoundError:
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise

    def sync_folder(self, path: str) -> None:
        with _translated(path):
            descriptor = os.open(self._at(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def open(self, path: str) -> BinaryIO:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # waits for no pipe
        with _translated(path):
            descriptor = os.open(self._at(path), flags)
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return os.fdopen(descriptor, "rb", buffering=0)
            os.close(descriptor)
            raise OSError(errno.EINVAL, "it is no regular file")

    def stat(self, path: str) -> Entry | None:
        with _translated(path):
            try:
                found = os.lstat(self._at(path))
            except (FileNotFoundError, NotADirectoryError):
                return None
        return _entry(path.rpartition("/")[2], found)

    def list(self, path: str) -> list[Entry]:
        with _translated(path):
            try:
                names = sorted(os.listdir(self._at(path)))
            except FileNotFoundError:
                return []
        below = f"{path}/" if path else ""
        entries = (self.stat(f"{below}{name}") for name in names)
        return [entry for entry in entries if entry is not None]  # one may have gone meanwhile


def _entry(name: str, found: os.stat_result) -> Entry:
    if stat.S_ISREG(found.st_mode):
        return Entry(name, Kind.FILE, found.st_size)
    if stat.S_ISDIR(found.st_mode):
        return Entry(name, Kind.FOLDER, 0)
    if stat.S_ISLNK(found.st_mode):
        return Entry(name, Kind.SYMLINK, 0)
    return Entry(name, Kind.OTHER, 0)
