"""A file compressed with Zstandard in pieces, so that any place in it can be read at once.

`zstd -d` unpacks it as any other; a reader that knows the table at its end goes straight to the
frame that holds a place. Each frame carries a checksum of its content.

Source: RFC 8878 (Zstandard); "Zstandard Seekable Format", version 0.1.0, in the zstd distribution
(contrib/seekable_format/zstd_seekable_compression_format.md).
"""

from __future__ import annotations

import io
import struct
import sys
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate
from typing import BinaryIO

from phonotheque.errors import MalformedError

if sys.version_info >= (3, 14):
    from compression.zstd import (
        CompressionParameter,
        ZstdCompressor,
        ZstdDecompressor,
        ZstdError,
    )
else:
    from backports.zstd import (
        CompressionParameter,
        ZstdCompressor,
        ZstdDecompressor,
        ZstdError,
    )

FRAME_BYTES = 4 << 20
"""Content of a frame: 4 MiB cost about 2 % of length against one frame for all."""

_SKIPPABLE_MAGIC = 0x184D2A5E
_SEEKABLE_MAGIC = 0x8F92EAB1
_HEAD = struct.Struct("<II")
_ENTRY = struct.Struct("<II")
_FOOT = struct.Struct("<IBI")
_MOST_FRAMES = 0x8000000  # the format's own limit
_HAS_CHECKSUMS = 0x80
_MOST_FRAME_BYTES = 256 << 20  # a stranger's table may claim 4 GiB


class SeekableWriter:
    """Compresses what is written to it, frame by frame. Close it, or use it in a `with` block.

    Args:
        write: Takes the compressed bytes, in order.
        level: Of Zstandard, 1 to 22.
        frame_bytes: Content of each frame but the last.
        jobs: Threads that compress; what is written does not depend on how many there are.
    """

    def __init__(
        self,
        write: Callable[[bytes], object],
        *,
        level: int = 19,
        frame_bytes: int = FRAME_BYTES,
        jobs: int = 1,
    ) -> None:
        self._write = write
        self._options: dict[int, int] = {
            CompressionParameter.compression_level: level,
            CompressionParameter.checksum_flag: 1,
        }
        self._frame_bytes = frame_bytes
        self._waiting = bytearray()
        self._entries: list[tuple[int, int]] = []
        # Threads, not processes: Zstandard lets go of the interpreter while it compresses.
        self._pool = ThreadPoolExecutor(jobs)
        self._most_under_way = 2 * jobs
        self._under_way: deque[tuple[Future[bytes], int]] = deque()

    def __enter__(self) -> SeekableWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._pool.shutdown(cancel_futures=True)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes of the content."""
        self._waiting += data
        while len(self._waiting) >= self._frame_bytes:
            self._begin_frame(self._frame_bytes)

    def close(self) -> None:
        """Write what waits, and the table of frames."""
        if self._waiting:
            self._begin_frame(len(self._waiting))
        while self._under_way:
            self._end_frame()
        self._pool.shutdown()
        table = b"".join(_ENTRY.pack(*entry) for entry in self._entries)
        self._write(_HEAD.pack(_SKIPPABLE_MAGIC, len(table) + _FOOT.size))
        self._write(table + _FOOT.pack(len(self._entries), 0, _SEEKABLE_MAGIC))

    def _begin_frame(self, count: int) -> None:
        content = bytes(self._waiting[:count])
        del self._waiting[:count]
        self._under_way.append((self._pool.submit(self._compressed, content), count))
        if len(self._under_way) >= self._most_under_way:
            self._end_frame()

    def _end_frame(self) -> None:
        future, count = self._under_way.popleft()
        packed = future.result()
        self._write(packed)
        self._entries.append((len(packed), count))

    def _compressed(self, content: bytes) -> bytes:
        compressor = ZstdCompressor(options=self._options)
        return compressor.compress(content, ZstdCompressor.FLUSH_FRAME)


class SeekableReader(io.RawIOBase):
    """The content of such a file, readable at any place; one frame is kept.

    Args:
        file: The compressed file; it is not closed.
        name: What to call it in errors.

    Raises:
        MalformedError: It has no table at its end, or one that cannot be true.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        super().__init__()
        self._file, self._name = file, name
        entries = list(self._table())
        self._packed = [0, *accumulate(packed for packed, _ in entries)]
        self._starts = [0, *accumulate(plain for _, plain in entries)]
        self._place = 0
        self._kept = (-1, b"")

    @property
    def size_bytes(self) -> int:
        """Length of the content."""
        return self._starts[-1]

    def readable(self) -> bool:
        """Return whether it can be read: always."""
        return True

    def seekable(self) -> bool:
        """Return whether a place can be chosen: always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Choose the place to read from next."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size_bytes}[whence]
        self._place = max(0, base + offset)
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read into a buffer; fewer bytes than it holds at the end of a frame.

        Raises:
            MalformedError: The frame does not hold what the table says.
        """
        if self._place >= self.size_bytes:
            return 0
        number = bisect_right(self._starts, self._place) - 1
        start = self._place - self._starts[number]
        piece = self._frame(number)[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)

    def _frame(self, number: int) -> bytes:
        if self._kept[0] == number:
            return self._kept[1]
        begin, end = self._packed[number], self._packed[number + 1]
        size = self._starts[number + 1] - self._starts[number]
        self._file.seek(begin)
        try:
            decompressor = ZstdDecompressor()
            plain = decompressor.decompress(self._file.read(end - begin), max_length=size + 1)
        except ZstdError as error:
            raise self._malformed(f"frame {number} cannot be unpacked") from error
        if len(plain) != size or not decompressor.eof:
            raise self._malformed(f"frame {number} does not have the length that its table says")
        self._kept = (number, plain)
        return plain

    def _table(self) -> Iterator[tuple[int, int]]:
        total = self._file.seek(0, io.SEEK_END)
        self._file.seek(max(0, total - _FOOT.size))
        foot = self._file.read(_FOOT.size)
        if len(foot) < _FOOT.size:
            raise self._malformed("it is too short to have a table of frames")
        count, descriptor, magic = _FOOT.unpack(foot)
        entry_bytes = _ENTRY.size + (4 if descriptor & _HAS_CHECKSUMS else 0)
        start = total - _FOOT.size - count * entry_bytes - _HEAD.size
        if magic != _SEEKABLE_MAGIC or count > _MOST_FRAMES or start < 0:
            raise self._malformed("there is no table of frames at its end")
        self._file.seek(start)
        head = _HEAD.unpack(self._file.read(_HEAD.size))
        if head != (_SKIPPABLE_MAGIC, count * entry_bytes + _FOOT.size):
            raise self._malformed("its table of frames is damaged")
        table = self._file.read(count * entry_bytes)
        entries = [_ENTRY.unpack_from(table, at * entry_bytes) for at in range(count)]
        if sum(packed for packed, _ in entries) != start or any(
            plain > _MOST_FRAME_BYTES for _, plain in entries
        ):
            raise self._malformed("its table of frames does not add up")
        yield from entries

    def _malformed(self, wrong: str) -> MalformedError:
        return MalformedError(self._name, wrong, "Fetch the file again.")
