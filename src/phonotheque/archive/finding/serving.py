"""Which catalogue an archive serves, and how far the archive is ahead of it.

Not here: asking it (`archive.finding.searching`), making it (`archive.finding.catalogue`).
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from phonotheque.catalogue.snapshot import Snapshot, current_snapshot
from phonotheque.disk import LocalDisk
from phonotheque.errors import NoCatalogueError
from phonotheque.music.digest import Sha256
from phonotheque.register.cases import removed_objects
from phonotheque.register.index import Index
from phonotheque.register.index_file import refusals

FOLDER = "catalogue"
"""Folder of the catalogue in an archive."""

INDEX = "state/index.sqlite"

HOLDINGS = "holdings"
"""Name of the source that the archive itself is."""

MOST_COUNTED = 10_000
"""Recordings added since that are counted one by one; more are told as "more than"."""


def serving_snapshot(root: Path) -> Snapshot:
    """Return the snapshot of an archive's catalogue that serves.

    Raises:
        NoCatalogueError: None was built.
        MalformedError: It is damaged.
        FormatTooNewError: It was built by a later program.
    """
    folder = root / FOLDER
    snapshot = current_snapshot(folder, LocalDisk(folder)) if folder.is_dir() else None
    if snapshot is None:
        raise NoCatalogueError(
            str(root), "it has no catalogue yet", "Make one with `phono catalogue build`."
        )
    return snapshot


@dataclass(frozen=True, slots=True)
class Behind:
    """What the archive took in that its catalogue lacks.

    Attributes:
        since: Instant up to which the catalogue has the holdings; "" when it has none of them.
        added: Recordings that came in later, counted up to `MOST_COUNTED`.
    """

    since: str
    added: int

    def __str__(self) -> str:
        count = f"more than {MOST_COUNTED:,}" if self.added >= MOST_COUNTED else f"{self.added:,}"
        noun = "recording was" if self.added == 1 else "recordings were"
        when = f" since {self.since[:16].replace('T', ' ')} UTC" if self.since else ""
        return f"{count} {noun} added{when}, and the catalogue lacks them: `phono catalogue build`."


def behind(index: Index, snapshot: Snapshot) -> Behind:
    """Compare a catalogue with the register. Costs a row for each recording that it lacks."""
    sources = snapshot.descriptor.sources
    since = next((one.as_of for one in sources if one.name == HOLDINGS), "")
    if since and index.last_at <= since:
        return Behind(since, 0)
    added = 0
    for at, is_first in index.db.execute(_NEWEST_FIRST):
        if at <= since or added == MOST_COUNTED:
            break
        added += is_first
    return Behind(since, added)


def removed_since(root: Path, snapshot: Snapshot) -> frozenset[Sha256]:
    """Return what was removed from an archive after its catalogue was built.

    Raises:
        UnavailableError: The index, which knows it, cannot be used.
    """
    sources = snapshot.descriptor.sources
    since = next((one.as_of for one in sources if one.name == HOLDINGS), None)
    if since is None or not (root / INDEX).exists():
        return frozenset()  # nothing of the archive's own is in it, or nothing is held
    index = Index(root / INDEX, is_reading=True)
    with closing(index), refusals(root / INDEX):
        return frozenset(held.sha256 for held in removed_objects(index, after=since))


_NEWEST_FIRST = """
    SELECT a.at, o.role = 'recording' AND o.first_seq = a.seq AND o.condition != 'removed'
    FROM accession AS a JOIN object AS o ON o.sha256 = a.sha256 ORDER BY a.seq DESC"""
"""Instants never fall with the number of a line."""
