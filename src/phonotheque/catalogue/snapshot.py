"""Snapshots: the catalogue as it was built once, and which one serves.

Laws: a snapshot's folder has its name only when it is whole; `current` names the one that serves
and is replaced at once; nothing in a snapshot is changed afterwards. Those that read one may go on
with it while the next is built; the one before the current is kept for them.

Not here: how it is made (`phonotheque.catalogue.build`); what reads it imports no Arrow for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from phonotheque.disk import Disk, Kind, read_whole, write_whole
from phonotheque.errors import FormatTooNewError, MalformedError
from phonotheque.music.decoding import UNDECODABLE

FORMAT = 1
"""Version of the folder's layout and of all tables."""

POINTER = "current"
DESCRIPTOR = "descriptor.json"

_NAME = re.compile(r"snapshot-([0-9]{6,})")
_BUILD = "Run `phono catalogue build`."


class SourceEntry(msgspec.Struct, frozen=True):
    """A source whose rows are in a snapshot.

    Attributes:
        id: What stands in the column `source` of every table.
        generation: Which import it was.
        priority: How early it is believed, 0 first.
        licence: Address of the licence of its data; "" unknown.
        as_of: Date of its data.
    """

    id: int
    name: str
    title: str
    generation: str
    priority: int
    licence: str = ""
    attribution: str = ""
    origin: str = ""
    as_of: str = ""


class FileEntry(msgspec.Struct, frozen=True):
    """A file of a snapshot: length, and SHA-256 in hexadecimal."""

    size_bytes: int
    sha256: str


class Descriptor(msgspec.Struct, frozen=True):
    """What a snapshot is: `descriptor.json`, made last.

    Attributes:
        made_at: When, ISO 8601 in UTC.
        epoch: The epoch in which its ids mean something.
        next_ids: For each table of entities the lowest number that was no id of it yet.
        inputs: Digest of all it was made of: a build of the same makes nothing.
        rows: Rows of each table.
        cards: Cards of each kind.
        links: Links of each kind of entity.
        files: Every file but this one, by its path.
    """

    name: str
    made_at: str
    epoch: str
    next_ids: dict[str, int]
    inputs: str
    sources: tuple[SourceEntry, ...]
    rows: dict[str, int]
    cards: dict[str, int]
    links: dict[str, int]
    files: dict[str, FileEntry]
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot on disk, whole."""

    folder: Path
    descriptor: Descriptor

    @property
    def tables(self) -> Path:
        """Folder of the tables, one folder of parts for each."""
        return self.folder / "tables"

    @property
    def ids(self) -> Path:
        """The file of ids."""
        return self.folder / "serving" / "ids.db"

    @property
    def browse(self) -> Path:
        """The file of shelves."""
        return self.folder / "serving" / "browse.db"

    @property
    def match(self) -> Path:
        """The file by which lists are matched; snapshots of earlier programs have none."""
        return self.folder / "serving" / "match.db"

    def cards(self, kind: str) -> Path:
        """Folder of the cards of a kind, in order of rank."""
        return self.folder / "cards" / kind

    def search(self, kind: str) -> Path:
        """Folder of the search files of a kind."""
        return self.folder / "serving" / kind


def current_snapshot(root: Path, disk: Disk) -> Snapshot | None:
    """Return the snapshot that serves, or None when none was built.

    Args:
        root: Folder of the catalogue.
        disk: The same folder as a disk.

    Raises:
        MalformedError: The pointer or the descriptor is damaged.
        FormatTooNewError: It was built by a later program.
    """
    if disk.stat(POINTER) is None:
        return None
    name = read_whole(disk, POINTER).decode("utf-8", "replace").strip()
    if not _NAME.fullmatch(name):
        raise MalformedError(POINTER, f"{name[:40]!r} is no name of a snapshot", _BUILD)
    return read_snapshot(root, disk, name)


def read_snapshot(root: Path, disk: Disk, name: str) -> Snapshot:
    """Read a snapshot's descriptor.

    Raises:
        MalformedError: There is none, or it is damaged.
        FormatTooNewError: It was built by a later program.
    """
    path = f"{name}/{DESCRIPTOR}"
    if disk.stat(path) is None:
        raise MalformedError(path, "it is not there", _BUILD)
    data = read_whole(disk, path)
    try:
        found = msgspec.json.decode(data, type=_Format).format
        if found > FORMAT:
            raise FormatTooNewError(path, f"it has format {found}", "Use a later Phonotheque.")
        descriptor = msgspec.json.decode(data, type=Descriptor)
    except UNDECODABLE as error:
        raise MalformedError(path, f"it cannot be read: {error}", _BUILD) from error
    return Snapshot(root / name, descriptor)


def whole_or_none(read: Callable[[], Snapshot | None]) -> Snapshot | None:
    """Return what is read; None where it is damaged or of an earlier form: a build makes it anew.

    Raises:
        FormatTooNewError: It was built by a later program.
    """
    with suppress(MalformedError):
        return read()
    return None


class _Format(msgspec.Struct, frozen=True):
    format: int


def write_descriptor(disk: Disk, folder: str, descriptor: Descriptor) -> None:
    """Write the descriptor of a snapshot that is whole but for it."""
    data = msgspec.json.format(msgspec.json.encode(descriptor), indent=1)
    write_whole(disk, f"{folder}/{DESCRIPTOR}", data + b"\n")


def switch_to(disk: Disk, name: str) -> None:
    """Let a snapshot serve from now on."""
    write_whole(disk, POINTER, f"{name}\n".encode())


def snapshot_names(disk: Disk) -> list[str]:
    """Return the names of all snapshots, the oldest first."""
    names = [entry.name for entry in disk.list("") if entry.kind is Kind.FOLDER]
    return sorted((name for name in names if _NAME.fullmatch(name)), key=number_of)


def number_of(name: str) -> int:
    """Return the number in a snapshot's name; each has a higher one than those before."""
    return int(name.rpartition("-")[2])


def next_name(disk: Disk) -> str:
    """Return the name of the snapshot after all there are."""
    last = max(map(number_of, snapshot_names(disk)), default=0)
    return f"snapshot-{last + 1:06d}"
