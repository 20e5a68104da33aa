"""Disks around disks, each with one fault.

    for k in itertools.count(1):
        disk = FailKth(MemoryDisk(), k, disk_full)
        try:
            scenario(disk)
        except UnavailableError:
            ...                       # nothing was promised, what is held is valid, a retry works
        if not disk.fired:            # k is beyond the last call: every call has failed once
            break

Laws: a fault strikes before the call reaches the disk below; only a refused `write` has half of its
bytes taken, as write(2) may. Closing always works, so a disk below is never left with open files.

Not here: power loss (`faults.powerloss`).
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Collection
from typing import BinaryIO, cast

from phonotheque.disk import Disk, Entry, Writer, refusal

NAMING = frozenset(
    ("create", "append", "rename", "make_folder", "symlink", "remove", "remove_folder")
)
SYNCING = frozenset(("sync", "sync_folder"))
WRITING = NAMING | SYNCING | {"write", "truncate", "freeze"}
READING = frozenset(("open", "stat", "list"))

ErrorFactory = Callable[[str], Exception]
"""Makes the error that a call on a path is refused with."""


def _refusing(number: int) -> ErrorFactory:
    return lambda path: refusal(path, OSError(number, os.strerror(number)))


disk_full = _refusing(errno.ENOSPC)
quota_reached = _refusing(errno.EDQUOT)
disk_failed = _refusing(errno.EIO)
too_many_files = _refusing(errno.EMFILE)


class Crashed(BaseException):
    """The process is dead. Not an `Exception`, so that no product code can catch it."""


class Around:
    """A disk that passes every call on; `before` sees it first and may refuse it."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk

    def before(self, call: str, path: str) -> None:
        """Called before each call but `close`, with the path (of a rename: the new one)."""

    def write(self, writer: Writer, path: str, data: bytes | bytearray | memoryview) -> None:
        """Pass a write on, or half of it when it is refused."""
        try:
            self.before("write", path)
        except BaseException:
            writer.write(bytes(data)[: len(data) // 2])
            raise
        writer.write(data)

    def create(self, path: str) -> Writer:
        self.before("create", path)
        return _WriterAround(self, path, self.disk.create(path))

    def append(self, path: str) -> Writer:
        self.before("append", path)
        return _WriterAround(self, path, self.disk.append(path))

    def truncate(self, path: str, size_bytes: int) -> None:
        self.before("truncate", path)
        self.disk.truncate(path, size_bytes)

    def rename(self, old: str, new: str) -> None:
        self.before("rename", new)
        self.disk.rename(old, new)

    def make_folder(self, path: str) -> None:
        self.before("make_folder", path)
        self.disk.make_folder(path)

    def symlink(self, path: str, target: str) -> None:
        self.before("symlink", path)
        self.disk.symlink(path, target)

    def remove(self, path: str) -> None:
        self.before("remove", path)
        self.disk.remove(path)

    def remove_folder(self, path: str) -> None:
        self.before("remove_folder", path)
        self.disk.remove_folder(path)

    def sync_folder(self, path: str) -> None:
        self.before("sync_folder", path)
        self.disk.sync_folder(path)

    def open(self, path: str) -> BinaryIO:
        self.before("open", path)
        return self.disk.open(path)

    def stat(self, path: str) -> Entry | None:
        self.before("stat", path)
        return self.disk.stat(path)

    def list(self, path: str) -> list[Entry]:
        self.before("list", path)
        return self.disk.list(path)


class _WriterAround:
    """The writer of a disk around a disk."""

    def __init__(self, around: Around, path: str, writer: Writer) -> None:
        self._around = around
        self._path = path
        self._writer = writer

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._around.write(self._writer, self._path, data)

    def sync(self) -> None:
        self._around.before("sync", self._path)
        self._writer.sync()

    def freeze(self) -> None:
        self._around.before("freeze", self._path)
        self._writer.freeze()

    def close(self) -> None:
        self._writer.close()


class Hooked(Around):
    """Calls `hook(call, path)` before every call: to wait on an event, to count, to look."""

    def __init__(self, disk: Disk, hook: Callable[[str, str], object]) -> None:
        super().__init__(disk)
        self._hook = hook

    def before(self, call: str, path: str) -> None:
        self._hook(call, path)


class FailKth(Around):
    """Refuses the k-th call (the first is 1) of the kinds given; `for_ever`: all after it too."""

    def __init__(
        self,
        disk: Disk,
        k: int,
        error: ErrorFactory,
        *,
        for_ever: bool = False,
        kinds: Collection[str] = WRITING,
    ) -> None:
        super().__init__(disk)
        self._k, self._error, self._for_ever, self._kinds = k, error, for_ever, kinds
        self.calls = 0

    @property
    def fired(self) -> bool:
        """Whether the k-th call was reached."""
        return self.calls >= self._k

    def before(self, call: str, path: str) -> None:
        self.calls += call in self._kinds
        if call in self._kinds and (self.calls == self._k or (self._for_ever and self.fired)):
            raise self._error(path)


class FullAfter(Around):
    """Takes `room_bytes` and no more; what fits of a write is taken. Raise it to make room."""

    def __init__(self, disk: Disk, room_bytes: int) -> None:
        super().__init__(disk)
        self.room_bytes = room_bytes

    def write(self, writer: Writer, path: str, data: bytes | bytearray | memoryview) -> None:
        taken = bytes(data)[: self.room_bytes]
        self.room_bytes -= len(taken)
        writer.write(taken)
        if len(taken) < len(data):
            raise disk_full(path)


class FlipByte(Around):
    """Reads one file with bits of one byte flipped; the file itself is left alone."""

    def __init__(self, disk: Disk, path: str, offset_bytes: int, mask: int = 0x01) -> None:
        super().__init__(disk)
        self._path, self._offset_bytes, self._mask = path, offset_bytes, mask

    def open(self, path: str) -> BinaryIO:
        file = super().open(path)
        return _changed(file, self._flip) if path == self._path else file

    def _flip(self, data: bytes) -> bytes:
        at = self._offset_bytes
        return data[:at] + bytes([data[at] ^ self._mask]) + data[at + 1 :]


class TruncateOnRead(Around):
    """Reads one file as if it ended early; `stat` and `list` still tell its old size."""

    def __init__(self, disk: Disk, path: str, size_bytes: int) -> None:
        super().__init__(disk)
        self._path, self._size_bytes = path, size_bytes

    def open(self, path: str) -> BinaryIO:
        file = super().open(path)
        return _changed(file, lambda data: data[: self._size_bytes]) if path == self._path else file


def _changed(file: BinaryIO, change: Callable[[bytes], bytes]) -> BinaryIO:
    with file:
        return cast(BinaryIO, io.BytesIO(change(file.read())))


class CrashAfter(Around):
    """Lets n writing calls pass, then the process is dead: every call raises `Crashed`.

    Cleaning up in `finally` is refused too, as a killed process does none. Nothing written is lost:
    that takes power (`faults.powerloss`). Go on with the disk below.
    """

    def __init__(self, disk: Disk, n: int) -> None:
        super().__init__(disk)
        self._left = n

    @property
    def is_dead(self) -> bool:
        """Whether a call was made beyond the n that pass."""
        return self._left < 0

    def before(self, call: str, path: str) -> None:
        self._left -= call in WRITING
        if self.is_dead:
            raise Crashed(f"{call} {path}")
