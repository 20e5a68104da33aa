"""Which recordings go into which volume: a pure decision, the same for the same input.

Laws: one licence class a volume; at most as many objects and bytes as allowed, an object larger
than that is a volume of its own; the order of the candidates is kept; every candidate that is
lawful is in exactly one volume, every other one is named with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from phonotheque.music.permissions import LicenceClass
from phonotheque.music.rights import Verdict
from phonotheque.register.holdings import Held


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recording in no volume yet, and what the rights on record say about sharing it."""

    held: Held
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class PlannedVolume:
    """A volume to be sealed, without its recordings: a plan of millions of them must fit.

    Attributes:
        objects: Number of its recordings: all candidates that may be shared, of its licence class,
            that were taken in by the register's lines `first_seq` to `last_seq`.
        size_bytes: Their bytes.
    """

    name: str
    licence_class: LicenceClass
    objects: int
    size_bytes: int
    first_seq: int
    last_seq: int

    def holds(self, candidate: Candidate) -> bool:
        """Whether a candidate belongs into it."""
        is_near = self.first_seq <= candidate.held.first_seq <= self.last_seq
        verdict = candidate.verdict
        return is_near and verdict.allowed and verdict.licence_class is self.licence_class


@dataclass(frozen=True, slots=True)
class Limits:
    """Most objects and bytes of a volume."""

    objects: int = 8192
    size_bytes: int = 32 << 30


def plan_volumes(
    candidates: Iterable[Candidate], archive: str, last: Mapping[str, int], limits: Limits
) -> tuple[PlannedVolume, ...]:
    """Fill volumes in the order of the candidates.

    Args:
        candidates: In the order they were taken in. Those that may be shared are used, others
            passed over; none is kept in memory.
        archive: The archive's short name, the beginning of every volume's name.
        last: Highest number of a sealed volume by licence class; numbers go on from there.
        limits: Most objects and bytes of one volume.
    """
    filled: dict[LicenceClass, list[_Filling]] = {}
    for candidate in candidates:
        licence_class = candidate.verdict.licence_class
        if not candidate.verdict.allowed or licence_class is None:
            continue
        volumes = filled.setdefault(licence_class, [])
        if not volumes or not volumes[-1].has_room(candidate.held, limits):
            volumes.append(_Filling(candidate.held.first_seq))
        volumes[-1].take(candidate.held)
    return tuple(
        PlannedVolume(volume_name(archive, licence_class, number), licence_class, *volume.sums())
        for licence_class in LicenceClass
        for number, volume in enumerate(
            filled.get(licence_class, ()), last.get(licence_class.value, 0) + 1
        )
    )


class _Filling:
    """A volume that is being filled."""

    def __init__(self, first_seq: int) -> None:
        self._first_seq = self._last_seq = first_seq
        self._objects = self._size_bytes = 0

    def has_room(self, held: Held, limits: Limits) -> bool:
        """Whether one more recording fits."""
        is_small = self._size_bytes + held.size_bytes <= limits.size_bytes
        return self._objects < limits.objects and is_small

    def take(self, held: Held) -> None:
        self._objects += 1
        self._size_bytes += held.size_bytes
        self._last_seq = held.first_seq

    def sums(self) -> tuple[int, int, int, int]:
        return self._objects, self._size_bytes, self._first_seq, self._last_seq


def volume_name(archive: str, licence_class: LicenceClass, number: int) -> str:
    """`<archive>-<kind>-<tier>-<seq>`: the kind is the licence class.

    Everything is in the one tier "all" until volumes are ordered by popularity.
    """
    return f"{archive}-{licence_class.value}-all-{number:05d}"


def number_of(name: str) -> int:
    """The number at the end of a volume's name."""
    return int(name.rpartition("-")[2])
