"""What a disk may hold when power comes back: the durable part, and any subset of the rest.

Laws, after "All File Systems Are Not Created Equal" (Pillai et al., OSDI 2014), for the weakest
file system that still keeps each promise of the port:

- A name is durable after its folder is synced, a file's bytes after the file is synced; neither
  brings the other.
- A change of one folder's names (a rename within it too) survives whole or not at all. A rename
  across folders is two changes, and either may survive alone.
- Un-synced bytes of a file may be lost, kept, cut anywhere, zeros of full length, or have a hole
  where the first of several writes was. A mode changes with the file's own sync.
- Changes that are not synced survive in any combination, whatever their order.

Not here: how many moments are looked at, and what must hold then (`faults.powerloss`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from .memory import MemoryDisk
from .nodes import File, Folder, Node, copy_of, resized
from .trace import Cut, Event, Frozen, Named, Promised, Synced, Trace, Written

FileChange = Written | Cut | Frozen
_RANDOM_CHOICES = 6
"""Seeded random subsets per moment, after the systematic ones: many moments share their changes."""

LOST, KEPT = "lost", "kept"
_FATES_OF_A_NAME = (LOST, KEPT)
_FATES_OF_A_MODE = (LOST, KEPT)
_FATES_OF_BYTES = (LOST, KEPT, "cut in half", "zeros", "last byte cut", "first byte only")
_FATES_OF_WRITES = (*_FATES_OF_BYTES, "hole")


@dataclass(frozen=True, slots=True)
class Unit:
    """What survives or is lost together: one change of names, or the pending bytes of one file."""

    subject: Named | File
    changes: tuple[Named | FileChange, ...]
    fates: tuple[str, ...]

    def __str__(self) -> str:
        return self.changes[-1].what


@dataclass(frozen=True, slots=True)
class CrashState:
    """One disk that may be found when power comes back, and how it came about."""

    disk: MemoryDisk
    units: tuple[Unit, ...]
    fates: tuple[str, ...]

    def __str__(self) -> str:
        told = [f"  {f:>15}: {u}" for u, f in zip(self.units, self.fates, strict=True)]
        return "\n".join(told) or "  nothing"


class Platter:
    """The durable state of a disk at one moment, and the changes pending since."""

    def __init__(self, trace: Trace) -> None:
        self._root = trace.root
        self._names = dict(trace.names)
        self._files = dict(trace.files)
        self._pending: list[Named | FileChange] = []
        self._survivors: dict[tuple[object, str], tuple[bytes, bool]] = {}
        self.epoch = 0
        """Counts the syncs that made anything durable."""

    def feed(self, event: Event) -> None:
        """Move on by one event."""
        if isinstance(event, Promised):
            return
        if not isinstance(event, Synced):
            self._pending.append(event)
            return
        node = event.node
        covered = [change for change in self._pending if _node(change) is node]
        if not covered:
            return
        self.epoch += 1
        self._survivors.clear()
        self._pending = [change for change in self._pending if _node(change) is not node]
        if isinstance(node, Folder):
            self._names[node] = self._with_names(node, [c for c in covered if isinstance(c, Named)])
        else:
            self._files[node] = _survived(self._durable(node), _of_file(covered), KEPT)

    def units(self) -> tuple[Unit, ...]:
        """The pending changes in order; a file's bytes stand at its last write."""
        of_file: dict[File, list[FileChange]] = {}
        for change in self._pending:
            if not isinstance(change, Named):
                of_file.setdefault(change.file, []).append(change)
        found: list[Unit] = []
        for change in self._pending:
            if isinstance(change, Named):
                found.append(Unit(change, (change,), _FATES_OF_A_NAME))
            elif change is of_file[change.file][-1]:
                found.append(_unit_of_file(tuple(of_file[change.file])))
        return tuple(found)

    def crash_states(
        self, limit: int, seed: str
    ) -> Iterator[tuple[object, Callable[[], CrashState]]]:
        """Yield at most `limit` states: a key that tells equal states, and how to build the state.

        Order: all kept, all lost, only names, only bytes; each change alone in its fate while all
        others are kept, newest first; each alone kept; the prefixes in order; seeded random ones.
        """
        units = self.units()
        seen: set[tuple[str, ...]] = set()
        for fates in _choices(units, random.Random(seed)):
            if len(seen) >= limit:
                return
            if fates not in seen:
                seen.add(fates)
                yield self._key(units, fates), partial(self._state, units, fates)

    def _key(self, units: tuple[Unit, ...], fates: tuple[str, ...]) -> object:
        kept = zip(units, fates, strict=True)
        return self.epoch, frozenset((unit.changes, fate) for unit, fate in kept if fate != LOST)

    def _state(self, units: tuple[Unit, ...], fates: tuple[str, ...]) -> CrashState:
        names: dict[Folder, list[Named]] = {}
        files: dict[File, tuple[bytes, bool]] = {}
        for unit, fate in zip(units, fates, strict=True):
            if isinstance(unit.subject, File):
                files[unit.subject] = self._file(unit.subject, unit.changes, fate)
            elif fate == KEPT:
                names.setdefault(unit.subject.folder, []).append(unit.subject)
        root = copy_of(
            self._root,
            lambda folder: self._with_names(folder, names.get(folder, [])),
            lambda file: files.get(file) or self._durable(file),
        )
        return CrashState(MemoryDisk(root), units, fates)

    def _file(
        self, file: File, changes: tuple[Named | FileChange, ...], fate: str
    ) -> tuple[bytes, bool]:
        key = (changes, fate)
        if key not in self._survivors:
            self._survivors[key] = _survived(self._durable(file), _of_file(changes), fate)
        return self._survivors[key]

    def _durable(self, file: File) -> tuple[bytes, bool]:
        return self._files.get(file, (b"", False))

    def _with_names(self, folder: Folder, changes: list[Named]) -> dict[str, Node]:
        entries = self._names.get(folder, {})
        if changes:
            entries = dict(entries)
            for change in changes:
                for name, node in change.names:
                    if node is None:
                        entries.pop(name, None)
                    else:
                        entries[name] = node
        return entries


