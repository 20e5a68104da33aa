"""An archive opened: each room is handed what it needs, and nothing else knows where things lie.

Laws: one writer; on opening to write, staging is emptied, a torn end of the register is set aside,
lines that the index lacks are taken in, and what was not yet synced is synced before anybody
relies on it; readers never wait for a writer. A newer format is refused before anything is touched.
A volume of which nobody knows any more what it holds is told at every opening, and stops nobody.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from phonotheque import config as settings
from phonotheque.config import Config, parse_config
from phonotheque.disk import Disk, LocalDisk, make_folders, read_whole
from phonotheque.errors import (
    ArchiveBusyError,
    BrokenRegisterError,
    FormatTooNewError,
    ListLostError,
    NotAnArchiveError,
    UnavailableError,
)
from phonotheque.publish.packs.standing import finish_packs
from phonotheque.publish.removal.undone import undone_notice
from phonotheque.publish.sealed import finish, list_lost, live, members
from phonotheque.register.chain import format_instant, not_before
from phonotheque.register.events import FORMAT, Event, Founding, Volume
from phonotheque.register.index import Index
from phonotheque.register.index_file import refusals
from phonotheque.register.journal import (
    FOLDER as REGISTER,
)
from phonotheque.register.journal import (
    Journal,
    Position,
    Torn,
    check_place,
    make_durable,
    read,
    segment_path,
    set_aside,
)
from phonotheque.register.people import People
from phonotheque.register.published import proven_at
from phonotheque.store.lock import hold_lock
from phonotheque.store.objects import FOLDER as OBJECTS
from phonotheque.store.objects import INCOMING, LISTS, DiskStore, Store

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


Progress = Callable[[int], None]
"""Called now and then with the number of register lines taken in."""

_LINES_PER_COMMIT = 10_000


def heal(
    disk: Disk, index: Index, on_progress: Progress | None = None
) -> tuple[Position, tuple[str, ...]]:
    """Bring an archive to where it may be written to, after whatever happened to the last writer.

    Returns:
        The end of the register, and what is worth telling.

    Raises:
        BrokenRegisterError: The register is damaged; nothing was changed.
    """
    notices = []
    for staged in disk.list(INCOMING):
        disk.remove(f"{INCOMING}/{staged.name}")
    check_place(disk, index.place)
    end, torn = _catch_up(disk, index, on_progress)
    if end.head.seq == 0:
        raise BrokenRegisterError(
            segment_path(1), "the register is empty", "Bring it back from a backup or a mirror."
        )
    _refuse_hidden(index)
    if torn is not None:
        copy = set_aside(disk, torn)
        notices.append(f"An interrupted write was set aside in {copy}; nothing in it was promised.")
    finish(disk, (volume.name for volume in live(index)))
    finish_packs(disk, index)
    return end, tuple(notices)


def _refuse_hidden(index: Index) -> None:
    """Refuse a register in which lines are withheld that no restoration declared: the chain alone
    cannot tell whether somebody hid them."""
    hidden, declared = index.note("withheld") or "0", index.note("withheld_declared") or "0"
    if hidden != declared:
        raise BrokenRegisterError(
            REGISTER,
            f"{hidden} of its lines are withheld, and it came back with {declared} of them",
            "Bring the register back from a backup or a mirror; nothing was changed.",
        )


def _catch_up(
    disk: Disk, index: Index, on_progress: Progress | None
) -> tuple[Position, Torn | None]:
    """Take lines that the index lacks into it, after making sure that they are durable."""
    place = index.place
    torn = None
    is_synced = False
    is_made = place.head.seq == 0
    lines = read(disk, place)
    while True:
        batch = []
        for item in lines:
            if isinstance(item, Torn):
                torn = item
                continue
            batch.append(item)
            _refuse_newer(item[0].event)  # before the next line, which may be of an unheard kind
            if len(batch) == _LINES_PER_COMMIT or isinstance(item[0].event, Volume):
                break  # what a volume seals must be there before later lines speak of it
        if not batch:
            if is_made:
                index.set_note("making", "")
            return place, torn
        if not is_synced:
            make_durable(disk)
            is_synced = True
        last = batch[-1][0]
        with index.transaction():
            if is_made:
                index.set_note("making", "yes")
            index.apply(batch)
            if isinstance(last.event, Volume):
                _seal_into(disk, index, last.event)
        place = batch[-1][1]
        if on_progress:
            on_progress(place.head.seq)


def _seal_into(disk: Disk, index: Index, volume: Volume) -> None:
    """Say which objects a volume holds; one of which that is lost is noted, and stops nobody."""
    try:
        names = members(disk, volume)
    except ListLostError:
        index.set_unlisted(volume.name)
    else:
        at = proven_at(index, volume.name)
        index.seal_into(volume.name, at, (name.sha256 for name in names))


def _refuse_newer(event: object) -> None:
    if isinstance(event, Founding) and event.format > FORMAT:
        raise FormatTooNewError(
            segment_path(1),
            f"the register has format {event.format}, this program knows up to {FORMAT}",
            "Install a newer Phonotheque.",
        )
