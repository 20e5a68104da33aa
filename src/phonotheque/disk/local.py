"""The local file system behind the port.

Law: an operating system's refusal becomes an error of ours here and nowhere else.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from phonotheque.disk.port import Entry, Kind, Writer, refuse_outward
from phonotheque.errors import (
    BadRequestError,
    ConflictError,
    DiskFailedError,
    DiskFullError,
    NotHeldError,
    PhonothequeError,
)

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
    if error.errno == errno.ENAMETOOLONG:
        return BadRequestError(path, "the name is too long for the disk", "Give a shorter one.")
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
