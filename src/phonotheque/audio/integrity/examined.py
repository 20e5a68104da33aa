"""What the bytes around the sound say of it: the half of a verdict that needs no decoder.

Pure values: walking the containers is in the modules beside this one, the verdict in `judgement`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from phonotheque.music.sound import DAMAGE_LISTED, Damage


class Cover(StrEnum):
    """How far what was compared reaches, when all of it agrees."""

    CHECKSUM = "checksum"  # every byte of the sound stands under a checksum
    LENGTH = "length"  # no checksum exists, but no byte can be missing unnoticed: plain samples
    MD5 = "md5"  # of the samples; a decoder must compute it to compare
    NONE = "none"  # bytes of coded sound can be wrong without anything contradicting them


@dataclass(frozen=True, slots=True)
class Examined:
    """What examining a container found.

    Attributes:
        container: As sniffed, one of `phonotheque.audio.CONTAINERS`.
        codec: FFmpeg's name of the codec.
        cover: What the absence of damage is worth.
        checks: What was compared, in words.
        notes: What is odd and harmless, in words: foreign bytes, counts off by one.
        damage: The first `DAMAGE_LISTED` places, in the order of the file.
        damaged_places: How many there are in all.
        doubt: Why it cannot be told whether the sound is whole; "" where `cover` tells.
        declared_ms: Length that the container states exactly; None when it states none.
        stored_md5: The MD5 of the samples in STREAMINFO; None when there is none.
    """

    container: str
    codec: str
    cover: Cover = Cover.NONE
    checks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    damage: tuple[Damage, ...] = ()
    damaged_places: int = 0
    doubt: str = ""
    declared_ms: int | None = None
    stored_md5: bytes | None = None


class Findings:
    """Damage in the order of the file, the first listed, all counted.

    What begins where the last finding ended is the same damage: a page whose checksum differs, the
    scraps behind it and the next false start are one place.
    """

    def __init__(self) -> None:
        self._listed: list[Damage] = []
        self._until = -1
        self.count = 0

    def add(
        self, what: str, at_byte: int, until: int | None = None, at_ms: int | None = None
    ) -> None:
        """Note damage from `at_byte` up to `until` (default: at that one place)."""
        is_same = 0 <= at_byte <= self._until
        self._until = max(self._until, at_byte if until is None else until)
        if is_same:
            return
        self.count += 1
        if len(self._listed) < DAMAGE_LISTED:
            self._listed.append(Damage(what, at_byte, at_ms))

    def add_placeless(self, what: str) -> None:
        """Note damage that is somewhere."""
        self.count += 1
        if len(self._listed) < DAMAGE_LISTED:
            self._listed.append(Damage(what))

    @property
    def listed(self) -> tuple[Damage, ...]:
        """The first places."""
        return tuple(self._listed)
