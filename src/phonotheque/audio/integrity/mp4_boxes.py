"""The boxes of an MP4 and the tables of a track, read a slice at a time.

Laws: a length is a claim; a box ends where the one around it does at the latest, so that no byte is
walked more often than boxes can stand in each other; at most 4,096 boxes of one level are walked,
tables are read in slices of a bounded size.

Source: ISO/IEC 14496-12, 4.2 and 8. Not here: what they mean (`mp4`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phonotheque.audio.integrity.window import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_BOXES = 4096
_SLICE = 1 << 16


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its name, where it and its body begin, and where it claims to end."""

    kind: str
    at: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers in a box: `count` rows of `columns` numbers of `width` bytes."""

    at: int
    count: int
    columns: int = 1
    width: int = 4

    def slice(self, window: Window, first: int, last: int) -> NDArray[np.int64]:
        """Return rows `first` to `last`, fewer where the file ends."""
        row = self.columns * self.width
        data = window.read(self.at + first * row, max(0, min(last, self.count) - first) * row)
        numbers = np.frombuffer(data[: len(data) // row * row], f">u{self.width}")
        return numbers.astype(np.int64).reshape(-1, self.columns)

    def iter_slices(self, window: Window) -> Iterator[NDArray[np.int64]]:
        """Walk all rows, 65,536 at a time."""
        for first in range(0, self.count, _SLICE):
            rows = self.slice(window, first, first + _SLICE)
            if not len(rows):
                return
            yield rows


@dataclass(slots=True)
class Track:
    """What the boxes of one track say.

    Attributes:
        kind: Of its handler: "soun" for sound.
        timescale: Units per second of `duration`.
        duration: As stated.
        times: Rows of (samples, duration of each).
        chunks: Rows of (first chunk, samples in each, description).
        offsets: Rows of one: where each chunk begins in the file.
        sizes: Rows of one: bytes of each sample; None when all are of `size`.
        size: Bytes of every sample, when `sizes` is None.
        samples: How many samples there are.
    """

    kind: str = ""
    timescale: int = 0
    duration: int = 0
    times: Table | None = None
    chunks: Table | None = None
    offsets: Table | None = None
    sizes: Table | None = None
    size: int = 0
    samples: int = 0


def iter_boxes(window: Window, start: int, end: int) -> Iterator[Box]:
    """Walk the boxes between two places; the last may claim to end behind `end`."""
    at = start
    for _ in range(_MOST_BOXES):
        head = window.read(at, 16)[: max(0, end - at)]
        if len(head) < 8:
            return
        size, body = int.from_bytes(head[:4], "big"), at + 8
        if size == 1:
            size, body = int.from_bytes(head[8:16], "big"), at + 16
        elif size == 0:
            size = end - at
        yield Box(head[4:8].decode("latin-1"), at, body, at + size)
        if at + size < body:
            return
        at += size


_NESTED = ("mdia", "minf", "stbl")  # each in the one before
_LEVELS = len(_NESTED)


def read_track(window: Window, box: Box) -> Track:
    """Read the boxes of one `trak`."""
    track = Track()
    _read_level(window, box.body, min(box.end, window.size), track, _LEVELS)
    return track


def _read_level(window: Window, start: int, end: int, track: Track, levels: int) -> None:
    for inner in iter_boxes(window, start, end):
        stop = min(inner.end, end)
        if inner.kind in _NESTED and levels:
            _read_level(window, inner.body, stop, track, levels - 1)
        else:
            _read_box(window, inner, stop - inner.body, track)


def _read_box(window: Window, box: Box, room: int, track: Track) -> None:
    head = window.read(box.body, 32)
    if len(head) < 12:
        return
    match box.kind:
        case "hdlr":
            track.kind = head[8:12].decode("latin-1")
        case "mdhd":
            wide = head[0] == 1
            at, width = (20, 8) if wide else (12, 4)
            track.timescale = int.from_bytes(head[at : at + 4], "big")
            duration = int.from_bytes(head[at + 4 : at + 4 + width], "big")
            track.duration = 0 if duration == (1 << 8 * width) - 1 else duration
        case "stts":
            track.times = _table(head, box.body, room, 2)
        case "stsc":
            track.chunks = _table(head, box.body, room, 3)
        case "stco" | "co64":
            track.offsets = _table(head, box.body, room, 1, 8 if box.kind == "co64" else 4)
        case "stsz":
            track.size, track.samples = (int.from_bytes(head[a : a + 4], "big") for a in (4, 8))
            if not track.size:
                track.sizes = Table(box.body + 12, min(track.samples, max(0, room - 12) // 4))


def _table(head: bytes, body: int, room: int, columns: int, width: int = 4) -> Table:
    count = int.from_bytes(head[4:8], "big")
    return Table(body + 8, min(count, max(0, room - 8) // (columns * width)), columns, width)
