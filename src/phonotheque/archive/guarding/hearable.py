"""How much may be heard here and not kept: what an incident report's share is a part of.

Law: a recording counts when a door of this archive gives its sound to somebody, in some country or
in the archive's own rooms, and none of its files is free, as the register says now: the catalogue,
which may be older, only tells which files are one recording. What is held and served to nobody does
not count.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from phonotheque.archive.finding.serving import serving_snapshot
from phonotheque.archive.opening import Archive, today
from phonotheque.catalogue.browse.reader import Browse, Wanted
from phonotheque.catalogue.kinds import Kind
from phonotheque.music.digest import Sha256
from phonotheque.music.doors import Door, ask
from phonotheque.music.rights import Code, Verdict
from phonotheque.register.holdings import Held


def count_hearable(root: Path, archive: Archive) -> int:
    """Return how many recordings may be heard and not kept.

    Cost: the resolver is asked about every file that is held.

    Raises:
        NoCatalogueError: No catalogue was built.
    """
    snapshot = serving_snapshot(root)
    last = snapshot.descriptor.cards.get(Kind.RECORDING, 0)
    with closing(Browse(snapshot.browse)) as browse:
        pool = browse.pool(Wanted(is_held=True), 1, last)
        files = (browse.objects(pool.rank(number)) for number in range(pool.count))
        return sum(_is_heard_and_not_kept(archive, map(Sha256, each)) for each in files)


def _is_heard_and_not_kept(archive: Archive, names: Iterable[Sha256]) -> bool:
    found = (archive.index.held(name) for name in names)
    held = [one for one in found if one is not None]
    may_be_heard = any(_may_be_heard(archive, one) for one in held)
    return may_be_heard and not any(_is_free(archive, one) for one in held)


def _is_free(archive: Archive, held: Held) -> bool:
    """Whether everybody may keep a file, as the gate has it."""
    verdict = _ask(archive, held, Door.DOWNLOAD)
    return verdict.allowed and verdict.licence_class is not None


def _may_be_heard(archive: Archive, held: Held) -> bool:
    """Whether a door gives a file to somebody somewhere."""
    for door in (Door.LISTEN, Door.PREMISES):
        verdict = _ask(archive, held, door)
        if verdict.code is Code.TERRITORY_LIMITED and verdict.statement is not None:
            verdict = _ask(archive, held, door, verdict.statement.territories[0])
        if verdict.allowed:
            return True
    return False


def _ask(archive: Archive, held: Held, door: Door, country: str | None = None) -> Verdict:
    return ask(
        door,
        archive.index.statements(held.sha256),
        today(),
        country,
        claims_count=archive.config["rights.licence_tags_count"],
        is_removed=held.condition == "removed",
    )
