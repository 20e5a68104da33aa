"""Adopting: what another program downloaded becomes a mirror's own, once it is proven.

A folder as a torrent client leaves it has one folder for each torrent, called by its name; what is
in it is held against the torrent file by file. Files that are not whole yet are passed over, and
fetched like any other.

Laws: the folder is only read, and files are copied, or share their blocks where the file system
can; they are one and the same file only when that was asked for, because then whoever writes to one
writes to both; what may not be here is not adopted; no more room is taken than is given.

Not here: how a file is proven (`copying`), what else is fetched (`syncing`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from phonotheque.disk import LocalDisk, refusal
from phonotheque.errors import ConflictError, NotHeldError
from phonotheque.mirror.copying import Folder
from phonotheque.mirror.fetching import Fetching
from phonotheque.mirror.home import Copy, Mirror
from phonotheque.mirror.jobs import Job, Outcome, Ways, record
from phonotheque.mirror.known import known
from phonotheque.mirror.news import Came
from phonotheque.mirror.taking import Place
from phonotheque.mirror.tending import contents_of, not_here
from phonotheque.mirror.values import State
from phonotheque.publish.index.lines import TorrentLine
from phonotheque.store.reflink import share_blocks

ADOPTED = "adopted"
"""What the journal calls the source."""


@dataclass(frozen=True, slots=True)
class Giver:
    """A folder to adopt from.

    Attributes:
        path: As a client leaves it: a folder for each torrent, or the folder of one.
        is_linked: Hard links instead of copies.
    """

    path: Path
    is_linked: bool = False


def adopt(
    mirror: Mirror,
    giver: Giver,
    is_stopping: Callable[[], bool] = lambda: False,
    on_progress: Callable[[Came], None] = lambda _: None,
) -> Iterator[tuple[Copy, Outcome]]:
    """Take what was downloaded elsewhere, torrent by torrent.

    Args:
        mirror: Open to write.
        giver: What was downloaded.
        is_stopping: Whether to end: asked all the time.
        on_progress: Told how far each torrent is.

    Yields:
        What became of each torrent that lies there; one that is not whole keeps what is.

    Raises:
        NotHeldError: There is nothing of any archive that this mirror follows.
        ConflictError: Hard links were asked for, and it is on another disk.
        UnavailableError: The mirror's disk is full or fails.
    """
    found = [
        (copy, followed, [line for line in followed.lines if _lies_in(giver.path, line)])
        for copy in mirror.copies
        for followed in (known(copy),)
    ]
    if not any(lines for _, _, lines in found):
        raise NotHeldError(
            str(giver.path),
            "nothing of what this mirror follows lies there under its torrent's name",
            "Name the folder that the client downloads into.",
        )
    bring = _bring(giver.path, is_linked=giver.is_linked)
    folder = Folder(str(giver.path), LocalDisk(giver.path), bring)
    for copy, followed, lines in found:
        ways = Ways(folders=(folder,), is_stopping=is_stopping, at_once=1)
        fetching = Fetching(Place.of(copy), ways, on_progress)
        gone = not_here(mirror, copy, followed)
        for line in lines:
            if full := _no_room(mirror, copy, line):
                yield copy, full
                continue
            job = Job(line.id, partial(contents_of, copy, line), gone, line.size_bytes)
            for outcome in fetching.run([job]):
                record(copy.writing, outcome, ADOPTED)
                yield copy, outcome


def _lies_in(folder: Path, line: TorrentLine) -> bool:
    return folder.name == line.id or (folder / line.id).is_dir()


def _no_room(mirror: Mirror, copy: Copy, line: TorrentLine) -> Outcome | None:
    """Why a torrent cannot be adopted; None when there is room, or it is held already."""
    holdings = copy.memory().holdings
    held = holdings.get(line.id)
    if held is not None and held.state is State.COMPLETE:
        return None
    taken = sum(
        one.held_bytes for each in mirror.copies for one in each.memory().holdings.values()
    ) - (held.held_bytes if held else 0)
    if taken + line.size_bytes <= mirror.settings.space_bytes:
        return None
    room = max(mirror.settings.space_bytes - taken, 0)
    wrong = f"it takes {line.size_bytes:,} bytes, and the mirror has room for {room:,}"
    error = ConflictError(line.id, wrong, "Give it more space: space_bytes in mirror.toml.")
    return Outcome(line.id, 0, 0, is_whole=False, error=error)


def _bring(folder: Path, *, is_linked: bool) -> Callable[[str, Path], bool]:
    """How a file of a folder comes here without being copied."""

    def link(path: str, target: Path) -> bool:
        try:
            os.link(folder / path, target, follow_symlinks=False)
        except OSError as error:
            raise ConflictError(
                str(folder / path),
                f"it cannot be linked: {(error.strerror or str(error)).lower()}",
                "Adopt without --link: files are copied then.",
            ) from error
        return True

    def share(path: str, target: Path) -> bool:
        try:
            with open(folder / path, "rb") as source, open(target, "xb") as copy:
                is_shared = share_blocks(source.fileno(), copy.fileno())
                if is_shared:
                    os.fsync(copy.fileno())
        except OSError as error:
            raise refusal(str(target), error) from error
        if not is_shared:
            target.unlink()
        return is_shared

    return link if is_linked else share
