"""A file of patches: the ways back from many copies, found by the digest of the copy.

It is what a person keeps beside dressed copies; what an archive publishes is a folder with papers
(`phonotheque.publish.packs`).

Laws: the patch that is found is the one that was put in; a damaged index is refused before anything
is looked up in it, a damaged patch when it is applied. `docs/reference/patch.md` is the
specification.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from phonotheque.dress.patch_form import MAX_PATCH_BYTES, broken, decode_patch
from phonotheque.errors import MalformedError
from phonotheque.music.digest import Sha256

MAGIC = b"PTK1"
_HEAD = struct.Struct("<4sI")
_ENTRY = struct.Struct("<32sQI")  # digest of the copy, where its patch begins, its length
_CRC = struct.Struct("<I")
_MAX_PATCHES = 1 << 24


def encode_pack(patches: Iterable[bytes]) -> bytes:
    """Return a pack of patches; of several for one copy, the last.

    Raises:
        MalformedError: One of them is no patch.
    """
    by_copy = {decode_patch(patch).copy.raw: patch for patch in patches}
    at = _HEAD.size + _ENTRY.size * len(by_copy) + _CRC.size
    entries = [_HEAD.pack(MAGIC, len(by_copy))]
    for copy, patch in sorted(by_copy.items()):
        entries.append(_ENTRY.pack(copy, at, len(patch)))
        at += len(patch)
    index = b"".join(entries)
    bodies = (patch for _, patch in sorted(by_copy.items()))
    return b"".join((index, _CRC.pack(zlib.crc32(index)), *bodies))


class Pack:
    """A pack opened to look patches up.

    Args:
        file: Seekable; stays the caller's and open as long as this is used.

    Raises:
        MalformedError: It is no pack, or its index is damaged.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.seek(0)
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size or head[:4] != MAGIC:
            raise _refused("it is none")
        self._count = int(_HEAD.unpack(head)[1])
        if self._count > _MAX_PATCHES:
            raise _refused("it has more patches than a pack may")
        self._index = file.read(_ENTRY.size * self._count)
        crc = file.read(_CRC.size)
        if crc != _CRC.pack(zlib.crc32(head + self._index)):
            raise _refused("the checksum of its index differs")

    def __len__(self) -> int:
        return self._count

    def find(self, copy: Sha256) -> bytes | None:
        """The patch for the copy of that name, or None.

        Raises:
            MalformedError: The pack is cut off.
        """
        number = bisect_left(range(self._count), copy.raw, key=lambda n: self._entry(n)[0])
        if number == self._count:
            return None
        name, start, size = self._entry(number)
        if name != copy.raw:
            return None
        if size > MAX_PATCH_BYTES:
            raise broken("it is longer than a patch may be")
        self._file.seek(start)
        patch = self._file.read(size)
        if len(patch) < size:
            raise _refused(f"it ends before the patch for {copy}")
        return patch

    def patches(self) -> Iterator[bytes]:
        """All patches in it, in order of the copy's digest. Raises as `find`."""
        for number in range(self._count):
            patch = self.find(Sha256(self._entry(number)[0]))
            if patch is not None:
                yield patch

    def picture(self, _sha256: Sha256) -> bytes | None:
        """None: there are patches alone in here."""
        return None

    def _entry(self, number: int) -> tuple[bytes, int, int]:
        name, start, size = _ENTRY.unpack_from(self._index, number * _ENTRY.size)
        return name, start, size


def _refused(wrong: str) -> MalformedError:
    return MalformedError("the pack of patches", wrong, "Get it again.")
