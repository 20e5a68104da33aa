"""Peers that people name: HOST:PORT, and the addresses behind a host's name.

Not here: finding peers (the engine's DHT and trackers).
"""

from __future__ import annotations

import socket


def parse_peer(text: str) -> tuple[str, int] | None:
    """Read "host:port"; an IPv6 address stands in brackets. None when it is no such thing."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 0 < int(port) <= 65_535:
        return None
    return host, int(port)


def addresses(peer: tuple[str, int]) -> tuple[tuple[str, int], ...]:
    """Ask the system for the addresses of a peer's host; none when it does not know the name.

    Cost: none for an address; a name can take seconds where name servers do not answer.
    """
    host, port = peer
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys((str(where[0]).partition("%")[0], port) for *_, where in found))
