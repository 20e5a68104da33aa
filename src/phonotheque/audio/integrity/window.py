"""A stretch of a file held in memory, moved along as a walk goes on: bounded, whatever the size.

Law: no more is held than `SPAN_BYTES` or what was asked for at once; the file is read forward, and
again only where a walk steps back.
"""

from __future__ import annotations

import io
from typing import BinaryIO

SPAN_BYTES = 1 << 20


class Window:
    """What a walk sees of a file.

    Attributes:
        data: The bytes that are held now.
        start: Where they begin in the file.
        size: Length of the file, bytes.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, io.SEEK_END)
        self.start = 0
        self.data = b""
        self._stop = 0

    def reach(self, at: int, count: int) -> int:
        """Hold `count` bytes from `at` on, fewer where the file ends.

        Returns:
            Where they begin in `data`.
        """
        if at < self.start or (at + count > self._stop and self._stop < self.size):
            self._move(at, count)
        return at - self.start

    def read(self, at: int, count: int) -> bytes:
        """Return up to `count` bytes from `at` on."""
        if at >= self.size:
            return b""
        index = self.reach(at, count)
        return self.data[index : index + count]

    def find(self, sought: bytes, at: int) -> int:
        """Return the first place of `sought` from `at` on, -1 when there is none."""
        while at < self.size:
            index = self.reach(at, len(sought))  # what is held is searched before more is read
            found = self.data.find(sought, index)
            if found >= 0:
                return self.start + found
            if self._stop >= self.size:
                return -1
            at = max(at + 1, self._stop - len(sought) + 1)
        return -1

    def zeros_until(self, at: int, stop: int) -> int:
        """Return where the first byte that is not zero stands, `stop` when there is none."""
        while at < stop:
            block = self.read(at, min(SPAN_BYTES, stop - at))
            rest = block.lstrip(b"\0")
            if rest or not block:
                return at + len(block) - len(rest)
            at += len(block)
        return stop

    def _move(self, at: int, count: int) -> None:
        self._file.seek(at)
        self.data = self._file.read(max(count, SPAN_BYTES))
        self.start = at
        self._stop = at + len(self.data)
        if len(self.data) < count:  # the file became shorter while it was read
            self.size = min(self.size, self._stop)
