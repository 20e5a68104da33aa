"""A store in a dictionary: passes the same contract as the disk, keeps nothing.

For tests of what stands on a store, and for trying an import without a disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO, TypeVar

from phonotheque.errors import NotHeldError
from phonotheque.store.objects import ObjectName, Staged

Key = TypeVar("Key")
Value = TypeVar("Value")


class _StagedBytes:
    def __init__(self, data: bytearray) -> None:
        self._data = data
        self._is_open = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._is_open:
            raise ValueError("the staging is finished")
        self._data += data

    def finish(self) -> None:
        self._is_open = False

    def close(self) -> None:
        self._is_open = False


class MemoryStore:
    """Objects in a dictionary. `phonotheque.store.objects.Store` says what each call promises."""

    def __init__(self) -> None:
        self._staged: dict[str, bytearray] = {}
        self._objects: dict[ObjectName, bytes] = {}

    def stage(self, token: str) -> Staged:
        self._staged[token] = bytearray()
        return _StagedBytes(self._staged[token])

    def open_staged(self, token: str) -> BinaryIO:
        return BytesIO(_known(self._staged, token))

    def discard(self, token: str) -> None:
        self._staged.pop(token, None)

    def publish(self, token: str, name: ObjectName) -> None:
        self._objects[name] = bytes(_known(self._staged, token))
        del self._staged[token]

    def open(self, name: ObjectName) -> BinaryIO:
        return BytesIO(_known(self._objects, name))

    def size(self, name: ObjectName) -> int | None:
        data = self._objects.get(name)
        return None if data is None else len(data)

    def remove(self, name: ObjectName) -> None:
        self._objects.pop(name, None)

    def walk(self) -> Iterator[str]:
        yield from sorted(f"{name.folder}/{name.file}" for name in self._objects)


def _known(table: dict[Key, Value], key: Key) -> Value:
    if key not in table:
        raise NotHeldError(str(key), "there is no such object", "Check its name.")
    return table[key]
