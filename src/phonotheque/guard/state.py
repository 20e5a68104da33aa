"""Everything that a guard remembers, in one file, together with how far it had read the log.

Counters cannot be told an event twice, so what was counted and where the log was are one thing: a
snapshot is written whole beside the last one and takes its name by one rename. Whoever starts again
reads on at its offset, and knows what it would have known without a stop.

Format: a line of JSON (`format`, `offset`, `facts`, and for each array its name, type, shape and
CRC-32 as in ISO 3309), then the bytes of the arrays in that order, little-endian.

Laws: a snapshot that a crash left unfinished is never read; one byte changed is noticed, and said.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from phonotheque.disk import Disk, write_whole
from phonotheque.errors import MalformedError

FORMAT = 1
_AT_ONCE = 1 << 24
_LONGEST_HEAD = 1 << 20


@dataclass(frozen=True)
class Kept:
    """What is kept.

    Attributes:
        offset: How far the log was read: all before is counted, nothing after.
        facts: Numbers and texts, as JSON has them.
        arrays: By name.
    """

    offset: int
    facts: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, npt.NDArray[Any]] = field(default_factory=dict)


def save(disk: Disk, path: str, kept: Kept) -> None:
    """Put a snapshot in the place of the last one, durable on return.

    Args:
        disk: The folder.
        path: The file. The folder that it lies in must exist.
        kept: What to keep; arrays must not change meanwhile.
    """
    write_whole(disk, path, _parts(kept))


def load(disk: Disk, path: str) -> Kept | None:
    """Return the last snapshot; None when there is none.

    Raises:
        MalformedError: It is damaged, or of a format that this version does not know.
    """
    if disk.stat(path) is None:
        return None
    with disk.open(path) as file:
        crc, _, line = file.readline(_LONGEST_HEAD).rstrip(b"\n").partition(b" ")
        try:
            if int(crc, 16) != zlib.crc32(line):
                raise _damaged(path, "has another head than was written")
            head = json.loads(line)
            if head["format"] != FORMAT:
                raise _damaged(path, f"is of format {head['format']}")
            arrays = {one["name"]: _array(file, path, one) for one in head["arrays"]}
            if file.read(1):
                raise _damaged(path, "goes on where it should end")
            return Kept(head["offset"], head["facts"], arrays)
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(path, "has no head that can be read") from error


def _parts(kept: Kept) -> Iterator[bytes | memoryview]:
    bytes_of = {name: _bytes(array) for name, array in kept.arrays.items()}
    yield _head(kept, bytes_of)
    for data in bytes_of.values():
        for begin in range(0, len(data), _AT_ONCE):
            yield data[begin : begin + _AT_ONCE]


def _head(kept: Kept, bytes_of: dict[str, memoryview]) -> bytes:
    arrays = [
        {
            "name": name,
            "type": array.dtype.newbyteorder("<").str,
            "shape": list(array.shape),
            "crc": zlib.crc32(bytes_of[name]),
        }
        for name, array in kept.arrays.items()
    ]
    head = {"format": FORMAT, "offset": kept.offset, "facts": kept.facts, "arrays": arrays}
    line = json.dumps(head).encode()
    return b"%08x %s\n" % (zlib.crc32(line), line)


def _bytes(array: npt.NDArray[Any]) -> memoryview:
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return little.reshape(-1).view(np.uint8).data


def _array(file: BinaryIO, path: str, said: dict[str, Any]) -> npt.NDArray[Any]:
    array = np.empty(said["shape"], np.dtype(said["type"]))
    room = array.reshape(-1).view(np.uint8).data
    at = 0
    while at < len(room):
        got = file.readinto(room[at : at + _AT_ONCE])  # type: ignore[attr-defined]
        if not got:
            raise _damaged(path, f"ends within {said['name']}")
        at += got
    if zlib.crc32(room) != said["crc"]:
        raise _damaged(path, f"has other bytes in {said['name']} than were written")
    return array


def _damaged(path: str, wrong: str) -> MalformedError:
    return MalformedError(
        path, wrong, "Remove it: the guard then learns anew, and budgets hold meanwhile."
    )
