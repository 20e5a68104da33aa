"""What stands on a disk: files, folders, links, and the names between them.

A file and its names are two things, as on a real disk: `Folder.entries` maps names to nodes, so a
node can have no name (removed while open) or two (a rename across folders that was half done).
Not here: paths and refusals (`faults.memory`), what survives a loss of power (`faults.platter`).
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Mapping
from typing import cast


class File:
    """Bytes and a mode. Reading gives `bytes` that are shared, never copied; writing appends."""

    __slots__ = ("_data", "frozen")

    def __init__(self, data: bytes = b"", *, frozen: bool = False) -> None:
        self._data: bytes | bytearray = data
        self.frozen = frozen

    @property
    def size_bytes(self) -> int:
        return len(self._data)

    @property
    def data(self) -> bytes:
        if not isinstance(self._data, bytes):
            self._data = bytes(self._data)
        return self._data

    @data.setter
    def data(self, data: bytes) -> None:
        self._data = data

    def extend(self, data: bytes | bytearray | memoryview) -> None:
        if not isinstance(self._data, bytearray):
            self._data = bytearray(self._data)
        self._data += data


class Folder:
    """Names of nodes."""

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: dict[str, Node] = {}


class Symlink:
    """A name that stands for a path."""

    __slots__ = ("target",)

    def __init__(self, target: str) -> None:
        self.target = target


Node = File | Folder | Symlink


def resized(data: bytes, size_bytes: int) -> bytes:
    """`data` cut to a size, or filled up to it with zeros, as ftruncate(2) has it."""
    return data[:size_bytes].ljust(size_bytes, b"\0")


def copy_of(
    root: Folder,
    names_of: Callable[[Folder], Mapping[str, Node]],
    file_of: Callable[[File], tuple[bytes, bool]],
) -> Folder:
    """New nodes like those below `root`; what has two names keeps two names.

    Args:
        root: Where to start.
        names_of: The entries a folder shall have in the copy.
        file_of: The bytes a file shall have in the copy, and whether it is frozen.
    """
    made: dict[Node, Node] = {root: Folder()}
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        entries = cast(Folder, made[folder]).entries
        for name, node in names_of(folder).items():
            copy = made.get(node)
            if copy is None:
                if isinstance(node, File):
                    data, frozen = file_of(node)
                    copy = File(data, frozen=frozen)
                elif isinstance(node, Folder):
                    copy = Folder()
                    waiting.append(node)
                else:
                    copy = node
                made[node] = copy
            entries[name] = copy
    return cast(Folder, made[root])


class Reader(io.RawIOBase):
    """An unbuffered file open for reading: the bytes as they were when it was opened."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._at_bytes = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._checkClosed()
        chunk = self._data[self._at_bytes : self._at_bytes + len(buffer)]
        buffer[: len(chunk)] = chunk
        self._at_bytes += len(chunk)
        return len(chunk)

    def write(self, data: object) -> int:
        raise io.UnsupportedOperation("File not open for writing")

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at_bytes, os.SEEK_END: len(self._data)}[whence]
        if base + offset < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._at_bytes = base + offset
        return self._at_bytes
