"""The case book as a file: `journals/guard/cases.jsonl`, and its head beside it.

Laws: what `append` returned from is durable; a line that was changed, taken out or put in is
noticed when the book is read, and so are lines missing at its end, because the head beside it says
how far it went; that the head is missing is noticed, too; the piece of a line that a crash left was
told to nobody, and is cut off before the next one is written. Nothing is repaired.

Write order: a head of no line at all before the first line; then the line, then the head: a crash
between leaves a head that is behind, which is fine. The chain shows that somebody changed a line,
not who could: whoever may write the file and its head can write a whole other book. Against an
older book put back whole there is what somebody else remembers (`read_book`, `known`): the watch
does, and who wants to prove it to others notes the head elsewhere (`phono guard check` prints it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from phonotheque.disk import Disk, make_folders, read_if_held, write_whole
from phonotheque.errors import MalformedError
from phonotheque.guard.book.cases import Cases
from phonotheque.guard.book.entries import Entry
from phonotheque.guard.book.lines import decode_entry, encode_entry
from phonotheque.music.chain import GENESIS, DoesNotFollowError, Head, NotInChainError
from phonotheque.music.decoding import UNDECODABLE

FOLDER = "journals/guard"
LINES = f"{FOLDER}/cases.jsonl"
HEAD = f"{FOLDER}/head.json"
_TODO = "Nothing was changed. Bring journals/guard back from a backup, and look who could write it."


class _Noted(msgspec.Struct, frozen=True):
    seq: int
    digest: str


_decoder = msgspec.json.Decoder(_Noted)


@dataclass
class CaseBook:
    """A case book, read whole. One writer at a time; make it anew to see what others wrote.

    Attributes:
        head: Of its last line.
        cases: What holds after it.
    """

    disk: Disk
    head: Head
    cases: Cases
    _size_bytes: int

    def append(self, at: str, entries: Sequence[Entry]) -> None:
        """Write lines, durable on return.

        Args:
            at: Instant of the lines, as `phonotheque.music.chain.format_instant` writes it.

        Raises:
            UnavailableError: The disk refused; read the book again before writing.
        """
        data, head = bytearray(), self.head
        for entry in entries:
            line, head = encode_entry(head, at, entry)
            data += line
        make_folders(self.disk, FOLDER)
        if self.head == GENESIS and self.disk.stat(HEAD) is None:
            _note(self.disk, GENESIS)
        entry_of_file = self.disk.stat(LINES)
        if entry_of_file is not None and entry_of_file.size_bytes > self._size_bytes:
            self.disk.truncate(LINES, self._size_bytes)
        writer = self.disk.append(LINES)
        try:
            writer.write(data)
            writer.sync()
        finally:
            writer.close()
        self.disk.sync_folder(FOLDER)
        _note(self.disk, head)
        self.head, self._size_bytes = head, self._size_bytes + len(data)
        for entry in entries:
            self.cases.apply(entry)


def read_book(disk: Disk, known: Head = GENESIS) -> CaseBook:
    """Read a case book and prove every line of it; one that is not there is empty.

    Args:
        known: A line that it had once, by its number and digest: it must have it still.

    Raises:
        MalformedError: A line does not follow from those before it, or lines are missing.
    """
    noted = _noted(disk)
    data = read_if_held(disk, LINES) or b""
    if noted is None and b"\n" in data:
        raise MalformedError(HEAD, "it is missing, and with it how far the book went", _TODO)
    missed = {GENESIS if noted is None else noted, known} - {GENESIS}
    head, cases, size_bytes = GENESIS, Cases(), 0
    for line in data.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break  # begun and told to nobody
        try:
            entry, head = decode_entry(head, line)
            cases.apply(entry)
        except (NotInChainError, KeyError) as error:
            raise MalformedError(LINES, _changed(head.seq, error), _TODO) from error
        size_bytes += len(line)
        missed.discard(head)
    if missed:
        seq = min(one.seq for one in missed)
        wrong = f"line {seq} is missing, or not what it was when it was written"
        raise MalformedError(LINES, wrong, _TODO)
    return CaseBook(disk, head, cases, size_bytes)


def _changed(before: int, error: Exception) -> str:
    """What is wrong behind a line, by its number: a link that does not hold is made of two."""
    if before and isinstance(error, DoesNotFollowError):
        return (
            f"line {before} or {before + 1} was changed: {before + 1} does not follow from {before}"
        )
    return f"line {before + 1} was changed: {error}"


def _note(disk: Disk, head: Head) -> None:
    write_whole(disk, HEAD, msgspec.json.encode(_Noted(head.seq, head.digest)) + b"\n")


def _noted(disk: Disk) -> Head | None:
    data = read_if_held(disk, HEAD)
    if data is None:
        return None
    try:
        noted = _decoder.decode(data)
    except UNDECODABLE as error:
        raise MalformedError(HEAD, f"it cannot be read: {error}", _TODO) from error
    return Head(noted.seq, noted.digest)
