"""A mirror opened: its settings, and one copy for each archive that it follows.

    MIRROR/mirror.toml            its settings; their presence makes the folder a mirror
    MIRROR/README.txt             how to check and read it with coreutils alone
    MIRROR/excluded.toml          what it does not hold, and why
    MIRROR/archives/<name>/       a copy, laid out as an archive is

Laws: one writer, who holds `archives/`; readers never wait; a mirror of a newer format is refused
before anything is touched; what is in `state/` may be lost at any time.

Not here: what is followed (`following`), chosen (`choosing`), fetched, checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from phonotheque.disk import Disk, LocalDisk, make_folders, read_whole, refusal, write_whole
from phonotheque.errors import BadReferenceError, ConflictError, NotAnArchiveError
from phonotheque.mirror.journal import Journal, Memory, remember
from phonotheque.mirror.readme import README
from phonotheque.mirror.settings import FILE_NAME, format_settings, parse_settings
from phonotheque.mirror.values import Filter, MirrorSettings
from phonotheque.register.chain import format_instant
from phonotheque.store.lock import hold_folder
from phonotheque.store.objects import INCOMING, LISTS, OBJECTS, DiskStore, Store

ARCHIVES = "archives"
NEW = ".new"
"""What a copy in it is called until it is proven of which archive it is."""
VOLUMES = "volumes"
PUBLISHED = "published"
PACKS = f"{PUBLISHED}/packs"
TRUST = "trust"
RESUME = "state/resume"
FOLDERS = (OBJECTS, LISTS, VOLUMES, PUBLISHED, PACKS, TRUST, INCOMING, RESUME)
"""What every copy has, so that it is laid out as an archive."""
CHANGE = "another change of this mirror"
"""What those are told who find a mirror held."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One archive as this mirror has it.

    Attributes:
        name: Of its folder in `archives/`.
        root: That folder.
        disk: The same, as everything durable is written.
        store: Its objects.
        wanted: What the mirror wants of this archive.
        journal: Its memory, for a writer; None when the mirror was opened to read.
    """

    name: str
    root: Path
    disk: Disk
    store: Store
    wanted: Filter
    journal: Journal | None

    @property
    def writing(self) -> Journal:
        """The journal's end, for a writer."""
        if self.journal is None:
            raise ValueError("the mirror was opened to read")
        return self.journal

    def memory(self) -> Memory:
        """What this mirror did with it so far."""
        return self.journal.memory if self.journal is not None else remember(self.disk)


@dataclass(frozen=True, slots=True)
class Mirror:
    """The open parts of a mirror. `copies` are in order of name."""

    root: Path
    disk: Disk
    settings: MirrorSettings
    copies: tuple[Copy, ...]
    is_writing: bool = False

    def copy(self, name: str) -> Copy:
        """Return the copy of an archive; "" names the only one.

        Raises:
            BadReferenceError: There is no such one, or more than one.
        """
        found = [one for one in self.copies if name in ("", one.name)]
        if len(found) != 1:
            names = ", ".join(one.name for one in self.copies) or "none yet"
            wrong = f"{len(found)} archives are meant by it"
            raise BadReferenceError(name or "the archive", wrong, f"Followed are: {names}.")
        return found[0]


def now() -> str:
    """This instant, as lines of a journal carry it."""
    return format_instant(datetime.now(UTC))


def locate_mirror(given: Path | None, environment: str | None, here: Path) -> Path:
    """Find the mirror: the one given, else `$PHONO_MIRROR`, else the nearest parent folder.

    Raises:
        NotAnArchiveError: There is none.
    """
    named = given or (Path(environment) if environment else None)
    for folder in (named,) if named is not None else (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder.resolve()
    raise NotAnArchiveError(
        str(named or here),
        f"there is no {FILE_NAME} in it" if named else "neither it nor a folder above is a mirror",
        "Make one with `phono mirror init URL --space SIZE`, or name one with --mirror DIR.",
    )


def found_mirror(root: Path, settings: MirrorSettings) -> None:
    """Make a mirror in a folder that is absent or empty; the settings last: they make it one.

    What a run leaves that was stopped while it made one is no hindrance; an archive is.

    Raises:
        ConflictError: The folder has something in it.
        UnavailableError: The disk refused.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(str(root), error) from error
    disk = LocalDisk(root)
    if archives := {entry.name for entry in disk.list(ARCHIVES)} - {NEW}:
        wrong = f"there is {ARCHIVES}/{min(archives)} in it, and no {FILE_NAME}"
        todo = f"Bring {FILE_NAME} back, or sync a new mirror --from {ARCHIVES}/{min(archives)}."
        raise ConflictError(str(root), wrong, todo)
    names = {entry.name for entry in disk.list("")}
    if strange := names - {ARCHIVES, "README.txt", "lost+found", f".{FILE_NAME}.new"}:
        raise ConflictError(
            str(root), f"there is {min(strange)} in it", "Choose a new or empty folder."
        )
    make_folders(disk, ARCHIVES)
    write_whole(disk, "README.txt", README.encode())
    write_whole(disk, FILE_NAME, format_settings(settings))


@contextmanager
def open_mirror_to_read(root: Path) -> Iterator[Mirror]:
    """Open a mirror without holding it.

    Raises:
        FormatTooNewError: A later Phonotheque made it.
        BadSettingError: Its settings cannot be read.
    """
    yield _open(root, is_writing=False)


@contextmanager
def open_mirror(root: Path, purpose: str = CHANGE) -> Iterator[Mirror]:
    """Open a mirror as its one writer.

    Args:
        root: Its folder.
        purpose: What is done, for those who find it held.

    Raises:
        ArchiveBusyError: Another process writes there.
        FormatTooNewError: A later Phonotheque made it.
        BadSettingError: Its settings cannot be read.
    """
    parse_settings(read_whole(LocalDisk(root), FILE_NAME))  # before anything is touched
    with hold_folder(root / ARCHIVES, purpose):
        yield _open(root, is_writing=True)


def _open(root: Path, *, is_writing: bool) -> Mirror:
    disk = LocalDisk(root)
    settings = parse_settings(read_whole(disk, FILE_NAME))
    copies = [
        open_copy(root, name, wanted, is_writing=is_writing)
        for name, wanted in sorted(settings.archives.items())
    ]
    return Mirror(root, disk, settings, tuple(copies), is_writing)


def open_copy(root: Path, name: str, wanted: Filter, *, is_writing: bool) -> Copy:
    """Open the copy of one archive; a writer makes the folders that it lacks."""
    below = root / ARCHIVES / name
    if is_writing:
        make_folders(LocalDisk(root), f"{ARCHIVES}/{name}")
    disk = LocalDisk(below)
    if is_writing:
        for folder in FOLDERS:
            make_folders(disk, folder)
    journal = Journal(disk, now) if is_writing else None
    return Copy(name, below, disk, DiskStore(disk), wanted, journal)


def with_settings(mirror: Mirror, settings: MirrorSettings) -> Mirror:
    """Make other settings count, and return the mirror with them, its copies opened anew."""
    if not mirror.is_writing:
        raise ValueError("the mirror was opened to read")
    write_whole(mirror.disk, FILE_NAME, format_settings(settings))
    return _open(mirror.root, is_writing=True)


def following(settings: MirrorSettings, name: str, wanted: Filter) -> MirrorSettings:
    """Return settings that also follow an archive, or want something else of it."""
    return msgspec.structs.replace(settings, archives={**settings.archives, name: wanted})
