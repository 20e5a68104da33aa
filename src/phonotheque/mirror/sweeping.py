"""How much may go from a mirror without anybody being asked.

Whoever stole an archive's key signs a list of removals, or an index that offers nothing, as often
as mirrors look. So what counts is all that went in thirty days, not what one list takes.

Laws: in thirty days no more goes unasked than a few things, or half of the bytes that were held
before that; what came meanwhile makes that half no larger; what this mirror's keeper excluded is
not counted; a person's yes begins the count anew.

Not here: taking anything off the disk (`removal`), who decided (`choosing`, tombstones).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from phonotheque.mirror.events import Accepted, Event, Gone, LetGo, Removed
from phonotheque.mirror.home import Copy
from phonotheque.mirror.journal import Memory, iter_events
from phonotheque.music.chain import format_instant, parse_instant

WINDOW = timedelta(days=30)
"""A key that was stolen is noticed and replaced within this time, or nobody looks at all."""

MOST_OBJECTS = 100
"""So many objects go in that time, however much of what is held that is."""

MOST_TORRENTS = 10
"""So many torrents, likewise."""


@dataclass(slots=True)
class Losses:
    """What went, or is to go, without a person's word.

    Attributes:
        objects: Length of each object that was removed, by its SHA-256 in hexadecimal.
        torrents: Torrents that were let go of.
        freed_bytes: Came free with these.
        held_bytes: What was held before that.
    """

    objects: dict[str, int] = field(default_factory=dict)
    torrents: set[str] = field(default_factory=set)
    freed_bytes: int = 0
    held_bytes: int = 0

    @property
    def is_sweep(self) -> bool:
        """Whether that is more than may go unasked."""
        is_few = len(self.objects) <= MOST_OBJECTS and len(self.torrents) <= MOST_TORRENTS
        gone_bytes = sum(self.objects.values()) + self.freed_bytes
        return not is_few and gone_bytes > self.held_bytes // 2


def losses(copy: Copy) -> Losses:
    """Return what went from an open copy in the last thirty days."""
    since = format_instant(parse_instant(copy.writing.now()) - WINDOW)
    return losses_since(iter_events(copy.disk), since)


def losses_since(events: Iterable[Event], since: str) -> Losses:
    """Return what went after an instant, or after a person last said yes if that is later.

    Args:
        events: All lines of a journal. They count in the order they were written.
        since: The instant, as lines carry it.
    """
    memory, own = Memory(), set[str]()
    found: Losses | None = None
    start_bytes = first_bytes = None
    for event in events:
        is_first = found is None and event.at >= since
        if is_first or (found is not None and isinstance(event, Accepted)):
            found, start_bytes, first_bytes = Losses(), memory.held_bytes, None
        if found is not None:
            is_loss = isinstance(event, Removed | LetGo) and not event.is_own
            if is_loss and first_bytes is None:
                first_bytes = memory.held_bytes
            _count(found, event, own)
        memory.take(event)
    found = found or Losses()
    found.held_bytes = memory.held_bytes if first_bytes is None else first_bytes
    if start_bytes:  # a mirror that is younger had nothing then, and of that there is no half
        found.held_bytes = min(found.held_bytes, start_bytes)
    return found


def _count(found: Losses, event: Event, own: set[str]) -> None:
    match event:
        case Removed() if not event.is_own:
            found.objects[event.sha256] = event.size_bytes
        case LetGo():
            (own.add if event.is_own else own.discard)(event.torrent)
        case Gone() if event.torrent not in own:
            found.torrents.add(event.torrent)
            found.freed_bytes += event.freed_bytes
