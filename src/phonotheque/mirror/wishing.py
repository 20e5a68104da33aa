"""What libtorrent is told of a torrent to be fetched: which of its files, and whom to ask.

Source: BEP 19 (web seeds); libtorrent 2.1 `add_torrent_params`. Not here: fetching (`swarm`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import libtorrent as lt

from phonotheque.mirror.beginnings import Beginning, Source
from phonotheque.publish.torrent import web_seed_base

_FETCH_PRIORITY = 4
"""libtorrent's own default; 0 is "do not fetch"."""


def wish(params: lt.add_torrent_params, torrent: str, paths: Collection[str]) -> dict[int, str]:
    """Let some files of a torrent be fetched and no others.

    Args:
        params: The torrent, loaded.
        torrent: Its folder.
        paths: Of files, below that folder.

    Returns:
        The paths by libtorrent's numbers of files, which count padding too.
    """
    assert params.ti is not None, "a torrent file has its metadata"
    files = params.ti.layout()
    padding = lt.file_storage.flag_pad_file
    found = {}
    for index in range(files.num_files()):
        if files.file_flags(index) & padding:
            continue
        path = files.file_path(index).removeprefix(f"{torrent}/")
        if path in paths:
            found[index] = path
    params.file_priorities = [
        _FETCH_PRIORITY if index in found else 0 for index in range(files.num_files())
    ]
    return found


def ask(
    params: lt.add_torrent_params,
    web_seeds: Iterable[str],
    peers: Iterable[tuple[str, int]],
    trackers: Iterable[str],
) -> None:
    """Ask these, too, each once."""
    params.peers = [*params.peers, *peers]
    params.url_seeds = list(dict.fromkeys(map(web_seed_base, (*params.url_seeds, *web_seeds))))
    params.trackers = list(dict.fromkeys([*params.trackers, *trackers]))


def known_sources(params: lt.add_torrent_params) -> tuple[Source, ...]:
    """All that are known by name."""
    return (*params.peers, *params.url_seeds)


def ask_as(params: lt.add_torrent_params, beginning: Beginning) -> None:
    """Leave out who lied, and ask all others, or one alone."""
    asked = (beginning.alone,) if beginning.alone is not None else beginning.honest
    params.banned_peers = [one for one in beginning.liars if isinstance(one, tuple)]
    params.peers = [peer for peer in params.peers if peer in asked]
    params.url_seeds = [seed for seed in params.url_seeds if seed in asked]
    if beginning.alone is None:
        return
    params.trackers = []
    flags = lt.torrent_flags
    params.flags |= flags.disable_dht | flags.disable_lsd | flags.disable_pex
