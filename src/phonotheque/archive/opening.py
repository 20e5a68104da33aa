"""An archive opened: each room is handed what it needs, and nothing else knows where things lie.

Laws: one writer, who finds the archive healed (`archive.healing`); readers never wait for a writer.
A newer format is refused before anything is touched. A volume of which nobody knows any more what
it holds is told at every opening, and stops nobody.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from phonotheque import config as settings
from phonotheque.archive.healing import Progress, heal
from phonotheque.config import Config, parse_config
from phonotheque.disk import Disk, LocalDisk, make_folders, read_whole
from phonotheque.errors import ArchiveBusyError, NotAnArchiveError, UnavailableError
from phonotheque.publish.removal.undone import undone_notice
from phonotheque.publish.sealed import list_lost
from phonotheque.register.chain import format_instant, not_before
from phonotheque.register.events import Event
from phonotheque.register.index import Index
from phonotheque.register.index_file import refusals
from phonotheque.register.journal import FOLDER as REGISTER
from phonotheque.register.journal import Journal, check_place, segment_path
from phonotheque.register.people import People
from phonotheque.store.lock import hold_lock
from phonotheque.store.objects import INCOMING, LISTS, OBJECTS, DiskStore, Store

FOLDERS = (OBJECTS, LISTS, "volumes", REGISTER, "published", "keys", "journals", "state", INCOMING)
INDEX = "state/index.sqlite"
PEOPLE = "people.sqlite"


@dataclass(frozen=True, slots=True)
class Archive:
    """The open parts of an archive. `journal` is None when it was opened to read."""

    root: Path
    config: Config
    disk: Disk
    store: Store
    index: Index
    people: People
    journal: Journal | None
    notices: tuple[str, ...] = ()

    def now(self) -> str:
        """The instant for what is written now; never before what was written last."""
        return not_before(now(), self.index.last_at)

    def record(self, events: Sequence[Event]) -> None:
        """Write what happened to the register, durable, and then to the index; for a writer.

        Raises:
            UnavailableError: The disk refused; nothing was recorded.
        """
        written = self.writing.append(self.now(), events)
        with self.index.transaction():
            self.index.apply(written)

    @property
    def writing(self) -> Journal:
        """The register's end, for a writer."""
        if self.journal is None:
            raise ValueError("the archive was opened to read")
        return self.journal


def now() -> str:
    """This instant, as register lines carry it."""
    return format_instant(datetime.now(UTC))


def today() -> date:
    """The day on which rights are asked for: UTC, the same for all who ask."""
    return datetime.now(UTC).date()


def locate(given: Path | None, environment: str | None, here: Path) -> Path:
    """Find the archive: the one given, else `$PHONO_ARCHIVE`, else the nearest parent folder.

    Raises:
        NotAnArchiveError: There is none.
    """
    named = given or (Path(environment) if environment else None)
    if named is not None:
        if (named / settings.FILE_NAME).is_file():
            return named.resolve()
        raise NotAnArchiveError(
            str(named),
            f"there is no {settings.FILE_NAME} in it",
            "Make an archive with `phono init DIR --name NAME`.",
        )
    for folder in (here, *here.parents):
        if (folder / settings.FILE_NAME).is_file():
            return folder.resolve()
    raise NotAnArchiveError(
        str(here),
        "neither this folder nor one above it is an archive",
        "Name one with --archive DIR, or make one with `phono init DIR --name NAME`.",
    )


@contextmanager
def open_to_read(root: Path) -> Iterator[Archive]:
    """Open an archive without holding it; heals the index first if nobody is writing.

    Raises:
        FormatTooNewError: A later Phonotheque wrote it.
        BrokenRegisterError: The register is damaged where the index stood.
    """
    disk = LocalDisk(root)
    config = parse_config(read_whole(disk, settings.FILE_NAME))
    notices: tuple[str, ...] = ()
    if _is_behind(root, disk):
        try:
            with open_to_write(root, "catch up the index") as healed:
                notices = healed.notices
        except ArchiveBusyError:
            _refuse_half_made(root)  # else the writer keeps the index; we read what is committed
    index = Index(root / INDEX, is_reading=True)
    people = People(root / PEOPLE if (root / PEOPLE).exists() else ":memory:", is_reading=True)
    try:
        with refusals(root / INDEX):
            check_place(disk, index.place)
            notices = tuple(dict.fromkeys((*notices, *_standing_notices(disk, index))))
            yield Archive(root, config, disk, DiskStore(disk), index, people, None, notices)
    finally:
        index.close()
        people.close()


