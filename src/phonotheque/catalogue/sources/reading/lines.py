"""Lines of a stream, many at once: stretches of whole lines with their numbers and offsets.

Laws: a stretch ends with a line's end, but for the last; every byte is in exactly one stretch or in
one line that is too long; a line that is too long is passed over without being held.
Not here: what a line means; a record of a spreadsheet may have several.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from phonotheque.catalogue.sources.counting import MOST_SAMPLE
from phonotheque.catalogue.sources.reading.stream import Readable

MOST_LINE_BYTES = 16 << 20
"""Longest line that is read: the longest records of open dumps have about a tenth of it."""

STRETCH_BYTES = 4 << 20
"""About how much is given at once: rows enough that what each stretch costs is small."""

TOO_LONG = "a line of more than 16 MiB"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Whole lines.

    Attributes:
        data: The lines with their ends.
        line: Number of the first of them, from 1.
        offset: Where they begin in what is read.
        lines: How many there are.
    """

    data: bytes
    line: int
    offset: int
    lines: int


@dataclass(frozen=True, slots=True)
class LongLine:
    """A line that was passed over. `sample` is how it begins."""

    line: int
    offset: int
    sample: bytes


class Lines:
    """Cut what can be read into stretches.

    Args:
        readable: Where to read; it stands at `offset`.
        line: Number of the line that it stands at.
        stretch_bytes: About how much is given at once; at most as much as a line may have.

    Attributes:
        offset: Where what was given ends.
        line: Number of the line that comes next.
    """

    def __init__(
        self, readable: Readable, *, line: int = 1, stretch_bytes: int = STRETCH_BYTES
    ) -> None:
        self._readable = readable
        self._stretch_bytes = min(stretch_bytes, MOST_LINE_BYTES)
        self._held = b""
        self.offset = readable.position
        self.line = line

    def __iter__(self) -> Iterator[Stretch | LongLine]:
        while True:
            more = self._readable.read(self._stretch_bytes)
            if self._is_too_long(more):
                passed, more = self._pass_over(more)
                yield passed
                if not more:
                    continue
            data = self._held + more
            end = data.rfind(b"\n", len(self._held)) + 1 if more else len(data)
            self._held = data[end:]
            if end:
                yield self._stretch(data[:end])
            if not more:
                return

    def _is_too_long(self, more: bytes) -> bool:
        """Whether the line that is held is too long with what follows."""
        end = more.find(b"\n")
        return len(self._held) + (len(more) if end < 0 else end) > MOST_LINE_BYTES

    def _stretch(self, data: bytes) -> Stretch:
        lines = data.count(b"\n") + (not data.endswith(b"\n"))
        made = Stretch(data, self.line, self.offset, lines)
        self.line += lines
        self.offset += len(data)
        return made

    def _pass_over(self, more: bytes) -> tuple[LongLine, bytes]:
        """Read to the end of the line that is held, keeping only its beginning.

        Returns:
            The line, and what was read behind it.
        """
        beginning = (self._held + more[: MOST_SAMPLE * 4])[: MOST_SAMPLE * 4]
        made = LongLine(self.line, self.offset, beginning)
        self.offset += len(self._held)
        self._held = b""
        self.line += 1
        while more and not (end := more.find(b"\n") + 1):
            self.offset += len(more)
            more = self._readable.read(self._stretch_bytes)
        if not more:
            return made, b""
        self.offset += end
        return made, more[end:]
