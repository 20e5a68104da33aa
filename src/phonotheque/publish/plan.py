"""Which recordings go into which volume: a pure decision, the same for the same input.

Laws: one licence class a volume; at most as many objects and bytes as allowed, an object larger
than that is a volume of its own; the order of the candidates is kept; every candidate that is
lawful is in exactly one volume, every other one is named with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
    """A volume to be sealed. `candidates` keep their order."""

    name: str
    licence_class: LicenceClass
    candidates: tuple[Candidate, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes of its recordings."""
        return sum(candidate.held.size_bytes for candidate in self.candidates)


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
        candidates: Recordings that may be shared are used, others passed over.
        archive: The archive's short name, the beginning of every volume's name.
        last: Highest number of a sealed volume by licence class; numbers go on from there.
        limits: Most objects and bytes of one volume.
    """
    by_class: dict[LicenceClass, list[Candidate]] = {}
    for candidate in candidates:
        if candidate.verdict.allowed and candidate.verdict.licence_class is not None:
            by_class.setdefault(candidate.verdict.licence_class, []).append(candidate)
    planned = []
    for licence_class in LicenceClass:
        number = last.get(licence_class.value, 0)
        for filled in _fill(by_class.get(licence_class, []), limits):
            number += 1
            name = volume_name(archive, licence_class, number)
            planned.append(PlannedVolume(name, licence_class, filled))
    return tuple(planned)


def volume_name(archive: str, licence_class: LicenceClass, number: int) -> str:
    """`<archive>-<kind>-<tier>-<seq>`: the kind is the licence class.

    Everything is in the one tier "all" until volumes are ordered by popularity.
    """
    return f"{archive}-{licence_class.value}-all-{number:05d}"


def number_of(name: str) -> int:
    """The number at the end of a volume's name."""
    return int(name.rpartition("-")[2])


def _fill(candidates: list[Candidate], limits: Limits) -> Iterator[tuple[Candidate, ...]]:
    volume: list[Candidate] = []
    size = 0
    for candidate in candidates:
        too_many = len(volume) == limits.objects
        if volume and (too_many or size + candidate.held.size_bytes > limits.size_bytes):
            yield tuple(volume)
            volume, size = [], 0
        volume.append(candidate)
        size += candidate.held.size_bytes
    if volume:
        yield tuple(volume)
