"""The catalogue of an archive as one thread reads it: opened again when it was replaced.

Laws: what a thread was handed answers until that thread asks again, so that no answer is half of
one snapshot and half of the next; what was removed since a snapshot was built is seen with the next
question (a moment is 20 ms, see `archive.listening.desk`).
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from threading import local

from phonotheque.archive.finding.searching import Catalogue
from phonotheque.archive.finding.serving import HOLDINGS, serving_snapshot
from phonotheque.archive.finding.standing import Standings
from phonotheque.archive.listening.desk import Desk, Desks, catalogue_state
from phonotheque.archive.listening.showing import Showing
from phonotheque.archive.opening import Archive
from phonotheque.catalogue.browse.reader import Browse
from phonotheque.catalogue.snapshot import Snapshot
from phonotheque.music.digest import Sha256
from phonotheque.register.cases import removed_objects


class Reading:
    """One snapshot and the register beside it, for one thread.

    Attributes:
        archive: As it is now.
    """

    def __init__(self, root: Path, desk: Desk) -> None:
        self._root = root
        self._desk = desk
        self._open = ExitStack()
        self._pointer: tuple[int, int] | None = None
        self._removed: frozenset[Sha256] = frozenset()
        self._since: str | None = None
        self.archive: Archive
        self.catalogue: Catalogue
        self.browse: Browse
        self.showing: Showing
        self._looked_at: float | None = None

    @property
    def version(self) -> str:
        """Names what answers: a snapshot, and a place in the register."""
        snapshot = self.catalogue.snapshot.descriptor.name
        return f"{snapshot}-{self.archive.index.place.head.seq}"

    def look(self) -> None:
        """Open what was replaced.

        Raises:
            NoCatalogueError: No catalogue was built, or one without shelves.
            MalformedError: It is damaged.
            UnavailableError: The archive cannot be read now.
        """
        self.archive = self._desk.archive()
        pointer = catalogue_state(self._root)
        if pointer == self._pointer and self._looked_at == self._desk.looked_at:
            return
        if pointer is None or pointer != self._pointer:
            self._reopen(serving_snapshot(self._root))
        elif self._told() != self._removed:
            self._reopen(self.catalogue.snapshot)
        self._pointer = pointer
        self._looked_at = self._desk.looked_at

    def _reopen(self, snapshot: Snapshot) -> None:
        self.close()
        self._since = next(
            (one.as_of for one in snapshot.descriptor.sources if one.name == HOLDINGS), None
        )
        self._removed = self._told()
        with ExitStack() as opened:
            self.catalogue = opened.enter_context(closing(Catalogue(snapshot, self._removed)))
            self.browse = opened.enter_context(closing(Browse(snapshot.browse)))
            self._open = opened.pop_all()
        standings = Standings(self.catalogue, self.browse, lambda: self.archive)
        self.showing = Showing(self.catalogue, standings)

    def _told(self) -> frozenset[Sha256]:
        """What was removed since the snapshot was built."""
        return self._desk.recall(("removed since", self._since), self._removed_since)

    def _removed_since(self, archive: Archive) -> frozenset[Sha256]:
        if self._since is None:  # nothing of the archive's own is in it
            return frozenset()
        return frozenset(held.sha256 for held in removed_objects(archive.index, after=self._since))

    def close(self) -> None:
        """Let go of the snapshot's files."""
        self._open.close()
        self._pointer = self._looked_at = None


class Readings:
    """One reading for each thread that asks."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks
        self._of_thread = local()

    def here(self) -> Reading:
        """Return the reading of this thread, as things are now.

        Raises:
            PhonothequeError: What `Reading.look` raises.
        """
        reading: Reading | None = getattr(self._of_thread, "reading", None)
        if reading is None:
            reading = self._of_thread.reading = Reading(self._desks.root, self._desks.here())
        reading.look()
        return reading

    def close(self) -> None:
        """Let go of what this thread has open; what others have goes with them."""
        reading: Reading | None = getattr(self._of_thread, "reading", None)
        if reading is not None:
            reading.close()
