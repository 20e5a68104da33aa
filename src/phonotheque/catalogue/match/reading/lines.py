"""Lines of a file of somebody's, whatever it was written with.

Laws: memory is bounded by the longest line allowed; a line that is longer is told, not kept; every
byte sequence gives some text: a line that is no UTF-8 is read as Windows-1252, line by line,
because lists are glued together from several programs.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

LONGEST = 1_000_000
"""Bytes of a line that are read."""

HEAD = 65_536
"""Bytes of a file by which its format is told."""

_CHUNK = 65_536
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Line(NamedTuple):
    """One line.

    Attributes:
        number: From 1.
        text: Without its end; None when it is too long.
    """

    number: int
    text: str | None


class Source:
    """A file that is read once, whose beginning can be looked at before.

    Attributes:
        encoding: "" where each line says it by itself; else that of the whole file.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        head = _filled(stream, HEAD)
        mark, self.encoding = _marked(head)
        self._head = head[len(mark) :]

    def begins_with(self, magic: bytes) -> bool:
        """Whether some bytes stand at its beginning, behind any mark of an encoding."""
        return self._head.startswith(magic)

    def beginning(self) -> str:
        """Return the first `HEAD` bytes as text."""
        return _decoded(self._head, self.encoding)

    def chunks(self) -> Iterator[bytes]:
        """Give the bytes behind any byte order mark, once."""
        head, self._head = self._head, b""
        if head:
            yield head
        while chunk := self._stream.read(_CHUNK):
            yield chunk

    def lines(self) -> Iterator[Line]:
        """Give the lines, once."""
        rest, number, is_cut = b"", 0, False
        ends = "\n".encode(self.encoding or "utf-8")
        for chunk in self._even(self.chunks(), len(ends)):
            *whole, rest = _split(rest + chunk, ends)
            for line in whole:
                number += 1
                yield self._line(number, line, is_cut=is_cut)
                is_cut = False
            if len(rest) > LONGEST:
                rest, is_cut = rest[-len(ends) :] if len(ends) > 1 else b"", True
        if rest or is_cut:
            yield self._line(number + 1, rest, is_cut=is_cut)

    def _line(self, number: int, line: bytes, *, is_cut: bool) -> Line:
        if is_cut or len(line) > LONGEST:
            return Line(number, None)
        return Line(number, _decoded(line, self.encoding).rstrip("\r"))

    def _even(self, chunks: Iterator[bytes], width: int) -> Iterator[bytes]:
        """Cut chunks between letters of a fixed width only."""
        if width == 1:
            yield from chunks
            return
        rest = b""
        for chunk in chunks:
            whole = rest + chunk
            end = len(whole) // width * width
            yield whole[:end]
            rest = whole[end:]
        if rest:
            yield rest


def _split(data: bytes, ends: bytes) -> list[bytes]:
    """Split at line ends; of wide letters only where one begins."""
    if len(ends) == 1:
        return data.split(ends)
    parts, begin, at = [], 0, data.find(ends)
    while at >= 0:
        if at % len(ends):
            at = data.find(ends, at + 1)
            continue
        parts.append(data[begin:at])
        begin = at + len(ends)
        at = data.find(ends, begin)
    return [*parts, data[begin:]]


def _filled(stream: BinaryIO, size: int) -> bytes:
    """Read as many bytes as there are, up to a size: a pipe gives fewer at a time."""
    found = b""
    while len(found) < size and (more := stream.read(size - len(found))):
        found += more
    return found


def _marked(head: bytes) -> tuple[bytes, str]:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return mark, "" if encoding == "utf-8" else encoding
    sample = head[:4_096]
    if len(sample) >= 4 and sample.count(0) > len(sample) // 4:
        return b"", "utf-16-be" if sample[0::2].count(0) > sample[1::2].count(0) else "utf-16-le"
    return b"", ""


def _decoded(data: bytes, encoding: str) -> str:
    if encoding:
        return data.decode(encoding, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
