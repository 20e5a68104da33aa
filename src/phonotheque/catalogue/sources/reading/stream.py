"""Bytes of a dump as a stream: plain, gzip, bzip2, xz or zstd, known by how they begin.

Laws: the name of a file is never believed; memory stays the same however long the input is or
claims to be; an input that ends early, has a changed bit, or unpacks to more than the caller allows
ends in a `MalformedError` that names the file and the offset in it; nothing is read twice.

A dump is chosen by who runs the archive, and it is read in this process, in libraries that are
made for it; what strangers hand in (audio, pictures) is read in children.

Source: RFC 1952 (gzip), RFC 8878 (zstd), the .xz file format 1.2.1, bzip2 (`BZh`).
Not here: lines (`lines`), archives of files (`archives`).
"""

from __future__ import annotations

import bz2
import lzma
import os
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from phonotheque.errors import BadRequestError, DiskFailedError, MalformedError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_PIECE = 1 << 20
"""How much is read or unpacked in one call."""

_LARGEST_WINDOW_LOG = 27
"""zstd windows up to 128 MiB: what `zstd --long` writes."""

_MOST_XZ_MEMORY = 1 << 30
"""`xz -9` needs 65 MiB; a header may ask for 4 GiB."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an input may unpack to.

    Attributes:
        most_bytes: Most bytes when unpacked. The largest open dumps have some 300 GB.
        most_ratio: Most bytes unpacked from one packed byte; dumps of text have 3 to 30.
        free_bytes: So much is unpacked before the ratio is looked at.
    """

    most_bytes: int = 2 << 40
    most_ratio: int = 250
    free_bytes: int = 64 << 20


DEFAULT = Limits()


class Readable(Protocol):
    """Bytes that can be read once, from the beginning on."""

    @property
    def name(self) -> str:
        """What it is called in messages."""

    @property
    def position(self) -> int:
        """How many bytes were read or skipped."""

    @property
    def packed_position(self) -> int:
        """How many bytes of the file on the disk were read for it."""

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes; fewer only at the end."""

    def skip(self, count: int) -> None:
        """Pass over bytes. Raises `MalformedError` when there are not so many."""


class _Unpacker(Protocol):
    """What unpacks one member or frame of a compressed file."""

    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return at most so many bytes of what is unpacked."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without more input."""


class _Gzip:
    """zlib's object in the manner of the others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self._held = b""

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._held and not self._inner.eof

    def decompress(self, data: bytes, max_length: int) -> bytes:
        made = self._inner.decompress(self._held + data, max_length)
        self._held = self._inner.unconsumed_tail
        return made


def _zstd() -> Any:
    largest = zstd.DecompressionParameter.window_log_max
    return zstd.ZstdDecompressor(options={int(largest): _LARGEST_WINDOW_LOG})


_FORMS: tuple[tuple[bytes, str, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", "gzip", _Gzip),
    (b"BZh", "bzip2", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", "xz", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _MOST_XZ_MEMORY)),
    (b"\x28\xb5\x2f\xfd", "zstd", _zstd),
    *((bytes([0x50 + n]) + b"\x2a\x4d\x18", "zstd", _zstd) for n in range(16)),
)
"""How compressed files begin. The last are zstd's skippable frames, which pzstd writes first."""

_MAGIC_BYTES = 6
_BROKEN = (zlib.error, OSError, EOFError, lzma.LZMAError, zstd.ZstdError, ValueError, MemoryError)
_UNPACK = "If you trust it, unpack it yourself and give the unpacked file."
_TAKE_ANEW = "Fetch the file again and compare its digest with the publisher's."


