"""Scrubbing: is what a mirror holds still what it was? Read whole, the longest unproven first.

Order for each damaged file: the journal says so -> it is set aside in `quarantine/`, so that
nobody is given it -> a repair brings it back. Laws: nothing but reading is done to what is sound;
every kind of damage is found in one reading, and nothing sound is accused; a scrub that is stopped
goes on after the last file that it read, even of another run, or begins again where something was
removed meanwhile; no more is read a second than was allowed.

Not here: bringing back what is damaged (`repairing`).
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import msgspec

from phonotheque.disk import Disk, Kind, read_if_held, write_whole
from phonotheque.errors import NotHeldError, UnavailableError
from phonotheque.mirror.contents import Contents, Part
from phonotheque.mirror.events import Checked, Damaged
from phonotheque.mirror.journal import Journal
from phonotheque.mirror.pacing import Allowance
from phonotheque.mirror.proving import wrong_with
from phonotheque.mirror.taking import Place, make_all
from phonotheque.mirror.values import Holding, State
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.music.digest import Sha256
from phonotheque.store.digests import TreeDigests, iter_chunks, tree_of_file

QUARANTINE = "quarantine"
"""Beside `state/`, which may be thrown away: a damaged file may be the last with good pieces."""

_PLACE = "state/scrub.json"
_NOTED_EVERY = 200
"""Files between two notes of how far a scrub is: what a kill costs to be read again."""

_AHEAD = 4
_MISSING = "it is not there"


def due(holdings: Mapping[str, Holding], at: datetime, every_days: int = 0) -> list[Holding]:
    """Return what is to be read, the longest unproven first.

    Args:
        holdings: All that is held.
        at: This instant.
        every_days: Only what was not proven for so many days; 0 for all.
    """
    before = (at - timedelta(days=every_days)).isoformat() if every_days else ""
    found = [one for one in holdings.values() if not before or one.verified_at < before]
    return sorted(found, key=lambda one: (one.verified_at, one.torrent))


@dataclass(frozen=True, slots=True)
class Wrong:
    """A file that is not what its torrent proves."""

    part: Part
    wrong: str


class _Reached(msgspec.Struct, frozen=True):
    """How far a scrub of a torrent came.

    Attributes:
        torrent: Its name.
        identity: Digest of its .torrent file, and of which of its files are to be read.
        files: So many of these were read, in the torrent's order.
        held_files: How many of these are exact.
        held_bytes: Of these.
        damaged: Paths of the others.
    """

    torrent: str
    identity: str
    files: int
    held_files: int
    held_bytes: int
    damaged: tuple[str, ...]


@dataclass
class Scrubbed:
    """What a scrub of one torrent came to.

    Attributes:
        torrent: Its name.
        files: That are held, damaged ones not counted.
        held_bytes: Of these.
        damaged: Paths of damaged files.
        found: What was found wrong in this run.
        read_bytes: Read in this run.
        is_whole: Whether it came to the end.
    """

    torrent: str
    files: int
    held_bytes: int
    damaged: tuple[str, ...]
    found: tuple[Wrong, ...]
    read_bytes: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Care:
    """How a scrub goes about it.

    Attributes:
        allowance: How much may be read a second.
        readers: Threads that read.
        is_stopping: Whether to end.
        on_file: Told the length of each file that was read.
    """

    allowance: Allowance
    readers: int = 1
    is_stopping: Callable[[], bool] = lambda: False
    on_file: Callable[[int], None] = lambda _: None


class Scrub:
    """Scrubs torrents of one place.

    Args:
        place: Where they are held.
        journal: Its memory, open to write.
        care: How to go about it.
    """

    def __init__(self, place: Place, journal: Journal, care: Care) -> None:
        self._place = place
        self._journal = journal
        self._care = care

    def torrent(self, contents: Contents, holding: Holding, absent: frozenset[str]) -> Scrubbed:
        """Read all that is held of a torrent, and set damaged files aside.

        Args:
            contents: The torrent.
            holding: How it stands; of a partial one files may lack.
            absent: SHA-256 of objects that must not be held.

        Raises:
            UnavailableError: The disk refused to write; what it refuses to read is damage.
        """
        parts = [one for one in contents.parts if not _is_absent(one, absent)]
        reached = self._reached(contents.torrent, _identity(contents, parts))
        is_partial = holding.state is State.PARTIAL
        found: list[Wrong] = []
        read_bytes = 0
        for part, wrong in self._read(contents, parts[reached.files :]):
            is_lacking = wrong == _MISSING and (is_partial or part.path in holding.damaged)
            if wrong and not is_lacking:
                found.append(Wrong(part, wrong))
                self._set_aside(contents, part, wrong)
            if wrong and not (is_partial and is_lacking):
                reached = _next(reached, part, is_damaged=True)
            else:
                reached = _next(reached, part, is_damaged=False, is_held=not wrong)
            if not wrong:
                read_bytes += part.size_bytes
                self._care.on_file(part.size_bytes)
            if reached.files % _NOTED_EVERY == 0:
                self._note(reached)
        is_whole = reached.files >= len(parts)
        if is_whole:
            self._finish(reached)
        else:
            self._note(reached)
        return Scrubbed(
            contents.torrent,
            reached.held_files,
            reached.held_bytes,
            reached.damaged,
            tuple(found),
            read_bytes,
            is_whole,
        )

    def _read(self, contents: Contents, parts: Iterable[Part]) -> Iterator[tuple[Part, str]]:
        """Read files, in order, a few at once; ends early when it has to stop."""
        with ThreadPoolExecutor(self._care.readers) as pool:
            waiting = iter(parts)

            def begin(part: Part) -> tuple[Part, Future[str]]:
                return part, pool.submit(check, self._place, contents, part, self._care.allowance)

            ahead = deque(begin(one) for one in islice(waiting, self._care.readers * _AHEAD))
            try:
                while ahead and not self._care.is_stopping():
                    part, future = ahead.popleft()
                    yield part, future.result()
                    ahead.extend(begin(one) for one in islice(waiting, 1))
            finally:
                for _, future in ahead:
                    future.cancel()

    def _set_aside(self, contents: Contents, part: Part, wrong: str) -> None:
        now = self._journal.now()
        self._journal.append(Damaged(now, contents.torrent, part.path, wrong, part.size_bytes))
        quarantine(self._place.disk, contents, part)

    def _finish(self, reached: _Reached) -> None:
        self._place.disk.remove(_PLACE)
        now = self._journal.now()
        self._journal.append(
            Checked(now, reached.torrent, reached.held_files, reached.held_bytes, reached.damaged)
        )

    def _reached(self, torrent: str, identity: str) -> _Reached:
        """How far an earlier run came with this torrent, if it was to read the same files."""
        nothing = _Reached(torrent, identity, 0, 0, 0, ())
        try:
            data = read_if_held(self._place.disk, _PLACE)
            reached = msgspec.json.decode(data or b"", type=_Reached)
        except UNDECODABLE:
            return nothing
        is_same = (reached.torrent, reached.identity) == (torrent, identity)
        return reached if is_same else nothing

    def _note(self, reached: _Reached) -> None:
        write_whole(self._place.disk, _PLACE, msgspec.json.encode(reached))


def _identity(contents: Contents, parts: Iterable[Part]) -> str:
    """Says which files are to be read: a place in one list of files is none in another, and what
    was counted as held may have been removed since."""
    said = hashlib.sha256(contents.data)
    for part in parts:
        said.update(f"{part.path}\n".encode())
    return said.hexdigest()


def _is_absent(part: Part, absent: frozenset[str]) -> bool:
    return part.name is not None and part.name.sha256.hex in absent


def _next(reached: _Reached, part: Part, *, is_damaged: bool, is_held: bool = False) -> _Reached:
    return _Reached(
        reached.torrent,
        reached.identity,
        reached.files + 1,
        reached.held_files + is_held,
        reached.held_bytes + (part.size_bytes if is_held else 0),
        (*reached.damaged, part.path) if is_damaged else reached.damaged,
    )


def check(place: Place, contents: Contents, part: Part, allowance: Allowance) -> str:
    """Read one file where it stays; return what is wrong with it, "" when it is exact."""
    entry = place.disk.stat(part.target)
    if entry is None:
        return _MISSING
    if entry.kind is not Kind.FILE:
        return f"a {entry.kind} stands in its place"
    if entry.size_bytes != part.size_bytes:
        return f"{entry.size_bytes:,} of {part.size_bytes:,} bytes"
    try:
        tree = _read_part(place, contents, part, allowance)
    except NotHeldError:
        return _MISSING
    except (UnavailableError, OSError) as error:
        return f"it cannot be read ({error})"
    return wrong_with(part, tree)


def _read_part(place: Place, contents: Contents, part: Part, allowance: Allowance) -> TreeDigests:
    """Name and tree of a file. An object that hashes to its name needs no tree: its torrent was
    proven to agree with that name when it came."""
    with place.disk.open(part.target) as file:
        if part.name is not None:
            whole = hashlib.sha256()
            for chunk in iter_chunks(file):
                allowance.take(len(chunk))
                whole.update(chunk)
            if whole.digest() == part.name.sha256.raw:
                return TreeDigests(part.size_bytes, part.name.sha256, part.root, part.layer)
            file.seek(0)
        tree = tree_of_file(
            file, into=lambda one: allowance.take(len(one)), piece_bytes=contents.piece_bytes
        )
    if part.name is not None and tree.pieces_root == part.root:
        # Two readings of the same file that differ: the disk or the memory lies.
        return TreeDigests(tree.size_bytes, Sha256(whole.digest()), b"", b"")
    return tree


def put_back(disk: Disk, contents: Contents, part: Part) -> None:
    """Undo `quarantine`, where nothing else came in its place; durable on return."""
    path = quarantined_path(contents, part)
    if disk.stat(path) is not None and disk.stat(part.target) is None:
        disk.rename(path, part.target)
        disk.sync_folder(part.target.rpartition("/")[0])


def quarantined_path(contents: Contents, part: Part) -> str:
    """Where a damaged file lies until a good one is there."""
    return f"{QUARANTINE}/{contents.torrent}/{part.path}"


def quarantine(disk: Disk, contents: Contents, part: Part) -> bool:
    """Set a damaged file aside; durable on return. False when nothing of it is there.

    One that was set aside before and never repaired gives way: what lay in its place is newer.
    """
    if disk.stat(part.target) is None:
        return False
    path = quarantined_path(contents, part)
    folder = path.rpartition("/")[0]
    made: set[str] = set()
    make_all(disk, folder, made)
    disk.rename(part.target, path)
    if disk.stat(part.target) is not None:
        # A loss of power left both names on one file, and then a rename does nothing (rename(2)).
        disk.remove(part.target)
    for one in sorted(made, key=lambda name: name.count("/"), reverse=True):
        disk.sync_folder(one)
    disk.sync_folder("")
    disk.sync_folder(part.target.rpartition("/")[0])
    return True
