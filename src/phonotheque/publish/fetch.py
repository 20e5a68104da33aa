"""Fetching one torrent, whole, into a folder.

Laws: it returns when every byte is proven by its hash and durable on the disk, or it raises; it
ends at the deadline; nothing outside `save_path` is written.

Source: BEP 3, BEP 9 (magnet links), BEP 19 (web seeds), BEP 52; libtorrent 2.1.
Not here: choosing what to fetch, keeping a part of a volume, taking files into an archive.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import libtorrent as lt

from phonotheque.disk import refusal
from phonotheque.errors import MalformedError, TruncatedError, UnavailableError
from phonotheque.publish.session import (
    EngineSettings,
    disk_error,
    magnet_params,
    open_session,
    torrent_params,
)

__all__ = ["NO_SOURCES", "EngineSettings", "FetchProgress", "FetchResult", "Sources", "fetch"]

_TURN_MS = 250
"""How late a deadline can be noticed."""

_UPDATE_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Sources:
    """Where to ask first, beside what the torrent and the settings name.

    Attributes:
        peers: (address, port) of mirrors that are known.
        web_seeds: Base URLs under which `<name>/<path>` is served (BEP 19).
    """

    peers: tuple[tuple[str, int], ...] = ()
    web_seeds: tuple[str, ...] = ()


NO_SOURCES = Sources()


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """How far it is. Until a magnet link's metadata has come, `total_bytes` is 0."""

    name: str
    done_bytes: int
    total_bytes: int
    bytes_per_s: int
    peers: int


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What was fetched.

    Attributes:
        folder: The torrent's folder.
        info_hash_v2: 64 hexadecimal digits; of a v1-only torrent all zero.
        total_bytes: Of its files, without padding.
        received_bytes: Came over the network; less when files were there already.
    """

    folder: Path
    info_hash_v2: str
    total_bytes: int
    received_bytes: int


def fetch(
    torrent: bytes | str,
    save_path: Path,
    *,
    settings: EngineSettings,
    deadline_s: float,
    sources: Sources = NO_SOURCES,
    on_progress: Callable[[FetchProgress], None] | None = None,
) -> FetchResult:
    """Fetch a torrent into `save_path` and return when it is complete and durable.

    Args:
        torrent: Bytes of a .torrent file, or a magnet link.
        save_path: The torrent's folder is made in here; files that are there already are checked.
        settings: How to meet the network.
        deadline_s: Seconds from now.
        sources: Where to ask first.
        on_progress: Called about twice a second, in this thread.

    Raises:
        MalformedError: The torrent, or the metadata that came for a magnet link, cannot be read.
        BadReferenceError: The magnet link is none.
        UnavailableError: The deadline passed (what is there stays, and counts the next time), or
            the disk refused a write: full, not permitted, failing.
    """
    params = _params(torrent, save_path, sources, settings)
    session = open_session(settings)
    try:
        name = params.name if params.ti is None else params.ti.name()
        handle = session.add_torrent(params)  # which empties `params`
        run = _Run(session, handle, name, on_progress)
        received_bytes = run.until_durable(monotonic() + deadline_s).total_payload_download
        info = handle.torrent_file()
    finally:
        # Ends the session: the engine's threads have let go of every file after this line.
        del session
    assert info is not None, "a finished torrent has its metadata"
    total_bytes = _settle(info, save_path)
    hash_v2 = str(info.info_hashes().v2)
    return FetchResult(save_path / info.name(), hash_v2, total_bytes, received_bytes)


def _params(
    torrent: bytes | str, save_path: Path, sources: Sources, settings: EngineSettings
) -> lt.add_torrent_params:
    if isinstance(torrent, str):
        params = magnet_params(torrent, save_path)
    else:
        params = torrent_params(torrent, save_path)
    params.peers = [*params.peers, *sources.peers]
    params.url_seeds = [*params.url_seeds, *sources.web_seeds]
    params.trackers = list(dict.fromkeys([*params.trackers, *settings.trackers]))
    return params


class _Run:
    """One torrent on its way."""

    def __init__(
        self,
        session: lt.session,
        handle: lt.torrent_handle,
        name: str,
        on_progress: Callable[[FetchProgress], None] | None,
    ) -> None:
        self._session = session
        self._handle = handle
        self._name = name or "the magnet link's torrent"
        self._on_progress = on_progress
        self._last: lt.torrent_status | None = None
        self._finished = self._flushed = False
        self._updated_at = 0.0

    def until_durable(self, deadline: float) -> lt.torrent_status:
        """Return the last status when all bytes have left the engine for the files."""
        while not self._flushed:
            if monotonic() >= deadline:
                raise self._too_late()
            if monotonic() - self._updated_at >= _UPDATE_EVERY_S:
                # The answer wakes whoever waits: asked for at every turn, turns would never end.
                self._session.post_torrent_updates()
                self._updated_at = monotonic()
            self._session.wait_for_alert(_TURN_MS)
            for alert in self._session.pop_alerts():
                self._take(alert)
        return self._handle.status()

    def _take(self, alert: lt.alert) -> None:
        match alert:
            case lt.state_update_alert():
                for status in alert.status:
                    self._last = status
                    self._tell(status)
            case lt.file_error_alert():
                raise disk_error(alert.filename(), alert.error)
            case lt.torrent_error_alert():
                raise disk_error(self._name, alert.error)
            case lt.metadata_failed_alert():
                raise MalformedError(
                    self._name,
                    f"its metadata cannot be used ({alert.error.message()})",
                    "Ask whoever gave the link for the .torrent file.",
                )
            case lt.torrent_finished_alert():
                # "Finished" comes while the last bytes may still wait in memory.
                self._finished = True
                self._handle.flush_cache()
            case lt.cache_flushed_alert() if self._finished:
                self._flushed = True

    def _tell(self, status: lt.torrent_status) -> None:
        if self._on_progress is not None:
            self._on_progress(
                FetchProgress(
                    status.name or self._name,
                    status.total_done,
                    status.total_wanted,
                    status.download_payload_rate,
                    status.num_peers,
                )
            )

    def _too_late(self) -> UnavailableError:
        last = self._last
        if last is None or not last.has_metadata:
            reached = "not even its metadata came"
        else:
            reached = f"{last.total_done:,} of {last.total_wanted:,} bytes came"
        peers = 0 if last is None else last.num_peers
        return UnavailableError(
            self._name,
            f"{reached} before the deadline, {peers} peers connected at the end",
            "Run again: what is there is kept.",
        )


def _files(info: lt.torrent_info) -> list[tuple[str, int]]:
    """(Path below the save path, size) of every file that is no padding."""
    files = info.layout()
    padding = lt.file_storage.flag_pad_file
    return [
        (files.file_path(index), files.file_size(index))
        for index in range(files.num_files())
        if not files.file_flags(index) & padding
    ]


def _settle(info: lt.torrent_info, save_path: Path) -> int:
    """Make files and names durable, prove that each file has its length, and return the sum.

    The engine's hashes are of what came, and its write errors come late: this looks at the disk.
    """
    folders, total_bytes = {save_path}, 0
    for path, size_bytes in _files(info):
        at = save_path / path
        try:
            found_bytes = _sync(at)
        except OSError as error:
            raise refusal(path, error) from error
        if found_bytes != size_bytes:
            raise TruncatedError(
                path, f"has {found_bytes:,} of {size_bytes:,} bytes", "Fetch it again."
            )
        total_bytes += size_bytes
        folders.update(parent for parent in at.parents if parent.is_relative_to(save_path))
    # Deepest first: a name counts only when the folder that holds it is durable.
    for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
        _sync(folder)
    return total_bytes


def _sync(path: Path) -> int:
    """Make a file or folder durable and return its size in bytes."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
