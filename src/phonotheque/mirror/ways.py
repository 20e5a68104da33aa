"""How a mirror meets the world: the folders, peers and web servers that bytes may come from.

Law: a folder that is away is told, and stops nothing. Not here: asking them (`fetching`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from phonotheque.errors import NotHeldError, UnavailableError
from phonotheque.mirror.copying import Folder
from phonotheque.mirror.home import Copy, Mirror
from phonotheque.mirror.jobs import Ways
from phonotheque.mirror.news import Came
from phonotheque.mirror.peers import parse_peer
from phonotheque.mirror.sources import archive_folder, is_web, load_origin
from phonotheque.mirror.swarm import STALL_S, Swarm
from phonotheque.mirror.values import MirrorSettings
from phonotheque.publish.fetch import NO_SOURCES, Sources
from phonotheque.publish.session import EngineSettings
from phonotheque.store.objects import INCOMING


@dataclass(frozen=True, slots=True)
class Wires:
    """How a sync meets the world.

    Attributes:
        engine: Settings of the torrent engine.
        folders: Asked before all others, beside folders that archives are followed from.
        sources: Peers and web servers to ask, beside what index and settings name.
        stall_s: When a torrent that gets nowhere is given up.
        may_move: Whether bytes may move now.
        is_stopping: Whether to end.
        on_progress: Told how far each torrent is.
    """

    engine: EngineSettings
    folders: tuple[Path, ...] = ()
    sources: Sources = NO_SOURCES
    stall_s: float = STALL_S
    may_move: Callable[[], bool] = lambda: True
    is_stopping: Callable[[], bool] = lambda: False
    on_progress: Callable[[Came], None] = lambda _: None


def ways_of(mirror: Mirror, copy: Copy, wires: Wires) -> tuple[Ways, list[str]]:
    """Where an archive's bytes may come from; and which of these are away."""
    folders, notices = _folders_of(copy)
    ways = Ways(
        folders=(*map(Folder.at, wires.folders), *folders),
        swarm=partial(Swarm, wires.engine, copy.root / INCOMING, stall_s=wires.stall_s),
        sources=_sources_of(mirror.settings, copy, wires.sources),
        at_once=mirror.settings.swarm.downloads,
        may_move=wires.may_move,
        is_stopping=wires.is_stopping,
    )
    return ways, notices


def _folders_of(copy: Copy) -> tuple[list[Folder], list[str]]:
    """Folders that an archive is followed from and that have its objects; and which are away."""
    origin = load_origin(copy.disk)
    folders, notices = [], []
    for address in origin.addresses if origin else ():
        try:
            folder = archive_folder(address)
        except (NotHeldError, UnavailableError) as error:
            notices.append(str(error))
            continue
        if folder is not None and folder.resolve() != copy.root.resolve():
            folders.append(Folder.at(folder))
    return folders, notices


def _sources_of(settings: MirrorSettings, copy: Copy, sources: Sources) -> Sources:
    """Whom to ask for the torrents of an archive: known mirrors, and the web servers that it is
    followed from, which serve payload below `volumes/` as the bulk door does."""
    origin = load_origin(copy.disk)
    bases = [
        f"{address.rstrip('/')}/volumes/"
        for address in (origin.addresses if origin else ())
        if is_web(address)
    ]
    peers = [peer for text in settings.swarm.peers if (peer := parse_peer(text))]
    return Sources((*sources.peers, *peers), (*sources.web_seeds, *bases))


def engine_settings(
    settings: MirrorSettings, port: int | None, *, is_local: bool
) -> EngineSettings:
    """How the engine of a mirror meets the network."""
    swarm = settings.swarm
    limits = {
        "upload_limit_bytes_per_s": swarm.upload_bytes_per_s,
        "download_limit_bytes_per_s": swarm.download_bytes_per_s,
        "gives": not swarm.metered,
    }
    if is_local:
        return replace(EngineSettings.loopback(), port=port or 0, **limits)  # type: ignore[arg-type]
    return EngineSettings(
        port=swarm.port if port is None else port,
        dht=swarm.dht and not swarm.metered,
        port_mapping=not swarm.metered,
        utp=not swarm.metered,
        **limits,  # type: ignore[arg-type]
    )
