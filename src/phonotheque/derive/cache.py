"""Copies and pictures that were made once are kept, as long as there is room for them.

Laws: what is handed out is byte for byte what was made (its SHA-256 is proven each time: 1 ms for a
track); two who ask at the same time wait for one maker; nobody sees half a copy; what is being read
is not evicted; the least recently used goes first. All of it can be deleted at any time.

Layout: `state/copies/ab/<sha256>.<recipe>.<key>.<ext>` with its record (`.json`) beside it, where
`key` stands for all values of the recipe and the encoder; `uses.sqlite`; `making/`, files whose
only use is to be locked. A copy is durable when the system likes: losing it costs only time.

Source: flock(2). Like the archive's own lock it does not reach across NFS clients.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from phonotheque.derive.derivative import CopyRecord, Facts, Kept, Origin, Wanted
from phonotheque.derive.uses import Uses
from phonotheque.disk import Disk, Kind, read_whole, refusal
from phonotheque.errors import DiskFailedError, NotHeldError
from phonotheque.music.digest import Sha256

FOLDER = "state/copies"
"""Where the cache lies in an archive."""

_MAKING = f"{FOLDER}/making"
_USES = "uses.sqlite"
_BLOCK_BYTES = 1 << 20

Make = Callable[[BinaryIO], Facts]
"""Writes a derivative into an empty file without a name, open for reading and writing."""


class Cache:
    """The derivatives of one archive. Threads and processes may share it, each with its own value.

    Args:
        root: The archive's folder, on a file system that knows `flock`.
        disk: The same folder, as whatever is visible is written to it.
        max_bytes: Most bytes that are kept when nobody reads.
    """

    def __init__(self, root: Path, disk: Disk, max_bytes: int) -> None:
        self._root = root
        self._disk = disk
        self._max_bytes = max_bytes
        self._uses = Uses(root / FOLDER / _USES, self._listing)

    def open(self, wanted: Wanted, make: Make, at: str) -> Kept:
        """Return a derivative, made now if it is not there whole.

        Args:
            wanted: Which one.
            make: Makes it. Called at most once, by one asker at a time; what it raises is passed
                on and nothing is kept.
            at: This instant, for the record.

        Raises:
            UnavailableError: The disk failed or is full.
        """
        found = self._find(wanted)
        if isinstance(found, Kept):
            self._uses.touch(wanted.path)
            return found
        for folder in ("state", FOLDER, _MAKING, f"{FOLDER}/{wanted.path[:2]}"):
            self._disk.make_folder(folder)
        with self._alone(wanted.path[:2]):
            found = self._find(wanted)  # another may have made it while we waited
            if isinstance(found, Kept):
                self._uses.touch(wanted.path)
                return found
            kept = self._make(wanted, make, at, found)
        try:
            self.evict()
        except BaseException:
            kept.close()
            raise
        return kept

    # -- looking ---------------------------------------------------------------------------------

    def find(self, wanted: Wanted) -> Kept | None:
        """Return a derivative if it is kept and whole; nothing is made, nobody is waited for.

        Raises:
            UnavailableError: The disk failed.
        """
        found = self._find(wanted)
        if not isinstance(found, Kept):
            return None
        self._uses.touch(wanted.path)
        return found

    def _find(self, wanted: Wanted) -> Kept | Origin:
        """The copy if it is there and whole, else how one made now comes to be there."""
        path = f"{FOLDER}/{wanted.path}"
        try:
            record = msgspec.json.decode(read_whole(self._disk, f"{path}.json"), type=CopyRecord)
            file = self._disk.open(path)
        except NotHeldError:
            return Origin.MADE
        except (msgspec.DecodeError, ValueError):  # the latter for text that is none
            return Origin.MADE_AGAIN
        try:
            _share(file)
            if not _is_whole(file, record):
                file.close()
                return Origin.MADE_AGAIN
            file.seek(0)
        except OSError as error:
            file.close()
            raise refusal(path, error) from error
        return Kept(file, wanted.path, record, Origin.KEPT)

    # -- making ----------------------------------------------------------------------------------

    @contextmanager
    def _alone(self, folder: str) -> Iterator[None]:
        """Make other askers wait. The lock goes with the process; one of 256 files is enough."""
        path = f"{_MAKING}/{folder}"
        try:
            descriptor = os.open(self._root / path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            except BaseException:
                os.close(descriptor)
                raise
        except OSError as error:
            raise refusal(path, error) from error
        try:
            yield
        finally:
            os.close(descriptor)

    def _make(self, wanted: Wanted, make: Make, at: str, origin: Origin) -> Kept:
        """Let it be made in a file without a name, then put it where all can see it."""
        try:
            drawer = tempfile.TemporaryFile(dir=self._root / FOLDER)  # noqa: SIM115
        except OSError as error:
            raise refusal(FOLDER, error) from error
        with drawer:
            facts = make(drawer)
            temporary = f"{FOLDER}/{wanted.path[:2]}/.{wanted.path[3:]}.new"
            sha256, size_bytes = self._copy_out(drawer, temporary)
        names = (wanted.source.hex, wanted.recipe.name, wanted.encoder)
        record = CopyRecord(*names, at, sha256, size_bytes, facts)
        file = self._disk.open(temporary)
        try:
            _share(file)  # before it is visible, so that nobody evicts it under our hands
            self._show(file, temporary, record, wanted)
        except BaseException:
            file.close()
            raise
        return Kept(file, wanted.path, record, origin)

    def _show(self, file: BinaryIO, temporary: str, record: CopyRecord, wanted: Wanted) -> None:
        """Prove a new copy, count it, and make it visible; its record last."""
        path = f"{FOLDER}/{wanted.path}"
        if not _is_whole(file, record):
            raise DiskFailedError(path, "what was written does not read back", "Check the disk.")
        file.seek(0)
        text = msgspec.json.format(msgspec.json.encode(record), indent=1)
        self._uses.add(wanted.path, record.size_bytes + len(text))
        self._disk.rename(temporary, path)
        self._put(f"{path}.json", text)

    def _copy_out(self, drawer: BinaryIO, path: str) -> tuple[str, int]:
        """Copy a file to a new one on the disk. Returns the SHA-256 and the length."""
        digest, size_bytes = hashlib.sha256(), 0
        drawer.seek(0)
        self._disk.remove(path)
        writer = self._disk.create(path)
        try:
            while block := drawer.read(_BLOCK_BYTES):
                digest.update(block)
                writer.write(block)
                size_bytes += len(block)
        finally:
            writer.close()
        return digest.hexdigest(), size_bytes

    def _put(self, path: str, data: bytes) -> None:
        """Put a small file, whole or not at all."""
        temporary = f"{path}.new"
        self._disk.remove(temporary)
        writer = self._disk.create(temporary)
        try:
            writer.write(data)
        finally:
            writer.close()
        self._disk.rename(temporary, path)

    def forget(self, source: Sha256) -> int:
        """Remove all that was made of an object, also while somebody reads it; durable on return.

        Whoever makes something of it at this moment is waited for; call it when the object is gone,
        so that nobody can begin after that. Returns how many copies there were.
        """
        shard = source.hex[:2]
        folder = f"{FOLDER}/{shard}"
        if self._disk.stat(folder) is None:
            return 0
        with self._alone(shard):
            names = [entry.name for entry in self._disk.list(folder) if source.hex in entry.name]
            for name in sorted(names, key=lambda name: not name.endswith(".json")):  # records first
                self._disk.remove(f"{folder}/{name}")
            self._disk.sync_folder(folder)
            copies = [name for name in names if name.startswith(f"{source.hex}.")]
            copies = [name for name in copies if not name.endswith((".json", ".new"))]
            for name in copies:
                self._uses.forget(f"{shard}/{name}")
        return len(copies)

    # -- room ------------------------------------------------------------------------------------

    def evict(self) -> int:
        """Remove what was not used for longest until the rest fits; returns the bytes freed.

        What somebody reads is passed over, so that for a while more may be kept than there is
        room for.
        """
        excess = self._uses.total_bytes() - self._max_bytes
        if excess <= 0:
            return 0
        freed = 0
        for path, size_bytes in self._uses.least_recently_used():
            if freed >= excess:
                break
            if self._remove_unread(path):
                self._uses.forget(path)
                freed += size_bytes
        return freed

    def _remove_unread(self, path: str) -> bool:
        """Remove a copy and its record unless somebody reads it."""
        try:
            file = self._disk.open(f"{FOLDER}/{path}")
        except NotHeldError:
            self._disk.remove(f"{FOLDER}/{path}.json")
            return True
        with file:
            if not _claim(file):
                return False
            self._disk.remove(f"{FOLDER}/{path}.json")  # without it the copy counts as not there
            self._disk.remove(f"{FOLDER}/{path}")
            return True

    def _listing(self) -> Iterator[tuple[str, int]]:
        """All copies that lie there; what makers who were killed left half done is removed."""
        for folder in self._disk.list(FOLDER):
            if folder.kind is not Kind.FOLDER or folder.name == "making":
                continue
            entries = self._disk.list(f"{FOLDER}/{folder.name}")
            sizes = {entry.name: entry.size_bytes for entry in entries if entry.kind is Kind.FILE}
            for name, size_bytes in sizes.items():
                if name.startswith(".") or name.endswith(".new"):
                    self._remove_abandoned(folder.name, name)
                elif not name.endswith(".json") or name.removesuffix(".json") not in sizes:
                    record_bytes = sizes.get(f"{name}.json", 0)
                    yield f"{folder.name}/{name}", size_bytes + record_bytes

    def _remove_abandoned(self, folder: str, name: str) -> None:
        """Remove half a copy unless somebody makes one in its folder at this moment."""
        try:
            lock = self._disk.open(f"{_MAKING}/{folder}")
        except NotHeldError:
            self._disk.remove(f"{FOLDER}/{folder}/{name}")
            return
        with lock:
            if _claim(lock):
                self._disk.remove(f"{FOLDER}/{folder}/{name}")


def _is_whole(file: BinaryIO, record: CopyRecord) -> bool:
    digest, size_bytes = hashlib.sha256(), 0
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)
        size_bytes += len(block)
    return size_bytes == record.size_bytes and digest.hexdigest() == record.sha256


def _share(file: BinaryIO) -> None:
    """Say that this file is being read. Files of a simulated disk have no descriptor."""
    with suppress(io.UnsupportedOperation):
        fcntl.flock(file.fileno(), fcntl.LOCK_SH)


def _claim(file: BinaryIO) -> bool:
    """Whether nobody holds this file, and nobody will before it is closed here."""
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except io.UnsupportedOperation:
        return True
    except BlockingIOError:
        return False
    return True
