"""Until when what is published is to be believed: read from the files, without proving anything.

For `phono status`, which must stay quick: nothing of the library that proves is loaded here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from phonotheque.archive.opening import Archive
from phonotheque.disk import Disk, read_whole
from phonotheque.errors import NotHeldError
from phonotheque.music.decoding import UNDECODABLE

_METADATA = "published/metadata"


class Urgency(StrEnum):
    """How soon something has to be done."""

    NONE = "good"
    SOON = "renew soon"
    """Less than a quarter of its life is left."""
    OVER = "expired"


@dataclass(frozen=True, slots=True)
class Expiry:
    """Until when a role's signature counts.

    Attributes:
        role: "root", "targets", "snapshot", "timestamp" or "index".
        expires: Instant, UTC.
        days_left: Whole days; below 0 when it is over.
    """

    role: str
    expires: str
    days_left: int
    urgency: Urgency


class _Meta(msgspec.Struct):
    version: int


class _Custom(msgspec.Struct):
    expires: str = ""


class _Target(msgspec.Struct):
    custom: _Custom = msgspec.field(default_factory=_Custom)


class _Signed(msgspec.Struct):
    expires: str
    version: int
    meta: dict[str, _Meta] = {}
    targets: dict[str, _Target] = {}


class _Paper(msgspec.Struct):
    signed: _Signed


_decoder = msgspec.json.Decoder(_Paper)


def expiries(archive: Archive, at: datetime) -> tuple[Expiry, ...]:
    """Return until when each role's signature counts; nothing when nothing is published.

    What is missing or cannot be read is left out: `phono publish refresh` makes it again.
    """
    disk, config = archive.disk, archive.config
    lives = {
        "root": config["trust.root_days"],
        "targets": config["trust.index_days"],
        "index": config["trust.index_days"],
    }
    return tuple(
        _expiry(role, expires, at, timedelta(days=lives.get(role, config["trust.timestamp_days"])))
        for role, expires in _found(disk).items()
    )


def _found(disk: Disk) -> dict[str, str]:
    found: dict[str, str] = {}
    version = 1
    while root := _read(disk, f"{version}.root.json"):
        found["root"] = root.expires
        version += 1
    timestamp = _read(disk, "timestamp.json")
    if timestamp is None:
        return found
    snapshot = _read(disk, f"{_version(timestamp, 'snapshot.json')}.snapshot.json")
    targets = snapshot and _read(disk, f"{_version(snapshot, 'targets.json')}.targets.json")
    if targets:
        found["targets"] = targets.expires
        index = max(target.custom.expires for target in targets.targets.values())
        found |= {"index": index} if index else {}
    if snapshot:
        found["snapshot"] = snapshot.expires
    found["timestamp"] = timestamp.expires
    return found


def _version(paper: _Signed, name: str) -> int:
    meta = paper.meta.get(name)
    return meta.version if meta else 0


def _read(disk: Disk, name: str) -> _Signed | None:
    try:
        return _decoder.decode(read_whole(disk, f"{_METADATA}/{name}")).signed
    except (NotHeldError, *UNDECODABLE):
        return None


def _expiry(role: str, expires: str, at: datetime, life: timedelta) -> Expiry:
    left = datetime.fromisoformat(expires) - at
    urgency = Urgency.NONE if left > life / 4 else Urgency.SOON
    if left <= timedelta(0):
        urgency = Urgency.OVER
    return Expiry(role, expires, left.days, urgency)
