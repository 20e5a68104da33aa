"""What is said when the index lacks what was read from recordings: which, why, and what to do.

Layers, tags and curves are not in the register. `phono rebuild` reads them from objects and sealed
torrents; it cannot where the objects themselves are missing.
"""

from __future__ import annotations

from collections.abc import Sequence

from phonotheque.disk import Disk
from phonotheque.store.objects import ObjectName


def lost_facts(disk: Disk, names: Sequence[ObjectName]) -> str:
    """Say of which recordings the index lacks what was read, and how many are missing."""
    missing = _missing(disk, names)
    why = f"; the files of {missing:,} are missing, too" if missing else ""
    return f"the layers or tags of {len(names):,} recordings are not in it any more{why}"


def mend_facts(disk: Disk, names: Sequence[ObjectName]) -> str:
    """What to do about it."""
    if _missing(disk, names):
        return (
            "Run `phono verify`, `phono repair --from DIR` (a backup or a mirror) and "
            "`phono rebuild`, then run again."
        )
    return "Run `phono rebuild`, then run again."


def _missing(disk: Disk, names: Sequence[ObjectName]) -> int:
    return sum(disk.stat(name.path) is None for name in names)
