"""A disk in memory: a real implementation of the port, not a mock.

Laws: it passes the same contract suite as `LocalDisk` (`tests/store/test_disk_contract.py`), raises
the same errors for the same reasons, and is stricter in two points. A path with an empty part is a
`ValueError`, and a frozen file refuses `append` and `truncate` even for root.

Not here: the nodes themselves (`faults.nodes`), what survives a loss of power (`faults.platter`).
"""

from __future__ import annotations

import errno
import functools
import os
from collections import deque
from collections.abc import Callable
from operator import attrgetter
from typing import BinaryIO, ParamSpec, TypeVar, cast

from phonotheque.disk import Entry, Kind, Writer, refusal, refuse_outward

from .nodes import File, Folder, Node, Reader, Symlink, copy_of, resized

P = ParamSpec("P")
T = TypeVar("T")

_MOST_LINKS = 40
"""Links followed in one path before it counts as a loop, as Linux has it (path_resolution(7))."""


def _refusal(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _translated(call: Callable[P, T]) -> Callable[P, T]:
    """Turn a refusal into ours; the last path of the call is the thing, as on a local disk."""

    @functools.wraps(call)
    def translated(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            return call(*arguments, **named)
        except OSError as error:
            paths = arguments[1:3] if call.__name__ == "rename" else arguments[1:2]
            raise refusal(str(paths[-1]), error) from error

    return translated


def _entry(name: str, node: Node) -> Entry:
    if isinstance(node, File):
        return Entry(name, Kind.FILE, node.size_bytes)
    return Entry(name, Kind.FOLDER if isinstance(node, Folder) else Kind.SYMLINK, 0)


class _MemoryWriter:
    """A file open at its end."""

    def __init__(self, path: str, file: File) -> None:
        self._path = path
        self._file: File | None = file

    def _open_file(self) -> File:
        if self._file is None:
            raise refusal(self._path, _refusal(errno.EBADF))
        return self._file

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._open_file().extend(data)

    def sync(self) -> None:
        if self._file is None:
            raise ValueError("a closed file cannot be made durable")

    def freeze(self) -> None:
        self._open_file().frozen = True

    def close(self) -> None:
        self._file = None


class MemoryDisk:
    """A folder in memory. `root` is shared with the caller; `copy` gives an independent one."""

    def __init__(self, root: Folder | None = None) -> None:
        self.root = Folder() if root is None else root

    def copy(self) -> MemoryDisk:
        """An independent disk that holds the same."""
        return MemoryDisk(copy_of(self.root, attrgetter("entries"), attrgetter("data", "frozen")))

    def tree(self) -> dict[str, bytes | str | None]:
        """Everything held, by path: a file's bytes, a link's target, None for a folder."""
        found: dict[str, bytes | str | None] = {}
        waiting: list[tuple[str, Folder]] = [("", self.root)]
        while waiting:
            prefix, folder = waiting.pop()
            for name, node in folder.entries.items():
                path = prefix + name
                if isinstance(node, File):
                    found[path] = node.data
                elif isinstance(node, Symlink):
                    found[path] = node.target
                else:
                    found[path] = None
                    waiting.append((f"{path}/", node))
        return dict(sorted(found.items()))

    def fingerprint(self) -> object:
        """A value that is equal for disks that hold the same."""
        return _fingerprint(self.root)

    def is_frozen(self, path: str) -> bool:
        """Whether a file has been made readable by all and writable by none."""
        node = self.find(path)
        return isinstance(node, File) and node.frozen

    def find(self, path: str) -> Node | None:
        """The node of a path, links not followed; None when a part of it is absent."""
        return self.holder(path)[2]

    def folder(self, path: str) -> Folder:
        """The folder of a path, links followed, or an `OSError`."""
        node = self.holder(path, follow=True)[2]
        if isinstance(node, Folder):
            return node
        raise _refusal(errno.ENOENT if node is None else errno.ENOTDIR)

    def holder(self, path: str, *, follow: bool = False) -> tuple[Folder, str, Node | None]:
        """The folder that holds the last name of a path, that name, and what stands there.

        Links on the way are followed; a link at the end only when `follow` says so. A link that
        leads out of the disk leads nowhere.
        """
        refuse_outward(path)
        if (path and "" in path.split("/")) or "\0" in path:
            raise ValueError(f"a path on a disk has no empty part: {path!r}")
        above = [self.root]
        parts = deque(path.split("/") if path else ())
        links = 0
        while parts:
            name = parts.popleft()
            if name in (".", ".."):
                if name == ".." and len(above) == 1:
                    raise _refusal(errno.ENOENT)
                above = above[:-1] if name == ".." else above
                continue
            node = above[-1].entries.get(name)
            if isinstance(node, Symlink) and (parts or follow):
                links += 1
                if links > _MOST_LINKS:
                    raise _refusal(errno.ELOOP)
                if node.target.startswith("/"):
                    raise _refusal(errno.ENOENT)
                parts.extendleft(reversed(node.target.split("/")))
            elif not parts:
                return above[-1], name, node
            elif isinstance(node, Folder):
                above.append(node)
            else:
                raise _refusal(errno.ENOENT if node is None else errno.ENOTDIR)
        return above[-1], "", above[-1]

    @_translated
    def create(self, path: str) -> Writer:
        folder, name, node = self.holder(path)
        if node is not None:
            raise _refusal(errno.EEXIST)
        file = folder.entries[name] = File()
        return _MemoryWriter(path, file)

    @_translated
    def append(self, path: str) -> Writer:
        folder, name, node = self.holder(path)
        if node is None:
            node = folder.entries[name] = File()
        return _MemoryWriter(path, _writable(node))

    @_translated
    def truncate(self, path: str, size_bytes: int) -> None:
        node = self.holder(path)[2]
        if node is None:
            raise _refusal(errno.ENOENT)
        file = _writable(node)
        file.data = resized(file.data, size_bytes)

    @_translated
    def rename(self, old: str, new: str) -> None:
        source, old_name, node = self.holder(old)
        target, new_name, there = self.holder(new)
        if node is None:
            raise _refusal(errno.ENOENT)
        if isinstance(there, Folder) and not isinstance(node, Folder):
            raise _refusal(errno.EISDIR)
        if isinstance(node, Folder) and there is not None and not isinstance(there, Folder):
            raise _refusal(errno.ENOTDIR)
        if isinstance(node, Folder) and (node is target or new.startswith(f"{old}/")):
            raise _refusal(errno.EINVAL)
        if there is node:
            return
        if isinstance(there, Folder) and there.entries:
            raise _refusal(errno.ENOTEMPTY)
        del source.entries[old_name]
        target.entries[new_name] = node

    @_translated
    def make_folder(self, path: str) -> None:
        folder, name, node = self.holder(path)
        if node is None:
            folder.entries[name] = Folder()
        elif not self._is_folder(path):
            raise _refusal(errno.EEXIST)

    def _is_folder(self, path: str) -> bool:
        try:
            return isinstance(self.holder(path, follow=True)[2], Folder)
        except OSError:
            return False

    @_translated
    def symlink(self, path: str, target: str) -> None:
        folder, name, node = self.holder(path)
        if node is not None:
            raise _refusal(errno.EEXIST)
        folder.entries[name] = Symlink(target)

    @_translated
    def remove(self, path: str) -> None:
        try:
            folder, name, node = self.holder(path)
        except FileNotFoundError:
            return
        if node is None:
            return
        if isinstance(node, Folder):
            raise _refusal(errno.EISDIR)
        del folder.entries[name]

    @_translated
    def remove_folder(self, path: str) -> None:
        try:
            folder, name, node = self.holder(path)
        except FileNotFoundError:
            return
        if node is None or (isinstance(node, Folder) and node.entries):
            return
        if not isinstance(node, Folder):
            raise _refusal(errno.ENOTDIR)
        del folder.entries[name]

    @_translated
    def sync_folder(self, path: str) -> None:
        self.folder(path)

    @_translated
    def open(self, path: str) -> BinaryIO:
        node = self.holder(path)[2]
        if node is None:
            raise _refusal(errno.ENOENT)
        return cast(BinaryIO, Reader(_file(node).data))

    @_translated
    def stat(self, path: str) -> Entry | None:
        try:
            _, name, node = self.holder(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return None if node is None else _entry(name, node)

    @_translated
    def list(self, path: str) -> list[Entry]:
        try:
            folder = self.folder(path)
        except FileNotFoundError:
            return []
        return sorted((_entry(*named) for named in folder.entries.items()), key=attrgetter("name"))


def _fingerprint(folder: Folder) -> object:
    held: list[tuple[str, object]] = []
    for name, node in folder.entries.items():
        if isinstance(node, Folder):
            held.append((name, _fingerprint(node)))
        elif isinstance(node, File):
            held.append((name, (node.data, node.frozen)))
        else:
            held.append((name, node.target))
    return frozenset(held)


def _file(node: Node) -> File:
    if isinstance(node, File):
        return node
    raise _refusal(errno.EISDIR if isinstance(node, Folder) else errno.ELOOP)


def _writable(node: Node) -> File:
    file = _file(node)
    if file.frozen:
        raise _refusal(errno.EACCES)
    return file