class Stream:
    """A file, unpacked as it is read. Close it, or use it in a `with`.

    Args:
        path: The file.
        limits: How much it may unpack to.

    Raises:
        BadRequestError: There is no such file.
        DiskFailedError: It cannot be read.
    """

    def __init__(self, path: Path, limits: Limits = DEFAULT) -> None:
        self.name = path.name
        self.position = 0
        self._path = path
        self._limits = limits
        self._file = _open(path)
        self._packed = self._raw(_MAGIC_BYTES)
        self._taken = len(self._packed)
        form = next((form for form in _FORMS if self._packed.startswith(form[0])), None)
        self.form = form[1] if form else "plain"
        self._new: Callable[[], Any] | None = form[2] if form else None
        self._unpacker: _Unpacker | None = None if self._new is None else self._new()
        self._ready = b""

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. Safe to call twice."""
        self._file.close()

    @property
    def packed_position(self) -> int:
        """How many bytes of the file on the disk were read."""
        return self._taken

    def peek(self, size: int) -> bytes:
        """Return the next bytes without passing over them."""
        while len(self._ready) < size and (more := self._more()):
            self._ready += more
        return self._ready[:size]

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes; fewer only at the end.

        Raises:
            MalformedError: It ends early, is damaged, or unpacks to more than is allowed.
            DiskFailedError: It cannot be read.
        """
        parts, lacking = [], size
        while lacking and (piece := self._ready or self._more()):
            parts.append(piece[:lacking])
            self._ready = piece[lacking:]
            lacking -= len(parts[-1])
        self.position += size - lacking
        return b"".join(parts)

    def skip(self, count: int) -> None:
        """Pass over bytes: a plain file is not even read there.

        Raises:
            MalformedError: There are not so many.
        """
        if self._unpacker is None:
            count = self._seek(count)
        while count:
            passed = len(self.read(min(count, _PIECE)))
            if not passed:
                raise self.malformed("it ends before the place that was to be gone on from")
            count -= passed

    def _seek(self, count: int) -> int:
        """Pass over bytes of a plain file by seeking; return how many are still to be passed."""
        held = len(self._ready) + len(self._packed)
        left = os.fstat(self._file.fileno()).st_size - self._taken
        if count <= held or count - held > left:
            return count
        self._file.seek(count - held, os.SEEK_CUR)
        self._taken += count - held
        self.position += count
        self._ready = self._packed = b""
        return 0

    def malformed(self, wrong: str, todo: str = _TAKE_ANEW) -> MalformedError:
        """Return an error that names the file and the place that was reached."""
        return MalformedError(f"{self._path}, byte {self._taken:,}", wrong, todo)

    def _raw(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except OSError as error:
            raise _failed(self._path, error) from error

    def _more(self) -> bytes:
        """Return the next unpacked bytes, at most a piece, or none at the end."""
        if self._unpacker is None:
            return self._plain()
        while True:
            if self._unpacker.eof and not self._next_member():
                return b""
            if self._unpacker.needs_input and not self._packed:
                self._packed = self._raw(_PIECE)
                self._taken += len(self._packed)
                if not self._packed:
                    raise self.malformed(f"it is {self.form} data that ends early")
            try:
                made = self._unpacker.decompress(self._packed, _PIECE)
            except _BROKEN as error:
                raise self.malformed(f"it is {self.form} data that is damaged: {error}") from error
            self._packed = self._unpacker.unused_data if self._unpacker.eof else b""
            if made:
                self._hold_limits(len(made))
                return made

    def _plain(self) -> bytes:
        piece = self._packed or self._raw(_PIECE)
        self._taken += 0 if self._packed else len(piece)
        self._packed = b""
        return piece

    def _next_member(self) -> bool:
        """Begin with the next member or frame; several behind one another are one file."""
        if not self._packed:
            self._packed = self._raw(_PIECE)
            self._taken += len(self._packed)
        if self.form in ("gzip", "xz"):  # both may be filled up with zeros
            self._packed = self._packed.lstrip(b"\0")
        if not self._packed:
            return False
        assert self._new is not None
        self._unpacker = self._new()
        return True

    def _hold_limits(self, made: int) -> None:
        unpacked = self.position + len(self._ready) + made
        if unpacked > self._limits.most_bytes:
            raise self.malformed(
                f"it unpacks to more than {self._limits.most_bytes:,} bytes",
                _UNPACK,
            )
        ratio = unpacked / max(self._taken, 1)
        if unpacked > self._limits.free_bytes and ratio > self._limits.most_ratio:
            raise self.malformed(
                f"every byte unpacks to {ratio:,.0f}, more than {self._limits.most_ratio}: "
                "no dump of text is packed so tightly",
                _UNPACK,
            )


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb", buffering=0)
    except OSError as error:
        raise _failed(path, error) from error


def _failed(path: Path, error: OSError) -> BadRequestError | DiskFailedError:
    if isinstance(error, FileNotFoundError | IsADirectoryError):
        return BadRequestError(str(path), "there is no such file", "Check the path.")
    reason = (error.strerror or str(error)).lower()
    return DiskFailedError(str(path), reason, "Check the disk and its permissions, then try again.")
