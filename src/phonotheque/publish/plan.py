"""Which recordings go into which volume: a pure decision, the same for the same input.

Laws: one licence class and one tier a volume; at most as many objects and bytes as allowed, an
object larger than that is a volume of its own; within a class and tier the order of the candidates
is kept; every candidate that is lawful is in exactly one volume, every other one in none. What is
held in memory are the volumes that are not full yet, one for each class and tier.

Not here: in which order recordings come (the plan of `archive.bulk.planning`), and what the
rights say.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from phonotheque.music.permissions import LicenceClass
from phonotheque.music.rights import Verdict
from phonotheque.publish.names import volume_name
from phonotheque.register.holdings import Held
from phonotheque.store.objects import ObjectName

ALL = "all"
"""The tier of everything where there is no popularity to order by."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recording in no volume yet, and what the rights on record say about sharing it.

    Attributes:
        held: The recording.
        verdict: The answer of the resolver.
        tier: Its tier, as it stands in names of volumes: "t50", "rest", "all".
        listens: How often it was listened to; None when unknown.
    """

    held: Held
    verdict: Verdict
    tier: str = ALL
    listens: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A recording as its volume needs it: small, for up to 8,192 of them wait in each volume."""

    name: ObjectName
    size_bytes: int
    licence: str
    listens: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedVolume:
    """A volume to be sealed, without its recordings: a plan of millions of them must fit."""

    name: str
    licence_class: LicenceClass
    tier: str
    objects: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Filled:
    """A planned volume with its recordings, in order."""

    planned: PlannedVolume
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """Most objects and bytes of a volume."""

    objects: int = 8192
    size_bytes: int = 32 << 30


def fill(
    candidates: Iterable[Candidate], archive: str, last: Mapping[str, int], limits: Limits
) -> Iterator[Filled]:
    """Fill volumes in the order of the candidates, giving each away as soon as it is full.

    Args:
        candidates: In the order of the plan. Those that may be shared are used, others passed over.
        archive: The archive's short name, the beginning of every volume's name.
        last: Highest number that was given, by `stem_of` the name; numbers go on from there.
        limits: Most objects and bytes of one volume.

    Yields:
        Full volumes when they are; at the end those that are not, in the order they were begun.
    """
    numbers = dict(last)
    open_now: dict[tuple[LicenceClass, str], _Filling] = {}

    def close(key: tuple[LicenceClass, str]) -> Filled:
        stem = f"{archive}-{key[0].value}-{key[1]}"
        numbers[stem] = numbers.get(stem, 0) + 1
        return open_now.pop(key).closed(volume_name(stem, numbers[stem]), *key)

    for candidate in candidates:
        licence_class = candidate.verdict.licence_class
        if not candidate.verdict.allowed or licence_class is None:
            continue
        key = (licence_class, candidate.tier)
        if key in open_now and not open_now[key].has_room(candidate.held, limits):
            yield close(key)
        open_now.setdefault(key, _Filling()).take(candidate)
    for key in list(open_now):
        yield close(key)


@dataclass(slots=True)
class _Filling:
    """A volume that is being filled."""

    members: list[Member] = field(default_factory=list)
    size_bytes: int = 0

    def has_room(self, held: Held, limits: Limits) -> bool:
        """Whether one more recording fits."""
        is_small = self.size_bytes + held.size_bytes <= limits.size_bytes
        return len(self.members) < limits.objects and is_small

    def take(self, candidate: Candidate) -> None:
        self.members.append(member_of(candidate))
        self.size_bytes += candidate.held.size_bytes

    def closed(self, name: str, licence_class: LicenceClass, tier: str) -> Filled:
        objects = len(self.members)
        planned = PlannedVolume(name, licence_class, tier, objects, self.size_bytes)
        return Filled(planned, tuple(self.members))


def member_of(candidate: Candidate) -> Member:
    """What a volume needs of a candidate."""
    held, statement = candidate.held, candidate.verdict.statement
    return Member(
        ObjectName(held.sha256, held.extension),
        held.size_bytes,
        sys.intern(statement.licence) if statement else "",
        candidate.listens,
    )
