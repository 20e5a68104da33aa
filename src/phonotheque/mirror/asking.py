"""Each torrent as a choice sees it: who else has it, what is here of it, what was wished.

Pure. Not here: the order of need, and the room (`choosing`, `making_room`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from phonotheque.mirror import telling
from phonotheque.mirror.journal import Memory
from phonotheque.mirror.values import (
    PLENTY,
    PLENTY_DAYS,
    Filter,
    Followed,
    Holding,
    Medium,
    MirrorSettings,
    State,
)
from phonotheque.publish.choice import KINDS_OF
from phonotheque.publish.index.lines import TorrentLine

COUNT_DAYS = 30
"""A count of seeders that is older lets nobody let go of anything."""

CLASSES = frozenset({"open", "nc", "nd", "nc-nd"})
"""Kinds of torrents that hold recordings; the others are packs of what the archive says."""


@dataclass(frozen=True, slots=True)
class AskedArchive:
    """One archive, as a choice needs it.

    Attributes:
        followed: What is known of it.
        memory: What this mirror did with it so far.
        wanted: What the mirror wants of it.
        excluded: Torrents that are not held here whatever they need, with the reason.
    """

    followed: Followed
    memory: Memory
    wanted: Filter = field(default_factory=Filter)
    excluded: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class AskedTorrent:
    """One torrent while it is decided about.

    Attributes:
        archive: Name of its archive.
        line: What the index says of it.
        others: How many have all of it besides this mirror; None: nobody counted.
        holding: What is here of it; None when nothing is.
        unasked: Why the filter does not take it; "" when it does.
        is_counted: Whether `others` was counted lately enough to let go of a copy.
        may_go: Whether others have had plenty for long enough.
        wanted: The decision so far,
        reason: and why.
        rank: Its place in the order of need; 0 when it was not asked.
        is_shared: Whether what takes its place has nearly all of its bytes, and counts for both.
    """

    archive: str
    line: TorrentLine
    others: int | None
    holding: Holding | None
    unasked: str
    is_counted: bool
    may_go: bool
    wanted: bool = False
    reason: str = ""
    rank: int = 0
    is_shared: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether all that may be here of it is here."""
        return self.holding is not None and self.holding.state is State.COMPLETE

    @property
    def size_bytes(self) -> int:
        """What it takes on the disk, once it is here."""
        if self.is_shared:
            return 0
        if self.holding is not None and self.is_complete:
            return self.holding.held_bytes
        return self.line.size_bytes

    def keep(self, reason: str) -> None:
        """Decide that it shall be here."""
        self.wanted, self.reason = True, reason

    def drop(self, reason: str) -> None:
        """Decide that it shall not be here."""
        self.wanted, self.reason = False, reason


def asked_of(settings: MirrorSettings, archive: AskedArchive) -> list[AskedTorrent]:
    """Return every torrent of an archive that is offered or held, in order of the index."""
    is_lately = is_counted_lately(archive.followed)
    return [
        _asked(settings, archive, line, is_lately=is_lately)
        for line in archive.followed.lines
        if not line.obsolete or line.id in archive.memory.holdings
    ]


def _asked(
    settings: MirrorSettings, archive: AskedArchive, line: TorrentLine, *, is_lately: bool
) -> AskedTorrent:
    followed, memory = archive.followed, archive.memory
    others = others_of(settings, followed, memory, line.id)
    is_plenty = is_lately and others is not None and others >= settings.target_copies + PLENTY
    since = memory.plenty_since.get(line.id, "")
    return AskedTorrent(
        followed.archive,
        line,
        others,
        memory.holdings.get(line.id),
        _unasked(line, archive.wanted, followed.collections.get(line.id, ())),
        is_lately,
        is_plenty and passed(since, followed.signed_at) >= timedelta(days=PLENTY_DAYS),
    )


def others_of(
    settings: MirrorSettings, followed: Followed, memory: Memory, torrent: str
) -> int | None:
    """How many have all of a torrent besides this mirror; None when nobody counted.

    This one is counted, too, when it has all of it and is online.
    """
    seeders = followed.seeders.get(torrent)
    if seeders is None or settings.medium is not Medium.ONLINE:
        return seeders
    held = memory.holdings.get(torrent)
    return max(seeders - (held is not None and held.state is State.COMPLETE), 0)


def _unasked(line: TorrentLine, wanted: Filter, collections: tuple[str, ...]) -> str:
    """Why a filter does not take a torrent; "" when it does."""
    if line.kind not in KINDS_OF[wanted.licence]:
        return telling.other_licence(line.kind, wanted.licence)
    if line.kind not in CLASSES:
        return ""  # what the archive itself says is small, and explains all the rest
    if wanted.tiers and line.tier not in (*wanted.tiers, "all"):
        return telling.other_tier(line.tier)
    if wanted.collections and not set(wanted.collections) & set(collections):
        return telling.OTHER_COLLECTION
    return ""


def is_counted_lately(followed: Followed) -> bool:
    """Whether seeders were counted lately, by the archive's clock."""
    age = passed(followed.counted_at, followed.signed_at)
    return bool(followed.counted_at) and age <= timedelta(days=COUNT_DAYS)


def passed(since: str, until: str) -> timedelta:
    """How much time lies between two instants; none when one is not known, or cannot be read."""
    try:
        between = datetime.fromisoformat(until) - datetime.fromisoformat(since)
    except (ValueError, TypeError):
        return timedelta()
    return max(between, timedelta())
