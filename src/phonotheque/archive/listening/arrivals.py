"""What came into the archive, the last first: read from the register's index, so always of now.

Laws: a recording stands once, where its first file came in (of a collection: where that file came
into the collection last); a page costs the same wherever it begins, but for files that are no
recordings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

from phonotheque.errors import UnavailableError
from phonotheque.music.digest import Sha256
from phonotheque.register.events import Role
from phonotheque.register.index import Index

_NEWEST = """
    SELECT a.seq, a.sha256 FROM accession a CROSS JOIN object o ON o.sha256 = a.sha256
    WHERE a.seq < ? AND o.first_seq = a.seq AND o.role = ? AND o.condition != 'removed'
    ORDER BY a.seq DESC"""
_DEPOSITS = "SELECT seq FROM deposit WHERE collection = ? AND seq < ? ORDER BY seq DESC"
_OF_DEPOSIT = """
    SELECT a.seq, a.sha256 FROM accession a CROSS JOIN object o ON o.sha256 = a.sha256
    WHERE a.seq < ? AND a.seq > ? AND a.deposit = ? AND o.role = ? AND o.condition != 'removed'
      AND NOT EXISTS (SELECT 1 FROM accession b JOIN deposit d ON d.seq = b.deposit
        WHERE b.sha256 = a.sha256 AND b.seq > a.seq AND d.collection = ?)
    ORDER BY a.seq DESC"""
_COLLECTIONS = """
    SELECT d.collection, count(DISTINCT a.sha256) FROM deposit d
    JOIN accession a ON a.deposit = d.seq JOIN object o ON o.sha256 = a.sha256
    WHERE d.collection != '' AND o.role = ? AND o.condition != 'removed'
    GROUP BY d.collection ORDER BY 2 DESC, 1"""

_ROLE = Role.RECORDING.value
_END = 1 << 62
"""Above every number of a line."""

Arrival = tuple[int, Sha256]
"""Number of the line with which a file came in, and the file."""


def newest(index: Index, before: int | None) -> Iterator[Arrival]:
    """Give recordings, the last that came in first.

    Args:
        before: Only those of earlier lines.
    """
    for seq, name in index.db.execute(_NEWEST, (before or _END, _ROLE)):
        yield seq, Sha256(name)


def of_collection(index: Index, collection: str, before: int | None) -> Iterator[Arrival]:
    """Give the recordings of a collection, the last that came in first; none of one that nobody
    named."""
    upper = before or _END
    deposits = [seq for (seq,) in index.db.execute(_DEPOSITS, (collection, upper))]
    for deposit in deposits:
        asked = (upper, deposit, deposit, _ROLE, collection)
        for seq, name in index.db.execute(_OF_DEPOSIT, asked):
            yield seq, Sha256(name)


def collections(index: Index) -> list[tuple[str, int]]:
    """Return the collections with the number of their recordings, the largest first.

    Cost: a row for each recording in a collection.
    """
    return index.db.execute(_COLLECTIONS, (_ROLE,)).fetchall()


Counts = list[tuple[str, int]]


@dataclass
class CollectionCounts:
    """How many recordings each collection has, counted once for all threads of a process.

    Laws: what is told is of now, unless counting takes long while lines are being written: then it
    is as old as twenty countings at most, so that a busy archive counts for a twentieth of its time
    and no page waits for another that counts.

    Attributes:
        count: Counts them, see `collections`.
        clock: Seconds that never go back.
    """

    count: Callable[[Index], Counts] = collections
    clock: Callable[[], float] = monotonic
    _told: tuple[int, Counts] | None = None
    _next_at: float = 0.0
    _counting: Lock = field(default_factory=Lock)

    def of(self, index: Index) -> Counts:
        """Return the collections with the number of their recordings, the largest first.

        Raises:
            UnavailableError: Nobody has counted yet, and somebody is at it: threads that answer are
                few, and counting takes long where much is in collections.
        """
        told, line = self._told, index.place.head.seq
        if told is not None and (told[0] == line or self.clock() < self._next_at):
            return told[1]
        if not self._counting.acquire(blocking=False):
            if told is None:
                wrong = "they are being counted for the first time"
                raise UnavailableError("collections", wrong, "Ask again in a minute.")
            return told[1]
        try:
            if self._told is told:  # nobody has counted meanwhile
                begun = self.clock()
                self._told = (line, self.count(index))
                self._next_at = self.clock() + 20 * (self.clock() - begun)
            assert self._told is not None
            return self._told[1]
        finally:
            self._counting.release()
