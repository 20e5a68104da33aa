"""How a mirror stands: what it holds, how it is, what is under way. For people and for programs.

What is held follows from journals and lists alone, so it can be asked at any time. What a running
process is doing it leaves in `state/running.json`, which may be lost, and is believed only while it
is fresh.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from phonotheque.disk import read_if_held
from phonotheque.errors import NotHeldError
from phonotheque.mirror.home import Copy, Mirror
from phonotheque.mirror.journal import Memory
from phonotheque.mirror.known import known
from phonotheque.mirror.news import Came
from phonotheque.mirror.values import State
from phonotheque.publish.lists import read_manifest
from phonotheque.publish.sealed import manifest_path
from phonotheque.store.objects import ObjectName

_RUNNING = "state/running.json"
_FRESH_S = 30.0
"""A process that runs writes every second; one that did not for so long is not there any more."""


class UnderWay(msgspec.Struct, frozen=True):
    """A torrent that is being fetched; fields as in `swarm.Came`."""

    torrent: str
    done_bytes: int
    wanted_bytes: int
    bytes_per_s: int
    peers: int
    bad_pieces: int = 0
    is_checking: bool = False


class Running(msgspec.Struct, frozen=True):
    """What a process of this mirror is doing.

    Attributes:
        at: When it said so, UTC.
        pid: Its number.
        doing: "fetching", "sharing", "resting", "reading".
        under_way: What it is fetching.
        shared: How many torrents it shares now.
        peers: Connected to these.
        uploaded_bytes: Given away since it started.
    """

    at: str
    pid: int
    doing: str
    under_way: tuple[UnderWay, ...] = ()
    shared: int = 0
    peers: int = 0
    uploaded_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How the copy of one archive stands.

    Attributes:
        archive: Its name.
        index: Number of the index that was followed last; 0 for none.
        good_until: Until when what is known may be believed, UTC; "" when nothing is known.
        offered: Torrents that the archive offers.
        to_fetch: Torrents that are to be fetched and are not whole yet.
        complete: Of those that are offered, how many are whole here.
        partial: Of how many some is here, and some did not come or was removed since.
        retired: Torrents here that are not offered any more; in none of the other counts.
        damaged: Torrents with damaged files.
        damaged_files: Number of these.
        held_bytes: Of all that is here; what two torrents share counts once.
        oldest_check: When what is unproven for longest was proven last, UTC; "" for nothing held.
        overdue: Torrents that should have been read again by now.
    """

    archive: str
    index: int
    good_until: str
    offered: int
    to_fetch: int
    complete: int
    partial: int
    retired: int
    damaged: int
    damaged_files: int
    held_bytes: int
    oldest_check: str
    overdue: int

    @property
    def needs_care(self) -> bool:
        """Whether something is wrong, or was not looked at for too long."""
        return bool(self.damaged or self.overdue)


def standings(mirror: Mirror, at: datetime) -> list[Standing]:
    """Return how each archive's copy stands, in order of name."""
    every_days = mirror.settings.scrub.every_days
    return [_standing(copy, at, every_days) for copy in mirror.copies]


def _standing(copy: Copy, at: datetime, every_days: int) -> Standing:
    memory = copy.memory()
    held = list(memory.holdings.values())
    # Half as long again: a scrub that is under way takes its time.
    before = (at - timedelta(days=every_days * 1.5)).isoformat()
    try:
        followed = known(copy)
        index, good_until, offered = followed.header.seq, followed.good_until, followed.offered
    except NotHeldError:
        index, good_until, offered = 0, "", ()
    names = {line.id for line in offered}
    states = [one.standing for one in held if one.torrent in names]
    retired = len(held) - len(states) if index else 0
    return Standing(
        copy.name,
        index,
        good_until,
        len(offered),
        len(memory.chosen),
        states.count(State.COMPLETE),
        states.count(State.PARTIAL),
        retired,
        sum(one.state is State.DAMAGED for one in held),
        sum(len(one.damaged) for one in held),
        memory.held_bytes - (_shared_bytes(copy, memory) if retired else 0),
        min((one.verified_at for one in held), default=""),
        sum(one.verified_at < before for one in held),
    )


def _shared_bytes(copy: Copy, memory: Memory) -> int:
    """How many bytes too many the sum of all torrents is: a successor shares objects with what it
    takes the place of, and no other torrents do."""
    seen: set[ObjectName] = set()
    shared_bytes = 0
    for torrent in memory.holdings:
        data = read_if_held(copy.disk, manifest_path(torrent)) or b""
        with suppress(ValueError):  # a list that is damaged: scrubbing finds that
            names = set(read_manifest(data.decode())) if data else set()
            shared_bytes += sum(copy.store.size(name) or 0 for name in names & seen)
            seen |= names
    return shared_bytes


def under_way(came: Iterable[Came]) -> tuple[UnderWay, ...]:
    """What is being fetched, as it is written down."""
    return tuple(
        UnderWay(
            one.torrent,
            one.done_bytes,
            one.wanted_bytes,
            one.bytes_per_s,
            one.peers,
            one.bad_pieces,
            one.is_checking,
        )
        for one in came
    )


def say_running(root: Path, running: Running) -> None:
    """Leave word of what this process does. Where that cannot be written nobody is stopped."""
    path = root / _RUNNING
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        fresh = path.with_name(f".running.{os.getpid()}")
        fresh.write_bytes(msgspec.json.encode(running))
        fresh.replace(path)


def end_running(root: Path) -> None:
    """Take the word back."""
    with suppress(OSError):
        (root / _RUNNING).unlink()


def running(root: Path, at: datetime) -> Running | None:
    """Return what a process of this mirror is doing; None when there is none."""
    try:
        said = msgspec.json.decode((root / _RUNNING).read_bytes(), type=Running)
        is_fresh = abs((at - datetime.fromisoformat(said.at)).total_seconds()) < _FRESH_S
    except (OSError, msgspec.DecodeError, ValueError):
        return None
    return said if is_fresh else None
