"""Making the listening door's catalogue ready, where an archive has none yet.

Apart from the library, which must open in a moment: what builds loads much.
"""

from __future__ import annotations

from pathlib import Path

from phonotheque.archive.finding.catalogue import build_snapshot, take_in_holdings
from phonotheque.archive.finding.serving import serving_snapshot
from phonotheque.archive.opening import open_to_read
from phonotheque.catalogue.build.steps import OnProgress, quietly
from phonotheque.errors import NoCatalogueError


def is_ready(root: Path) -> bool:
    """Return whether an archive has a catalogue that can be browsed.

    Raises:
        MalformedError: It has one that is damaged.
    """
    try:
        return serving_snapshot(root).browse.is_file()
    except NoCatalogueError:
        return False


def made_ready(root: Path, jobs: int, on_progress: OnProgress = quietly) -> bool:
    """Build the catalogue of an archive that has none, or one from before there were shelves.

    Returns:
        Whether it was built.

    Raises:
        ArchiveBusyError: It is being built.
        PhonothequeError: What building raises.
    """
    if is_ready(root):
        return False
    with open_to_read(root) as archive:
        take_in_holdings(archive, on_progress=lambda _: None)
    build_snapshot(root, jobs, on_progress)
    return True
