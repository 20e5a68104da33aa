"""A disk that remembers what is durable, while it works like any other.

Not here: what may survive (`faults.platter`), how every moment is looked at (`faults.powerloss`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import BinaryIO

from phonotheque.disk import Entry, Writer

from .memory import MemoryDisk
from .nodes import File
from .platter import Platter
from .trace import Cut, Event, Frozen, Named, Promised, Site, Synced, Trace, Written, calling_site

STATES_PER_POINT = 256
"""Enough to take each of 60 pending changes out, and keep each alone, at one moment."""


class PowerLossDisk:
    """A disk that remembers what is durable. Works like any disk until power is lost.

    Args:
        start: What the disk holds at first, all of it durable. It is copied.
        skip_sync_sites: Sites whose syncs do nothing, as if the line were missing.
    """

    def __init__(
        self, start: MemoryDisk | None = None, *, skip_sync_sites: Collection[Site] = ()
    ) -> None:
        self.live = MemoryDisk() if start is None else start.copy()
        self._trace = Trace.of(self.live.root)
        self._skipped = frozenset(skip_sync_sites)

    @property
    def trace(self) -> Trace:
        """Everything done so far, without the syncs that are skipped."""
        return self._trace.without(self._skipped)

    def acknowledge(self, value: object) -> None:
        """Record that something was promised to the user."""
        self.record(Promised(f"acknowledged {value!r:.200}", value))

    def crash_states(self, limit: int = STATES_PER_POINT, *, seed: int = 0) -> Iterator[MemoryDisk]:
        """Yield independent disks that may be found if power is lost now, telling ones first.

        Of at most `limit` choices of what is lost, those that come to the same are told once.
        """
        platter = Platter(self._trace)
        for event in self.trace.events:
            platter.feed(event)
        seen: set[object] = set()
        for _, build in platter.crash_states(limit, str(seed)):
            disk = build().disk
            fingerprint = disk.fingerprint()
            if fingerprint not in seen:
                seen.add(fingerprint)
                yield disk

    def record(self, event: Event) -> None:
        """Add an event to the trace."""
        self._trace.events.append(event)

    def create(self, path: str) -> Writer:
        writer = self.live.create(path)
        return self._writer(path, writer, f"create {path}")

    def append(self, path: str) -> Writer:
        is_new = self.live.stat(path) is None
        writer = self.live.append(path)
        return self._writer(path, writer, f"create {path}" if is_new else None)

    def _writer(self, path: str, writer: Writer, named: str | None) -> Writer:
        folder, name, file = self.live.holder(path)
        assert isinstance(file, File)
        if named is not None:
            self.record(Named(named, folder, ((name, file),)))
        return _RecordingWriter(self, path, file, writer)

    def truncate(self, path: str, size_bytes: int) -> None:
        self.live.truncate(path, size_bytes)
        file = self.live.holder(path, follow=True)[2]
        assert isinstance(file, File)
        self.record(Cut(f"truncate {path} to {size_bytes} bytes", file, size_bytes))
        self.record(Synced(f"(truncation of {path} is durable)", file, None))

    def rename(self, old: str, new: str) -> None:
        self.live.rename(old, new)
        source, old_name, left = self.live.holder(old)
        target, new_name, node = self.live.holder(new)
        if left is not None:  # two names of one file: the call changes nothing, rename(2)
            return
        what = f"rename {old} to {new}"
        if source is target:
            self.record(Named(what, source, ((old_name, None), (new_name, node))))
        else:
            self.record(Named(f"{what} (the new name)", target, ((new_name, node),)))
            self.record(Named(f"{what} (the old name gone)", source, ((old_name, None),)))

    def make_folder(self, path: str) -> None:
        is_new = self.live.stat(path) is None
        self.live.make_folder(path)
        if is_new:
            self._named(f"make folder {path}", path)

    def symlink(self, path: str, target: str) -> None:
        self.live.symlink(path, target)
        self._named(f"link {path} to {target}", path)

    def remove(self, path: str) -> None:
        is_held = self.live.stat(path) is not None
        self.live.remove(path)
        if is_held:
            self._named(f"remove {path}", path)

    def remove_folder(self, path: str) -> None:
        is_held = self.live.stat(path) is not None
        self.live.remove_folder(path)
        if is_held and self.live.stat(path) is None:
            self._named(f"remove folder {path}", path)

    def _named(self, what: str, path: str) -> None:
        folder, name, node = self.live.holder(path)
        self.record(Named(what, folder, ((name, node),)))

    def sync_folder(self, path: str) -> None:
        self.live.sync_folder(path)
        self.record(Synced(f"sync folder {path!r}", self.live.folder(path), calling_site()))

    def open(self, path: str) -> BinaryIO:
        return self.live.open(path)

    def stat(self, path: str) -> Entry | None:
        return self.live.stat(path)

    def list(self, path: str) -> list[Entry]:
        return self.live.list(path)


class _RecordingWriter:
    """A file being written, each write remembered as not yet durable."""

    def __init__(self, disk: PowerLossDisk, path: str, file: File, writer: Writer) -> None:
        self._disk = disk
        self._path = path
        self._file = file
        self._writer = writer

    def write(self, data: bytes | bytearray | memoryview) -> None:
        offset_bytes = self._file.size_bytes
        self._writer.write(data)
        if len(data):
            what = f"write {len(data)} bytes to {self._path}"
            self._disk.record(Written(what, self._file, offset_bytes, bytes(data)))

    def sync(self) -> None:
        self._writer.sync()
        self._disk.record(Synced(f"sync {self._path}", self._file, calling_site()))

    def freeze(self) -> None:
        self._writer.freeze()
        self._disk.record(Frozen(f"freeze {self._path}", self._file))

    def close(self) -> None:
        self._writer.close()
