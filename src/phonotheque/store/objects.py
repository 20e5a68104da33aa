"""Objects: immutable bytes named by their SHA-256, and the port behind which they are kept.

Laws: an object's bytes never change; it is visible under its name only when it is durable; the
hash decides, the extension is a courtesy; nothing is published that was not staged whole.

Not here: which objects ought to be there (the register), whether they still are (`fixity`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from phonotheque.disk import Disk, Kind, Writer, make_folders
from phonotheque.music.digest import Sha256

OBJECTS = "objects"
INCOMING = "state/incoming"
LISTS = f"{OBJECTS}/lists"

_EXTENSION = re.compile(r"[a-z0-9]{1,8}")
_FILE = re.compile(r"([0-9a-f]{64})(?:\.([a-z0-9]{1,8}))?")


@dataclass(frozen=True, slots=True, order=True)
class ObjectName:
    """The name of an object and the ending of its file, which may be ""."""

    sha256: Sha256
    extension: str

    def __post_init__(self) -> None:
        if self.extension and not _EXTENSION.fullmatch(self.extension):
            raise ValueError(f"not an extension of an object: {self.extension!r}")

    def __str__(self) -> str:
        return self.path

    @property
    def file(self) -> str:
        """The file's name: `<sha256>.flac`."""
        digits = self.sha256.raw.hex()
        return f"{digits}.{self.extension}" if self.extension else digits

    @property
    def folder(self) -> str:
        """The folder below `objects/`: "ab/cd"."""
        digits = self.sha256.hex
        return f"{digits[:2]}/{digits[2:4]}"

    @property
    def path(self) -> str:
        """The path in the archive: `objects/ab/cd/<sha256>.flac`."""
        return f"{OBJECTS}/{self.folder}/{self.file}"


def extension_of(file_name: str) -> str:
    """The ending that an object keeps of a file's name: lower case ASCII, or "" for any other."""
    ending = file_name.rpartition(".")[2].lower() if "." in file_name.lstrip(".") else ""
    return ending if _EXTENSION.fullmatch(ending) else ""


def parse_file_name(file_name: str) -> ObjectName | None:
    """Read the name of an object's file; None when it is no such name."""
    match = _FILE.fullmatch(file_name)
    return ObjectName(Sha256.parse(match[1]), match[2] or "") if match else None


class Staged(Protocol):
    """Bytes on their way in, invisible until they are published."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes at the end."""

    def finish(self) -> None:
        """Make all bytes durable and immutable. A failure is final for this staging."""

    def close(self) -> None:
        """Let go of it, finished or not. Safe to call twice."""


class Store(Protocol):
    """Where objects are kept. One process writes, any number read.

    Staging is by token so that one process may stage and another publish. All failures of the
    medium are `UnavailableError`; a failed call may be repeated.
    """

    def stage(self, token: str) -> Staged:
        """Begin to take bytes in; whatever was staged under `token` before is dropped."""

    def open_staged(self, token: str) -> BinaryIO:
        """Read back what was staged and finished."""

    def discard(self, token: str) -> None:
        """Drop what was staged, if anything."""

    def publish(self, token: str, name: ObjectName) -> None:
        """Make finished bytes visible under their name; durable on return. Idempotent in effect:
        publishing the same bytes again leaves one object."""

    def open(self, name: ObjectName) -> BinaryIO:
        """Open an object for reading. Raises `NotHeldError` when it is not there."""

    def size(self, name: ObjectName) -> int | None:
        """Length of an object in bytes, None when it is not there as a regular file."""

    def remove(self, name: ObjectName) -> None:
        """Remove an object; durable on return. Does nothing when it is absent."""

    def walk(self) -> Iterator[str]:
        """Paths, relative to `objects/`, of all that lies there except `lists/`, in order."""


class _StagedFile:
    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._writer.write(data)

    def finish(self) -> None:
        self._writer.freeze()
        self._writer.sync()
        self._writer.close()

    def close(self) -> None:
        self._writer.close()


class DiskStore:
    """Objects as files below `objects/`, staged in `state/incoming/`, on one file system."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._durable_folders: set[str] = set()  # at most 65,536: known to outlive a power loss

    def stage(self, token: str) -> Staged:
        path = f"{INCOMING}/{token}"
        self._disk.remove(path)
        return _StagedFile(self._disk.create(path))

    def open_staged(self, token: str) -> BinaryIO:
        return self._disk.open(f"{INCOMING}/{token}")

    def discard(self, token: str) -> None:
        self._disk.remove(f"{INCOMING}/{token}")

    def publish(self, token: str, name: ObjectName) -> None:
        folder = f"{OBJECTS}/{name.folder}"
        if folder not in self._durable_folders:
            make_folders(self._disk, folder)
            self._durable_folders.add(folder)
        self._disk.rename(f"{INCOMING}/{token}", name.path)
        self._disk.sync_folder(folder)

    def open(self, name: ObjectName) -> BinaryIO:
        return self._disk.open(name.path)

    def size(self, name: ObjectName) -> int | None:
        entry = self._disk.stat(name.path)
        return entry.size_bytes if entry and entry.kind is Kind.FILE else None

    def remove(self, name: ObjectName) -> None:
        folder = f"{OBJECTS}/{name.folder}"
        if self._disk.stat(folder) is not None:
            self._disk.remove(name.path)
            self._disk.sync_folder(folder)

    def walk(self) -> Iterator[str]:
        waiting = [self._entries("")]
        while waiting:  # a loop, because strangers' folders may be nested without an end
            path, kind = next(waiting[-1], ("", None))
            if kind is None:
                waiting.pop()
            elif kind is Kind.FOLDER:
                waiting.append(self._entries(path))
            else:
                yield path

    def _entries(self, below: str) -> Iterator[tuple[str, Kind]]:
        for entry in self._disk.list(f"{OBJECTS}/{below}" if below else OBJECTS):
            path = f"{below}/{entry.name}" if below else entry.name
            if path != "lists":
                yield path, entry.kind
