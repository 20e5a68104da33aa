"""The register as files: segments that only ever grow, and the rule for a torn end.

Laws: `append` returns only when its lines are durable; lines that were durable are never changed;
only the last append can be torn by a crash, and a torn end is copied to `register/torn/` before it
is cut off; any other break in the chain is refused by name and position, and nothing is repaired.

A crash may leave the last append incomplete (no newline at the end) or full of zeros (blocks that
were allocated but not written). Any other broken line is damage: a flipped byte parses or not, but
brings no NUL. Not here: what events mean (`index`), who may write (`phonotheque.archive`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phonotheque.disk import Disk, Kind, Writer, make_folders, write_whole
from phonotheque.errors import BrokenRegisterError, UnavailableError
from phonotheque.register.chain import (
    GENESIS,
    MAX_LINE_BYTES,
    Entry,
    Head,
    NotInChainError,
    decode_line,
    encode_line,
)
from phonotheque.register.events import Event

FOLDER = "register"
SEGMENT_BYTES = 64 << 20
"""A segment that has reached this length is followed by a new one: small enough to copy and look
at, large enough that a large archive has hundreds, not millions."""

_READ_BYTES = 1 << 18
_INSTANT = re.compile(rb'"prev":"[0-9a-f]{64}","at":"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two lines: `offset` bytes into segment number `segment`, after `head`."""

    segment: int
    offset: int
    head: Head


START = Position(1, 0, GENESIS)
"""The place before the first line."""


@dataclass(frozen=True, slots=True)
class Torn:
    """An end of the register that a crash left incomplete: from `position` to the segment's end."""

    position: Position
    data: bytes


def segment_path(number: int) -> str:
    """Path of a segment: `register/000001.jsonl`."""
    return f"{FOLDER}/{number:06d}.jsonl"


def segment_count(disk: Disk) -> int:
    """How many segments there are; they are numbered from 1 without a gap.

    Raises:
        BrokenRegisterError: One is missing.
    """
    names = {entry.name for entry in disk.list(FOLDER) if entry.kind is Kind.FILE}
    numbers = sorted(int(name[:6]) for name in names if _is_segment(name))
    if numbers != list(range(1, len(numbers) + 1)):
        gap = next(n for n in range(1, len(numbers) + 2) if n not in numbers)
        raise BrokenRegisterError(
            segment_path(gap),
            "this segment of the register is missing",
            "Bring it back from a backup or a mirror; nothing was changed.",
        )
    return len(numbers)


def _is_segment(name: str) -> bool:
    return len(name) == 12 and name.endswith(".jsonl") and name[:6].isdigit()


def _lines(disk: Disk, position: Position) -> Iterator[bytes]:
    """The raw lines of one segment from a place on; the last may lack its newline."""
    with disk.open(segment_path(position.segment)) as file:
        file.seek(position.offset)
        rest = b""
        while block := file.read(_READ_BYTES):
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                yield line + b"\n"
            if len(rest) > MAX_LINE_BYTES:  # bounded memory, whatever stands there
                break
        if rest:
            yield rest


def raw_lines(disk: Disk, segment: int) -> Iterator[bytes]:
    """Give the bytes of each whole line of a segment, newline and all; nothing is checked."""
    for line in _lines(disk, Position(segment, 0, GENESIS)):
        if line.endswith(b"\n"):
            yield line


def read(disk: Disk, since: Position = START) -> Iterator[tuple[Entry, Position] | Torn]:
    """Read the register from a place on, checking the chain at every line.

    Yields:
        Each entry with the place after it, in order; last, if the end is torn, a `Torn`.

    Raises:
        BrokenRegisterError: A line does not follow; segment, line number and byte are named.
    """
    last = segment_count(disk)
    place = since
    while place.segment <= last:
        for raw in _lines(disk, place):
            try:
                entry, head = decode_line(place.head, raw)
            except NotInChainError as error:
                if place.segment == last and (torn := _torn_end(disk, place)):
                    yield torn
                    return
                raise _broken(place, str(error)) from error
            place = Position(place.segment, place.offset + len(raw), head)
            yield entry, place
        place = Position(place.segment + 1, 0, place.head)


def _torn_end(disk: Disk, place: Position) -> Torn | None:
    """The rest of the last segment, if it looks like an interrupted append and not like damage."""
    with disk.open(segment_path(place.segment)) as file:
        file.seek(place.offset)
        rest = file.read()
    is_incomplete = b"\n" not in rest or b"\0" in rest
    return Torn(place, rest) if is_incomplete and _is_one_append(rest) else None


def _is_one_append(rest: bytes) -> bool:
    """Whether all lines of `rest` that can be read were written at one instant.

    All lines of one append carry the same instant, and the next append begins only when the one
    before is durable: lines of two instants are lines that were acknowledged.
    """
    return len(set(_INSTANT.findall(rest))) <= 1


