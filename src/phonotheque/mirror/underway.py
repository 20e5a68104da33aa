"""A torrent on its way in the engine that fetches: what it was asked for, and how it stands.

Not here: the engine (`swarm`), when to begin afresh (`beginnings`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import libtorrent as lt

from phonotheque.mirror.beginnings import Beginning, Pace, Source
from phonotheque.mirror.contents import Contents, Part
from phonotheque.mirror.news import Came
from phonotheque.publish.fetch import Sources


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for of a torrent."""

    contents: Contents
    wanted: tuple[Part, ...]
    sources: Sources


@dataclass
class Fetch:
    """A torrent on its way.

    Attributes:
        handle: The engine's.
        asked: What was asked for.
        paths: Of the files that were asked for, by libtorrent's number.
        came: How far it is.
        beginning: Whom it asks, and after how many other beginnings.
        pace: How it comes along since it began.
        completed: Files that are complete, and wait to be written.
        flushing: Files that are being written; None: none are.
        told: Files that were told as arrived.
        is_resting: Nothing may move.
        before_bytes: Came before it began afresh.
        wrong: Pieces that came wrong, and not right since.
    """

    handle: lt.torrent_handle
    asked: Asked
    paths: dict[int, str]
    came: Came
    beginning: Beginning
    pace: Pace
    completed: list[str] = field(default_factory=list)
    flushing: list[str] | None = None
    told: set[str] = field(default_factory=set)
    is_resting: bool = False
    before_bytes: int = 0
    wrong: set[int] = field(default_factory=set)

    @property
    def is_waiting(self) -> bool:
        """Whether the engine is still to bring something."""
        is_told = len(self.told) == len(self.paths) and self.came.is_complete
        return not self.is_resting and not is_told

    @property
    def is_stuck(self) -> bool:
        """Whether what stands still may do so because of a wrong piece, and not for good."""
        return not (self.is_resting or self.came.is_checking or self.came.is_complete) and bool(
            self.wrong or self.beginning.alone
        )

    def pieces(self) -> list[bool]:
        """Which pieces have come."""
        return list(self.handle.status(lt.torrent_handle.query_pieces).pieces)

    def proven_liars(self) -> set[Source]:
        """Who lied for certain: the one that was asked alone, if no stranger came in meanwhile."""
        alone, told = self.beginning.alone, self.pace.liars
        strangers: set[Source] = {
            peer.ip
            for peer in self.handle.get_peer_info()
            if peer.total_download and peer.connection_type == lt.peer_info.standard_bittorrent
        }
        if isinstance(alone, tuple):
            strangers |= told
        return {alone} if alone in told and strangers <= {alone} else set()
