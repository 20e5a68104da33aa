"""What is to be fetched, where from, and what became of it: the values of `fetching`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from phonotheque.errors import PhonothequeError
from phonotheque.mirror.contents import Contents
from phonotheque.mirror.copying import Folder
from phonotheque.mirror.events import Fetched
from phonotheque.mirror.journal import Journal
from phonotheque.mirror.swarm import Swarm
from phonotheque.publish.fetch import NO_SOURCES, Sources


@dataclass(frozen=True, slots=True)
class Job:
    """A torrent to be fetched.

    Attributes:
        torrent: Its name.
        load: Gives its contents; called when its turn comes, because they take memory.
        absent: SHA-256 of objects that must not be held.
        size_bytes: Of all its files.
    """

    torrent: str
    load: Callable[[], Contents]
    absent: frozenset[str] = frozenset()
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Ways:
    """Where to fetch from, and how many torrents at a time.

    Attributes:
        folders: Asked first, in this order.
        swarm: Starts the engine when it is needed; None: only from folders.
        sources: Peers and web servers to ask for every torrent.
        at_once: Torrents at a time.
        readers: Threads that read and copy.
        may_move: Whether bytes may move now: asked all the time.
        is_stopping: Whether to end: asked all the time.
    """

    folders: tuple[Folder, ...] = ()
    swarm: Callable[[], Swarm] | None = None
    sources: Sources = NO_SOURCES
    at_once: int = 3
    readers: int = 2
    may_move: Callable[[], bool] = lambda: True
    is_stopping: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a torrent.

    Attributes:
        torrent: Its name.
        files: How many of its files are held now.
        held_bytes: Of these.
        is_whole: Whether all that may be held of it is.
        copied_bytes: Came from folders.
        received_bytes: Came over the network, what was thrown away included.
        error: Why it is not whole; None when it is.
        is_refused: Whether it contradicts itself: then nothing of it is held any more.
    """

    torrent: str
    files: int
    held_bytes: int
    is_whole: bool
    copied_bytes: int = 0
    received_bytes: int = 0
    error: PhonothequeError | None = None
    is_refused: bool = False


def record(journal: Journal, outcome: Outcome, source: str = "") -> None:
    """Let the journal say what is held of a torrent now, if that is more than nothing, or was until
    it was refused; durable on return.

    Args:
        journal: Its memory, open to write.
        outcome: What became of the torrent.
        source: Where it came from; "" for where `outcome` says.
    """
    is_lost = outcome.is_refused and outcome.torrent in journal.memory.holdings
    if not outcome.files and not is_lost:
        return
    came = "folder" if outcome.copied_bytes and not outcome.received_bytes else "swarm"
    line = Fetched(
        at=journal.now(),
        torrent=outcome.torrent,
        files=outcome.files,
        held_bytes=outcome.held_bytes,
        source=source or came,
        is_whole=outcome.is_whole,
    )
    journal.append(line)