def _broken(place: Position, why: str) -> BrokenRegisterError:
    return BrokenRegisterError(
        segment_path(place.segment),
        f"line {place.head.seq + 1} of the register, at byte {place.offset}, is damaged: {why}",
        "Nothing was changed. Bring this segment back from a backup or a mirror.",
    )


def check_place(disk: Disk, place: Position) -> None:
    """Prove that the register still ends a line with `place.head` where `place` says.

    Cost: reads one line, however long the register is.

    Raises:
        BrokenRegisterError: The register is shorter, or another line stands there.
    """
    if place.head.seq == 0:
        return
    start = max(0, place.offset - MAX_LINE_BYTES - 1)
    segment = disk.stat(segment_path(place.segment))
    if segment is None or segment.size_bytes < place.offset:
        raise _broken(place, "lines that were acknowledged are missing")
    with disk.open(segment_path(place.segment)) as file:
        file.seek(start)
        before = file.read(place.offset - start)
    line = before[before.rfind(b"\n", 0, -1) + 1 :]
    prev_of_line = Head(place.head.seq - 1, _prev_of(line))
    try:
        _, head = decode_line(prev_of_line, line)
    except NotInChainError as error:
        raise _broken(
            Position(place.segment, place.offset - len(line), prev_of_line), str(error)
        ) from error
    if head != place.head:
        raise _broken(
            Position(place.segment, place.offset - len(line), prev_of_line),
            "another line stands where the last checkpoint was",
        )


def _prev_of(line: bytes) -> str:
    """What a line says about the line before it, unchecked: it stands at a fixed key."""
    _, _, after = line.partition(b'"prev":"')
    return after[:64].decode("ascii", "replace")


class Journal:
    """The end of the register, held by the one writer.

    Args:
        disk: The archive.
        end: Where the register ends, as `read` found it.

    A failed append makes the journal unusable: what reached the disk is unknown until the
    register is opened and read again.
    """

    def __init__(self, disk: Disk, end: Position) -> None:
        self._disk = disk
        self._end = end
        self._writer: Writer | None = None
        self._failed = False

    @property
    def end(self) -> Position:
        """The place after the last durable line."""
        return self._end

    def append(self, at: str, events: Sequence[Event]) -> list[tuple[Entry, Position]]:
        """Write events as the next lines; durable on return.

        Returns:
            The entries with the place after each, in order.

        Raises:
            UnavailableError: The disk refused; none of the events may be taken as written.
        """
        if self._failed:
            raise UnavailableError(
                FOLDER, "an earlier write failed", "Open the archive again before writing."
            )
        if not events:
            return []
        place = self._end
        if place.offset >= SEGMENT_BYTES:
            place = Position(place.segment + 1, 0, place.head)
        entries, data = [], bytearray()
        for event in events:
            line, head = encode_line(place.head, at, event)
            data += line
            place = Position(place.segment, place.offset + len(line), head)
            entries.append((Entry(head.seq, at, event), place))
        self._write(place.segment, bytes(data))
        self._end = place
        return entries

    def _write(self, segment: int, data: bytes) -> None:
        path = segment_path(segment)
        is_new = segment != self._end.segment or self._end.offset == 0
        try:
            if self._writer is None or is_new:
                self.close()
                self._writer = self._disk.append(path)
            self._writer.write(data)
            self._writer.sync()
            if is_new:
                self._disk.sync_folder(FOLDER)
        except UnavailableError:
            self._failed = True
            raise

    def close(self) -> None:
        """Let go of the segment. Safe to call twice."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.close()


def make_durable(disk: Disk) -> None:
    """Make the last segment durable as it is read now; those before it were synced long ago.

    A process killed between its write and its sync leaves lines that can be read but are not yet
    on the disk; before anybody relies on them they are synced.
    """
    writer = disk.append(segment_path(segment_count(disk)))
    try:
        writer.sync()
    finally:
        writer.close()
    disk.sync_folder(FOLDER)


def set_aside(disk: Disk, torn: Torn) -> str:
    """Copy a torn end to `register/torn/`, then cut it off.

    Returns:
        The path of the copy.
    """
    place = torn.position
    folder = f"{FOLDER}/torn"
    make_folders(disk, folder)
    # The same place can be torn twice: the name tells copies apart by their bytes.
    digest = hashlib.sha256(torn.data).hexdigest()[:12]
    copy = f"{folder}/{place.segment:06d}-{place.offset}-{digest}.bytes"
    write_whole(disk, copy, torn.data)
    disk.truncate(segment_path(place.segment), place.offset)
    return copy
