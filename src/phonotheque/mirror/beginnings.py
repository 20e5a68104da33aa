"""When a torrent that stands still after a wrong piece is begun afresh, and whom it asks then.

A wrong piece to which several contributed can hold libtorrent 2.1.1 up for ever: it asks peers for
the hashes of the piece's blocks, to learn who lied; those that share without having read all of it,
as seeds do, have none, and the piece stays locked. A new beginning unlocks it. Every other one asks
one source alone, with nobody beside it whom it could blame: whoever lies then is known, and is left
out from then on. (What libtorrent bans while many are asked may be honest: it stood beside a liar.)

Laws: each source that is known by name, and did not lie, is asked alone once, however many there
are and whatever comes in between; nobody is asked alone for long, whatever it gives; in the end all
that did not lie are asked again; what is complete is let be.

Pure: instants are given. Not here: the engine (`swarm`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

RETRY_S = 10.0
"""After a wrong piece, a torrent of which not one byte came for so long is begun afresh."""

_TRICKLE = 6
"""And one of which bytes come, but not one piece, after so many times as long. So long, too, one
source is asked alone at most."""

_LEAST_IDLE = 8
"""So often, and more with more sources, unless a piece came in between."""

Source: TypeAlias = str | tuple[str, int]
"""The address of a web server's folder, or that of a peer."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """One beginning of a fetch.

    Attributes:
        number: 0 is the first, counted for the life of the fetch; odd ones ask one source alone.
        idle: Beginnings since a piece came last.
        known: Sources that are known by name.
        liars: Those of them that were found to lie.
    """

    number: int = 0
    idle: int = 0
    known: tuple[Source, ...] = ()
    liars: frozenset[Source] = frozenset()

    @property
    def honest(self) -> tuple[Source, ...]:
        """Those that are known by name and did not lie."""
        return tuple(one for one in self.known if one not in self.liars)

    @property
    def alone(self) -> Source | None:
        """The one that is asked alone; None when all are asked."""
        count = len(self.known)
        if self.number % 2 == 0 or not self.honest:
            return None
        first = self.number // 2 % count
        order = (self.known[(first + step) % count] for step in range(count))
        return next(one for one in order if one not in self.liars)

    def next(self, found: Iterable[Source] = ()) -> Beginning:
        """The one after this, in which some were found to lie."""
        liars = self.liars.union(found)
        return replace(self, number=self.number + 1, idle=self.idle + 1, liars=liars)

    def with_all(self) -> Beginning:
        """This one, if it asks all, else the next, which does."""
        return replace(self, number=self.number + self.number % 2)

    def moved(self) -> Beginning:
        """The same, when a piece came."""
        return replace(self, idle=0)


@dataclass(slots=True)
class Pace:
    """How a torrent comes along since it was begun; instants by the clock that never goes back.

    Attributes:
        begun_at: When that was.
        heard_at: When a byte came last.
        moved_at: When a piece came last.
        least_bytes: So many had come then.
        liars: Sources that were found to lie since.
    """

    begun_at: float
    heard_at: float
    moved_at: float
    least_bytes: int = 0
    liars: set[Source] = field(default_factory=set)

    @classmethod
    def from_now(cls, now: float) -> Pace:
        """Of one that is begun."""
        return cls(now, now, now)

    def wait(self, now: float) -> None:
        """Let time that was not its own not count: it was read, or stood still on purpose."""
        self.begun_at = self.heard_at = self.moved_at = now

    def has_moved(self, done_bytes: int, step_bytes: int, now: float) -> bool:
        """Note how much there is. A trickle that would take years is no movement: a step is the
        least."""
        if done_bytes < self.least_bytes + step_bytes:
            return False
        self.least_bytes, self.moved_at = done_bytes, now
        return True


def is_due(beginning: Beginning, pace: Pace, now: float, retry_s: float = RETRY_S) -> bool:
    """Whether a torrent of which pieces are wrong still is begun afresh now.

    Args:
        beginning: The one it is at.
        pace: How it comes along.
        now: This instant.
        retry_s: See `RETRY_S`.
    """
    is_silent = now - pace.heard_at >= retry_s
    long_s = _TRICKLE * retry_s
    if beginning.alone is not None:
        return is_silent or beginning.alone in pace.liars or now - pace.begun_at >= long_s
    is_still = is_silent or now - pace.moved_at >= long_s
    return is_still and beginning.idle < max(_LEAST_IDLE, 2 * len(beginning.known))
