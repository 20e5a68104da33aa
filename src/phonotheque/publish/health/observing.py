"""One observation: all sources asked for all torrents, and what they say put together.

Laws: a source that fails is told and holds up nobody; each torrent is asked for by both of its
info-hashes, since peers of the old and the new kind may gather under either; a torrent that nobody
knows is absent from the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from phonotheque.errors import UnavailableError
from phonotheque.publish.health.report import SCHEMA, Count, Health, highest
from phonotheque.publish.health.scrape import MOST_HASHES, can_scrape, scrape
from phonotheque.publish.health.swarm import Ask, Swarm
from phonotheque.publish.index.lines import TorrentLine

_TRACKER_PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class Observer:
    """Somebody who can be asked: what kind, its name for messages, and how."""

    kind: str
    name: str
    ask: Ask


def tracker_source(tracker: str, patience_s: float = _TRACKER_PATIENCE_S) -> Observer | None:
    """A tracker as a source; None when its kind cannot be scraped."""
    if not can_scrape(tracker):
        return None

    def ask(hashes: Sequence[bytes]) -> Mapping[bytes, Swarm]:
        found: dict[bytes, Swarm] = {}
        for at in range(0, len(hashes), MOST_HASHES):
            found |= scrape(tracker, hashes[at : at + MOST_HASHES], patience_s)
        return found

    return Observer("tracker", tracker, ask)


def observe(
    lines: Sequence[TorrentLine],
    sources: Sequence[Observer],
    observer: str,
    clock: Callable[[], str],
    on_trouble: Callable[[UnavailableError], None],
) -> Health:
    """Ask every source for every torrent that is offered.

    Args:
        lines: Of the newest index.
        sources: Whom to ask.
        observer: By what name the result is told.
        clock: This instant, UTC.
        on_trouble: Told of each source that failed.
    """
    offered = [line for line in lines if not line.obsolete]
    hashes = [one for line in offered for one in hashes_of(line)]
    told: dict[bytes, list[Count]] = {}
    for source in sources:
        try:
            swarms = source.ask(hashes)
        except UnavailableError as error:
            on_trouble(error)
            continue
        at = clock()
        for info_hash, swarm in swarms.items():
            count = Count(swarm.seeders, swarm.leechers, at, (source.kind,))
            told.setdefault(info_hash, []).append(count)
    return Health(SCHEMA, observer, clock(), dict(_counts(offered, told)))


def hashes_of(line: TorrentLine) -> tuple[bytes, bytes]:
    """The two names of 20 bytes under which peers of a hybrid torrent gather (BEP 52)."""
    return bytes.fromhex(line.v1), bytes.fromhex(line.v2)[:20]


def _counts(
    lines: Sequence[TorrentLine], told: Mapping[bytes, Sequence[Count]]
) -> Iterator[tuple[str, Count]]:
    for line in lines:
        counts = [count for one in hashes_of(line) for count in told.get(one, ())]
        if (count := highest(counts)) is not None:
            yield line.id, count
