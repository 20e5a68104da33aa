"""The engine that fetches: torrents come from peers and web servers into `state/incoming/`.

It stands apart from the one that shares (`publish.engine`): this one writes, and the kernel lets it
write below one folder and nowhere else, whatever a torrent or a planted link says
(`publish.shield`); that one never writes. Both run in one process.

Laws: what is told to have arrived has left the engine for the disk, and each of its pieces matched
its v2 hash on the way; a peer or web server that sends a wrong piece is not asked again; a torrent
that gets nowhere is told as stalled and never waited for in silence.

A torrent that stands still after a wrong piece is begun afresh (`beginnings`); what came is not
read again for that.

Source: BEP 19 (web seeds), BEP 52; libtorrent 2.1. Not here: what is fetched and where from
(`fetching`), the proof of what lies on the disk (`proving`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any, Self

import libtorrent as lt

from phonotheque.mirror.beginnings import RETRY_S, Beginning, Pace, is_due
from phonotheque.mirror.contents import Contents, Part
from phonotheque.mirror.news import Arrived, Came, News, Refused, Stalled
from phonotheque.mirror.peers import addresses
from phonotheque.mirror.underway import Asked, Fetch
from phonotheque.mirror.wishing import ask, ask_as, known_sources, wish
from phonotheque.publish.fetch import NO_SOURCES, Sources
from phonotheque.publish.session import (
    EngineSettings,
    await_port,
    disk_error,
    open_session,
    torrent_params,
)
from phonotheque.publish.shield import Wall, behind_wall

STALL_S = 600.0
"""A torrent of which not one piece came for so long is given up until the next sync."""

_TURN_MS = 250
_UPDATE_EVERY_S = 0.5


class Swarm:
    """A running engine that fetches. Use it in a `with` statement, from one thread.

    Attributes:
        port: Where it listens.
        wall: What the kernel refuses to its threads.
    """

    def __init__(
        self,
        settings: EngineSettings,
        incoming: Path,
        *,
        stall_s: float = STALL_S,
        retry_s: float = RETRY_S,
    ) -> None:
        """Start it.

        Args:
            settings: How to meet the network.
            incoming: The folder that torrents come into, the only one it may write below.
            stall_s: See `STALL_S`.
            retry_s: See `RETRY_S`.

        Raises:
            UnavailableError: No address can be listened on.
        """
        self._incoming = incoming
        self._stall_s = stall_s
        self._retry_s = retry_s
        self._trackers = settings.trackers
        self._updated_at = 0.0
        self._is_resting = False
        self._fetches: dict[str, Fetch] = {}
        self._found: dict[tuple[str, int], tuple[tuple[str, int], ...]] = {}
        self._by_handle: dict[lt.torrent_handle, str] = {}
        self._on: dict[type[lt.alert], Callable[[str, Any], Iterator[News]]] = {
            lt.file_completed_alert: self._take_completed,
            lt.torrent_checked_alert: self._take_checked,
            lt.torrent_finished_alert: self._take_finished,
            lt.cache_flushed_alert: self._take_flushed,
            lt.hash_failed_alert: self._take_bad,
            lt.peer_ban_alert: self._take_ban,
            lt.file_error_alert: self._take_file_error,
            lt.torrent_error_alert: self._take_error,
        }
        self.wall: Wall
        self._session, self.wall = behind_wall(lambda: open_session(settings), incoming)
        category = lt.alert_category
        told = category.error | category.status | category.storage | category.file_progress
        self._session.apply_settings({"alert_mask": told | category.peer})
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
        self,
        contents: Contents,
        wanted: tuple[Part, ...],
        sources: Sources = NO_SOURCES,
        have: Sequence[bool] | None = None,
    ) -> None:
        """Fetch files of a torrent from now on.

        Args:
            contents: The torrent.
            wanted: Its files that are to come, at least one.
            sources: Where to ask, beside what torrent and index name.
            have: Which pieces lie there already; what is not so is found when it is proven. None:
                what lies there is read first.

        Raises:
            MalformedError: libtorrent refuses the torrent.
        """
        came = Came(contents.torrent, wanted_bytes=sum(part.size_bytes for part in wanted))
        sources = replace(sources, peers=self._addresses(sources.peers))
        self._begin(Asked(contents, wanted, sources), came, Beginning(), have)

    def _begin(
        self, asked: Asked, came: Came, beginning: Beginning, have: Sequence[bool] | None = None
    ) -> Fetch:
        contents, sources = asked.contents, asked.sources
        params = torrent_params(contents.data, self._incoming)
        paths = wish(params, contents.torrent, {part.path for part in asked.wanted})
        ask(params, (*contents.web_seeds, *sources.web_seeds), sources.peers, self._trackers)
        beginning = replace(beginning, known=known_sources(params))
        ask_as(params, beginning)
        if have is not None:
            params.have_pieces = list(have)
        handle = self._session.add_torrent(params)
        fetch = Fetch(handle, asked, paths, came, beginning, Pace.from_now(monotonic()))
        fetch.is_resting = self._is_resting
        self._fetches[contents.torrent] = fetch
        self._by_handle[handle] = contents.torrent
        return fetch

    def _addresses(self, peers: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
        """Where these are; those whose names nobody knows now are not asked."""
        for peer in peers:
            if not self._found.get(peer):
                self._found[peer] = addresses(peer)
        return tuple(at for peer in peers for at in self._found[peer])

    def pieces(self, torrent: str) -> list[bool]:
        """Which pieces of a torrent have come; none when it is not being fetched, or is read."""
        fetch = self._fetches.get(torrent)
        return fetch.pieces() if fetch is not None and not fetch.came.is_checking else []

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
        self._begin_again(torrent, self._fetches[torrent].beginning.with_all(), None)

    def _begin_again(
        self, torrent: str, beginning: Beginning, have: Sequence[bool] | None
    ) -> Fetch:
        before = self._fetches[torrent]
        received_bytes = self.end(torrent)
        came = replace(before.came, received_bytes=received_bytes)
        fetch = self._begin(before.asked, came, beginning, have)
        fetch.before_bytes = received_bytes
        return fetch

    def rest(self, *, is_resting: bool) -> None:
        """Stand still, or go on: for hours at which nothing may move. Nobody stalls meanwhile."""
        self._is_resting = is_resting
        for fetch in self._fetches.values():
            fetch.is_resting = is_resting
            fetch.pace.wait(monotonic())
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
        told += self._stalled()
        self._unlock()
        return told

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

    def _updated(self, fetch: Fetch, status: lt.torrent_status) -> Came:
        checking = (
            lt.torrent_status.states.checking_files,
            lt.torrent_status.states.checking_resume_data,
        )
        heard_bytes = fetch.came.received_bytes
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
        step_bytes = min(fetch.asked.contents.piece_bytes, fetch.came.wanted_bytes)
        if fetch.came.is_checking:
            fetch.pace.wait(monotonic())
        elif fetch.pace.has_moved(fetch.came.done_bytes, step_bytes, monotonic()):
            fetch.beginning = fetch.beginning.moved()
        if fetch.came.received_bytes > heard_bytes:
            fetch.pace.heard_at = monotonic()
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
            fetch.pace.least_bytes = sum(has[at] for at in fetch.paths)
            self._complete(fetch, [at for at in fetch.paths if has[at] == files.file_size(at)])
        return iter(())

    def _take_finished(self, name: str, alert: lt.torrent_finished_alert) -> Iterator[News]:
        del alert
        self._complete(self._fetches[name], list(self._fetches[name].paths))
        return iter(())

    def _complete(self, fetch: Fetch, numbers: list[int]) -> None:
        fresh = [fetch.paths[at] for at in numbers if at in fetch.paths]
        waiting = {*fetch.told, *fetch.completed, *(fetch.flushing or ())}
        fetch.completed += [path for path in fresh if path not in waiting]

    def _flush(self, fetch: Fetch) -> None:
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
        fetch = self._fetches[name]
        fetch.came = replace(fetch.came, bad_pieces=fetch.came.bad_pieces + 1)
        fetch.wrong.add(alert.piece_index)
        if isinstance(fetch.beginning.alone, str):  # libtorrent only thinks that it lacks the file
            fetch.pace.liars.add(fetch.beginning.alone)
        yield fetch.came

    def _take_ban(self, name: str, alert: lt.peer_ban_alert) -> Iterator[News]:
        self._fetches[name].pace.liars.add(alert.endpoint)
        return iter(())

    def _take_file_error(self, name: str, alert: lt.file_error_alert) -> Iterator[News]:
        yield Refused(name, disk_error(alert.filename(), alert.error))

    def _take_error(self, name: str, alert: lt.torrent_error_alert) -> Iterator[News]:
        yield Refused(name, disk_error(name, alert.error))

    def _stalled(self) -> Iterator[Stalled]:
        now = monotonic()
        for name, fetch in self._fetches.items():
            if fetch.is_waiting and now - fetch.pace.moved_at >= self._stall_s:
                fetch.pace.moved_at = now
                yield Stalled(name, fetch.came)

    def _unlock(self) -> None:
        """Begin afresh with what stands still after a wrong piece."""
        now = monotonic()
        for name, fetch in list(self._fetches.items()):
            if not fetch.is_stuck:
                continue
            is_late = is_due(fetch.beginning, fetch.pace, now, self._retry_s)
            if not is_late and fetch.beginning.alone is None:
                continue
            fetch.wrong = {at for at in fetch.wrong if not fetch.handle.have_piece(at)}
            if fetch.wrong and not is_late:
                continue
            if fetch.wrong or fetch.beginning.alone is not None:
                self._go_on(name, fetch)

    def _go_on(self, name: str, before: Fetch) -> None:
        """Go on with the next beginning, from what has come."""
        beginning = before.beginning.next(before.proven_liars())
        fetch = self._begin_again(name, beginning, before.pieces())
        fetch.told, fetch.wrong = before.told, before.wrong
