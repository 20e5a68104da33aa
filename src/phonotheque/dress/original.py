"""The stored bytes that copies are composed of, read at any place and never changed.

Law: every read returns exactly the bytes asked for or raises; the position of the file that was
handed in is not used where the system can read without one, so that many may read at once.
"""

from __future__ import annotations

import io
import os
from typing import BinaryIO

from phonotheque.disk import refusal
from phonotheque.errors import MalformedError, TruncatedError

MAX_HEADER_BYTES = 64 * 1024 * 1024
"""The longest head (tags and pictures) that is taken into memory. The longest seen is 21 MB."""


def refused(wrong: str) -> MalformedError:
    """The error for an original that cannot be dressed; it is kept and served as it is."""
    return MalformedError("the original", wrong, "It cannot be dressed; export it as it is.")


class Original:
    """A file of known length.

    Args:
        file: Open for reading, seekable; stays the caller's, who closes it after the last read.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._descriptor: int | None = None
        try:
            self._descriptor = file.fileno()
        except (OSError, AttributeError):  # it lives in memory
            self.size_bytes = file.seek(0, io.SEEK_END)
        else:
            self.size_bytes = os.fstat(self._descriptor).st_size

    def read(self, start: int, size_bytes: int) -> bytes:
        """Return `size_bytes` bytes from `start` on.

        Raises:
            TruncatedError: The file ends before.
            UnavailableError: The disk failed.
        """
        if start < 0 or size_bytes < 0:
            raise ValueError(f"no such range: {size_bytes} bytes from {start}")
        parts = []
        while size_bytes > 0:
            part = self._some(start, size_bytes)
            if not part:
                raise TruncatedError(
                    "the original", f"it ends at byte {start}", "Run `phono verify`."
                )
            parts.append(part)
            start, size_bytes = start + len(part), size_bytes - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def peek(self, start: int, size_bytes: int) -> bytes:
        """Return as many of these bytes as there are."""
        return self.read(start, max(0, min(size_bytes, self.size_bytes - start)))

    def head(self, start: int, size_bytes: int) -> bytes:
        """Return a part of the head, which must not be too long for memory.

        Raises:
            MalformedError: It is longer than `MAX_HEADER_BYTES`.
        """
        if size_bytes > MAX_HEADER_BYTES:
            raise refused(f"a header of it claims {size_bytes} bytes")
        return self.read(start, size_bytes)

    def _some(self, start: int, size_bytes: int) -> bytes:
        try:
            if self._descriptor is not None:
                return os.pread(self._descriptor, size_bytes, start)
            self._file.seek(start)
            return self._file.read(size_bytes)
        except OSError as error:
            raise refusal("the original", error) from error
