"""The engine that fetches: torrents come from peers and web servers into `state/incoming/`.

It stands apart from the one that shares (`publish.engine`): this one writes, and the kernel lets it
write below one folder and nowhere else, whatever a torrent or a planted link says
(`publish.shield`); that one never writes. Both run in one process.

Laws: what is told to have arrived has left the engine for the disk, and each of its pieces matched
its v2 hash on the way; a peer or web server that sends a wrong piece is not asked again; a torrent
that gets nowhere is told as stalled and never waited for in silence.

Source: BEP 19 (web seeds), BEP 52; libtorrent 2.1. Not here: what is fetched and where from
(`fetching`), the proof of what lies on the disk (`proving`).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any, Self

import libtorrent as lt

from phonotheque.disk import refusal
from phonotheque.errors import PhonothequeError
from phonotheque.mirror.contents import Contents, Part
from phonotheque.publish.fetch import NO_SOURCES, Sources
from phonotheque.publish.session import EngineSettings, await_port, open_session, torrent_params
from phonotheque.publish.shield import Wall, behind_wall

STALL_S = 600.0
"""A torrent of which not one piece came for so long is given up until the next sync."""

_TURN_MS = 250
_UPDATE_EVERY_S = 0.5
_FETCH_PRIORITY = 4
"""libtorrent's own default; 0 is "do not fetch"."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file is complete and has left the engine for the disk. `path` is as in the torrent."""

    torrent: str
    path: str


@dataclass(frozen=True, slots=True)
class Came:
    """How far a torrent is.

    Attributes:
        torrent: Its name.
        done_bytes: Of the files that were asked for.
        wanted_bytes: All of these.
        received_bytes: Came over the network until now, what was thrown away included.
        bytes_per_s: Lately.
        peers: Connected, web servers among them.
        bad_pieces: So many came with wrong bytes, and were asked for again elsewhere.
        is_checking: What lay there already is being read.
    """

    torrent: str
    done_bytes: int = 0
    wanted_bytes: int = 0
    received_bytes: int = 0
    bytes_per_s: int = 0
    peers: int = 0
    bad_pieces: int = 0
    is_checking: bool = False


@dataclass(frozen=True, slots=True)
class Stalled:
    """Nothing came for a long time."""

    torrent: str
    last: Came


@dataclass(frozen=True, slots=True)
class Refused:
    """The disk refused to take more."""

    torrent: str
    error: PhonothequeError


News = Arrived | Came | Stalled | Refused


@dataclass
class _Fetch:
    """A torrent on its way."""

    handle: lt.torrent_handle
    asked: tuple[Contents, tuple[Part, ...], Sources]
    paths: dict[int, str]  # of the files that were asked for, by libtorrent's number
    piece_bytes: int
    came: Came
    moved_at: float
    least_bytes: int = 0  # to have come when it was seen to move last
    completed: list[str] = field(default_factory=list)
    flushing: list[str] | None = None
    told: set[str] = field(default_factory=set)
    is_resting: bool = False
    before_bytes: int = 0  # came before it began afresh


