"""Things looked up in packs, wherever these lie: no archive is needed.

Laws: a look-up unpacks a bounded number of frames, however large the pack; what is damaged is
refused by name and never returned; of several packs that have a key, the newest one speaks.

Not here: what the things mean (`overlays`, `patches` ...).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Self, cast

from phonotheque.catalogue.dump.seekable import SeekableReader
from phonotheque.disk import Disk
from phonotheque.errors import MalformedError, TruncatedError
from phonotheque.publish.packs.form import (
    HEAD,
    INDEX,
    KEY_COLUMNS,
    MAX_LINE_BYTES,
    Entry,
    Head,
    PackKind,
    decode_entry,
    decode_head,
)
from phonotheque.publish.packs.planning import Version

_SCAN_BYTES = 2 * MAX_LINE_BYTES
"""What is looked through line by line once a place is known so well."""

_BLOCK_BYTES = 1 << 20

_AGAIN = "Get the pack again."


class OpenPack:
    """A pack opened to look things up. Use it in a `with` statement, or close it.

    Args:
        disk: Where it lies.
        folder: Its folder.

    Raises:
        NotHeldError: A file of it is not there.
        MalformedError: It is no pack, or damaged.
        FormatTooNewError: A later program made it.
    """

    def __init__(self, disk: Disk, folder: str) -> None:
        with disk.open(f"{folder}/{HEAD}") as file:
            self.head: Head = decode_head(file.read((1 << 20) + 1), f"{folder}/{HEAD}")
        self.folder = folder
        self._disk = disk
        self._open: dict[str, tuple[io.BufferedReader[io.RawIOBase], SeekableReader]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its files."""
        for file, _ in self._open.values():
            file.close()
        self._open.clear()

    def entries(self) -> Iterator[Entry]:
        """All lines of the index, in order of key.

        Raises:
            MalformedError: It is damaged, or its keys are not in order.
        """
        if self.head.kind is PackKind.METADATA:
            return
        last = ""
        count = 0
        for line in self._lines():
            entry = decode_entry(line, f"{self.folder}/{INDEX}")
            if entry.key <= last:
                raise self._refused(INDEX, "its keys are not in order")
            last = entry.key
            count += 1
            yield entry
        if count != self.head.items:
            raise self._refused(INDEX, f"it has {count} lines, not {self.head.items}")

    def versions(self) -> Iterator[Version]:
        """Key and version of each thing, in order of key: what a survey of many packs reads.

        Raises:
            MalformedError: As `entries`, but for what a survey does not look at.
        """
        last, count = "", 0
        for line in self._lines():
            fields = line.split(b"\t", 4)
            key = fields[0].decode("ascii", "replace")
            if len(fields) < len(KEY_COLUMNS) or key <= last:
                raise self._refused(INDEX, f"a line of it is none: {line[:80]!r}")
            last = key
            count += 1
            yield Version(key, fields[3].decode("ascii", "replace"))
        if count != self.head.items:
            raise self._refused(INDEX, f"it has {count} lines, not {self.head.items}")

    def _lines(self) -> Iterator[bytes]:
        index = self._reader(INDEX)
        place, rest = 0, b""
        while place < index.size_bytes:
            index.seek(place)  # each time: others may read in between
            block = _exactly(index, min(index.size_bytes - place, _BLOCK_BYTES))
            place += len(block)
            *whole, rest = (rest + block).split(b"\n")
            yield from whole
            if len(rest) > MAX_LINE_BYTES:
                break
        if rest:
            raise self._refused(INDEX, "a line of it has no end")

    def find(self, key: str) -> Entry | None:
        """Where the thing with this key lies; None when it is not in here.

        Raises:
            MalformedError: The index is damaged.
        """
        if self.head.kind is PackKind.METADATA:
            return None
        index = self._reader(INDEX)
        low, high = (
            0,
            index.size_bytes,
        )  # the line lies at `low` or behind, and begins before `high`
        while high - low > _SCAN_BYTES:
            middle = (low + high) // 2
            start, line = self._line_after(index, middle)
            if not line or start >= high:
                high = middle
            elif _key_of(line) <= key:
                low = start
            else:
                high = middle
        index.seek(low)
        for line in io.BytesIO(_exactly(index, min(index.size_bytes - low, 2 * _SCAN_BYTES))):
            if _key_of(line) == key:
                return decode_entry(line, f"{self.folder}/{INDEX}")
        return None

    def _line_after(self, index: SeekableReader, place: int) -> tuple[int, bytes]:
        """The first whole line that begins behind a place, and where; empty at the end."""
        index.seek(place)
        text = _exactly(index, min(index.size_bytes - place, _SCAN_BYTES))
        begin = text.find(b"\n") + 1
        end = text.find(b"\n", begin)
        if begin == 0 or (end < 0 and place + len(text) < index.size_bytes):
            raise self._refused(INDEX, "a line of it is longer than any may be")
        return place + begin, text[begin:end] if end >= 0 else b""

    def read(self, entry: Entry) -> bytes:
        """The thing that a line of the index speaks of.

        Raises:
            MalformedError: The content is damaged, or ends before.
        """
        content = self._reader(self.head.content)
        if entry.offset + entry.size_bytes > content.size_bytes:
            wrong = f"it ends before {entry.key}, which its index says it has"
            raise TruncatedError(f"{self.folder}/{self.head.content}", wrong, _AGAIN)
        content.seek(entry.offset)
        return _exactly(content, entry.size_bytes)

    def get(self, key: str) -> bytes | None:
        """The thing with this key; None when it is not in here. Raises as `find` and `read`."""
        entry = self.find(key)
        return None if entry is None else self.read(entry)

    def _reader(self, name: str) -> SeekableReader:
        if name not in self._open:
            path = f"{self.folder}/{name}"
            file = io.BufferedReader(cast(io.RawIOBase, self._disk.open(path)))
            try:
                self._open[name] = file, SeekableReader(file, path)
            except BaseException:
                file.close()
                raise
        return self._open[name][1]

    def _refused(self, name: str, wrong: str) -> MalformedError:
        return MalformedError(f"{self.folder}/{name}", wrong, _AGAIN)


def _key_of(line: bytes) -> str:
    return line.partition(b"\t")[0].decode("utf-8", "replace")


def _exactly(reader: SeekableReader, size_bytes: int) -> bytes:
    parts = []
    while size_bytes > 0:
        part = reader.read(size_bytes)
        if not part:
            break
        parts.append(part)
        size_bytes -= len(part)
    return b"".join(parts)
