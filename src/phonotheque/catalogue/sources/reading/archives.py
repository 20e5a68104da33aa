"""Files within a tar archive, one after the other, as the stream comes.

Laws: nothing is written anywhere; a name is only a name; a header that does not add up, and an
archive that ends before its end mark, is a `MalformedError`; memory does not grow with any size
that a header claims.

Source: POSIX.1-2024, pax interchange format; GNU tar manual, "Basic Tar Format" (long names, large
sizes).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

from phonotheque.catalogue.sources.reading.stream import Stream

_BLOCK = 512
_MOST_EXTENSION = 1 << 20
"""Longest extended header that is read: a name of a path and little else."""

_PIECE = 1 << 20


def is_archive(stream: Stream) -> bool:
    """Whether a stream that was not read yet is a tar archive."""
    head = stream.peek(_BLOCK)
    return len(head) == _BLOCK and head[257:262] == b"ustar"


class Member:
    """A file of an archive; it can be read until the next one is asked for."""

    def __init__(self, stream: Stream, name: str, size: int) -> None:
        self._stream = stream
        self._begin = stream.position
        self.name = name
        self.size = size

    @property
    def position(self) -> int:
        """How many of its bytes were read."""
        return self._stream.position - self._begin

    @property
    def packed_position(self) -> int:
        """How many bytes of the archive on the disk were read."""
        return self._stream.packed_position

    def read(self, size: int) -> bytes:
        """Return the next bytes of this file; fewer only at its end."""
        wanted = min(size, self.size - self.position)
        data = self._stream.read(wanted)
        if len(data) < wanted:
            raise self._stream.malformed(f"the archive ends within {self.name}")
        return data

    def skip(self, count: int) -> None:
        """Pass over bytes of this file."""
        if count > self.size - self.position:
            raise self._stream.malformed(f"{self.name} is shorter than it was")
        self._stream.skip(count)


def iter_members(stream: Stream) -> Iterator[Member]:
    """Give every regular file of an archive, in its order.

    Args:
        stream: The archive, not read yet; the caller closes it.

    Raises:
        MalformedError: A header is damaged, or the archive ends early.
    """
    extended: dict[str, str] = {}
    while True:
        header = stream.read(_BLOCK)
        if len(header) < _BLOCK:
            raise stream.malformed("the archive ends without its end mark")
        if not header.strip(b"\0"):
            _drain(stream)
            return
        _check(stream, header)
        size = int(extended.get("size", _number(stream, header[124:136])))
        kind = header[156:157]
        if kind in (b"x", b"L"):
            extended |= _extension(stream, kind, size)
            continue
        member = Member(stream, extended.get("path") or _name(header), size)
        if kind in (b"0", b"\0", b"7"):
            yield member
        elif kind == b"S":
            raise stream.malformed(f"{member.name} is a sparse file, which no dump has")
        if kind != b"5":  # a folder may have a size and has no bytes
            stream.skip(size - member.position + -size % _BLOCK)
        extended = {}


def _drain(stream: Stream) -> None:
    """Read to the very end, so that the digests of a compressed archive are checked."""
    while data := stream.read(_PIECE):
        if data.strip(b"\0"):
            raise stream.malformed("something follows the end mark of the archive")


def _check(stream: Stream, header: bytes) -> None:
    total = sum(header) - sum(header[148:156]) + 8 * ord(" ")
    if total != _number(stream, header[148:156]):
        raise stream.malformed("a header of the archive does not add up")


def _number(stream: Stream, field: bytes) -> int:
    if field[0] == 0x80:  # base 256, for what octal digits cannot tell
        return int.from_bytes(field[1:], "big")
    try:
        return int(field.strip(b"\0 ") or b"0", 8)
    except ValueError:
        _refuse_number(stream)


def _refuse_number(stream: Stream) -> NoReturn:
    raise stream.malformed("a header of the archive has a size that is no number")


def _name(header: bytes) -> str:
    name, prefix = (header[a:b].partition(b"\0")[0] for a, b in ((0, 100), (345, 500)))
    whole = prefix + b"/" + name if prefix and header[257:263] == b"ustar\0" else name
    return whole.decode("utf-8", "replace").removeprefix("./")


def _extension(stream: Stream, kind: bytes, size: int) -> dict[str, str]:
    """Read an extended header: GNU's long name, or pax records `length key=value`."""
    if size > _MOST_EXTENSION:
        raise stream.malformed(f"an extended header of {size:,} bytes")
    data = stream.read(size)
    stream.skip(-size % _BLOCK)
    if kind == b"L":
        return {"path": data.rstrip(b"\0").decode("utf-8", "replace").removeprefix("./")}
    found: dict[str, str] = {}
    while data:
        length, _, rest = data.partition(b" ")
        if not length.isdigit() or not len(length) < int(length) <= len(data):
            raise stream.malformed("an extended header does not add up")
        key, _, value = rest[: int(length) - len(length) - 2].partition(b"=")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        data = data[int(length) :]
    if not found.get("size", "0").isdigit():
        _refuse_number(stream)
    return found