class Swarm:
    """A running engine that fetches. Use it in a `with` statement, from one thread.

    Attributes:
        port: Where it listens.
        wall: What the kernel refuses to its threads.
    """

    def __init__(
        self, settings: EngineSettings, incoming: Path, *, stall_s: float = STALL_S
    ) -> None:
        """Start it.

        Args:
            settings: How to meet the network.
            incoming: The folder that torrents come into, the only one it may write below.
            stall_s: See `STALL_S`.

        Raises:
            UnavailableError: No address can be listened on.
        """
        self._incoming = incoming
        self._stall_s = stall_s
        self._trackers = settings.trackers
        self._updated_at = 0.0
        self._fetches: dict[str, _Fetch] = {}
        self._by_handle: dict[lt.torrent_handle, str] = {}
        self._on: dict[type[lt.alert], Callable[[str, Any], Iterator[News]]] = {
            lt.file_completed_alert: self._take_completed,
            lt.torrent_checked_alert: self._take_checked,
            lt.torrent_finished_alert: self._take_finished,
            lt.cache_flushed_alert: self._take_flushed,
            lt.hash_failed_alert: self._take_bad,
            lt.file_error_alert: self._take_file_error,
            lt.torrent_error_alert: self._take_error,
        }
        self.wall: Wall
        self._session, self.wall = behind_wall(lambda: open_session(settings), incoming)
        category = lt.alert_category
        told = category.error | category.status | category.storage | category.file_progress
        self._session.apply_settings({"alert_mask": told})
        self.port = await_port(self._session)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop, and take leave of peers; what came stays. Safe to call twice."""
        self._fetches.clear()
        self._by_handle.clear()
        if hasattr(self, "_session"):
            self._session.pause()
            del self._session

    def begin(
        self, contents: Contents, wanted: tuple[Part, ...], sources: Sources = NO_SOURCES
    ) -> None:
        """Fetch files of a torrent from now on; what lies there already is checked first.

        Args:
            contents: The torrent.
            wanted: Its files that are to come, at least one.
            sources: Where to ask, beside what torrent and index name.

        Raises:
            MalformedError: libtorrent refuses the torrent.
        """
        params = torrent_params(contents.data, self._incoming)
        assert params.ti is not None, "a torrent file has its metadata"
        paths = _numbers(params.ti, contents.torrent, {part.path for part in wanted})
        count = params.ti.layout().num_files()
        params.file_priorities = [
            _FETCH_PRIORITY if index in paths else 0 for index in range(count)
        ]
        params.peers = [*params.peers, *sources.peers]
        seeds = (*params.url_seeds, *contents.web_seeds, *sources.web_seeds)
        params.url_seeds = list(dict.fromkeys(map(_base, seeds)))
        params.trackers = list(dict.fromkeys([*params.trackers, *self._trackers]))
        handle = self._session.add_torrent(params)
        came = Came(contents.torrent, wanted_bytes=sum(part.size_bytes for part in wanted))
        asked = (contents, wanted, sources)
        fetch = _Fetch(handle, asked, paths, contents.piece_bytes, came, monotonic())
        self._fetches[contents.torrent] = fetch
        self._by_handle[handle] = contents.torrent

    def end(self, torrent: str) -> int:
        """Let go of a torrent; its files stay. Returns the bytes that came over the network.

        0 when it is not being fetched.
        """
        fetch = self._fetches.pop(torrent, None)
        if fetch is None:
            return 0
        received_bytes = fetch.before_bytes + fetch.handle.status().total_payload_download
        del self._by_handle[fetch.handle]
        self._session.remove_torrent(fetch.handle)
        return int(received_bytes)

    def fetch_again(self, torrent: str) -> None:
        """Read a torrent anew, because a file of it is not on the disk what came from peers.

        It begins afresh: they that gave it hung up when it was complete, and a new beginning asks
        them at once where the old one would wait.
        """
        fetch = self._fetches[torrent]
        received_bytes = self.end(torrent)
        self.begin(*fetch.asked)
        self._fetches[torrent].before_bytes = received_bytes

    def rest(self, *, is_resting: bool) -> None:
        """Stand still, or go on: for hours at which nothing may move. Nobody stalls meanwhile."""
        for fetch in self._fetches.values():
            fetch.is_resting = is_resting
            fetch.moved_at = monotonic()
        if is_resting:
            self._session.pause()
        else:
            self._session.resume()

    def news(self, timeout_s: float = _TURN_MS / 1000) -> list[News]:
        """Wait for news, at most so long, and return them, oldest first."""
        if monotonic() - self._updated_at >= _UPDATE_EVERY_S:
            # The answer wakes whoever waits: asked for at every turn, turns would never end.
            self._session.post_torrent_updates()
            self._updated_at = monotonic()
        self._session.wait_for_alert(int(timeout_s * 1000))
        told = [news for alert in self._session.pop_alerts() for news in self._take(alert)]
        for fetch in self._fetches.values():
            self._flush(fetch)
        return [*told, *self._stalled()]

    def _take(self, alert: lt.alert) -> Iterator[News]:
        if isinstance(alert, lt.state_update_alert):
            for status in alert.status:
                name = self._by_handle.get(status.handle)
                if name is not None:
                    yield self._updated(self._fetches[name], status)
            return
        take = self._on.get(type(alert))
        if take is None or not isinstance(alert, lt.torrent_alert):
            return
        name = self._by_handle.get(alert.handle)
        if name is not None:
            yield from take(name, alert)

    def _updated(self, fetch: _Fetch, status: lt.torrent_status) -> Came:
        checking = (
            lt.torrent_status.states.checking_files,
            lt.torrent_status.states.checking_resume_data,
        )
        fetch.came = Came(
            fetch.came.torrent,
            min(status.total_wanted_done, fetch.came.wanted_bytes),
            fetch.came.wanted_bytes,
            fetch.before_bytes + status.total_payload_download,
            status.download_payload_rate,
            status.num_peers,
            fetch.came.bad_pieces,
            status.state in checking,
        )
        # A trickle that would take years is no movement: a piece is the least.
        least = fetch.least_bytes + min(fetch.piece_bytes, fetch.came.wanted_bytes)
        if fetch.came.done_bytes >= least or fetch.came.is_checking:
            fetch.least_bytes = fetch.came.done_bytes
            fetch.moved_at = monotonic()
        return fetch.came

    def _take_completed(self, name: str, alert: lt.file_completed_alert) -> Iterator[News]:
        fetch = self._fetches[name]
        self._complete(fetch, [alert.index])
        return iter(())

    def _take_checked(self, name: str, alert: lt.torrent_checked_alert) -> Iterator[News]:
        """What lay there already was read: which files are whole?"""
        del alert
        fetch = self._fetches[name]
        info = fetch.handle.torrent_file()
        if info is not None:
            files = info.layout()
            has = fetch.handle.file_progress()
            self._complete(fetch, [at for at in fetch.paths if has[at] == files.file_size(at)])
        return iter(())

    def _take_finished(self, name: str, alert: lt.torrent_finished_alert) -> Iterator[News]:
        del alert
        self._complete(self._fetches[name], list(self._fetches[name].paths))
        return iter(())

    def _complete(self, fetch: _Fetch, numbers: list[int]) -> None:
        fresh = [fetch.paths[at] for at in numbers if at in fetch.paths]
        waiting = {*fetch.told, *fetch.completed, *(fetch.flushing or ())}
        fetch.completed += [path for path in fresh if path not in waiting]

    def _flush(self, fetch: _Fetch) -> None:
        """Have files written that are complete: "complete" comes while bytes wait in memory."""
        if fetch.completed and fetch.flushing is None:
            fetch.flushing, fetch.completed = fetch.completed, []
            fetch.handle.flush_cache()

    def _take_flushed(self, name: str, alert: lt.cache_flushed_alert) -> Iterator[News]:
        del alert
        fetch = self._fetches[name]
        written, fetch.flushing = fetch.flushing or [], None
        fetch.told.update(written)
        for path in written:
            yield Arrived(name, path)

    def _take_bad(self, name: str, alert: lt.hash_failed_alert) -> Iterator[News]:
        del alert
        fetch = self._fetches[name]
        fetch.came = replace(fetch.came, bad_pieces=fetch.came.bad_pieces + 1)
        yield fetch.came

    def _take_file_error(self, name: str, alert: lt.file_error_alert) -> Iterator[News]:
        yield Refused(name, _disk_error(alert.filename(), alert.error))

    def _take_error(self, name: str, alert: lt.torrent_error_alert) -> Iterator[News]:
        yield Refused(name, _disk_error(name, alert.error))

    def _stalled(self) -> Iterator[Stalled]:
        now = monotonic()
        for name, fetch in self._fetches.items():
            if not fetch.is_resting and now - fetch.moved_at >= self._stall_s:
                fetch.moved_at = now
                yield Stalled(name, fetch.came)


def _numbers(info: lt.torrent_info, torrent: str, wanted: set[str]) -> dict[int, str]:
    """libtorrent's numbers of files, padding among them, with their paths in the torrent."""
    files = info.layout()
    padding = lt.file_storage.flag_pad_file
    found = {}
    for index in range(files.num_files()):
        if files.file_flags(index) & padding:
            continue
        path = files.file_path(index).removeprefix(f"{torrent}/")
        if path in wanted:
            found[index] = path
    return found


def _base(url: str) -> str:
    """A web seed of a folder ends in a slash: some clients append `name/path` without one."""
    return url if url.endswith("/") else url + "/"


def _disk_error(path: str, error: lt.error_code) -> PhonothequeError:
    """libtorrent's error in our words; numbers of other categories are not the system's."""
    system = error.category().name() in ("system", "generic")
    number = error.value() if system else errno.EIO
    return refusal(path, OSError(number, error.message()))
