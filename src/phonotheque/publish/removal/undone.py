"""Whether a removal was decided and not carried out: what an opening tells.

Not here: carrying it out (`settling`), which loads much more than this.
"""

from __future__ import annotations

from phonotheque.disk import Disk
from phonotheque.register.cases import removed_objects
from phonotheque.register.index import Index
from phonotheque.register.published import removed_from_volumes
from phonotheque.store.objects import ObjectName

PENDING = "removing"
"""Note of the index: from which line on removals may not be carried out yet. The line itself sets
it, `settling.settle` clears it; an index that was made again has it for all of them."""


def undone_notice(disk: Disk, index: Index) -> tuple[str, ...]:
    """Say that a removal was interrupted; nothing when none was.

    Cost: one row, as long as none is pending.
    """
    since = index.note(PENDING)
    if not since:
        return ()
    removed = removed_objects(index, int(since))
    there = [ObjectName(held.sha256, held.extension).path for held in removed]
    if not removed_from_volumes(index) and not any(map(disk.stat, there)):
        return ()
    notice = (
        "A removal was interrupted: no door gives the object any more, and its bytes may still lie "
        "here. `phono takedown` without an ID goes on."
    )
    return (notice,)
