"""Repairing: damaged files are put together again from good pieces, wherever there are any.

    judge       what lies in its place may have become right; then nothing is to be done
    set aside   a damaged file goes to `quarantine/`, where nobody is given it
    assemble    piece by piece from what was set aside and from folders at hand; each piece is held
                against its hash before it is taken
    fetch       pieces that nobody at hand has: from peers and web servers, and only those
    replace     the file is read whole and proven, then it takes its place; the journal's line;
                last the damaged one is removed

Laws: a file that is right is never replaced; nothing takes the place of a file that was not proven
from the disk; no more is fetched than the pieces that are damaged; what cannot be brought back now
stays set aside, and is tried again the next time.

Source: BEP 52 (piece layers). Not here: finding damage (`scrubbing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import BinaryIO

from phonotheque.disk import Disk, Kind
from phonotheque.errors import NotHeldError, PhonothequeError, UnavailableError
from phonotheque.mirror.contents import Contents, Part
from phonotheque.mirror.copying import Folder, where
from phonotheque.mirror.fetching import Fetching
from phonotheque.mirror.incoming import clear, prepare
from phonotheque.mirror.jobs import Job, Outcome, Ways
from phonotheque.mirror.news import Came
from phonotheque.mirror.pacing import Allowance
from phonotheque.mirror.proving import node_of, pieces_of, wrong_with
from phonotheque.mirror.receiving import Mending
from phonotheque.mirror.scrubbing import QUARANTINE, check, quarantine, quarantined_path
from phonotheque.mirror.taking import Place, incoming_path, link, make_all, settle, take_in
from phonotheque.store.digests import piece_root, tree_of_file


@dataclass(frozen=True, slots=True)
class Mended:
    """A file that is right again.

    Attributes:
        part: The file.
        source: Where good bytes came from: "here", the name of a folder, or "swarm".
    """

    part: Part
    source: str


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair of one torrent came to.

    Attributes:
        torrent: Its name.
        mended: Files that are right again.
        left: Files that are not, still.
        damaged_pieces: So many pieces were damaged or missing.
        assembled_pieces: So many of them came from folders.
        received_bytes: Came over the network, what was thrown away included.
        error: Why some are left; None when none is.
    """

    torrent: str
    mended: tuple[Mended, ...]
    left: tuple[Part, ...]
    damaged_pieces: int = 0
    assembled_pieces: int = 0
    received_bytes: int = 0
    error: PhonothequeError | None = None


@dataclass
class _Patient:
    """A damaged file under repair."""

    part: Part
    missing: int = 0
    assembled: int = 0
    source: str = "here"


def repair(
    place: Place,
    contents: Contents,
    damaged: Iterable[Part],
    ways: Ways,
    on_progress: Callable[[Came], None] = lambda _: None,
) -> Repair:
    """Bring damaged files of a torrent back.

    Args:
        place: Where they belong.
        contents: The torrent.
        damaged: Files that are damaged or missing.
        ways: Where good bytes may be.
        on_progress: Told how far fetching is.

    Returns:
        What came of it. Files in `mended` are durable; the journal is the caller's.

    Raises:
        UnavailableError: The disk refused.
    """
    patients, mended = [], []
    for part in damaged:
        if check(place, contents, part, Allowance(0)):
            quarantine(place.disk, contents, part)
            patients.append(_Patient(part))
        else:
            mended.append(Mended(part, "here"))
    prepare(place, contents, tuple(one.part for one in patients))
    damaged_pieces = 0
    for patient in patients:
        damaged_pieces += _assemble(place, contents, patient, ways.folders)
    fetched = _fetch(place, contents, patients, ways, on_progress)
    back, left = _replace(place, contents, patients)
    if not left:
        clear(place, contents)
    link(place, contents)
    return Repair(
        contents.torrent,
        (*mended, *back),
        left,
        damaged_pieces,
        sum(one.assembled for one in patients),
        fetched.received_bytes if fetched else 0,
        _reason(contents, left, fetched),
    )


def discharge(place: Place, contents: Contents, parts: Iterable[Part]) -> None:
    """Remove what was set aside of files that are right again and noted as such."""
    for part in parts:
        path = quarantined_path(contents, part)
        if place.disk.stat(path) is not None:
            place.disk.remove(path)
            while (path := path.rpartition("/")[0]) != QUARANTINE:
                place.disk.remove_folder(path)


