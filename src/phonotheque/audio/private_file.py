"""A file seen through a descriptor, with a position of its own.

Law: reading here never moves the position that other holders of the descriptor see. A fork shares
descriptors together with their positions, so a child that seeks would make its parent skip bytes
that it is hashing at that moment; `pread` takes the position as an argument instead.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from collections.abc import Buffer  # type: ignore[attr-defined]  # typeshed has it from 3.12

_BEYOND_ANY_FILE = 1 << 62  # `preadv` refuses positions near 2**63, which damaged files ask for
_BUFFER_BYTES = 64 * 1024  # tags are read in small bites


class PrivateFile(io.RawIOBase):
    """A regular file read with `pread`. Never closes the descriptor: it belongs to the caller.

    Attributes:
        failure: The first error of the disk, kept because libraries swallow or rename it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._at = 0
        self._size_bytes: int | None = None
        self.failure: OSError | None = None

    def readable(self) -> bool:
        """Yes: this is what it is for."""
        return True

    def seekable(self) -> bool:
        """Yes, on its own."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move this position alone."""
        if whence == io.SEEK_CUR:
            offset += self._at
        elif whence == io.SEEK_END:
            offset += self._length()
        if offset < 0:
            raise ValueError(f"a position cannot be negative: {offset}")
        self._at = offset
        return offset

    def _length(self) -> int:
        """Ask once: FFmpeg wants to know twice for each chunk of a WAV, which may be millions."""
        if self._size_bytes is None:
            self._size_bytes = os.fstat(self._descriptor).st_size
        return self._size_bytes

    def readinto(self, buffer: Buffer) -> int:
        """Fill `buffer` from this position on. Raises `OSError` when the disk fails."""
        if self._at >= _BEYOND_ANY_FILE:
            return 0
        view = memoryview(buffer).cast("B")
        try:
            count = os.preadv(self._descriptor, [view], self._at)
        except OSError as error:
            self.failure = self.failure or error
            raise
        self._at += count
        return count


def open_private(descriptor: int) -> tuple[BinaryIO, PrivateFile]:
    """Return a buffered view of the whole file behind `descriptor`, and the raw file under it."""
    raw = PrivateFile(descriptor)
    return cast(BinaryIO, io.BufferedReader(raw, _BUFFER_BYTES)), raw
