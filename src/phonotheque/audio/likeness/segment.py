"""One file of the index: which tracks have which keys, sorted by key, read through a memory map.

    magic     8 bytes, `PHONOFP1`
    numbers   uint32 x postings: numbers of tracks; those of the first key, rising, then the next
    keys      uint32 x keys: rising, each once
    starts    uint32 x (keys + 1): the numbers of key i are numbers[starts[i]:starts[i + 1]]
    tracks    uint32 x tracks: every track in here, rising; plain ones have no key
    footer    uint64 postings, keys, tracks; uint32 CRC-32 of all before it

All little-endian. Counts stand at the end, since numbers are written while they are merged: a
segment of a gigabyte is written in 16 MB steps.

Laws: a segment is written whole or not at all, and never changed; its file is called
`<first>-<last>.keys`, the batches that are in it; one that is cut short or grown is refused when it
is opened, any other damage by `check`.

Not here: which segments there are (`phonotheque.audio.likeness.index`), merging them
(`phonotheque.audio.likeness.merge`).
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phonotheque.audio.likeness.keys import Keys
from phonotheque.disk import Disk, Writer
from phonotheque.errors import MalformedError

Pairs = NDArray[np.uint64]
"""Postings, rising: the key in the upper 32 bits, the number of the track in the lower."""

Numbers = NDArray[np.uint32]
"""Numbers of tracks."""

MOST_POSTINGS = (1 << 32) - 1
"""In one segment, because starts have 32 bits: some 46 million tracks."""

_MAGIC = b"PHONOFP1"
_FOOTER = struct.Struct("<QQQI")
_NUMBER_BYTES = 4


@dataclass(frozen=True, slots=True)
class Span:
    """The batches in a segment, from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def file_name(self) -> str:
        """What a segment of these batches is called."""
        return f"{self.first:08d}-{self.last:08d}{SUFFIX}"

    def overlaps(self, other: Span) -> bool:
        """Whether a batch is in both."""
        return self.first <= other.last and other.first <= self.last


SUFFIX = ".keys"


def parse_span(file_name: str) -> Span | None:
    """Return the batches that a file's name tells, or None when it is not a segment's name."""
    first, _, last = file_name.removesuffix(SUFFIX).partition("-")
    if not (first.isdecimal() and last.isdecimal()):
        return None
    span = Span(int(first), int(last))
    return span if span.file_name == file_name and span.first <= span.last else None


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """An open segment. Its arrays lie in the mapped file and live as long as they are used."""

    path: str
    span: Span
    numbers: Numbers
    keys: Keys
    starts: NDArray[np.uint32]
    tracks: Numbers
    whole: memoryview

    @property
    def postings(self) -> int:
        """How many pairs of key and track are in here."""
        return len(self.numbers)

    def look_up(self, keys: Keys) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where in `numbers` the tracks of each key begin, and how many they are."""
        if not len(self.keys):
            return np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        start, end = (self.starts[at + after].astype(np.int64) for after in (0, 1))
        is_here = (self.keys[at] == keys) & (start <= end) & (end <= len(self.numbers))
        return start, np.where(is_here, end - start, 0)

    def holds(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Say of each track whether it is in here."""
        if not len(self.tracks):
            return np.zeros(len(numbers), np.bool_)
        at = np.minimum(np.searchsorted(self.tracks, numbers), len(self.tracks) - 1)
        held: NDArray[np.bool_] = self.tracks[at] == numbers
        return held

    def pairs(self, first_key: int, end_key: int) -> Pairs:
        """Return the postings of all keys from `first_key` to before `end_key`."""
        first, end = np.searchsorted(self.keys, np.array([first_key, end_key], np.uint32))
        starts = self.starts[first : end + 1].astype(np.int64)
        keys = np.repeat(self.keys[first:end].astype(np.uint64), np.diff(starts))
        return keys << np.uint64(32) | self.numbers[starts[0] : starts[-1]]

    def check(self) -> None:
        """Read all of it. Raises `MalformedError` when a byte is not as it was written."""
        body = len(self.whole) - _NUMBER_BYTES
        if zlib.crc32(self.whole[:body]) != int.from_bytes(self.whole[body:], "little"):
            raise malformed(self.path, "its checksum differs")