def _assemble(
    place: Place, contents: Contents, patient: _Patient, folders: Sequence[Folder]
) -> int:
    """Write what good pieces there are into `state/incoming/`; returns how many were damaged.

    The damaged file is asked first, so that what is good of it is not fetched at all. A piece that
    nobody has is left as zeros, for the swarm to fill.
    """
    part = patient.part
    path = incoming_path(place, contents, part)
    again = f"{path}.again"
    own = Folder("here", place.disk)
    at_hand = [(own, quarantined_path(contents, part)), (own, path)]  # where a repair was stopped
    at_hand += [(one, at) for one in folders for at in _places(one, contents, part)]
    damaged = 0
    with ExitStack() as stack:
        files = [
            (folder.name, file)
            for folder, at in at_hand
            if (file := _opened(stack, folder.disk, at)) is not None
        ]
        make_all(place.disk, path.rpartition("/")[0], set())
        place.disk.remove(again)
        writer = place.disk.create(again)
        stack.callback(writer.close)
        for index in range(pieces_of(part)):
            source, data = _good_piece(files, contents, part, index)
            damaged += source != "here"
            if source == "":
                patient.missing += 1
            elif source != "here":
                patient.assembled += 1
                patient.source = source
            writer.write(data)
        writer.sync()
    place.disk.rename(again, path)
    return damaged


def _places(folder: Folder, contents: Contents, part: Part) -> Iterable[str]:
    """Where a file may lie in a folder, whatever its length: a cut copy still has good pieces, and
    so has one that another mirror set aside."""
    yield from where(folder, contents, part, any_length=True)
    yield quarantined_path(contents, part)


def _opened(stack: ExitStack, disk: Disk, path: str) -> BinaryIO | None:
    try:
        entry = disk.stat(path)
        if entry is None or entry.kind is not Kind.FILE:
            return None
        return stack.enter_context(disk.open(path))
    except (NotHeldError, UnavailableError):
        return None


def _good_piece(
    files: Sequence[tuple[str, BinaryIO]], contents: Contents, part: Part, index: int
) -> tuple[str, bytes]:
    """The first copy of a piece that is what its hash says, and whose; zeros and "" for none."""
    start = index * contents.piece_bytes
    size_bytes = min(contents.piece_bytes, part.size_bytes - start)
    node = node_of(part, index)
    for name, file in files:
        try:
            file.seek(start)
            data = _read(file, size_bytes)
        except OSError:
            continue
        found = piece_root(data, is_whole_file=not part.layer, piece_bytes=contents.piece_bytes)
        if len(data) == size_bytes and found == node:
            return name, data
    return "", bytes(size_bytes)


def _read(file: BinaryIO, size_bytes: int) -> bytes:
    blocks = []
    while size_bytes and (block := file.read(size_bytes)):
        blocks.append(block)
        size_bytes -= len(block)
    return b"".join(blocks)


def _fetch(
    place: Place,
    contents: Contents,
    patients: Sequence[_Patient],
    ways: Ways,
    on_progress: Callable[[Came], None],
) -> Outcome | None:
    """Have the swarm fill what is missing; None when nothing is, or nobody is to be asked."""
    if ways.swarm is None:
        return None
    wanting = {one.part.path for one in patients if one.missing}
    wanting |= {one.part.path for one in patients if not _is_right(place, contents, one.part)}
    if not wanting:
        return None
    for patient in patients:
        if patient.part.path in wanting:
            patient.source = "swarm"
    only = replace(contents, parts=tuple(one for one in contents.parts if one.path in wanting))
    job = Job(contents.torrent, lambda: only)
    fetching = Fetching(place, replace(ways, folders=()), on_progress, Mending(place))
    return next(iter(fetching.run([job])), None)


def _is_right(place: Place, contents: Contents, part: Part) -> bool:
    """Whether what was put together is exact: read from the disk."""
    path = incoming_path(place, contents, part)
    try:
        with place.disk.open(path) as file:
            tree = tree_of_file(file, piece_bytes=contents.piece_bytes)
    except (NotHeldError, OSError):
        return False
    return not wrong_with(part, tree)


def _replace(
    place: Place, contents: Contents, patients: Sequence[_Patient]
) -> tuple[list[Mended], tuple[Part, ...]]:
    """Let exact files take their places; durable on return."""
    back, left = [], []
    for patient in patients:
        part = patient.part
        if place.disk.stat(incoming_path(place, contents, part)) is None:
            # the swarm's files were proven and taken in by `fetching`
            is_back = not check(place, contents, part, Allowance(0))
        elif is_back := _is_right(place, contents, part):
            settle(place.disk, incoming_path(place, contents, part))
            take_in(place, contents, [part])
        if is_back:
            back.append(Mended(part, patient.source))
        else:
            left.append(part)
    return back, tuple(left)


def _reason(
    contents: Contents, left: Sequence[Part], fetched: Outcome | None
) -> PhonothequeError | None:
    if not left:
        return None
    if fetched is not None and fetched.error is not None:
        return fetched.error
    return UnavailableError(
        f"{contents.torrent}/{left[0].path}",
        f"{len(left)} files could not be brought back: nobody who was asked has them intact",
        "Name another source: --from DIR, --peer HOST:PORT or --web-seed URL.",
    )
