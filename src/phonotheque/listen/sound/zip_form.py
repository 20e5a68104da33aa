"""The bytes of a zip file around what is in it, as values; nothing is compressed.

Laws: the length of everything is known before a byte of a member is read; only the checksum in a
head and in the directory is not, and that comes from reading the member.

Source: PKWARE, ".ZIP File Format Specification", 6.3.10: sections 4.3.7 (local head), 4.3.12
(directory), 4.3.14 to 4.3.16 (its end, also of 64 bits), 4.5.3 (lengths of 64 bits), Appendix D
(names in UTF-8).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_HEAD = struct.Struct("<IHHHHHIIIHH")
_ENTRY = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")
_END_64 = struct.Struct("<IQHHIIQQQQ")
_LOCATOR_64 = struct.Struct("<IIQI")
_EXTRA_64 = struct.Struct("<HHQQ")
_EXTRA_64_OFFSET = struct.Struct("<HHQQQ")

_UTF_8 = 1 << 11
_VERSION = 45  # lengths of 64 bits
_MOST_32 = 0xFFFFFFFF
_MOST_16 = 0xFFFF
_DATE = 33  # 1 January 1980, the earliest: when a file came in is told by its page
_UNIX_FILE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a zip.

    Attributes:
        name: With `/` between folders.
        size_bytes: Its length.
    """

    name: str
    size_bytes: int

    @property
    def head_bytes(self) -> int:
        """Length of what stands in front of it."""
        return _HEAD.size + len(self.name.encode()) + _EXTRA_64.size

    @property
    def entry_bytes(self) -> int:
        """Length of its line in the directory."""
        return _ENTRY.size + len(self.name.encode()) + _EXTRA_64_OFFSET.size


END_BYTES = _END_64.size + _LOCATOR_64.size + _END.size
"""Length of what follows the directory."""


def encode_head(member: Member, crc32: int) -> bytes:
    """Return what stands in front of a member."""
    name = member.name.encode()
    extra = _EXTRA_64.pack(1, 16, member.size_bytes, member.size_bytes)
    fields = (0x04034B50, _VERSION, _UTF_8, 0, 0, _DATE, crc32, _MOST_32, _MOST_32)
    return _HEAD.pack(*fields, len(name), len(extra)) + name + extra


def encode_directory(members: Sequence[Member], crc32s: Sequence[int]) -> bytes:
    """Return the directory and what follows it."""
    lines, offset = [], 0
    for member, crc32 in zip(members, crc32s, strict=True):
        name = member.name.encode()
        extra = _EXTRA_64_OFFSET.pack(1, 24, member.size_bytes, member.size_bytes, offset)
        made = (0x02014B50, 3 << 8 | _VERSION, _VERSION, _UTF_8, 0, 0, _DATE, crc32)
        rest = (_MOST_32, _MOST_32, len(name), len(extra), 0, 0, 0, _UNIX_FILE, _MOST_32)
        lines.append(_ENTRY.pack(*made, *rest) + name + extra)
        offset += member.head_bytes + member.size_bytes
    directory = b"".join(lines)
    count, begin = len(members), offset
    counts = (_VERSION, _VERSION, 0, 0, count, count, len(directory), begin)
    end_64 = _END_64.pack(0x06064B50, _END_64.size - 12, *counts)
    locator = _LOCATOR_64.pack(0x07064B50, 0, begin + len(directory), 1)
    few = min(count, _MOST_16)
    end = _END.pack(0x06054B50, 0, 0, few, few, _MOST_32, _MOST_32, 0)
    return directory + end_64 + locator + end


def size_of(members: Sequence[Member]) -> int:
    """Return the length of a whole zip."""
    inside = sum(one.head_bytes + one.size_bytes + one.entry_bytes for one in members)
    return inside + END_BYTES
