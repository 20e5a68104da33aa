"""The lines of an index from what the register knows of volumes and packs.

Laws: pure; the same input gives the same lines; one line for every volume and pack ever recorded,
in the order of the register: what is not offered any more stays, with the reason, because whoever
has it must learn why. Of a torrent that is known from the index before, nothing is looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from phonotheque.music.digest import PIECE_BYTES
from phonotheque.publish.index.lines import TIERS, TorrentLine
from phonotheque.publish.names import tier_of
from phonotheque.publish.packs.form import PACK_PIECE_BYTES
from phonotheque.register.events import Pack, Retirement, Volume


@dataclass(frozen=True, slots=True)
class Seal:
    """A volume or pack with the instant at which it was recorded."""

    event: Volume | Pack
    at: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked up of a torrent once, when it is new.

    Attributes:
        files: Number of its files.
        torrent_bytes: Length of its .torrent file; 0 when it is gone.
        licences: How many of its recordings stand under each licence.
    """

    files: int
    torrent_bytes: int
    licences: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for all torrents now.

    Attributes:
        retirements: What is not offered any more, by name.
        closed: Why something is not offered for now, by name.
        web_seeds: Addresses below which `<name>/<path>` of every torrent is served.
    """

    retirements: Mapping[str, Retirement]
    closed: Mapping[str, str]
    web_seeds: tuple[str, ...] = ()


def known_from(lines: Iterable[TorrentLine]) -> dict[str, Looked]:
    """Return what an index says of each torrent, by the SHA-256 of its .torrent file."""
    return {
        line.torrent_sha256: Looked(line.files, line.torrent_bytes, line.licences)
        for line in lines
        if line.torrent_bytes
    }


def line_of(seal: Seal, looked: Looked, standing: Standing) -> TorrentLine:
    """Return the line of a volume or pack."""
    event = seal.event
    said = TorrentLine(
        id=event.name,
        kind=event.licence_class if isinstance(event, Volume) else event.kind,
        tier=_tier(event.name),
        v2=event.info_hash_v2,
        v1=event.info_hash_v1,
        size_bytes=event.size_bytes,
        files=looked.files,
        items=event.objects if isinstance(event, Volume) else event.items,
        piece_bytes=PIECE_BYTES if isinstance(event, Volume) else PACK_PIECE_BYTES,
        torrent_bytes=looked.torrent_bytes,
        torrent_sha256=event.torrent,
        added=f"{seal.at[:19]}Z",
        basis="licence" if isinstance(event, Volume) else "own work",
        licences=dict(sorted(looked.licences.items())),
        supersedes=event.supersedes,
    )
    if isinstance(event, Volume):
        most, least = event.most_listens, event.least_listens
        said = msgspec.structs.replace(said, most_listens=most, least_listens=least)
    return _offered(said, standing)


def _offered(line: TorrentLine, standing: Standing) -> TorrentLine:
    """A line that says whether its torrent is offered, and where."""
    retired = standing.retirements.get(line.id)
    if retired is not None:
        return msgspec.structs.replace(
            line, obsolete=retired.reason or "retired", superseded_by=retired.superseded_by
        )
    if closed := standing.closed.get(line.id):
        return msgspec.structs.replace(line, obsolete=closed)
    return msgspec.structs.replace(line, web_seeds=standing.web_seeds)


def _tier(name: str) -> str:
    """The tier in a name, as lines have it; what was named before there were tiers is in "all"."""
    tier = tier_of(name).removeprefix("t")
    return tier if tier in TIERS else "all"
