"""Lists in a zip, as services give people their histories: nothing is unpacked to the disk.

Laws: which files are read is told by their names: all months of ListenBrainz, all years of Spotify,
else the one list that is in it; memory and work are bounded, whatever the file says of itself: by
the size of its directory, by methods that need little memory, and by how often its own size it may
unpack to; a damaged or encrypted file is refused in our words.

Source: PKWARE, APPNOTE.TXT 6.3.10.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, BinaryIO

from msgspec.structs import replace

from phonotheque.catalogue.match.entry import Entry
from phonotheque.errors import BadRequestError

MAGIC = b"PK\x03\x04"
"""Bytes that a zip with anything in it begins with."""

MOST_OF_DIRECTORY = 2_000_000
"""Bytes of its directory: some 20,000 files."""
MOST_TIMES = 250
"""How often its own size a zip may unpack to: histories reach 20, deflate 1,032."""
LEAST_ALLOWED = 64_000_000
"""Bytes that even a small zip may unpack to."""

_MONTHS_OF_LISTENS = re.compile(r"(?:^|/)listens/\d{1,4}/\d{1,2}\.jsonl$", re.ASCII)
_STREAMS = re.compile(
    r"(?:^|/)(?:Streaming_History_Audio_[^/]*|StreamingHistory(?:_music)?_?\d*|endsong_\d+)\.json$",
    re.ASCII,
)
_LISTS = re.compile(
    r"\.(?:jsonl?|jspf|xspf|m3u8?|csv|tsv|txt|scrobbler\.log)$", re.ASCII | re.IGNORECASE
)
_NO_PARTS = re.compile(r"(?:^|/)(?:__MACOSX/|\.)")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Others may ask for gigabytes of memory before they give a byte."""
_IS_ENCRYPTED = 1
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError),
    *(NotImplementedError, RuntimeError, OverflowError),
)
"""What Python's reader raises for a zip that is damaged, or forged."""

Read = Callable[[BinaryIO, str], Iterator[Entry]]
"""Reads one list: its stream, its name."""


def read_zipped(stream: BinaryIO, file: str, read: Read) -> Iterator[Entry]:
    """Give the entries of all lists that are meant, numbered through.

    Raises:
        BadRequestError: It cannot be read, has no list, or several of which none is the history.
    """
    allowed = _Allowance(max(LEAST_ALLOWED, MOST_TIMES * _size_of(stream, file)))
    try:
        opened = zipfile.ZipFile(_Careful(stream))
    except _UNREADABLE as error:
        raise _unreadable(file, error) from error
    with opened:
        number = 0
        for info in _meant(opened, file):
            name = f"{file}/{info.filename}"
            with _opened(opened, info, name) as packed:
                for entry in read(_Unpacked(packed, name, allowed), name):  # type: ignore[arg-type]
                    number += 1
                    wrong = entry.wrong and f"{info.filename}, {entry.number}: {entry.wrong}"
                    yield replace(entry, number=number, wrong=wrong)


def _meant(opened: zipfile.ZipFile, file: str) -> list[zipfile.ZipInfo]:
    """Return which files are read, in the order of the months or parts that they name."""
    named = [one for one in opened.infolist() if not _NO_PARTS.search(one.filename)]
    for pattern in (_MONTHS_OF_LISTENS, _STREAMS):
        if found := [one for one in named if pattern.search(one.filename)]:
            return sorted(found, key=lambda one: _by_number(one.filename))
    found = [one for one in named if _LISTS.search(one.filename)]
    if len(found) == 1:
        return found
    if not found:
        todo = "Give the file with the history or the playlist itself."
        raise BadRequestError(file, "it has no list that is known", todo)
    names = ", ".join(one.filename[:40] for one in found[:4])
    todo = "Unpack it, and give those that are meant."
    raise BadRequestError(file, f"it has {len(found):,} lists: {names} ...", todo)


def _by_number(name: str) -> list[tuple[int, str]]:
    """Order names so that 2 comes before 10."""
    parts = re.findall(r"[0-9]{1,12}|[^0-9]+", name)
    return [(int(part), "") if part[0] in "0123456789" else (-1, part) for part in parts]


def _opened(opened: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> IO[bytes]:
    if info.flag_bits & _IS_ENCRYPTED:
        raise BadRequestError(name, "it is encrypted", "Unpack it, and give the file itself.")
    if info.compress_type not in _METHODS:
        todo = "Unpack it, and give the file itself."
        raise BadRequestError(name, "it is packed by a method that is not read here", todo)
    try:
        return opened.open(info)
    except _UNREADABLE as error:
        raise _unreadable(name, error) from error


def _size_of(stream: BinaryIO, file: str) -> int:
    if not stream.seekable():
        todo = "Give the zip as a file, not through a pipe."
        raise BadRequestError(file, "a zip is read from its end", todo)
    return stream.seek(0, io.SEEK_END)


def _unreadable(name: str, error: Exception) -> BadRequestError:
    todo = "Export it again, or unpack it and give what came out."
    return BadRequestError(name, f"the zip cannot be read: {error or type(error).__name__}", todo)


class _Allowance:
    """How many bytes may still come out of a zip."""

    def __init__(self, left_bytes: int) -> None:
        self.left_bytes = left_bytes


class _Careful:
    """A file for Python's reader of zips, which reads as much at once as a directory claims."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable

    def read(self, size: int = -1) -> bytes:
        wanted = size if 0 <= size <= MOST_OF_DIRECTORY else MOST_OF_DIRECTORY + 1
        found = self._stream.read(wanted)
        if len(found) > MOST_OF_DIRECTORY:
            raise zipfile.BadZipFile(f"its directory has more than {MOST_OF_DIRECTORY:,} bytes")
        return found

    def close(self) -> None:
        """Leave it open: whoever opened it closes it."""


class _Unpacked:
    """What comes out of one file of a zip, as far as is allowed."""

    def __init__(self, packed: IO[bytes], name: str, allowed: _Allowance) -> None:
        self._packed, self._name, self._allowed = packed, name, allowed

    def read(self, size: int) -> bytes:
        try:
            found = self._packed.read(size)
        except _UNREADABLE as error:
            raise _unreadable(self._name, error) from error
        self._allowed.left_bytes -= len(found)
        if self._allowed.left_bytes < 0:
            wrong = f"the zip unpacks to more than {MOST_TIMES} times its size"
            raise BadRequestError(self._name, wrong, "Unpack it yourself if it is meant so.")
        return found