def malformed(path: str, wrong: str) -> MalformedError:
    """Say what is wrong with a segment. Nothing is lost with it that cannot be made again."""
    return MalformedError(path, wrong, "Run `phono rebuild` to make the index again.")


def load(disk: Disk, path: str, span: Span) -> Segment:
    """Open a segment.

    Raises:
        NotHeldError: There is no such file.
        MalformedError: It is no segment, or not all of one.

    Cost: a few pages are read, whatever its size.
    """
    whole = memoryview(_mapped(disk, path))
    room = len(whole) - len(_MAGIC) - _FOOTER.size
    if room < 0 or whole[: len(_MAGIC)] != _MAGIC:
        raise malformed(path, "it is not a segment of an index of fingerprints")
    postings, keys, tracks, _ = _FOOTER.unpack(whole[-_FOOTER.size :])
    if room != _NUMBER_BYTES * (postings + keys + keys + 1 + tracks):
        raise malformed(path, f"its {len(whole)} bytes are not what its footer says")
    values = np.frombuffer(whole[len(_MAGIC) : -_FOOTER.size], "<u4")
    ends = np.cumsum([postings, keys, keys + 1])
    numbers, of_keys, starts, of_tracks = np.split(values, ends)
    if starts[0] or starts[-1] != postings:
        raise malformed(path, "its keys do not lead to its numbers")
    return Segment(path, span, numbers, of_keys, starts, of_tracks, whole)


def _mapped(disk: Disk, path: str) -> mmap.mmap | bytes:
    """Map a file into memory, or read it where that is not possible."""
    with disk.open(path) as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):  # an empty file, a disk in memory, a system without maps
            return file.read()


def write(disk: Disk, path: str, blocks: Iterable[Pairs], tracks: Numbers) -> None:
    """Write a segment under `path`, whole or not at all, durable on return.

    Args:
        blocks: Postings, each once, rising within a block and from block to block.
        tracks: Every track, rising.

    Cost: 8 bytes of memory for each key (240 MB at most), whatever the number of postings.
    """
    folder, _, name = path.rpartition("/")
    temporary = f"{folder}/.{name}.new"
    disk.remove(temporary)
    writer = disk.create(temporary)
    try:
        _write_all(_Summing(writer), blocks, tracks)
        writer.sync()
    finally:
        writer.close()
    disk.rename(temporary, path)
    disk.sync_folder(folder)


class _Summing:
    """A writer that keeps the CRC-32 of what it wrote."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.crc = 0

    def write(self, data: bytes) -> None:
        self.crc = zlib.crc32(data, self.crc)
        self._writer.write(data)

    def write_numbers(self, numbers: NDArray[np.unsignedinteger]) -> None:
        self.write(numbers.astype("<u4").tobytes())


def _write_all(out: _Summing, blocks: Iterable[Pairs], tracks: Numbers) -> None:
    out.write(_MAGIC)
    keys: list[Keys] = []
    starts: list[NDArray[np.uint32]] = []
    postings = 0
    for pairs in blocks:
        out.write_numbers(pairs & np.uint64(0xFFFF_FFFF))
        of_pairs = (pairs >> np.uint64(32)).astype(np.uint32)
        heads = np.flatnonzero(np.diff(of_pairs, prepend=np.uint32(0xFFFF_FFFF)))
        keys.append(of_pairs[heads])
        starts.append((heads + postings).astype(np.uint32))
        postings += len(pairs)
    for part in (*keys, *starts):
        out.write_numbers(part)
    out.write_numbers(np.array([postings], np.uint32))
    out.write_numbers(tracks)
    counts = _FOOTER.pack(postings, sum(map(len, keys)), len(tracks), 0)[:-_NUMBER_BYTES]
    out.write(counts)
    out.write(out.crc.to_bytes(_NUMBER_BYTES, "little"))
