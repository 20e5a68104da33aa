"""Sharing what a mirror holds: each torrent from where it lies, as many at a time as memory allows.

The engine never writes (`publish.engine`): it is in upload mode, and behind a wall of the kernel.
Laws: what is held is shared, and only that; a file that is known to lack is offered to nobody; a
torrent is loaded when its turn comes and let go of afterwards (`rotation`); damage that the engine
meets is told, never mended by it.

Not here: fetching, which is another engine (`swarm`).
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from phonotheque.errors import PhonothequeError
from phonotheque.mirror.contents import CLASSES
from phonotheque.mirror.home import PACKS, VOLUMES, Copy
from phonotheque.mirror.known import known
from phonotheque.mirror.papers import torrent_of
from phonotheque.mirror.rotation import Turn, cost_bytes, next_turn
from phonotheque.mirror.taking import Place, is_held
from phonotheque.mirror.tending import contents_of
from phonotheque.mirror.values import State
from phonotheque.publish.engine import Seeder
from phonotheque.publish.index.lines import TorrentLine
from phonotheque.publish.seed_status import SeedStatus, SeedTrouble

TURN_S = 1800.0
"""How long a turn is: long enough for a peer to find a torrent and fetch a good part of it."""

_BASE_BYTES = 60_000_000
"""What the process takes before any torrent is loaded."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A torrent that is held and may be shared.

    Attributes:
        torrent: Its name.
        files: Number of its files.
        folder: The folder in which the torrent's own folder lies.
        load: Gives the bytes of its .torrent file and the files that lack, when its turn comes.
        need: The lower, the more it is needed.
    """

    torrent: str
    files: int
    folder: Path
    load: Callable[[], tuple[bytes, tuple[str, ...]]]
    need: int = 0


def held_by(copy: Copy) -> list[Shared]:
    """What a copy has to share, the most needed first: least seeders, as its archive counted."""
    followed = known(copy)
    holdings = copy.memory().holdings
    found = []
    for line in followed.offered:
        if line.id in holdings:
            folder = copy.root / (VOLUMES if line.kind in CLASSES else PACKS)
            need = followed.seeders.get(line.id, 0)
            found.append(Shared(line.id, line.files, folder, _loader(copy, line), need))
    return sorted(found, key=lambda one: (one.need, one.torrent))


def _loader(copy: Copy, line: TorrentLine) -> Callable[[], tuple[bytes, tuple[str, ...]]]:
    def load() -> tuple[bytes, tuple[str, ...]]:
        holding = copy.memory().holdings.get(line.id)
        is_whole = holding is not None and holding.state is State.COMPLETE
        if is_whole and not copy.memory().removed:
            return torrent_of(copy, line), ()
        contents = contents_of(copy, line)
        place = Place.of(copy)
        return contents.data, tuple(
            part.path for part in contents.parts if not is_held(place, part)
        )

    return load


class Sharing:
    """Keeps an engine supplied with what is to be shared now.

    Args:
        seeder: The engine.
        memory_bytes: How much the process may take.
        clock: Seconds, never going back.
    """

    def __init__(
        self, seeder: Seeder, memory_bytes: int, clock: Callable[[], float] = monotonic
    ) -> None:
        self._seeder = seeder
        self._room_bytes = max(0, memory_bytes - _BASE_BYTES)
        self._clock = clock
        self._held: dict[str, Shared] = {}
        self._loaded: set[str] = set()
        self._shared_last: dict[str, int] = {}
        self._turn = 0
        self._turned_at = 0.0
        self._told = 0

    @property
    def loaded(self) -> frozenset[str]:
        """What is shared now."""
        return frozenset(self._loaded)

    def hold(self, held: Iterable[Shared]) -> list[PhonothequeError]:
        """Say what is held now, all of it, and share it; returns what could not be shared."""
        self._held = {one.torrent: one for one in held}
        return self.turn()

    def tick(self) -> list[PhonothequeError]:
        """Begin a new turn when the last one is over."""
        return self.turn() if self._clock() - self._turned_at >= TURN_S else []

    def turn(self) -> list[PhonothequeError]:
        """Let those share whose turn it is; returns why some could not."""
        self._turn += 1
        self._turned_at = self._clock()
        busy = {one.name for one in self._seeder.progress() if one.upload_bytes_per_s}
        wanted = next_turn(
            [
                Turn(
                    one.torrent,
                    cost_bytes(one.files),
                    self._shared_last.get(one.torrent, 0),
                    one.torrent in busy,
                    one.need,
                )
                for one in self._held.values()
            ],
            self._room_bytes,
        )
        for torrent in self._loaded - set(wanted):
            self.drop(torrent)
        errors = [self._load(self._held[one]) for one in wanted if one not in self._loaded]
        self._shared_last.update(dict.fromkeys(self._loaded, self._turn))
        give_back_memory()
        return [error for error in errors if error is not None]

    def _load(self, shared: Shared) -> PhonothequeError | None:
        try:
            torrent, lacking = shared.load()
            self._seeder.add(torrent, shared.folder, lacking)
        except PhonothequeError as error:
            return error
        self._loaded.add(shared.torrent)
        return None

    def drop(self, torrent: str) -> None:
        """Share a torrent no more, until its next turn. Does nothing when it is not shared."""
        if torrent in self._loaded:
            self._loaded.discard(torrent)
            self._seeder.remove(torrent)

    def reload(self, torrent: str) -> PhonothequeError | None:
        """Share a torrent anew: files of it went, or came back."""
        self.drop(torrent)
        shared = self._held.get(torrent)
        return self._load(shared) if shared is not None else None

    def troubles(self) -> list[SeedTrouble]:
        """What the engine met since this was asked last."""
        found = self._seeder.troubles()[self._told :]
        self._told += len(found)
        return found

    def statuses(self) -> list[SeedStatus]:
        """How each torrent that is shared stands."""
        return self._seeder.progress()


def give_back_memory() -> None:
    """Return to the system what loading left over: a third of what torrents take (glibc only)."""
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)
