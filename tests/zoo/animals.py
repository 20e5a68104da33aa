"""What an animal is: a name, bytes made on demand, and its fate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Fate(Enum):
    """What must become of a file."""

    READABLE = "readable"
    UNREADABLE = "unreadable"
    DAMAGED = "damaged"  # read or not, it is never called whole
    KEPT = "kept"  # any typed outcome will do: opinions on it may differ


@dataclass(frozen=True)
class Animal:
    """One file.

    Attributes:
        name: As a file name; surrogates stand for bytes that are no UTF-8.
        make: Makes its bytes, the same every time.
        reason: A pattern that its reason must have, when it is unreadable.
    """

    name: str
    make: Callable[[], bytes]
    fate: Fate
    reason: str = ""

    def data(self) -> bytes:
        """Its bytes."""
        return self.make()


def dead(name: str, data: bytes, reason: str = "") -> Animal:
    """An animal that no reader may take for sound."""
    return Animal(name, lambda: data, Fate.UNREADABLE, reason)


def kept(name: str, data: bytes) -> Animal:
    """An animal that any answer will do for, so long as there is one."""
    return Animal(name, lambda: data, Fate.KEPT)


def alive(name: str, make: Callable[[], bytes]) -> Animal:
    """An animal that must be read, strange as it is."""
    return Animal(name, make, Fate.READABLE)
