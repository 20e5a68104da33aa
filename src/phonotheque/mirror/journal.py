"""The memory of a mirror: one line for each thing it did with an archive's torrents.

`archives/<name>/journal.jsonl` is only ever added to. What a mirror holds, when each torrent was
checked last and since when others have plenty of copies follows from it alone; what it says of
bytes can be proven again by reading them, its times cannot.

Laws: a line is durable before `append` returns, and before the thing is acted on that it explains;
a line that a crash left torn was never relied on and is cut off by the next writer; lines that are
not known, as a later Phonotheque writes them, are passed over. The clock may jump: lines count in
the order they were written, whatever their times say.

Not here: the kinds of lines (`events`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import msgspec

from phonotheque.disk import Disk, read_if_held
from phonotheque.mirror.events import (
    Checked,
    Chosen,
    Damaged,
    Event,
    Fetched,
    Gone,
    Learned,
    LetGo,
    Plenty,
    Removed,
    Repaired,
    Scarce,
)
from phonotheque.mirror.values import Holding, State
from phonotheque.music.decoding import UNDECODABLE

PATH = "journal.jsonl"

_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_encoder = msgspec.json.Encoder()


@dataclass(slots=True)
class Memory:
    """What follows from the lines so far; whoever asks for one has it for themselves.

    Attributes:
        holdings: What is held, by torrent.
        chosen: Torrents that are being fetched and are not whole yet, with the reason.
        leaving: Torrents that were let go of, and whose files may still lie there.
        plenty_since: Since when others have had plenty of copies, by the archive's clock, UTC, by
            torrent.
        removed: Objects that went, SHA-256 in hexadecimal.
        learned: The index that was proven last; None before the first.
        last_at: The latest time that any line has; "" when there is none.
    """

    holdings: dict[str, Holding] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    leaving: set[str] = field(default_factory=set)
    plenty_since: dict[str, str] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    learned: Learned | None = None
    last_at: str = ""

    @property
    def held_bytes(self) -> int:
        """Of all that is held."""
        return sum(one.held_bytes for one in self.holdings.values())

    def take(self, event: Event) -> None:
        """Let one more line count."""
        self.last_at = max(self.last_at, event.at)
        match event:
            case Learned():
                self.learned = event
            case Chosen():
                self.chosen[event.torrent] = event.reason
            case Plenty():
                self.plenty_since.setdefault(event.torrent, event.signed_at)
            case Scarce():
                self.plenty_since.pop(event.torrent, None)
            case LetGo():
                self.holdings.pop(event.torrent, None)
                self.chosen.pop(event.torrent, None)
                self.leaving.add(event.torrent)
            case Gone():
                self.leaving.discard(event.torrent)
            case Removed():
                self._remove(event)
            case Fetched() | Checked() | Damaged() | Repaired():
                self._hold(event)

    def _hold(self, event: Fetched | Checked | Damaged | Repaired) -> None:
        """Note how a torrent stands."""
        before = self.holdings.get(event.torrent, Holding(event.torrent, State.PARTIAL, 0))
        match event:
            case Fetched():
                state = State.COMPLETE if event.is_whole else State.PARTIAL
                now = Holding(event.torrent, state, event.held_bytes, event.at)
                self.leaving.discard(event.torrent)
                if event.is_whole:
                    self.chosen.pop(event.torrent, None)
            case Checked():
                state = State.DAMAGED if event.damaged else _mended(before)
                now = replace(
                    before,
                    state=state,
                    held_bytes=event.held_bytes,
                    verified_at=event.at,
                    damaged=event.damaged,
                )
            case Damaged():
                is_new = event.path not in before.damaged
                damaged = (*before.damaged, event.path) if is_new else before.damaged
                left = max(before.held_bytes - (event.size_bytes if is_new else 0), 0)
                now = replace(before, state=State.DAMAGED, damaged=damaged, held_bytes=left)
            case Repaired():
                damaged = tuple(path for path in before.damaged if path != event.path)
                back = event.size_bytes if event.path in before.damaged else 0
                now = replace(before, damaged=damaged, held_bytes=before.held_bytes + back)
                now = now if damaged else replace(now, state=_mended(before))
        self.holdings[event.torrent] = now

    def _remove(self, event: Removed) -> None:
        self.removed.add(event.sha256)
        for name in event.torrents:
            if held := self.holdings.get(name):
                left = max(held.held_bytes - event.size_bytes, 0)
                self.holdings[name] = replace(held, held_bytes=left, removed=held.removed + 1)


def _mended(before: Holding) -> State:
    """How a torrent stands in which nothing is damaged any more."""
    return before.state if before.state is State.PARTIAL else State.COMPLETE


class Journal:
    """The journal of one archive's copy, open to write by one process.

    Args:
        disk: The copy's folder.
        now: Says the instant, as lines carry it.
    """

    def __init__(self, disk: Disk, now: Callable[[], str]) -> None:
        self._disk = disk
        self.now = now
        data = read_if_held(disk, PATH) or b""
        if not data.endswith(b"\n") and data:
            disk.truncate(PATH, data.rfind(b"\n") + 1)
        self.memory = fold(_events(data))

    def append(self, *events: Event) -> None:
        """Add lines, durable on return; `memory` knows them from then on.

        Raises:
            UnavailableError: The disk refused: open the journal anew before anything else.
        """
        writer = self._disk.append(PATH)
        try:
            writer.write(b"".join(_encoder.encode(event) + b"\n" for event in events))
            writer.sync()
        finally:
            writer.close()
        self._disk.sync_folder("")
        for event in events:
            self.memory.take(event)


def iter_events(disk: Disk) -> Iterator[Event]:
    """Yield every line that is known, in order; a torn end is no line."""
    return _events(read_if_held(disk, PATH) or b"")


def _events(data: bytes) -> Iterator[Event]:
    for line in data.split(b"\n")[:-1]:
        try:
            yield _decoder.decode(line)
        except UNDECODABLE:
            continue


def remember(disk: Disk) -> Memory:
    """Return what follows from the journal of a copy; readers need no lock."""
    return fold(iter_events(disk))


def fold(events: Iterable[Event]) -> Memory:
    """Return what follows from these lines."""
    memory = Memory()
    for event in events:
        memory.take(event)
    return memory