def _refuse_half_made(root: Path) -> None:
    """Refuse an index that is being made: half-way through, a withdrawal may lie ahead."""
    index = Index(root / INDEX, is_reading=True)
    with closing(index), refusals(root / INDEX):
        if index.note("making"):
            raise ArchiveBusyError(
                str(root), "its index is being made again", "Wait until that is done."
            )


def _is_behind(root: Path, disk: Disk) -> bool:
    if disk.stat(INDEX) is None:
        return True
    try:
        index = Index(root / INDEX, is_reading=True)
        try:
            place = index.place
        finally:
            index.close()
    except (UnavailableError, sqlite3.DatabaseError, UnicodeDecodeError):
        return True  # made by another version, say, or damaged: a writer can tell what to do
    following = disk.stat(segment_path(place.segment + 1))
    current = disk.stat(segment_path(place.segment))
    return following is not None or current is None or current.size_bytes != place.offset


@contextmanager
def open_to_write(
    root: Path,
    purpose: str,
    *,
    is_patient: bool = False,
    is_rebuilt: bool = False,
    on_progress: Progress | None = None,
) -> Iterator[Archive]:
    """Hold an archive as its one writer, healed.

    Args:
        root: The archive's folder.
        purpose: What for, in a word or two, for those who find it busy.
        is_patient: Wait while another process holds it.
        is_rebuilt: Throw the index away and make it anew from the register's first line, unless
            that was begun and interrupted: then go on.
        on_progress: Told how many lines of the register were taken in.

    Raises:
        ArchiveBusyError: Another process holds it, and `is_patient` is false.
        FormatTooNewError: A later Phonotheque wrote it.
        BrokenRegisterError: The register is damaged; nothing was changed.
    """
    disk = LocalDisk(root)
    config = parse_config(read_whole(disk, settings.FILE_NAME))
    with hold_lock(root, purpose=purpose, is_patient=is_patient):
        for folder in FOLDERS:
            make_folders(disk, folder)
        index = _fresh_index(root, disk) if is_rebuilt else Index(root / INDEX)
        with closing(index), refusals(root / INDEX):
            end, notices = heal(disk, index, on_progress)
            people, lost = _people(root, index)
            journal = Journal(disk, end)
            parts = (disk, DiskStore(disk), index, people, journal)
            with closing(people), closing(journal):
                yield Archive(
                    root,
                    config,
                    *parts,
                    (*notices, *lost, *_standing_notices(disk, index, is_rebuilt=is_rebuilt)),
                )


def _standing_notices(disk: Disk, index: Index, *, is_rebuilt: bool = False) -> tuple[str, ...]:
    """What is told at every opening until somebody mends it."""
    lost = (str(list_lost(volume)) for volume in index.unlisted())
    unended = (_REBUILDING,) if index.note("rebuilding") and not is_rebuilt else ()
    return (*lost, *unended, *undone_notice(disk, index))


_REBUILDING = (
    "`phono rebuild` was begun and has not come to its end: tags and layers of some objects may be "
    "missing until it has. If it is not running, run it again; it goes on where it stopped."
)


def _people(root: Path, index: Index) -> tuple[People, tuple[str, ...]]:
    """The names and texts, or a new file for them when the old one is lost, which is told."""
    is_lost = not (root / PEOPLE).exists()
    people = People(root / PEOPLE)
    highest = index.highest_person()
    people.begin_after(highest)  # also when an older file was brought back from a backup
    if not highest or not is_lost:
        return people, ()
    notice = (
        f"{PEOPLE} was missing, and with it the names and evidence behind p1 to p{highest}: "
        "bring it back from a backup. A new one was begun; no id is given twice."
    )
    return people, (notice,)


def _fresh_index(root: Path, disk: Disk) -> Index:
    """An index to be made anew, or the one that an interrupted rebuild left.

    The old one is a witness of what was acknowledged: it is heard before it is thrown away.
    """
    with suppress(UnavailableError, sqlite3.DatabaseError):
        index = Index(root / INDEX)
        if index.note("rebuilding") and not index.unlisted():
            return index
        witness = index.place
        index.close()
        check_place(disk, witness)
    for ending in ("", "-wal", "-shm"):
        disk.remove(f"{INDEX}{ending}")
    index = Index(root / INDEX)
    index.set_note("rebuilding", "yes")
    return index
