"""The register of a lost archive, put together again and proven against the head that was signed.

A disk that has the register itself, a backup say, gives every line. Mirrors have its extract: the
packs hold the lines up to a publication, the signed tail those from there to the head. Lines that
spoke of what was not shared are in neither: of them the number and SHA-256 come back, and the chain
goes on through them.

Laws: every line follows from the one before; the line that was signed as the head stands where it
was signed; lines behind it come only from a disk that has the register itself. Segments begin where
they began.

Not here: what the lines mean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from phonotheque.archive.keeping.surveying import Survey
from phonotheque.disk import Disk, write_whole
from phonotheque.errors import BrokenRegisterError, NotHeldError, PhonothequeError
from phonotheque.mirror.copying import Folder
from phonotheque.publish.packs.form import HEAD, PackKind, folder_of
from phonotheque.publish.packs.reading import OpenPack
from phonotheque.register.chain import GENESIS, Entry, Head, NotInChainError, Withheld, decode_line
from phonotheque.register.journal import (
    FOLDER,
    SEGMENT_BYTES,
    Position,
    Torn,
    raw_lines,
    read,
    segment_count,
    segment_path,
)

Line = tuple[int, bytes]
"""A line, newline and all, and the number of its segment."""


@dataclass(frozen=True, slots=True)
class Back:
    """A register that was written again.

    Attributes:
        end: The place after its last line.
        last_at: The instant of that line.
        withheld: So many of its lines are known by their SHA-256 alone.
        source: Where it came from.
    """

    end: Position
    last_at: str
    withheld: int
    source: str


def bring_register(disk: Disk, survey: Survey) -> Back:
    """Write the register into an empty archive; durable on return.

    Args:
        disk: The archive's, with the packs that were fetched.
        survey: What is known of it.

    Raises:
        NotHeldError: No disk has enough of it.
        BrokenRegisterError: What there is does not lead to the head that was signed.
    """
    refused: list[str] = []
    for folder in survey.folders:
        try:
            _prove_whole(folder, survey.head)
        except PhonothequeError as error:
            if folder.disk.list(FOLDER):
                refused.append(str(error))
            continue
        return _write(disk, survey.head, _whole(folder), folder.name)
    try:
        return _write(disk, survey.head, _extract(disk, survey), "the packs")
    except (NotHeldError, BrokenRegisterError) as error:
        todo = "Name one more mirror, or a backup of the register: --from DIR."
        more = f" ({'; '.join(refused)})" if refused else ""
        raise BrokenRegisterError(FOLDER, f"{error.wrong}{more}", todo) from error


def _prove_whole(folder: Folder, signed: Head) -> None:
    """Read the register of a disk to its end, and see that it holds the line that was signed."""
    if not folder.disk.list(FOLDER):
        raise NotHeldError(folder.name, "there is no register", "Name another disk.")
    heads = (item[1].head for item in read(folder.disk) if not isinstance(item, Torn))
    if signed not in heads:
        wrong = f"line {signed.seq} of its register is not the one that was signed"
        raise BrokenRegisterError(folder.name, wrong, "Name another disk.")
    for _ in heads:  # the lines behind it follow, too
        pass


def _whole(folder: Folder) -> Iterator[Line]:
    for segment in range(1, segment_count(folder.disk) + 1):
        for line in raw_lines(folder.disk, segment):
            yield segment, line


def _extract(disk: Disk, survey: Survey) -> Iterator[Line]:
    """The lines of the packs, then those of the tail."""
    names = [line.id for line in survey.offered if line.kind == PackKind.REGISTER]
    newest: dict[str, str] = {}
    for name in sorted(names):
        if disk.stat(f"{folder_of(name)}/{HEAD}") is None:
            wrong = f"no disk has {name}, in which its lines are, whole"
            raise NotHeldError(FOLDER, wrong, "Name another mirror.")
        with OpenPack(disk, folder_of(name)) as pack:
            newest |= {entry.key: name for entry in pack.entries()}
    if not newest or not survey.tail:
        raise NotHeldError(FOLDER, "no disk has the pack with its lines", "Name another mirror.")
    segment, size_bytes = 1, 0
    for key in sorted(newest):
        with OpenPack(disk, folder_of(newest[key])) as pack:
            data = pack.get(key) or b""
        number = int(key.partition("-")[0])
        size_bytes = len(data) + (size_bytes if number == segment else 0)
        segment = number
        for line in data.splitlines(keepends=True):
            yield segment, line
    for line in survey.tail.splitlines(keepends=True):
        if size_bytes >= SEGMENT_BYTES:
            segment, size_bytes = segment + 1, 0
        size_bytes += len(line)
        yield segment, line


def _write(disk: Disk, signed: Head, lines: Iterable[Line], source: str) -> Back:
    """Write lines that follow from each other, and refuse an end that is not the signed one."""
    chain = _Chain(signed)
    parts: list[bytes] = []
    segment = 1
    for number, line in lines:
        if number != segment:
            write_whole(disk, segment_path(segment), b"".join(parts))
            segment, parts = number, []
        chain.follow(line)
        parts.append(line)
    if not chain.is_signed:
        raise BrokenRegisterError(
            FOLDER,
            f"its lines end with {chain.head.seq}, and do not hold line {signed.seq} as signed",
            "Name another mirror, or a backup.",
        )
    data = b"".join(parts)
    write_whole(disk, segment_path(segment), data)
    end = Position(segment, len(data), chain.head)
    return Back(end, chain.last_at, chain.withheld, source)


class _Chain:
    """The lines so far, each held against the one before."""

    def __init__(self, signed: Head) -> None:
        self.head = GENESIS
        self.last_at = ""
        self.withheld = 0
        self.is_signed = False
        self._signed = signed

    def follow(self, line: bytes) -> Entry:
        """Take the next line."""
        try:
            entry, self.head = decode_line(self.head, line)
        except NotInChainError as error:
            digest = hashlib.sha256(line).hexdigest()
            raise BrokenRegisterError(
                FOLDER,
                f"line {self.head.seq + 1} ({digest[:12]}) is damaged: {error}",
                "Name another mirror, or a backup.",
            ) from error
        self.last_at = entry.at or self.last_at
        self.withheld += isinstance(entry.event, Withheld)
        self.is_signed = self.is_signed or self.head == self._signed
        return entry
