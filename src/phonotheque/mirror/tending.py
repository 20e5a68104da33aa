"""Tending a mirror: reading what it holds, and bringing back what is damaged.

Order of a repair: good bytes durable in their place -> the journal's line -> the damaged file that
was set aside goes. Laws: a torrent that cannot be looked at (its .torrent is lost and nobody has
it) stops no other; what could not be brought back stays in the journal as damaged.

Not here: how a file is read (`scrubbing`) and put together (`repairing`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from phonotheque.errors import BadReferenceError, PhonothequeError
from phonotheque.mirror.contents import Contents, read_contents
from phonotheque.mirror.events import Repaired
from phonotheque.mirror.exclusions import load_exclusions
from phonotheque.mirror.home import Copy, Mirror
from phonotheque.mirror.jobs import Ways
from phonotheque.mirror.known import known
from phonotheque.mirror.news import Came
from phonotheque.mirror.papers import torrent_of
from phonotheque.mirror.removal import absent
from phonotheque.mirror.repairing import Repair, discharge, repair
from phonotheque.mirror.scrubbing import Care, Scrub, Scrubbed, due
from phonotheque.mirror.taking import Place
from phonotheque.mirror.values import Followed, Holding
from phonotheque.publish.index.lines import TorrentLine


@dataclass(frozen=True, slots=True)
class Unread:
    """A torrent that could not be looked at."""

    torrent: str
    error: PhonothequeError


@dataclass(frozen=True, slots=True)
class ToRead:
    """What is to be read.

    Attributes:
        torrents: Their names; () for all.
        most: So many torrents at most, those that are unproven for longest; 0 for no limit.
        every_days: Only what was not proven for so many days; 0 for all.
    """

    torrents: tuple[str, ...] = ()
    most: int = 0
    every_days: int = 0


def contents_of(copy: Copy, line: TorrentLine) -> Contents:
    """Read the torrent of a line, fetched from a source when it is not here.

    Raises:
        BadSignatureError: Its bytes are not those that the index names.
        MalformedError: It is no torrent of our form.
        UnavailableError: Nobody has it now.
    """
    return read_contents(line, torrent_of(copy, line))


def not_here(mirror: Mirror, copy: Copy, followed: Followed) -> frozenset[str]:
    """SHA-256 of objects of an archive that may not be here."""
    return frozenset(absent(copy, followed.header.archive, load_exclusions(mirror.disk)))


def verify(
    mirror: Mirror, at: datetime, asked: ToRead, care: Care
) -> Iterator[tuple[Copy, Scrubbed | Unread]]:
    """Read what a mirror holds, torrent by torrent, the longest unproven first.

    Raises:
        BadReferenceError: A torrent that was asked for is not held.
        UnavailableError: The disk refused to write.
    """
    chosen = _chosen(mirror, at, asked)
    known_of = {copy.name: known(copy) for copy in {one.name: one for one, _ in chosen}.values()}
    for copy, holding in chosen:
        if care.is_stopping():
            return
        followed = known_of[copy.name]
        try:
            contents = contents_of(copy, _line(followed, holding.torrent))
            gone = not_here(mirror, copy, followed)
        except PhonothequeError as error:
            yield copy, Unread(holding.torrent, error)
            continue
        scrub = Scrub(Place.of(copy), copy.writing, care)
        yield copy, scrub.torrent(contents, holding, gone)


def _chosen(mirror: Mirror, at: datetime, asked: ToRead) -> list[tuple[Copy, Holding]]:
    found = [
        (copy, holding)
        for copy in mirror.copies
        for holding in due(copy.memory().holdings, at, asked.every_days)
        if not asked.torrents or holding.torrent in asked.torrents
    ]
    missing = set(asked.torrents) - {holding.torrent for _, holding in found}
    if missing and not asked.every_days:
        todo = "`phono mirror status` shows what is held."
        raise BadReferenceError(sorted(missing)[0], "this mirror does not hold it", todo)
    found.sort(key=lambda one: (one[1].verified_at, one[0].name, one[1].torrent))
    return found[: asked.most] if asked.most else found


def _line(followed: Followed, torrent: str) -> TorrentLine:
    for line in followed.lines:
        if line.id == torrent:
            return line
    raise BadReferenceError(torrent, "the index does not name it", "Run `phono mirror follow`.")


def damaged(copy: Copy) -> list[Holding]:
    """What is held and known to be damaged, in order of name."""
    holdings = copy.memory().holdings
    return [holdings[name] for name in sorted(holdings) if holdings[name].damaged]


def repair_all(
    mirror: Mirror,
    ways_of: Callable[[Copy], Ways],
    on_progress: Callable[[Came], None] = lambda _: None,
    only: Collection[str] = (),
) -> Iterator[tuple[Copy, Repair | Unread]]:
    """Bring back what the journal knows to be damaged.

    Args:
        mirror: Open to write.
        ways_of: Where good bytes of an archive may be.
        on_progress: Told how far fetching is.
        only: Torrents; empty for all.

    Raises:
        UnavailableError: The disk refused.
    """
    for copy in mirror.copies:
        holdings = [one for one in damaged(copy) if not only or one.torrent in only]
        if not holdings:
            continue
        ways = ways_of(copy)
        try:
            followed = known(copy)
            gone = not_here(mirror, copy, followed)
        except PhonothequeError as error:
            yield from ((copy, Unread(one.torrent, error)) for one in holdings)
            continue
        for holding in holdings:
            if ways.is_stopping():
                return
            try:
                contents = contents_of(copy, _line(followed, holding.torrent))
            except PhonothequeError as error:
                yield copy, Unread(holding.torrent, error)
                continue
            yield copy, repair_torrent(copy, contents, holding, ways, gone, on_progress)


def repair_torrent(
    copy: Copy,
    contents: Contents,
    holding: Holding,
    ways: Ways,
    gone: frozenset[str],
    on_progress: Callable[[Came], None] = lambda _: None,
) -> Repair:
    """Bring back what is damaged of one torrent, and note it.

    Args:
        copy: Of its archive, open to write.
        contents: The torrent.
        holding: How it stands.
        ways: Where good bytes may be.
        gone: SHA-256 of objects that must not be held: they are no damage any more.
        on_progress: Told how far fetching is.
    """
    place, journal = Place.of(copy), copy.writing
    parts = [part for part in contents.parts if part.path in holding.damaged]
    wanted = [part for part in parts if not (part.name and part.name.sha256.hex in gone)]
    done = repair(place, contents, wanted, ways, on_progress)
    share = done.received_bytes // max(1, sum(one.source == "swarm" for one in done.mended))
    lines = [
        Repaired(
            journal.now(),
            contents.torrent,
            one.part.path,
            one.source,
            share if one.source == "swarm" else 0,
            one.part.size_bytes,
        )
        for one in done.mended
    ]
    lines += [
        Repaired(journal.now(), contents.torrent, part.path, "removed")
        for part in parts
        if part not in wanted
    ]
    if lines:
        journal.append(*lines)
    discharge(place, contents, [one.part for one in done.mended])
    return done
