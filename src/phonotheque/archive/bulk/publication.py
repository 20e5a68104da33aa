"""What a fact sheet says of an archive beside its torrents: counts of the register, coverage, rest.

Law: no clock is read; the same register gives the same figures. Cost: a pass over two covering
indexes, 0.3 s for a million objects, and what coverage costs.
"""

from __future__ import annotations

from phonotheque.archive.bulk import planning
from phonotheque.archive.finding.serving import serving_snapshot
from phonotheque.archive.opening import Archive
from phonotheque.archive.status import Status
from phonotheque.errors import NoCatalogueError
from phonotheque.publish.facts.sheet import Counted, Coverage, Reason, Share
from phonotheque.publish.planning import words
from phonotheque.publish.planning.coverage import OWN_PLAYS_ONLY
from phonotheque.register.published import added_at, retirements

_PLACES = 8
"""Decimal places of a share: more than a count of 86 million can tell apart."""


def counted_of(archive: Archive, status: Status) -> Counted:
    """Count what the register knows."""
    index, config = archive.index, archive.config
    db = index.db
    first = db.execute("SELECT at FROM accession ORDER BY seq LIMIT 1").fetchone()
    last = db.execute("SELECT at FROM accession ORDER BY seq DESC LIMIT 1").fetchone()
    retired = db.execute("SELECT max(at) FROM retirement").fetchone()[0] or ""
    removed = db.execute("SELECT count(DISTINCT sha256) FROM case_line WHERE sha256 != x''")
    return Counted(
        archive=index.note("archive"),
        name=config.name,
        title=config["title"] or config.name,
        address=config["address"],
        as_of=max((*added_at(index).values(), retired)),
        cut_off=last[0] if last else "",
        began=first[0] if first else "",
        held=status.recordings.objects,
        held_bytes=status.recordings.size_bytes,
        bad_bytes=sum(heap.objects for kind, heap in status.damaged.items() if kind != "removed"),
        removed=removed.fetchone()[0],
        retired=len(retirements(index)),
        lost_lists=len(index.unlisted()),
        do_tags_count=config["rights.licence_tags_count"],
        catalogue_licence=config["catalogue.licence"],
    )


def coverage_of(archive: Archive) -> Coverage | None:
    """How much of all known music is offered; None without a catalogue, which alone knows more."""
    try:
        serving_snapshot(archive.root)
    except NoCatalogueError:
        return None
    found = planning.coverage_of(archive).coverage
    known, shared = found.tally(), found.tally(statuses=[words.Status.SHARED])
    bar = found.shared
    bounds = (bar.low, bar.share, bar.high) if bar.share is not None else None
    return Coverage(
        known_recordings=known.recordings,
        shared_recordings=shared.recordings,
        known_releases=found.releases.known,
        shared_releases=found.releases.whole_shared,
        listens=Share(*map(_rounded, bounds)) if bounds else None,
        is_own_plays_only=found.note == OWN_PLAYS_ONLY,
        note=found.note,
    )


def _rounded(share: float) -> float:
    """A share without digits that say nothing; only all comes out as 1 and only nothing as 0."""
    shown = round(share, _PLACES)
    return share if shown in (0.0, 1.0) else shown


def left_of(archive: Archive, status: Status) -> list[Reason]:
    """What is held and not offered, by reason: what the plan leaves, and what nobody can read."""
    left = planning.left(archive)
    if unreadable := status.unreadable.objects:
        left[words.Status.UNREADABLE.meaning] += unreadable
    return [Reason(reason, count) for reason, count in left.items()]