def _node(change: Named | FileChange) -> File | Folder:
    return change.folder if isinstance(change, Named) else change.file


def _of_file(changes: Iterable[Named | FileChange]) -> tuple[FileChange, ...]:
    return tuple(change for change in changes if not isinstance(change, Named))


def _unit_of_file(changes: tuple[FileChange, ...]) -> Unit:
    writes = sum(isinstance(change, Written) for change in changes)
    fates = (_FATES_OF_A_MODE, _FATES_OF_BYTES, _FATES_OF_WRITES)[min(writes, 2)]
    return Unit(changes[0].file, changes, fates)


def _choices(units: tuple[Unit, ...], chance: random.Random) -> Iterator[tuple[str, ...]]:
    """Yield the fates of all units together, the telling ones first, with repetitions."""
    count = len(units)
    kept, lost = (KEPT,) * count, (LOST,) * count
    yield kept
    yield lost
    yield tuple(KEPT if isinstance(unit.subject, Named) else LOST for unit in units)
    yield tuple(KEPT if isinstance(unit.subject, File) else LOST for unit in units)
    for others in (kept, lost):
        for at in reversed(range(count)):
            for fate in units[at].fates:
                yield (*others[:at], fate, *others[at + 1 :])
    for at in range(count):
        yield (*kept[:at], *lost[at:])
    for _ in range(_RANDOM_CHOICES):
        yield tuple(chance.choice(unit.fates) for unit in units)


def _survived(
    durable: tuple[bytes, bool], changes: tuple[FileChange, ...], fate: str
) -> tuple[bytes, bool]:
    """What a file holds, and whether it is frozen, when its pending changes met this fate."""
    if fate == LOST:
        return durable
    data, frozen = bytearray(durable[0]), durable[1]
    pending_bytes = sum(len(change.data) for change in changes if isinstance(change, Written))
    left_bytes = {
        "cut in half": pending_bytes // 2,
        "last byte cut": pending_bytes - 1,
        "first byte only": 1,
    }.get(fate, pending_bytes)
    is_hole = fate == "hole"
    for change in changes:
        if isinstance(change, Frozen):
            frozen = True
        elif isinstance(change, Cut):
            data = bytearray(resized(bytes(data), change.size_bytes))
        elif taken := change.data[:left_bytes]:
            left_bytes -= len(taken)
            if fate == "zeros" or is_hole:
                taken, is_hole = bytes(len(taken)), False
            data.extend(bytes(max(0, change.offset_bytes - len(data))))
            data[change.offset_bytes : change.offset_bytes + len(taken)] = taken
    return bytes(data), frozen
