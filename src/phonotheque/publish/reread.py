"""What is said when the index lacks what was read from recordings: which, why, and what to do.

Layers, tags and curves are not in the register. `phono rebuild` reads them from objects and sealed
torrents; it cannot where the objects themselves are missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from phonotheque.disk import Disk
from phonotheque.store.objects import ObjectName


class Lost(NamedTuple):
    """What the index lacks, and what to do about it, in words."""

    wrong: str
    todo: str


def lost_facts(disk: Disk, names: Sequence[ObjectName]) -> Lost:
    """Say of how many recordings the index lacks what was read, and how many are missing."""
    missing = sum(disk.stat(name.path) is None for name in names)
    wrong = f"the layers or tags of {len(names):,} recordings are not in it any more"
    if not missing:
        return Lost(wrong, "Run `phono rebuild`, then run again.")
    return Lost(
        f"{wrong}; the files of {missing:,} are missing, too",
        "Run `phono verify`, `phono repair --from DIR` (a backup or a mirror) and `phono rebuild`, "
        "then run again.",
    )
