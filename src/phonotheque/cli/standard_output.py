"""Standard output whose refusals are errors of ours: a full disk under `phono ... > FILE`.

Law: what is refused is told once, where it is met; nothing more is written after that, so that
Python's own farewell to the stream, which would make another exit status, has nothing to fail at.
A reader who leaves (`head`) stays a `BrokenPipeError`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from phonotheque.disk import refusal

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Output(io.FileIO):
    """The descriptor behind standard output."""

    _is_refused = False

    @classmethod
    def in_place_of(cls, stream: io.TextIOWrapper) -> io.TextIOWrapper:
        """The same stream over this descriptor; letters that a terminal lacks are escaped."""
        raw = cls(stream.fileno(), "w", closefd=False)
        is_seen = stream.isatty()
        return io.TextIOWrapper(
            io.BufferedWriter(raw),
            encoding=stream.encoding,
            errors="backslashreplace",
            line_buffering=is_seen,
        )

    def write(self, data: ReadableBuffer, /) -> int:
        """Write bytes.

        Raises:
            UnavailableError: The disk refused, the first time.
        """
        if self._is_refused:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            self._is_refused = True
            raise refusal("standard output", error) from error
