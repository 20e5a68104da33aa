"""The access log as it grows: whole lines, each given once, file after file.

Laws: the door writes a file for each day, and several of its workers may still write to yesterday's
when today's was begun, so every file that is there is read on from where it was left; a line is
given when its line feed is there; a line without end costs no memory and is passed over; a file
that has other bytes before that place than it had is another one, and read from its beginning,
unless it begins as the old one did: then its end was lost, and nothing of it is given twice.

Not here: what lines say.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from phonotheque.archive.listening.door import LOGS
from phonotheque.disk import refusal

LONGEST_LINE = 1 << 20
_BLOCK = 1 << 22
_MARKED = 256


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was read.

    Attributes:
        offset: Bytes that were given, or passed over.
        begins: CRC-32 of its first bytes, as many as `_MARKED`, or as there were.
        before: CRC-32 of the bytes right before `offset`.
        is_within: `offset` is within a line that is too long.
    """

    offset: int = 0
    begins: int = 0
    before: int = 0
    is_within: bool = False


@dataclass
class LogReader:
    """Reads one door's access log.

    Attributes:
        root: The archive's folder.
        fault: Told of files that are not what they were.
        places: Of each file that was read and is there still, by its name.
    """

    root: Path
    fault: Callable[[str], None]
    places: dict[str, Place] = field(default_factory=dict)

    def blocks(self) -> Iterator[bytes]:
        """Give whole lines that came since the last time, some at once, those of older days first.

        What comes while it gives them is left for the next time.

        Raises:
            UnavailableError: A file cannot be read.
        """
        found = sorted((self.root / LOGS).glob("????-??-??.jsonl"))
        names = {path.name for path in found}
        self.places = {name: at for name, at in self.places.items() if name in names}
        for path in found:
            try:
                yield from self._of(path)
            except FileNotFoundError:
                continue  # it was old, and was forgotten just now
            except OSError as error:
                raise refusal(f"{LOGS}/{path.name}", error) from error

    def _of(self, path: Path) -> Iterator[bytes]:
        place = self.places.get(path.name, Place())
        size = path.stat().st_size
        if size == place.offset:
            return
        with path.open("rb") as file:
            place = self._proven(file, path.name, place, size)
            offset, is_within = place.offset, place.is_within
            while offset < size:
                file.seek(offset)
                block = file.read(min(_BLOCK, size - offset))
                end = block.rfind(b"\n") + 1
                if not end and len(block) < LONGEST_LINE and not is_within:
                    break  # its end is not written yet
                lines = block[:end]
                if is_within and end:
                    lines = block[block.index(b"\n") + 1 : end]
                is_within = not end
                offset += end or len(block)
                self.places[path.name] = _place(file, offset, is_within=is_within)
                if lines:
                    yield lines

    def _proven(self, file: BinaryIO, name: str, place: Place, size: int) -> Place:
        """Where to go on, if the file is what it was."""
        if size >= place.offset and _crc(file, place.offset) == place.before:
            return place
        count = min(_MARKED, place.offset)
        if size >= count and _crc(file, count) == place.begins:
            self.fault(f"{LOGS}/{name} lost its end; what came behind it until now is not counted")
            place = _place(file, _last_line_feed(file, size))
            self.places[name] = place
            return place
        return Place()


def _place(file: BinaryIO, offset: int, *, is_within: bool = False) -> Place:
    return Place(offset, _crc(file, min(_MARKED, offset)), _crc(file, offset), is_within)


def _crc(file: BinaryIO, offset: int) -> int:
    """Of the bytes right before a place."""
    begin = max(0, offset - _MARKED)
    return zlib.crc32(os.pread(file.fileno(), offset - begin, begin))


def _last_line_feed(file: BinaryIO, size: int) -> int:
    begin = max(0, size - LONGEST_LINE)
    return begin + os.pread(file.fileno(), size - begin, begin).rfind(b"\n") + 1
