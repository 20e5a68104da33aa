"""Our own holdings as a source: what the archive has, as the makers of its files named it.

Laws: a recording is what was taken in, not what somebody wrote about it: copies that differ only in
tags are one recording with several files, and its identity is the SHA-256 of the copy that came in
first, also when that copy is let go. Nothing is invented: without a title the file's name stands
in, without an artist "[unknown]"; several artists in one text stay one text. What was removed is in
no table but `file` (beside a copy that is held) and `removal`.

What the source is made of is behind a port of its own, `Shelf`, so that nothing here knows how an
archive keeps its register (`register` does). Not here: what becomes a row of which table
(`rows`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from phonotheque.catalogue.sources.gathering import Gathering
from phonotheque.catalogue.sources.holdings.rows import HoldingRows
from phonotheque.catalogue.sources.holdings.values import NAME, HeldRecording, Like
from phonotheque.catalogue.sources.port import Batch, Terms

_RECORDINGS_PER_BATCH = 5_000


class Shelf(Protocol):
    """What an archive holds, in an order that never changes: that in which it came in.

    Nothing that came in after the shelf was opened is given; whoever opened it closes it.
    """

    def state(self) -> str:
        """Return a text that changes when anything that is given here may have changed."""

    def recordings(self) -> Iterator[HeldRecording]:
        """Give each recording with all its copies, the removed ones among them."""

    def likenesses(self) -> Iterator[Like]:
        """Give pairs of recordings that sound alike; both held, and not the same."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """The source. `terms` says under which licence the archive gives its data away."""

    shelf: Shelf
    terms: Terms
    recordings_per_batch: int = _RECORDINGS_PER_BATCH

    @property
    def size_bytes(self) -> int:
        """Not known: an index is not read from end to end."""
        return 0

    def state(self) -> str:
        """Return what tells these holdings from changed ones."""
        return hashlib.sha256(f"{self.terms}\n{self.shelf.state()}".encode()).hexdigest()

    def batches(self, after: str = "") -> Iterator[Batch]:
        """Give all batches, or those after a place.

        What comes before the place is read again without being given, because what was given
        already (a release, an artist) is known only so. That costs reading, not writing.
        """
        done = int(after) if after else 0
        for number, gathering in enumerate(self._gathered(), start=1):
            if number > done:
                yield gathering.batch(str(number))

    def _gathered(self) -> Iterator[Gathering]:
        rows = HoldingRows(Gathering(_WHERE))
        for recording in self.shelf.recordings():
            rows.add(recording)
            if rows.gathering.read >= self.recordings_per_batch:
                yield rows.gathering
                rows.gathering = Gathering(_WHERE)
        for like in self.shelf.likenesses():
            rows.add_likeness(like)
        rows.finish()
        if rows.gathering.count or rows.gathering.read:
            yield rows.gathering


_WHERE = "register"


def terms_of(title: str, licence: str = "", origin: str = "", as_of: str = "") -> Terms:
    """Return the terms on which an archive passes on what it knows of its holdings.

    Args:
        title: Name of the archive.
        licence: Canonical address of the licence of the data; "" when it has none.
        origin: Where the archive is found.
        as_of: ISO date.
    """
    return Terms(NAME, f"Holdings of {title}", licence, title, origin, as_of)
