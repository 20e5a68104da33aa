"""Dense ids that last: which id a source's key has, kept from build to build.

Laws: a key that was given an id keeps it for as long as the epoch lasts, also when it goes away and
comes back; an id is given once; new keys follow after the last id of their table. Losing the
folder begins a new epoch under a new random name: ids of two epochs have nothing to do with each
other, and every descriptor names its epoch.

Files, below `epoch/`: `current` names the generation that counts; in a generation `epoch.json` and,
for each table and source, `<table>/<source number>.npy`: runs of neighbours, three rows of 64-bit
integers: first key, first id, how many. A source whose keys are numbers in order is one run; one
whose keys are hashes has a run of 24 bytes for each. Runs are mapped, not read.

Cost: finding the ids of a million keys in order takes some 0.1 s, out of order some 0.5 s.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from phonotheque.catalogue.bulk import (
    fresh_folder,
    mapped_array,
    remove_tree,
    sync_tree,
    translated,
)
from phonotheque.disk import Disk, read_whole, write_whole
from phonotheque.errors import ConflictError, MalformedError
from phonotheque.music.decoding import UNDECODABLE

Integers = npt.NDArray[np.int64]

_CHUNK = 1 << 20
"""Entries for which a step makes temporary arrays."""

END_OF_IDS = 1 << 55
"""Ids are below it: with a word of `entity_type` they fit into a number of 64 bits."""

FOLDER = "epoch"

_WORK = "work.part"
"""Folder for what is larger than memory while ids are given."""


class EpochRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `epoch.json` says.

    Attributes:
        epoch: Random UUID.
        sources: Number of each source that ever was, from 1. 0 stands for decisions by hand.
        next_ids: The next free id of each table.
    """

    epoch: str
    sources: dict[str, int] = {}
    next_ids: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of one source's rows of one table."""

    runs: Integers = field(default_factory=lambda: np.empty((3, 0), np.int64))

    def of(self, keys: Integers) -> Integers:
        """Return the id of each key, -1 where it has none."""
        first_keys, first_ids, counts = self.runs
        if not len(first_keys):
            return np.full(len(keys), -1, np.int64)
        run = np.searchsorted(first_keys, keys, side="right") - 1
        run[run < 0] = 0
        beyond = keys - first_keys[run]
        found: Integers = np.where(
            (beyond >= 0) & (beyond < counts[run]), first_ids[run] + beyond, -1
        )
        return found


@dataclass(frozen=True, slots=True)
class Epoch:
    """A generation of ids that is whole. Reading only; `extend` makes the next generation."""

    record: EpochRecord
    folder: Path

    def ids(self, table: str, source: int) -> Ids:
        """Return the ids of a source's rows of a table."""
        path = self.folder / table / f"{source:03d}.npy"
        if not path.exists():
            return Ids()
        with translated(str(path)):
            try:
                return Ids(np.load(path, mmap_mode="r"))
            except ValueError as error:
                raise MalformedError(str(path), "it is no file of ids", _BEGIN_ANEW) from error


_BEGIN_ANEW = "Remove the folder `epoch` to begin a new epoch; ids will differ."


def open_epoch(root: Path, disk: Disk) -> Epoch:
    """Open the ids of a catalogue, or begin a new epoch where there are none.

    Args:
        root: Folder of the catalogue.
        disk: The same folder as a disk.

    Raises:
        MalformedError: The folder is there and cannot be read.
    """
    pointer = f"{FOLDER}/current"
    if disk.stat(pointer) is None:
        disk.make_folder(FOLDER)
        disk.sync_folder("")
        _write_generation(root, disk, EpochRecord(str(uuid.uuid4())), 1)
    name = read_whole(disk, pointer).decode("utf-8", "replace").strip()
    path = f"{FOLDER}/{name}/epoch.json"
    if disk.stat(path) is None:
        raise MalformedError(pointer, f"it names {name!r}, which is not there", _BEGIN_ANEW)
    try:
        record = msgspec.json.decode(read_whole(disk, path), type=EpochRecord)
    except UNDECODABLE as error:
        raise MalformedError(path, f"it cannot be read: {error}", _BEGIN_ANEW) from error
    return Epoch(record, root / FOLDER / name)


