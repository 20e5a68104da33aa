"""MP4: whether every coded packet that its tables name lies where sound can be.

There is no checksum in an MP4. The tables say where each packet stands and how long it is, so a
file that was cut or lost bytes contradicts itself, and one whose bytes were changed does not.

Source: ISO/IEC 14496-12, 8. Not here: the layout of boxes and tables (`mp4_boxes`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from phonotheque.audio.integrity.examined import Cover, Examined, Findings
from phonotheque.audio.integrity.mp4_boxes import Box, Table, Track, iter_boxes, read_track
from phonotheque.audio.integrity.window import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHUNKS_AT_ONCE = 1024
_MOST_AT_ONCE = 1 << 19  # packets in those chunks: a real file has some 20 in each
_MOST_RUNS = 1 << 18  # rows of the table of chunks: 6 MB
_MOST_SOUND_BOXES = 1 << 16
_TOLERANCE = 0.01
_NO_CHECKSUM = "MP4 has no checksum of the sound, so changed bytes inside a packet may not be seen"
_TOO_LONG = "its tables are longer than are read"
_FRAGMENTED = "its tables stand in fragments, of which only the order is checked"


def examine_mp4(file: BinaryIO, codec: str) -> Examined:
    """Examine the boxes of an MP4 and the tables of its first sound track."""
    window = Window(file)
    reading = _Reading(window)
    reading.walk()
    track = reading.track
    is_stated = bool(track and track.timescale and track.duration and not reading.is_fragmented)
    return Examined(
        container="mp4",
        codec=codec,
        cover=Cover.NONE,
        checks=tuple(reading.checks),
        notes=tuple(reading.notes),
        damage=reading.findings.listed,
        damaged_places=reading.findings.count,
        doubt=reading.doubt,
        declared_ms=track.duration * 1000 // track.timescale if track and is_stated else None,
    )


@dataclass(slots=True)
class _Reading:
    window: Window
    findings: Findings = field(default_factory=Findings)
    checks: list[str] = field(default_factory=lambda: ["the order and lengths of the MP4 boxes"])
    notes: list[str] = field(default_factory=list)
    doubt: str = _NO_CHECKSUM
    track: Track | None = None
    is_fragmented: bool = False
    _sound: list[tuple[int, int]] = field(default_factory=list)

    def walk(self) -> None:
        moov = self._walk_top()
        if moov is None:
            self.findings.add("its tables are missing: there is no moov box", self.window.size)
            return
        for box in iter_boxes(self.window, moov.body, min(moov.end, self.window.size)):
            if box.kind == "mvex":
                self.is_fragmented = True
            if box.kind == "trak" and self.track is None:
                track = read_track(self.window, box)
                self.track = track if track.kind == "soun" else None
        if self.is_fragmented:
            self.doubt = _FRAGMENTED
        elif self.track is None:
            self.findings.add("its tables name no track of sound", moov.at)
        else:
            self._compare(self.track, moov)

    def _walk_top(self) -> Box | None:
        """Walk the outermost boxes; return the one with the tables."""
        moov, size, last = None, self.window.size, 0
        for box in iter_boxes(self.window, 0, size):
            is_name = box.kind.isprintable() and not box.kind.isspace()
            if box.end < box.body or not is_name:
                self._stray(box, moov)
                return moov
            if box.end > size:
                what = (
                    f"the file ends {box.end - size:,} bytes before the end of its box {box.kind}"
                )
                self.findings.add(what, size)
            if box.kind == "moov" and moov is None:
                moov = box
            if box.kind == "mdat" and len(self._sound) < _MOST_SOUND_BOXES:
                self._sound.append((box.body, min(box.end, size)))
            last = box.end
        if 0 < size - last < 8:
            self.notes.append(f"behind the last box stand {size - last} foreign bytes")
        return moov

    def _stray(self, box: Box, moov: Box | None) -> None:
        if moov is not None and self._sound:
            length = self.window.size - box.at
            self.notes.append(f"behind the last box stand {length:,} foreign bytes")
        else:
            self.findings.add("a box makes no sense: bytes are missing or too many", box.at)

    def _compare(self, track: Track, moov: Box) -> None:
        """Hold the tables of the track against each other and against the file."""
        if track.times is None or track.chunks is None or track.offsets is None:
            self.findings.add("one of the tables of its track is missing", moov.at)
            return
        listed = track.sizes.count if track.sizes else track.samples
        count, units = self._times(track.times)
        named = self._walk_chunks(track, track.chunks, track.offsets)
        self.checks.append(f"the places of {track.samples:,} packets, by its tables")
        if self.doubt is _TOO_LONG:
            return
        if not count == named == listed == track.samples:
            what = f"its tables disagree about the number of packets ({count:,}, {named:,}, "
            self.findings.add(f"{what}{listed:,} and {track.samples:,})", moov.at)
        tolerance = max(track.timescale / 2, track.duration * _TOLERANCE)
        if track.duration and units + tolerance < track.duration:
            self.findings.add("its packets are shorter than the length it states", moov.at)

    def _times(self, times: Table) -> tuple[int, int]:
        """Number of packets and sum of their durations."""
        count = units = 0
        for rows in times.iter_slices(self.window):
            count += int(rows[:, 0].sum())
            units += int((rows[:, 0].astype(np.float64) * rows[:, 1]).sum())
        return count, units

    def _walk_chunks(self, track: Track, chunks: Table, offsets: Table) -> int:
        """Find chunks of packets that reach out of the sound; return how many packets they name."""
        if chunks.count > _MOST_RUNS:
            self.doubt = _TOO_LONG
            return 0
        runs = chunks.slice(self.window, 0, chunks.count)
        named = 0
        for first in range(0, offsets.count, _CHUNKS_AT_ONCE):
            starts = offsets.slice(self.window, first, first + _CHUNKS_AT_ONCE)[:, 0]
            if not len(starts) or not len(runs):
                break
            numbers = np.arange(first + 1, first + 1 + len(starts))
            run = np.clip(np.searchsorted(runs[:, 0], numbers, "right") - 1, 0, None)
            counts = runs[run, 1]
            if int(counts.sum()) > (_MOST_AT_ONCE if track.sizes else 1 << 40):
                self.doubt = _TOO_LONG
                return 0
            sizes = self._chunk_bytes(track, counts, named)
            self._compare_places(track, starts, starts + sizes, named)
            named += int(counts.sum())
        return named

    def _chunk_bytes(
        self, track: Track, counts: NDArray[np.int64], named: int
    ) -> NDArray[np.int64]:
        """Bytes of each chunk, whose packets begin with number `named`."""
        if track.sizes is None:
            most = self.window.size + 1.0  # a float: the product of two claims fits no integer
            return np.minimum(counts.astype(np.float64) * track.size, most).astype(np.int64)
        sizes = track.sizes.slice(self.window, named, named + int(counts.sum()))[:, 0]
        ends = np.concatenate(([0], np.cumsum(sizes)))
        stops = np.minimum(np.cumsum(counts), len(sizes))
        return ends[stops] - ends[np.concatenate(([0], stops[:-1]))]

    def _compare_places(
        self, track: Track, starts: NDArray[np.int64], stops: NDArray[np.int64], named: int
    ) -> None:
        sound = np.array(sorted(self._sound), np.int64).reshape(-1, 2)
        if not len(sound):
            bad = np.arange(len(starts))
        else:
            box = np.clip(np.searchsorted(sound[:, 0], starts, "right") - 1, 0, None)
            inside = (starts >= sound[box, 0]) & (stops <= sound[box, 1]) & (stops >= starts)
            bad = np.flatnonzero(~inside)
        if len(bad):
            at_ms = None
            if track.samples and track.timescale:
                at_ms = named * track.duration * 1000 // (track.samples * track.timescale)
            what = "packets lie outside of the boxes of sound"
            self.findings.add(what, int(starts[bad[0]]), at_ms=at_ms)
