"""A derivative, made of a master: what is asked for, what is on record of it, and the file itself.

Law: the name of a copy follows from what it is made of, how, and by which encoder, so that what
another would make of it is another copy.

Not here: where they are kept, and for how long (`phonotheque.derive.cache`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

import msgspec

from phonotheque.derive.recipes import Recipe
from phonotheque.music.digest import Sha256

_KEY_DIGITS = 12

Facts = dict[str, int | float | str | None]
"""What its maker says of a copy: its length, its loudness, the hue of a cover."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A derivative that somebody asks for.

    Attributes:
        source: Name of the object it is made of.
        recipe: How.
        encoder: What makes it, with its version.
    """

    source: Sha256
    recipe: Recipe
    encoder: str

    @property
    def path(self) -> str:
        """Its file, below the folder of the cache."""
        values = msgspec.json.encode((self.recipe, self.encoder))
        key = hashlib.sha256(values).hexdigest()[:_KEY_DIGITS]
        name = f"{self.source.hex}.{self.recipe.name}.{key}.{self.recipe.extension}"
        return f"{self.source.hex[:2]}/{name}"


class CopyRecord(msgspec.Struct, frozen=True):
    """What stands beside a copy.

    Attributes:
        source: SHA-256 of the object it was made of, 64 hexadecimal digits.
        recipe: Name of the recipe.
        encoder: What made it.
        made_at: When.
        sha256: Of the copy.
        size_bytes: Of the copy.
        facts: What its maker said of it.
    """

    source: str
    recipe: str
    encoder: str
    made_at: str
    sha256: str
    size_bytes: int
    facts: Facts


class Origin(StrEnum):
    """How a copy that is handed out came to be there."""

    KEPT = "kept"
    MADE = "made"
    MADE_AGAIN = "made again"  # the one that was kept was damaged


@dataclass(frozen=True, slots=True)
class Kept:
    """A copy, open for reading and proven. It is not evicted before it is closed.

    Attributes:
        file: At its beginning.
        path: Its file, below the folder of the cache.
        record: What is known of it.
        origin: Whether it had to be made.
    """

    file: BinaryIO
    path: str
    record: CopyRecord
    origin: Origin

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it."""
        self.file.close()
