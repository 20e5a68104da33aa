"""Seeding: volumes are shared from where they lie, and nothing there is ever written.

An archive's `volumes/<name>` is a link to `../objects`, so the folder that a volume's torrent
names is the store itself. Three things keep the engine from writing into it: every torrent is in
upload mode, which never asks a peer for a byte; the mode is set again at every turn a torrent
takes; and the kernel refuses the engine's threads every write (`phonotheque.publish.shield`).

Laws: no byte, size, time or name in the store is changed, whatever is damaged there and whoever is
connected; damage that is met is told once for each file; what is intact stays shared.

A volume starts at once: sizes are compared, hashes are checked when a piece is first asked for.

Source: BEP 3, BEP 52; libtorrent 2.1 `torrent_flags::seed_mode` and `upload_mode`.
Not here: which volumes to seed, printing, mending (`phono verify`, `phono repair`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path
from threading import Condition, Event, Thread
from time import monotonic
from typing import Any, Self

import libtorrent as lt

from phonotheque.errors import ConflictError, MalformedError, NotHeldError
from phonotheque.publish.sealed import twin_name
from phonotheque.publish.seed_status import (
    Seeding,
    SeedState,
    SeedStatus,
    SeedTrouble,
    TroubleKind,
    status_of,
)
from phonotheque.publish.session import (
    EngineSettings,
    await_port,
    open_session,
    torrent_params,
)
from phonotheque.publish.shield import Wall, behind_wall

__all__ = [
    "EngineSettings",
    "SeedState",
    "SeedStatus",
    "SeedTrouble",
    "Seeder",
    "Seeding",
    "TroubleKind",
    "Wall",
]

_ONLY_UPLOAD = lt.torrent_flags.upload_mode
_UPDATE_EVERY_S = 0.5
_LISTEN_MS = 250
"""How long the listening thread sleeps at most, and so how long `close` waits for it."""

_REVIVALS = 3
"""A file that cannot be read stops its volume; so often it is started again without that file.
Each time reads the whole volume, so a dying disk must not go on for ever."""


class _Volume:
    """What is remembered of a torrent. Touched under the seeder's lock only."""

    def __init__(self, name: str, folder: Path, handle: lt.torrent_handle) -> None:
        self.name = name
        self.folder = folder
        self.handle = handle
        self.status = SeedStatus(name, SeedState.STARTING)
        self.told: set[tuple[TroubleKind, str]] = set()
        self.revivals_left = _REVIVALS


