"""The port: a folder on a file system, as everything durable sees it.

Laws: paths are relative to one folder, POSIX style, without `..`: one that leads out of it is
refused, wherever its name came from; `create` is exclusive; bytes are durable only after
`Writer.sync`, a name only after `sync_folder` of the folder that holds it.

It is small so that a test can stand a whole file system behind it that loses power.
Source: "All File Systems Are Not Created Equal" (Pillai et al., OSDI 2014) for what may be lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Protocol

from phonotheque.errors import BadReferenceError


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