def number_sources(root: Path, disk: Disk, names: list[str]) -> Epoch:
    """Give a number to each source that has none, in the order given, and return the epoch."""
    epoch = open_epoch(root, disk)
    numbers = dict(epoch.record.sources)
    for name in names:
        numbers.setdefault(name, max(numbers.values(), default=0) + 1)
    if numbers == epoch.record.sources:
        return epoch
    record = msgspec.structs.replace(epoch.record, sources=numbers)
    return _next_generation(root, disk, epoch, record, {})


def extend(
    root: Path, disk: Disk, source: int, new_keys: dict[str, tuple[Integers, Integers]]
) -> Epoch:
    """Give ids to new keys of a source and return the epoch.

    Args:
        new_keys: For each table the keys, rising and none of them known, and for each key its
            place among the new ones, from 0.
    """
    epoch = open_epoch(root, disk)
    next_ids = dict(epoch.record.next_ids)
    runs: dict[str, Integers] = {}
    work = fresh_folder(root / FOLDER / _WORK)
    with translated(str(work)):
        for table, (keys, places) in new_keys.items():
            if len(keys):
                begin = next_ids.get(table, 0)
                added = _runs_of(keys, places, begin, work / f"{table}-added")
                merged = _merged(epoch.ids(table, source).runs, added, work / f"{table}-merged")
                runs[f"{table}/{source:03d}.npy"] = _joined(merged, work / f"{table}-joined")
                next_ids[table] = begin + len(keys)
        if runs:
            record = msgspec.structs.replace(epoch.record, next_ids=next_ids)
            epoch = _next_generation(root, disk, epoch, record, runs)
    remove_tree(work)
    return epoch


def take_up(
    root: Path, disk: Disk, record: EpochRecord, ids: Iterable[tuple[str, int, Integers, Integers]]
) -> Epoch:
    """Go on with an epoch that began in another catalogue, in one that has no ids yet.

    Args:
        ids: Table, number of the source, its keys, rising, and the id of each.

    Raises:
        ConflictError: The catalogue has ids of its own.
        MalformedError: Keys do not rise, or an id is none that the record gave.
    """
    if disk.stat(f"{FOLDER}/current") is not None:
        wrong = "the catalogue has ids of its own already"
        raise ConflictError(str(root / FOLDER), wrong, "Take them up in an empty folder.")
    disk.make_folder(FOLDER)
    disk.sync_folder("")
    folder = fresh_folder(root / FOLDER / "1")
    work = fresh_folder(root / FOLDER / _WORK)
    with translated(str(folder)):
        for table, source, keys, given in ids:
            _check_ids(table, keys, given, record.next_ids.get(table, 0))
            if len(keys):
                runs = _runs_of(keys, given, 0, work / "runs")
                _write_runs(folder / table / f"{source:03d}.npy", _joined(runs, work / "joined"))
    sync_tree(folder)
    _write_generation(root, disk, record, 1)
    remove_tree(work)
    return open_epoch(root, disk)


def follow(
    root: Path, disk: Disk, record: EpochRecord, ids: Iterable[tuple[str, int, Integers, Integers]]
) -> Epoch:
    """Take up ids that another catalogue gave since its ids were taken up; those there are stay.

    Args:
        record: Numbers of its sources, and which ids it has not given yet.
        ids: Table, number of the source, keys, rising, and the id of each.

    Raises:
        MalformedError: A key has another id here, keys do not rise, or an id is none that it gave.
    """
    epoch = open_epoch(root, disk)
    runs: dict[str, Integers] = {}
    work = fresh_folder(root / FOLDER / _WORK)
    with translated(str(work)):
        for table, source, keys, given in ids:
            _check_ids(table, keys, given, record.next_ids.get(table, 0))
            known = epoch.ids(table, source).of(keys)
            if ((known >= 0) & (known != given)).any():
                raise MalformedError(table, "a key has another id here", "Restore a full dump.")
            is_new = known < 0
            if is_new.any():
                name = f"{table}-{source:03d}"
                added = _runs_of(keys[is_new], given[is_new], 0, work / f"{name}-added")
                merged = _merged(epoch.ids(table, source).runs, added, work / f"{name}-merged")
                runs[f"{table}/{source:03d}.npy"] = _joined(merged, work / f"{name}-joined")
        begun = epoch.record.next_ids
        next_ids = {
            table: max(begun.get(table, 0), record.next_ids.get(table, 0))
            for table in {**begun, **record.next_ids}
        }
        numbers = record.sources | epoch.record.sources
        after = EpochRecord(epoch.record.epoch, numbers, next_ids)
        if runs or after != epoch.record:
            epoch = _next_generation(root, disk, epoch, after, runs)
    remove_tree(work)
    return epoch


