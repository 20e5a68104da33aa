"""Counting the seeders of an archive's torrents, and publishing the count.

Laws: the network is asked without holding the archive; the journal's line is durable before
`health.json`, and that before the pages that show it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from phonotheque.archive.bulk.pages import make_pages
from phonotheque.archive.opening import Archive, now, open_to_read, open_to_write
from phonotheque.disk import Disk, append_line, read_whole, write_whole
from phonotheque.errors import NotHeldError, UnavailableError
from phonotheque.publish.health import history, report
from phonotheque.publish.health.dht import BOOTSTRAP, DhtSettings, count_in_dht
from phonotheque.publish.health.observing import Observer, observe, tracker_source
from phonotheque.publish.index.form import read_index
from phonotheque.publish.index.lines import Header, TorrentLine
from phonotheque.publish.index.newest import newest


@dataclass(frozen=True, slots=True)
class Counting:
    """How to count.

    Attributes:
        observer: By what name the count is published; "" takes the archive's title.
        trackers: Asked beside those of the settings.
        has_dht: Whether the DHT is asked; None: as the setting `seed.dht` says.
        bootstrap: Nodes of the DHT to begin with.
    """

    observer: str = ""
    trackers: tuple[str, ...] = ()
    has_dht: bool | None = None
    bootstrap: tuple[str, ...] = BOOTSTRAP


def count_health(
    root: Path, counting: Counting, on_trouble: Callable[[str], None]
) -> history.Observed:
    """Ask trackers and the DHT for every torrent that is offered; publish what they said.

    Raises:
        NotHeldError: Nothing was published yet.
        UnavailableError: There is nobody to ask, or nobody answered.
    """
    with open_to_read(root) as archive:
        header, lines = _index(archive)
        trackers = dict.fromkeys((*archive.config["seed.trackers"], *counting.trackers))
        has_dht = archive.config["seed.dht"] if counting.has_dht is None else counting.has_dht
    dht = DhtSettings(counting.bootstrap) if has_dht else None
    sources = _sources(list(trackers), dht, on_trouble)
    failed: list[UnavailableError] = []
    observer = counting.observer or header.title or header.name
    health = observe(lines, sources, observer, now, failed.append)
    for trouble in failed:
        on_trouble(str(trouble))
    if len(failed) == len(sources):
        raise UnavailableError(
            "trackers and DHT", "nobody answered", "The last count stands. Try again later."
        )
    summed = history.observed(health, lines)
    with open_to_write(root, "publish health", is_patient=True) as archive:
        put_health(archive.disk, health, summed)
        make_pages(archive)
    return summed


def _index(archive: Archive) -> tuple[Header, list[TorrentLine]]:
    path = newest(archive.disk)
    if path is None:
        raise NotHeldError("an index", "nothing was published yet", "Publish: phono publish run")
    return read_index(read_whole(archive.disk, path), path)


def _sources(
    trackers: list[str], dht: DhtSettings | None, on_trouble: Callable[[str], None]
) -> list[Observer]:
    sources = []
    for tracker in trackers:
        source = tracker_source(tracker)
        if source is None:
            on_trouble(f"{tracker}: this kind of tracker cannot be asked, so it is left out.")
        else:
            sources.append(source)
    if dht is not None:
        sources.append(Observer("dht", "the DHT", lambda hashes: count_in_dht(hashes, dht)))
    if not sources:
        raise UnavailableError(
            "trackers and DHT", "there is nobody to ask", "Set `seed.trackers`, or `seed.dht`."
        )
    return sources


def put_health(disk: Disk, health: report.Health, summed: history.Observed) -> None:
    """Append to the journal, then replace what is published."""
    append_line(disk, history.JOURNAL, history.encode_line(summed))
    write_whole(disk, report.PATH, report.encode(health))
