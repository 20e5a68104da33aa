"""Bytes that were made and lie in memory, given as any other resource."""

from __future__ import annotations


class InMemory:
    """Bytes in memory, as `phonotheque.listen.sound.ports.Readable`."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes from `begin` up to `end`."""
        return self._data[begin:end]

    def at_hand(self, begin: int, end: int) -> bytes:
        """Return the same: nothing has to be waited for."""
        return self._data[begin:end]

    def close(self) -> None:
        """Nothing is open."""
