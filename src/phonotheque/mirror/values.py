"""What a mirror is, as values: its settings, what it follows, what it holds, what it chose.

Laws: values only; construction checks, so that settings that cannot be meant do not exist. Not
here: the file they are written in (`settings`), the folder (`home`), the rule of choosing
(`choosing`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

import msgspec

from phonotheque.publish.choice import Freedom, Priority
from phonotheque.publish.index.lines import Header, TorrentLine

TARGET_COPIES = 4
"""Copies by different people that a volume should have: three survive any one mistake, the fourth
is there while one of them is being replaced (LOCKSS asks for at least four, too)."""

PLENTY = 3
"""A copy may be let go of where others have so many more than the target."""

PLENTY_DAYS = 7
"""... and have had them for so long: seeders come and go within a week."""


class Medium(StrEnum):
    """What the copies lie on."""

    ONLINE = "online"
    OFFLINE_DISK = "offline-disk"
    TAPE = "tape"


_Name = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]{0,200}\Z")]
ArchiveName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,98}[a-z0-9])?\Z")]
"""What a folder in `archives/` is called: the short name of the archive, or that with a number."""

_Bytes = Annotated[int, msgspec.Meta(ge=0, le=1 << 60)]


class Filter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a mirror wants of one archive.

    Attributes:
        licence: What its keeper wants to be free to do with it.
        collections: Only torrents with something from one of them; () for all.
        tiers: Only recordings of these tiers: "50", "90", "99", "996", "rest"; () for all. What
            has no tier, and what the archive itself says, always comes.
        order: What is asked first of two torrents.
        space_bytes: Of the mirror's space, no more than this for this archive; 0: no such limit.
    """

    licence: Freedom = Freedom.ANY
    collections: tuple[_Name, ...] = ()
    tiers: tuple[_Name, ...] = ()
    order: Priority = Priority.AT_RISK
    space_bytes: _Bytes = 0


class Swarm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a mirror meets the network.

    Attributes:
        port: TCP and UDP port; 0 for any free one.
        dht: Take part in the DHT.
        upload_bytes_per_s: Limit; 0 for none.
        download_bytes_per_s: Limit; 0 for none.
        hours: Only at these hours of the local clock: "22-06"; "" for always.
        metered: Every byte costs: fetch what was chosen, give away nothing.
        peers: Mirrors that are known: "host:port".
        memory_bytes: How much the torrent engine may take; what does not fit takes turns.
        downloads: How many torrents are fetched at a time.
    """

    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 6881
    dht: bool = True
    upload_bytes_per_s: _Bytes = 0
    download_bytes_per_s: _Bytes = 0
    hours: Annotated[str, msgspec.Meta(pattern=r"^(([01]\d|2[0-3])-([01]\d|2[0-3]))?\Z")] = ""
    metered: bool = False
    peers: tuple[_Name, ...] = ()
    memory_bytes: _Bytes = 400_000_000
    downloads: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3


class Scrub(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a mirror looks whether its bytes are still what they were.

    Attributes:
        every_days: Each torrent is read again after so many days.
        bytes_per_s: No faster than this, so that others have the disk, too; 0 for no limit.
    """

    every_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] = 90
    bytes_per_s: _Bytes = 40_000_000


class MirrorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of `mirror.toml`.

    Attributes:
        format: Number of the mirror's format.
        id: 128 random bits in hexadecimal: by them this mirror begins with other torrents of the
            same need than the next one, and signs what it reports.
        space_bytes: Room that is given.
        operator: Who keeps it, by the name under which copies are counted; "" for nobody.
        country: Where it stands, two letters of ISO 3166-1; "" when that is not said.
        medium: What the copies lie on.
        target_copies: How many copies each volume should have.
        swarm: How it meets the network.
        scrub: How it checks what it holds.
        archives: What it wants of each archive, by the archive's name in `archives/`.
    """

    format: int
    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
    space_bytes: _Bytes
    operator: _Name = ""
    country: Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{2})?\Z")] = ""
    medium: Medium = Medium.ONLINE
    target_copies: Annotated[int, msgspec.Meta(ge=1, le=1000)] = TARGET_COPIES
    swarm: Swarm = Swarm()
    scrub: Scrub = Scrub()
    archives: dict[ArchiveName, Filter] = {}


@dataclass(frozen=True, slots=True)
class Followed:
    """What is known of one archive that is followed, as it was proven last.

    Attributes:
        archive: Its name in `archives/`.
        header: Of its newest index.
        lines: Of that index: every torrent there ever was.
        seeders: How many have all of a torrent, by name, as the archive counted; absent: unknown.
        counted_at: When they were counted, UTC; "" when nobody did.
        signed_at: When the archive signed last that nothing is newer, UTC: a clock that is not
            this machine's.
        good_until: When what was signed runs out, UTC; "" when it is proven by the signature for
            people alone, which says nothing of time.
        collections: From which collections a torrent is, by name.
    """

    archive: str
    header: Header
    lines: tuple[TorrentLine, ...]
    seeders: dict[str, int] = field(default_factory=dict)
    counted_at: str = ""
    signed_at: str = ""
    good_until: str = ""
    collections: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def offered(self) -> tuple[TorrentLine, ...]:
        """The torrents that are offered now."""
        return tuple(line for line in self.lines if not line.obsolete)


class State(StrEnum):
    """How a torrent that is held stands."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Holding:
    """A torrent of which this mirror holds something.

    Attributes:
        torrent: Its name.
        state: Complete: all of its files were proven, but for those that were removed since.
        held_bytes: Of its files that are held.
        verified_at: When all that is held of it was proven last, UTC; "" when never.
        damaged: Paths below its folder that are damaged or missing, as known now.
        removed: How many of its files were deleted since it came: removed or excluded objects.
    """

    torrent: str
    state: State
    held_bytes: int
    verified_at: str = ""
    damaged: tuple[str, ...] = ()
    removed: int = 0

    @property
    def standing(self) -> State:
        """How it stands for others: what lost files by a removal is not all there any more."""
        is_less = self.state is State.COMPLETE and self.removed
        return State.PARTIAL if is_less else self.state


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of one torrent on this mirror.

    Attributes:
        archive: Name of its archive in `archives/`.
        line: The torrent.
        wanted: Whether it shall be here: to be fetched or to be kept; if not, what is here of it
            is let go.
        is_held: Whether something of it is here now.
        reason: Why, in a sentence for people.
        rank: Its place in the order of need, from 1; 0 when it was not asked.
    """

    archive: str
    line: TorrentLine
    wanted: bool
    is_held: bool
    reason: str
    rank: int = 0
