"""Logs opened: plain or compressed, files or standard input, in blocks of whole lines.

Laws: memory is bounded whatever the lines are; a line that is longer than any request is left out
and counted; what can be read before damage is read, and the damage is told.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from phonotheque.errors import (
    BadRequestError,
    NotHeldError,
    PhonothequeError,
    UnavailableError,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BLOCK_BYTES = 8 << 20
_READ_BYTES = 1 << 16
LONGEST_LINE_BYTES = 64 << 10
"""Servers refuse addresses of more than 8 KiB or so; a line with three of them is still shorter."""

STANDARD_INPUT = "-"

DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError, zstd.ZstdError)

_PACKED = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
    b"\x28\xb5\x2f\xfd": zstd.ZstdFile,
}


@dataclass(slots=True)
class Opened:
    """A log that is read once.

    Attributes:
        name: As it was given.
        read_bytes: Of the file, so far; packed ones are counted as they lie there.
        size_bytes: Of the file; 0 where nobody knows.
        half_bytes: Of the last line, where it has no line feed yet.
        left_out: Lines that were too long to be a request's.
        damage: What stopped the reading; empty when all was read.
    """

    name: str
    read_bytes: int = field(default=0, init=False)
    size_bytes: int = field(default=0, init=False)
    half_bytes: int = field(default=0, init=False)
    left_out: int = field(default=0, init=False)
    damage: str = field(default="", init=False)

    def blocks(self) -> Iterator[bytes]:
        """Give whole lines, some thousands at once; the last one may lack its line feed.

        Raises:
            BadRequestError: It is a folder.
            NotHeldError: There is no such file.
            UnavailableError: It cannot be opened.
        """
        with _opened(self.name) as raw:
            if self.name != STANDARD_INPUT:
                self.size_bytes = Path(self.name).stat().st_size
            yield from self._lines(raw)

    def _lines(self, raw: BinaryIO) -> Iterator[bytes]:
        kept, is_too_long = b"", False
        for block in self._read(raw):
            end = block.rfind(b"\n") + 1
            if not end:
                kept += block if not is_too_long else b""
            elif is_too_long:
                yield block[block.index(b"\n") + 1 : end]
                kept, is_too_long = block[end:], False
            else:
                yield kept + block[:end]
                kept = block[end:]
            if len(kept) > LONGEST_LINE_BYTES:
                self.left_out += 1
                kept, is_too_long = b"", True
        self.half_bytes = len(kept)
        if kept:
            yield kept

    def _read(self, raw: BinaryIO) -> Iterator[bytes]:
        """Give what can be read; small readings, as damage takes the one that it is met in."""
        parts: list[bytes] = []
        size = 0
        try:
            file = _unpacked(raw)
            while part := file.read(_READ_BYTES):
                parts.append(part)
                size += len(part)
                if size >= BLOCK_BYTES:
                    yield self._block(raw, parts)
                    parts, size = [], 0
        except DAMAGE as error:
            self.damage = f"it cannot be read to its end ({' '.join(str(error).split())})"
        if parts:
            yield self._block(raw, parts)

    def _block(self, raw: BinaryIO, parts: list[bytes]) -> bytes:
        if self.name != STANDARD_INPUT and raw.seekable():
            self.read_bytes = raw.tell()
        return b"".join(parts)


def is_packed(name: str) -> bool:
    """Return whether a log must be unpacked: such a one does not grow."""
    try:
        with Path(name).open("rb") as file:
            return file.read(6).startswith(tuple(_PACKED))
    except OSError:
        return False


def opened_unpacked(name: str, files: ExitStack) -> BinaryIO | None:
    """Open a log to compare it, closed with `files`; None where that cannot be."""
    try:
        return files.enter_context(_unpacked(files.enter_context(_opened(name))))
    except (*DAMAGE, PhonothequeError):
        return None


def _unpacked(raw: BinaryIO) -> BinaryIO:
    beginning = raw.peek(6)[:6]  # type: ignore[attr-defined]
    for magic, packed in _PACKED.items():
        if beginning.startswith(magic):
            return cast(BinaryIO, packed(raw) if packed is not gzip.GzipFile else gzip.open(raw))
    return raw


def _opened(name: str) -> BinaryIO:
    if name == STANDARD_INPUT:
        return sys.stdin.buffer
    try:
        return Path(name).open("rb")
    except FileNotFoundError as error:
        raise NotHeldError(name, "there is no such log", "Name a file, or `-`.") from error
    except IsADirectoryError as error:
        raise BadRequestError(name, "it is a folder", "Name a file, or `-`.") from error
    except OSError as error:
        wrong = f"it cannot be opened ({error.strerror})"
        raise UnavailableError(name, wrong, "Read it as somebody who may.") from error
