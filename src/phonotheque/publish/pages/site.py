"""What the pages are made from, and the torrents of an index sorted into what is shown together.

Laws: values only; the same site gives the same pages; every line of the index is in exactly one
group, what is not offered any more in the last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from phonotheque.publish.choice import KeeperWish, OfferedTorrent, ordered
from phonotheque.publish.health.history import Observed
from phonotheque.publish.health.report import Count, Health, Level, level_of
from phonotheque.publish.index.lines import KINDS, TIERS, Header, TorrentLine
from phonotheque.publish.pages.texts import group_words, plain, web_address

GONE = "gone"
"""The group of what is not offered any more."""


@dataclass(frozen=True)
class Site:
    """Everything that the pages say.

    Attributes:
        header: Of the newest index.
        lines: Its torrents, the oldest first.
        health: The last count; None when nobody counted.
        history: One observation a day, oldest first.
        collections: Of some torrents: the collections its recordings are from.
        trackers: For magnet links.
        summary: Sentences of the fact sheet.
        papers: Other published files to link to, by what they are called here: "index",
            "signature", "key", "facts", "tombstones".
        listings: Torrents whose contents are listed in `files/`.
    """

    header: Header
    lines: tuple[TorrentLine, ...]
    health: Health | None = None
    history: tuple[Observed, ...] = ()
    collections: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trackers: tuple[str, ...] = ()
    summary: tuple[str, ...] = ()
    papers: Mapping[str, str] = field(default_factory=dict)
    listings: frozenset[str] = frozenset()

    @cached_property
    def address(self) -> str:
        """Where all this is published, with a slash at its end; "" when that is unknown."""
        return web_address(self.header.address)

    @cached_property
    def offered(self) -> tuple[TorrentLine, ...]:
        """The torrents that are offered."""
        return tuple(line for line in self.lines if not line.obsolete)

    @cached_property
    def needed(self) -> tuple[TorrentLine, ...]:
        """The torrents that are offered, the most needed first."""
        by_id = {line.id: line for line in self.offered}
        return tuple(by_id[one.id] for one in self.by_need)

    @cached_property
    def by_need(self) -> tuple[OfferedTorrent, ...]:
        """The same as the chooser takes them, in the order of a keeper without a name."""
        return tuple(ordered(self.candidates, KeeperWish(0)))

    @cached_property
    def candidates(self) -> tuple[OfferedTorrent, ...]:
        """The torrents that are offered, as the chooser takes them."""
        return tuple(self.candidate(line) for line in self.offered)

    def candidate(self, line: TorrentLine) -> OfferedTorrent:
        """A torrent as the chooser takes it."""
        return OfferedTorrent(
            line.id,
            line.kind,
            line.tier,
            line.size_bytes,
            line.added,
            self.seeders(line),
            self.collections_of(line),
        )

    def collections_of(self, line: TorrentLine) -> tuple[str, ...]:
        """From which collections a torrent is, as people may read it."""
        return tuple(sorted({plain(name) for name in self.collections.get(line.id, ())}))

    def count(self, line: TorrentLine) -> Count | None:
        """How many keep a torrent; None when nobody counted."""
        return self.health.torrents.get(line.id) if self.health else None

    def seeders(self, line: TorrentLine) -> int | None:
        """Who has all of a torrent; None when nobody counted."""
        count = self.count(line)
        return count.seeders if count else None

    def level(self, line: TorrentLine) -> Level:
        """How a torrent stands."""
        return level_of(self.seeders(line))

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """What is offered, by kind and tier, in the order of the index; then what is not."""
        found: dict[tuple[str, str], list[TorrentLine]] = {}
        for line in self.offered:
            found.setdefault((line.kind, line.tier), []).append(line)
        ordered = sorted(found, key=lambda pair: (_place(KINDS, pair[0]), _place(TIERS, pair[1])))
        groups = [Group(kind, tier, tuple(found[kind, tier])) for kind, tier in ordered]
        gone = tuple(line for line in self.lines if line.obsolete)
        return (*groups, Group(GONE, "all", gone)) if gone else tuple(groups)


@dataclass(frozen=True)
class Group:
    """Torrents of one kind and tier; the kind `GONE` for what is not offered any more."""

    kind: str
    tier: str
    lines: tuple[TorrentLine, ...]

    @property
    def slug(self) -> str:
        """Its name in the names of files."""
        return GONE if self.kind == GONE else f"{self.kind}-{self.tier}"

    @property
    def words(self) -> str:
        """What it holds."""
        return "Not offered any more" if self.kind == GONE else group_words(self.kind, self.tier)

    @property
    def size_bytes(self) -> int:
        """Bytes of its torrents."""
        return sum(line.size_bytes for line in self.lines)


def _place(order: tuple[str, ...], name: str) -> tuple[int, str]:
    """Where a name stands in an order; names that it lacks come after it."""
    return (order.index(name) if name in order else len(order), name)
