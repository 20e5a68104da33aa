"""How well a volume is preserved, on the scale of the NDSA, and what is missing for the next step.

Only two of the scale's five areas can be read off an archive: storage and integrity. A volume's
level is the lower of the two; control, metadata and content are what an institution does.

Laws: pure; more copies, operators, countries, media or fresher checks never lower a level; what is
not said (a country, a date) counts for nothing.

Source: NDSA Levels of Digital Preservation, version 2.0 (2019), areas Storage and Integrity; how
its words are read here stands in `docs/explanation/levels-of-preservation.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

TOP = 4


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the copies of one volume that count.

    Attributes:
        operators: How many different people keep a whole copy; all who say nothing are one.
        countries: In how many different countries, of those that are said.
        media: On how many different kinds of media.
        is_proven_elsewhere: Whether a mirror proved a whole copy.
        are_checks_regular: Whether each of these copies was read within its time.
        is_undamaged: Whether no copy is known to be damaged or was refuted.
    """

    operators: int
    countries: int
    media: int
    is_proven_elsewhere: bool
    are_checks_regular: bool
    is_undamaged: bool


@dataclass(frozen=True, slots=True)
class Level:
    """What a volume reaches, from 0 to 4.

    Attributes:
        storage: In the area Storage.
        integrity: In the area Integrity.
        missing: What is missing for the next level; () at the top.
    """

    storage: int
    integrity: int
    missing: tuple[str, ...]

    @property
    def reached(self) -> int:
        """The level of the volume: the lower of the two."""
        return min(self.storage, self.integrity)


def level_of(evidence: Evidence) -> Level:
    """Return what a volume reaches."""
    steps = (_storage(evidence), _integrity(evidence))
    storage, integrity = map(_reached, steps)
    reached = min(storage, integrity)
    missing = [words for area in steps for words in area[reached]] if reached < TOP else []
    return Level(storage, integrity, tuple(dict.fromkeys(missing)))


_Steps = Sequence[Sequence[str]]
"""For each level, from 1, what is missing for it."""


def _reached(steps: _Steps) -> int:
    return next((number for number, missing in enumerate(steps) if missing), TOP)


def _storage(evidence: Evidence) -> _Steps:
    people, countries, media = evidence.operators, evidence.countries, evidence.media
    return (
        _lacking((people >= 2, "a copy kept by somebody else")),
        _lacking(
            (people >= 3, "copies kept by three different people"),
            (countries >= 2, "a copy in another country"),
        ),
        _lacking((media >= 2, "a copy on another kind of medium")),
        _lacking((countries >= 3, "copies in three countries")),
    )


def _integrity(evidence: Evidence) -> _Steps:
    return (
        (),  # no volume is sealed but of bytes that were proven
        _lacking((evidence.is_proven_elsewhere, "a whole copy that a mirror proved")),
        _lacking((evidence.are_checks_regular, "regular checks of every copy")),
        _lacking(
            (evidence.is_undamaged, "what is known to be damaged mended"),
            (evidence.operators >= 3, "copies kept by three different people"),
        ),
    )


def _lacking(*wanted: tuple[bool, str]) -> tuple[str, ...]:
    return tuple(words for is_there, words in wanted if not is_there)
