"""How the commands of mirrors and of repair find their mirror, and whom to ask for bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from phonotheque.mirror.jobs import Ways
    from phonotheque.publish.fetch import Sources
    from phonotheque.publish.session import EngineSettings

MirrorDir = Annotated[
    Path | None,
    typer.Option(
        "--mirror",
        metavar="DIR",
        help="The mirror; else $PHONO_MIRROR, else the nearest parent folder that is one.",
    ),
]


def mirror_of(given: Path | None) -> Path:
    """The mirror that a command is about.

    Raises:
        NotAnArchiveError: There is none.
    """
    from phonotheque.mirror.home import locate_mirror

    return locate_mirror(given, os.environ.get("PHONO_MIRROR"), Path.cwd())


def sources_of(peers: list[str] | None, web_seeds: Iterable[str] | None) -> Sources:
    """Whom to ask, as was said on the command line.

    Raises:
        BadRequestError: A peer's address is none.
        UnavailableError: The name of a peer's host is not known.
    """
    from phonotheque.publish.fetch import Sources

    return Sources(_peers_of(peers or []), tuple(web_seeds or ()))


def ways_of(
    engine: EngineSettings,
    incoming: Path,
    sources: Sources,
    folders: Iterable[Path] = (),
    *,
    is_asking: bool,
) -> Ways:
    """Where bytes may come from: folders first; peers and web servers when somebody is to be asked.

    Args:
        engine: How to meet the network.
        incoming: Where bytes come to.
        sources: Whom to ask by name.
        folders: To copy from.
        is_asking: Whether whoever shares the torrents is asked, too.
    """
    from phonotheque.mirror.copying import Folder
    from phonotheque.mirror.jobs import Ways
    from phonotheque.mirror.swarm import Swarm

    is_asking = is_asking or bool(sources.peers or sources.web_seeds)
    return Ways(
        folders=tuple(Folder.at(one) for one in folders),
        swarm=partial(Swarm, engine, incoming) if is_asking else None,
        sources=sources,
    )


def _peers_of(texts: list[str]) -> tuple[tuple[str, int], ...]:
    """Read addresses that were given on the command line.

    Raises:
        BadRequestError: One is none.
        UnavailableError: A host's name is not known.
    """
    from phonotheque.errors import BadRequestError, UnavailableError
    from phonotheque.mirror.peers import addresses, parse_peer

    peers = []
    for text in texts:
        peer = parse_peer(text)
        if peer is None:
            raise BadRequestError(f"--peer {text}", "it is no address", "Say HOST:PORT.")
        if not addresses(peer):
            todo = "Look at the name, or say an address."
            raise UnavailableError(f"--peer {text}", "nobody knows this name", todo)
        peers.append(peer)
    return tuple(peers)
