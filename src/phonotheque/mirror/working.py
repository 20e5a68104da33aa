"""A mirror at work until it is told to stop: it follows, fetches, mends, shares and reads.

    every hour      sync: what is new, what was removed, what was chosen; what is damaged is mended
    all the time    share, each torrent in its turn
    in between      read what is unproven for longest, no faster than allowed

Laws: outside its hours nothing moves over the network, but reading goes on; an archive that cannot
be followed now is tried again with the next sync; a full or failing disk ends it, telling why.

Not here: each of these.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic

from phonotheque.errors import NotHeldError, PhonothequeError
from phonotheque.mirror.home import Mirror, now
from phonotheque.mirror.jobs import Outcome
from phonotheque.mirror.news import Came
from phonotheque.mirror.pacing import Allowance
from phonotheque.mirror.scrubbing import Care, Scrubbed
from phonotheque.mirror.sharing import Shared, Sharing, held_by
from phonotheque.mirror.standing import Running, end_running, say_running, under_way
from phonotheque.mirror.syncing import Synced, sync
from phonotheque.mirror.tending import ToRead, Unread, repair_all, verify
from phonotheque.mirror.ways import Wires, ways_of
from phonotheque.publish.engine import Seeder
from phonotheque.publish.seed_status import SeedTrouble

SYNC_EVERY_S = 3600.0
"""An archive asks to be looked at daily at least; a removal should reach its mirrors sooner."""

_READ_FOR_S = 5.0
"""So long is read before anything else is looked at."""

_IDLE_S = 1.0


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told what happens.

    Attributes:
        outcome: What became of a torrent that was fetched.
        synced: What a sync came to.
        read: What reading a torrent found.
        trouble: What the engine met while it shared.
        error: What could not be shared.
    """

    outcome: Callable[[Outcome], object]
    synced: Callable[[Synced], object]
    read: Callable[[Scrubbed | Unread], object]
    trouble: Callable[[SeedTrouble], object]
    error: Callable[[PhonothequeError], object]


@dataclass
class _Now:
    came: dict[str, Came] = field(default_factory=dict)
    said_at: float = 0.0
    is_resting: bool = False


class Work:
    """A mirror at work.

    Args:
        mirror: Open to write.
        seeder: The engine that shares.
        wires: How to meet the world; `is_stopping` ends the work.
        ears: Who is told.
        clock: This instant, UTC.
    """

    def __init__(
        self,
        mirror: Mirror,
        seeder: Seeder,
        wires: Wires,
        ears: Ears,
        clock: Callable[[], datetime],
    ) -> None:
        self._mirror = mirror
        self._seeder = seeder
        self._sharing = Sharing(seeder, mirror.settings.swarm.memory_bytes)
        self._ears = ears
        self._clock = clock
        self._may_move = wires.may_move
        self._is_stopping = wires.is_stopping
        self._now = _Now()
        # Fetching asks this many times a second, so sharing is looked after meanwhile.
        self._wires = replace(wires, may_move=self._tend, on_progress=self._take)
        self._allowance = Allowance(mirror.settings.scrub.bytes_per_s)

    def run(self) -> None:
        """Work until it is told to stop.

        Raises:
            UnavailableError: The mirror's disk is full or fails.
        """
        synced_at = -SYNC_EVERY_S
        self._share()
        try:
            while not self._is_stopping():
                if monotonic() - synced_at >= SYNC_EVERY_S and self._tend():
                    self._sync()
                    synced_at = monotonic()
                elif not self._read():
                    self._tend()
                    self._seeder.wait_for_news(_IDLE_S)
        finally:
            end_running(self._mirror.root)

    def _sync(self) -> None:
        synced = sync(self._mirror, self._clock(), self._wires, self._ears.outcome)
        self._now.came.clear()
        self._ears.synced(synced)
        self._share()

    def _share(self) -> None:
        """Share what is held now."""
        held: list[Shared] = []
        for copy in self._mirror.copies:
            try:
                held += held_by(copy)
            except NotHeldError:
                continue  # nothing of it was followed yet
        for error in self._sharing.hold(held):
            self._ears.error(error)

    def _tend(self) -> bool:
        """Look after what is shared; returns whether anything may move now."""
        may_move = self._may_move()
        if may_move == self._now.is_resting:
            self._now.is_resting = not may_move
            self._seeder.rest(is_resting=not may_move)
        if monotonic() - self._now.said_at >= _IDLE_S:
            self._now.said_at = monotonic()
            for error in self._sharing.tick():
                self._ears.error(error)
            for trouble in self._sharing.troubles():
                self._ears.trouble(trouble)
            self._say("fetching" if self._now.came else "sharing")
        return may_move

    def _read(self) -> bool:
        """Read for a moment what is due; False when nothing is."""
        until = monotonic() + _READ_FOR_S
        care = Care(
            self._allowance, is_stopping=lambda: self._is_stopping() or monotonic() >= until
        )
        asked = ToRead(most=1, every_days=self._mirror.settings.scrub.every_days)
        has_read = False
        for _, done in verify(self._mirror, self._clock(), asked, care):
            has_read = True
            if isinstance(done, Unread) or done.is_whole:
                self._ears.read(done)
            if isinstance(done, Unread):
                return False
            if done.found:
                self._mend(done.torrent)
        return has_read

    def _mend(self, torrent: str) -> None:
        """Bring back what was just found damaged, as far as anybody has it now."""
        if error := self._sharing.reload(torrent):
            self._ears.error(error)
        repairs = repair_all(
            self._mirror,
            lambda copy: ways_of(self._mirror, copy, self._wires)[0],
            self._take,
            only={torrent},
        )
        done = tuple(one for _, one in repairs)
        self._now.came.clear()
        self._ears.synced(Synced(repairs=done))
        if error := self._sharing.reload(torrent):
            self._ears.error(error)

    def _take(self, came: Came) -> None:
        self._now.came[came.torrent] = came
        if came.done_bytes >= came.wanted_bytes:
            del self._now.came[came.torrent]

    def _say(self, doing: str) -> None:
        statuses = self._sharing.statuses()
        say_running(
            self._mirror.root,
            Running(
                now(),
                os.getpid(),
                "resting" if self._now.is_resting else doing,
                under_way(self._now.came.values()),
                len(statuses),
                sum(one.peers for one in statuses),
                sum(one.uploaded_bytes for one in statuses),
            ),
        )
