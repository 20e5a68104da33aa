"""A stream server in memory that keeps to the same contract, and can be made to fail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from phonotheque.errors import ConflictError
from phonotheque.guard.streams.server import Entry, Place


class KilledError(Exception):
    """The process is gone."""


class MemoryServer:
    """As `StreamServer`; after `fuse` calls the caller is killed, before or after the last."""

    def __init__(self) -> None:
        self.streams: dict[str, dict[Place, tuple[bytes, bytes]]] = defaultdict(dict)
        self.top: dict[str, Place] = {}
        self.keys: dict[str, str] = {}
        self.numbers: dict[str, dict[str, int]] = defaultdict(dict)
        self.fuse, self.dies_after = -1, False

    def _burn(self, *, is_over: bool) -> None:
        if not is_over:
            self.fuse -= 1
        if self.fuse == 0 and self.dies_after == is_over:
            self.fuse = -1
            raise KilledError

    def add(self, stream: str, place: Place, head: bytes, data: bytes) -> None:
        self._burn(is_over=False)
        if place > self.top.get(stream, (0, 0)):
            self.streams[stream][place] = head, data
            self.top[stream] = place
        self._burn(is_over=True)

    def add_each(self, entries: Sequence[Entry]) -> None:
        for one in entries:
            self.add(*one)

    def read(self, after: dict[str, Place], wait_s: float, count: int = 64) -> list[Entry]:
        found = []
        for stream, place in after.items():
            there = [one for one in self.streams[stream] if one > place][:count]
            found += [Entry(stream, one, *self.streams[stream][one]) for one in there]
        return found

    def last(self, stream: str) -> Entry | None:
        for place in reversed(self.streams[stream]):
            return Entry(stream, place, *self.streams[stream][place])
        return None

    def length(self, stream: str) -> int:
        return len(self.streams[stream])

    def let_go(self, stream: str, before: Place) -> None:
        self._burn(is_over=False)
        kept = {at: one for at, one in self.streams[stream].items() if at >= before}
        self.streams[stream] = kept

    def agree(self, key: str, text: str) -> None:
        if self.keys.setdefault(key, text) != text:
            raise ConflictError(key, "other processes began otherwise", "Start all alike.")

    def note(self, key: str, name: str, number: int) -> None:
        self._burn(is_over=False)
        self.numbers[key][name] = number

    def noted(self, key: str) -> dict[str, int]:
        return dict(self.numbers[key])

    def waits(self) -> Iterator[None]:
        yield
