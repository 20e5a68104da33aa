"""How much may be heard here and not kept: what an incident report's share is a part of.

Law: a recording counts when a door of this archive gives its sound to somebody, in some country or
in the archive's own rooms, and the catalogue does not have it as free; what is held and served to
nobody does not count.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from phonotheque.archive.finding.serving import serving_snapshot
from phonotheque.archive.opening import Archive, today
from phonotheque.catalogue.browse.reader import Browse, Wanted
from phonotheque.catalogue.kinds import Kind
from phonotheque.music.digest import Sha256
from phonotheque.music.doors import Door, ask
from phonotheque.music.rights import Code


def count_hearable(root: Path, archive: Archive) -> int:
    """Return how many recordings may be heard and not kept.

    Cost: the resolver is asked about every file that is held and not free.

    Raises:
        NoCatalogueError: No catalogue was built.
    """
    snapshot = serving_snapshot(root)
    last = snapshot.descriptor.cards.get(Kind.RECORDING, 0)
    with closing(Browse(snapshot.browse)) as browse:
        pool = browse.pool(Wanted(is_held=True, is_free=False), 1, last)
        files = (browse.objects(pool.rank(number)) for number in range(pool.count))
        return sum(any(_may_be_heard(archive, Sha256(one)) for one in each) for each in files)


def _may_be_heard(archive: Archive, name: Sha256) -> bool:
    """Whether a door gives a file to somebody somewhere."""
    held, statements = archive.index.held(name), archive.index.statements(name)
    if held is None:
        return False
    counts = archive.config["rights.licence_tags_count"]
    is_removed = held.condition == "removed"
    for door in (Door.LISTEN, Door.PREMISES):
        verdict = ask(door, statements, today(), claims_count=counts, is_removed=is_removed)
        if verdict.code is Code.TERRITORY_LIMITED and verdict.statement is not None:
            country = verdict.statement.territories[0]
            verdict = ask(door, statements, today(), country, claims_count=counts)
        if verdict.allowed:
            return True
    return False