class Seeder:
    """A running engine that gives volumes away and takes nothing.

    Use it in a `with` statement. All methods may be called from any thread.

    Attributes:
        port: Where it listens.
        wall: What the kernel refuses to the engine's threads.
    """

    def __init__(self, settings: EngineSettings) -> None:
        """Start it. Raises `UnavailableError` when no address can be listened on."""
        self._settings = settings
        self._news = Condition()
        self._volumes: dict[str, _Volume] = {}
        self._by_handle: dict[lt.torrent_handle, _Volume] = {}
        self._troubles: list[SeedTrouble] = []
        self._closing = Event()
        self._on: dict[type[lt.alert], Callable[[Any], None]] = {
            lt.state_update_alert: self._take_updates,
            lt.hash_failed_alert: self._take_hash_failed,
            lt.file_error_alert: self._take_file_error,
            lt.torrent_error_alert: self._take_stop,
            lt.torrent_checked_alert: self._take_checked,
        }
        # The session starts its threads in here, so they stand behind the wall and ours do not.
        self.wall: Wall
        self._session, self.wall = behind_wall(lambda: open_session(settings))
        self.port = await_port(self._session)
        self._listener = Thread(target=self._listen, name="phono-seeder", daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, torrent: bytes, save_path: Path, lacking: Collection[str] = ()) -> Seeding:
        """Share a volume from now on.

        Args:
            torrent: Bytes of its .torrent file.
            save_path: Where the folder that it names lies; for an archive `ARCHIVE/volumes`.
            lacking: Files, by their paths below that folder, that are known not to be there: they
                are offered to nobody, and the others are shared without being read first.

        Raises:
            MalformedError: The torrent cannot be read, or has no v2 info-hash.
            ConflictError: A volume of that name is shared already.

        Cost: about 0.4 CPU-seconds and 9 MB of memory for 8,192 files.
        """
        params = torrent_params(torrent, save_path)
        info = params.ti
        if info is None or not info.info_hashes().has_v2():
            raise MalformedError("the torrent", "has no version 2 info-hash", "Make it anew.")
        if lacking:
            _tell_lacking(params, info, {f"{info.name()}/{path}" for path in lacking})
        else:
            params.flags |= lt.torrent_flags.seed_mode
        return self._add(info, params, info.name())

    def add_twin(self, torrent: bytes, save_path: Path) -> Seeding:
        """Share the v1-only twin of a volume from the same folder, too, under a name of its own.

        Raises:
            MalformedError: The torrent cannot be read.
            ConflictError: It is shared already.
        """
        params = torrent_params(torrent, save_path)
        assert params.ti is not None, "a torrent file has its metadata"
        params.flags |= lt.torrent_flags.seed_mode
        return self._add(params.ti, params, twin_name(params.ti.name()))

    def _add(self, info: lt.torrent_info, params: lt.add_torrent_params, name: str) -> Seeding:
        params.flags |= _ONLY_UPLOAD
        params.trackers = list(dict.fromkeys([*params.trackers, *self._settings.trackers]))
        params.name = info.name()  # or the magnet link has none
        hashes = info.info_hashes()
        added = Seeding(name, str(hashes.v2), str(hashes.v1), lt.make_magnet_uri(params))
        params.url_seeds = []  # they are for those who fetch
        with self._news:
            if name in self._volumes:
                raise ConflictError(name, "is seeded already", "Remove it first.")
            folder = Path(params.save_path, info.name())
            handle = self._session.add_torrent(params)
            volume = _Volume(name, folder, handle)
            self._volumes[name] = self._by_handle[handle] = volume
        return added

    def remove(self, name: str) -> None:
        """Stop sharing a volume; its files stay. Raises `NotHeldError` when it is not shared."""
        with self._news:
            volume = self._volumes.pop(name, None)
            if volume is None:
                raise NotHeldError(name, "is not seeded", "See `phono seed`.")
            del self._by_handle[volume.handle]
            self._session.remove_torrent(volume.handle)

    def rest(self, *, is_resting: bool) -> None:
        """Stand still, or go on: for hours at which nothing may move."""
        if is_resting:
            self._session.pause()
        else:
            self._session.resume()

    def progress(self) -> list[SeedStatus]:
        """How every volume stood a moment ago, in order of name; after `close`, how it ended."""
        with self._news:
            return [self._volumes[name].status for name in sorted(self._volumes)]

    def troubles(self) -> list[SeedTrouble]:
        """Everything met since the start, oldest first."""
        with self._news:
            return list(self._troubles)

    def wait_for_news(self, timeout_s: float) -> bool:
        """Wait until a status or the troubles change; False when the time passed without."""
        with self._news:
            return self._news.wait(timeout_s)

    def close(self) -> None:
        """Stop, and take leave of peers and trackers. Safe to call twice.

        Takes at most about 4 s: a last update, then 2 s for trackers that do not answer.
        """
        if self._closing.is_set():
            return
        self._closing.set()
        self._listener.join()
        self._session.post_torrent_updates()
        deadline = monotonic() + _UPDATE_EVERY_S
        while (left_s := deadline - monotonic()) > 0 and self._session.wait_for_alert(
            int(left_s * 1000) + 1
        ):
            alerts = self._session.pop_alerts()
            self._take(alerts)
            if any(isinstance(alert, lt.state_update_alert) for alert in alerts):
                break
        # Alerts and handles point into the session: all must go before it does.
        alerts = []
        self._session.pause()
        del self._session

    # From here on: the listening thread.

    def _listen(self) -> None:
        updated_at = 0.0
        while not self._closing.is_set():
            if monotonic() - updated_at >= _UPDATE_EVERY_S:
                # Asking each torrent for its status holds the engine up; this one call reports
                # those that changed.
                self._session.post_torrent_updates()
                updated_at = monotonic()
            self._session.wait_for_alert(_LISTEN_MS)
            self._take(self._session.pop_alerts())

    def _take(self, alerts: Iterable[lt.alert]) -> None:
        with self._news:
            for alert in alerts:
                if isinstance(alert, lt.alerts_dropped_alert):
                    self._only_upload(self._by_handle)
                elif isinstance(alert, lt.torrent_alert):
                    # Whatever happened to a torrent, it goes on in upload mode.
                    self._only_upload([alert.handle])
                take = self._on.get(type(alert))
                if take is not None:
                    take(alert)
                    self._news.notify_all()

    def _only_upload(self, handles: Iterable[lt.torrent_handle]) -> None:
        for handle in handles:
            if handle in self._by_handle and handle.is_valid():
                handle.set_flags(_ONLY_UPLOAD)

    def _take_updates(self, alert: lt.state_update_alert) -> None:
        for status in alert.status:
            volume = self._by_handle.get(status.handle)
            if volume is not None:
                volume.status = status_of(volume.name, status)

    def _take_hash_failed(self, alert: lt.hash_failed_alert) -> None:
        volume = self._by_handle.get(alert.handle)
        if volume is not None:
            # libtorrent now leaves seed mode and reads all of the volume: `_take_checked` follows.
            self._tell_pieces(volume, [alert.piece_index])

    def _take_file_error(self, alert: lt.file_error_alert) -> None:
        volume = self._by_handle.get(alert.handle)
        if volume is not None:
            path = alert.filename().removeprefix(f"{volume.folder}/")
            reason = alert.error.message().lower()
            self._tell(SeedTrouble(volume.name, TroubleKind.UNREADABLE, path, None, reason))

    def _take_stop(self, alert: lt.torrent_error_alert) -> None:
        """A read was refused and libtorrent stopped the volume: go on without that file."""
        volume = self._by_handle.get(alert.handle)
        if volume is None:
            return
        if volume.revivals_left:
            volume.revivals_left -= 1
            volume.handle.clear_error()
            volume.handle.resume()
            return
        volume.status = replace(
            volume.status, state=SeedState.STOPPED, error=alert.error.message().lower()
        )

    def _take_checked(self, alert: lt.torrent_checked_alert) -> None:
        volume = self._by_handle.get(alert.handle)
        if volume is None or not volume.handle.is_valid():
            return
        # One call after a whole reading, not a poll: which pieces are not there?
        status = volume.handle.status(lt.torrent_handle.query_pieces)
        if not status.is_finished:
            self._tell_pieces(volume, [i for i, have in enumerate(status.pieces) if not have])

    def _tell_pieces(self, volume: _Volume, pieces: Iterable[int]) -> None:
        info = volume.handle.torrent_file()
        if info is None:
            return
        for piece in pieces:
            reason = f"piece {piece} is not what its hash says"
            for path in _paths_in(info, piece):
                self._tell(SeedTrouble(volume.name, TroubleKind.DAMAGED, path, piece, reason))

    def _tell(self, trouble: SeedTrouble) -> None:
        volume = self._volumes[trouble.volume]
        if (trouble.kind, trouble.path) not in volume.told:
            volume.told.add((trouble.kind, trouble.path))
            self._troubles.append(trouble)


def _paths_in(info: lt.torrent_info, piece: int) -> list[str]:
    """The files that a piece has bytes of.

    In the hybrid form files begin at pieces, so it is one; a piece of a twin can be of several.
    """
    files, end = info.layout(), (piece + 1) * info.piece_length()
    padding, index = lt.file_storage.flag_pad_file, files.file_index_at_piece(piece)
    found = []
    while index < files.num_files() and files.file_offset(index) < end:
        if not files.file_flags(index) & padding:
            found.append(files.file_path(index).partition("/")[2])
        index += 1
    return found


def _tell_lacking(params: lt.add_torrent_params, info: lt.torrent_info, paths: set[str]) -> None:
    """Let libtorrent believe that it has all pieces but those of some files.

    In seed mode it would meet the first of them, give the mode up and read all of the volume.
    """
    files = info.layout()
    pieces = [True] * info.num_pieces()
    priorities = [4] * files.num_files()
    for index in range(files.num_files()):
        if files.file_path(index) in paths:
            priorities[index] = 0
            first = files.piece_index_at_file(index)
            count = -(-files.file_size(index) // info.piece_length())
            pieces[first : first + count] = [False] * count  # a file begins at a piece
    params.have_pieces = pieces
    params.file_priorities = priorities