def _check_ids(table: str, keys: Integers, given: Integers, end: int) -> None:
    for low in range(0, len(keys), _CHUNK):
        some, near = given[low : low + _CHUNK], keys[max(low - 1, 0) : low + _CHUNK]
        is_rising = bool((near[1:] > near[:-1]).all())  # differences may not fit into 64 bits
        if not is_rising or int(some.min()) < 0 or int(some.max()) >= end:
            wrong = "its keys do not rise, or it has ids that its epoch did not give"
            raise MalformedError(table, wrong, "Take it from its source again.")


def _next_generation(
    root: Path, disk: Disk, epoch: Epoch, record: EpochRecord, runs: dict[str, Integers]
) -> Epoch:
    """Write a generation: what did not change is linked, not copied."""
    number = int(epoch.folder.name) + 1
    folder = fresh_folder(root / FOLDER / str(number))
    with translated(str(folder)):
        for path in sorted(epoch.folder.glob("*/*.npy")):
            name = f"{path.parent.name}/{path.name}"
            if name not in runs:
                link_or_copy(path, folder / name)
        for name, array in runs.items():
            _write_runs(folder / name, array)
    sync_tree(folder)
    _write_generation(root, disk, record, number)
    for other in (root / FOLDER).iterdir():  # also what a stopped run left
        if other.is_dir() and other.name not in (str(number), _WORK):
            remove_tree(other)
    return open_epoch(root, disk)


def _write_runs(path: Path, runs: Integers) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        header = {"descr": "<i8", "fortran_order": False, "shape": runs.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for row in runs:
            for low in range(0, len(row), _CHUNK):
                file.write(np.ascontiguousarray(row[low : low + _CHUNK]).tobytes())


def _write_generation(root: Path, disk: Disk, record: EpochRecord, number: int) -> None:
    (root / FOLDER / str(number)).mkdir(exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(record), indent=1)
    write_whole(disk, f"{FOLDER}/{number}/epoch.json", text + b"\n")
    disk.sync_folder(FOLDER)
    write_whole(disk, f"{FOLDER}/current", f"{number}\n".encode())


def link_or_copy(path: Path, copy: Path) -> None:
    """Give a file that nobody changes a second name, or a copy where links are not possible."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, copy)
    except OSError:
        shutil.copyfile(path, copy)


def _runs_of(keys: Integers, places: Integers, begin: int, path: Path) -> Integers:
    """One run for each key; neighbours are joined later."""
    runs = mapped_array(path, (3, len(keys)))
    for low in range(0, len(keys), _CHUNK):
        high = min(low + _CHUNK, len(keys))
        runs[0, low:high] = keys[low:high]
        runs[1, low:high] = places[low:high] + begin
        runs[2, low:high] = 1
    return runs


def _merged(one: Integers, other: Integers, path: Path) -> Integers:
    """Runs of both in order of their keys; no key is in both."""
    if not one.shape[1]:
        return other
    runs = mapped_array(path, (3, one.shape[1] + other.shape[1]))
    for mine, theirs in ((one, other), (other, one)):
        for low in range(0, mine.shape[1], _CHUNK):
            part = np.asarray(mine[:, low : low + _CHUNK])
            at = np.searchsorted(theirs[0], part[0]) + np.arange(low, low + part.shape[1])
            runs[:, at] = part
    return runs


def _joined(runs: Integers, path: Path) -> Integers:
    """Join runs that go on where the one before ends."""
    count = runs.shape[1]
    joined = mapped_array(path, (3, count))
    used = 0
    for low in range(0, count, _CHUNK):
        part = np.asarray(runs[:, low : low + _CHUNK])
        if used:  # the last run may go on in this stretch
            part = np.concatenate([joined[:, used - 1 : used], part], axis=1)
            used -= 1
        goes_on = (part[:2, 1:] == part[:2, :-1] + part[2, :-1]).all(axis=0)
        starts = np.flatnonzero(np.r_[True, ~goes_on])
        lengths = np.add.reduceat(part[2], starts)
        joined[:2, used : used + len(starts)] = part[:2, starts]
        joined[2, used : used + len(starts)] = lengths
        used += len(starts)
    return joined[:, :used]
