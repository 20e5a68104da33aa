"""What the engine that fetches tells of a torrent on its way: values, pure.

Not here: the engine (`swarm`), what is done about it (`fetching`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from phonotheque.errors import PhonothequeError


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file is complete and has left the engine for the disk. `path` is as in the torrent."""

    torrent: str
    path: str


@dataclass(frozen=True, slots=True)
class Came:
    """How far a torrent is.

    Attributes:
        torrent: Its name.
        done_bytes: Of the files that were asked for.
        wanted_bytes: All of these.
        received_bytes: Came over the network until now, what was thrown away included.
        bytes_per_s: Lately.
        peers: Connected, web servers among them.
        bad_pieces: So many came with wrong bytes, and were asked for again elsewhere.
        is_checking: What lay there already is being read.
    """

    torrent: str
    done_bytes: int = 0
    wanted_bytes: int = 0
    received_bytes: int = 0
    bytes_per_s: int = 0
    peers: int = 0
    bad_pieces: int = 0
    is_checking: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether all that was asked for has come."""
        return 0 < self.wanted_bytes <= self.done_bytes


@dataclass(frozen=True, slots=True)
class Stalled:
    """Nothing came for a long time."""

    torrent: str
    last: Came


@dataclass(frozen=True, slots=True)
class Refused:
    """The disk refused to take more."""

    torrent: str
    error: PhonothequeError


News: TypeAlias = Arrived | Came | Stalled | Refused
