"""The one question that is asked of nodes of the DHT, and what they answer.

Laws: whatever packet comes in, reading it gives an answer or None, in little time and memory.

Source: BEP 5 (`get_peers`), BEP 33 (`scrape`), BEP 43 (`ro`: we answer nobody). IPv4 only.
Not here: sockets, whom to ask (`dht`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TypeAlias

from phonotheque.errors import MalformedError
from phonotheque.publish.bencode import Encodable, decode, encode
from phonotheque.publish.health.bloom import FILTER_BYTES

Address: TypeAlias = tuple[str, int]
"""Host, as four numbers with dots, and port."""

_NODE_BYTES = 26
_MOST_NODES = 16
_ID_BYTES = 20


@dataclass(frozen=True, slots=True)
class Node:
    """A node that somebody knows: its id of 20 bytes, and where it answers."""

    id: bytes
    address: Address


@dataclass(frozen=True, slots=True)
class Reply:
    """What a node answered.

    Attributes:
        number: To which question.
        id: Of the node.
        nodes: Others that it knows, nearer to what was asked for.
        has_peers: Whether it named peers.
        seeders: Its filter of peers that have everything; b"" without one.
        leechers: Its filter of those that do not.
    """

    number: bytes
    id: bytes
    nodes: tuple[Node, ...]
    has_peers: bool
    seeders: bytes
    leechers: bytes


def question(number: bytes, our_id: bytes, info_hash: bytes) -> bytes:
    """Return the packet that asks a node for a swarm and for nodes nearer to it."""
    asked: dict[bytes, Encodable] = {b"id": our_id, b"info_hash": info_hash, b"scrape": 1}
    return encode({b"t": number, b"y": b"q", b"q": b"get_peers", b"a": asked, b"ro": 1})


def read_reply(packet: bytes) -> Reply | None:
    """Read a packet; None when it is no answer."""
    try:
        said = decode(packet, max_depth=4, max_tokens=1_000)
    except MalformedError:
        return None
    if not isinstance(said, dict) or said.get(b"y") != b"r":
        return None
    number, body = said.get(b"t"), said.get(b"r")
    if not isinstance(number, bytes) or not isinstance(body, dict):
        return None
    node_id = body.get(b"id")
    if not isinstance(node_id, bytes) or len(node_id) != _ID_BYTES:
        return None
    return Reply(
        number,
        node_id,
        _nodes(body.get(b"nodes")),
        bool(body.get(b"values")),
        _filter(body.get(b"BFsd")),
        _filter(body.get(b"BFpe")),
    )


def _nodes(packed: object) -> tuple[Node, ...]:
    if not isinstance(packed, bytes):
        return ()
    whole = packed[: min(len(packed) // _NODE_BYTES, _MOST_NODES) * _NODE_BYTES]
    found = struct.iter_unpack(">20s4sH", whole)
    return tuple(Node(name, (str(IPv4Address(host)), port)) for name, host, port in found if port)


def _filter(said: object) -> bytes:
    return said if isinstance(said, bytes) and len(said) == FILTER_BYTES else b""
