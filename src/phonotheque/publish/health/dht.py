"""Asking the DHT how many peers keep a torrent, without joining it.

A torrent's peers make themselves known to the nodes whose ids are nearest to its info-hash. We walk
towards it, node by node, and let the nearest count for us.

Laws: a walk asks at most 60 nodes and ends when the eight nearest that were heard of have answered
or kept silent; one node that lies moves the median of what all say, not the sum; where fewer than
four nodes answered nothing is claimed, nor where nodes name peers that none can count.

Source: BEP 5, BEP 33; Maymounkov and Mazieres, "Kademlia" (2002). IPv4 only.
Not here: packets (`krpc`), filters (`bloom`).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from statistics import median

from phonotheque.errors import UnavailableError
from phonotheque.publish.health.bloom import estimate
from phonotheque.publish.health.krpc import Address, Node, Reply, question, read_reply
from phonotheque.publish.health.report import held_to
from phonotheque.publish.health.swarm import Swarm

BOOTSTRAP = (
    "router.bittorrent.com:6881",
    "dht.libtorrent.org:25401",
    "dht.transmissionbt.com:6881",
)
"""Nodes that are always there and know others."""

_NEAREST = 8
_AT_ONCE = 4
_MOST_ASKED = 60
_LEAST_ANSWERS = 4
_WALKS_AT_ONCE = 16
_MOST_KNOWN = 1_000


@dataclass(frozen=True, slots=True)
class DhtSettings:
    """Whom to ask first (host:port), from which address, and how long a node may think."""

    bootstrap: tuple[str, ...] = BOOTSTRAP
    local_host: str = "0.0.0.0"
    patience_s: float = 2.0


def count_in_dht(hashes: Sequence[bytes], settings: DhtSettings) -> Mapping[bytes, Swarm]:
    """Ask the DHT for swarms by info-hashes of 20 bytes.

    Raises:
        UnavailableError: No node answers at all.

    Cost: about 40 packets of 100 bytes each way for a torrent, 16 torrents at once.
    """
    return asyncio.run(_count_all(hashes, settings))


async def _count_all(hashes: Sequence[bytes], settings: DhtSettings) -> Mapping[bytes, Swarm]:
    loop = asyncio.get_running_loop()
    start = await _resolve(settings.bootstrap)
    try:
        transport, line = await loop.create_datagram_endpoint(
            lambda: _Line(settings.patience_s), local_addr=(settings.local_host, 0)
        )
    except OSError as error:
        raise UnavailableError("the DHT", str(error), "Check the network.") from error
    line.transport = transport
    try:
        walks = _Walks(line, start)
        found = await walks.all(hashes)
    finally:
        transport.close()
    if hashes and not line.answers:
        raise UnavailableError(
            "the DHT", "no node answers", "Check that UDP may leave this machine."
        )
    return found


async def _resolve(names: Iterable[str]) -> list[Address]:
    """Addresses of the nodes to begin with; those that have none now are left out."""
    loop = asyncio.get_running_loop()
    found: list[Address] = []
    for name in names:
        host, _, port = name.rpartition(":")
        try:
            infos = await loop.getaddrinfo(host, int(port), type=2, family=2)
        except (OSError, ValueError):
            continue
        found += [(str(info[4][0]), int(info[4][1])) for info in infos]
    return found


class _Line(asyncio.DatagramProtocol):
    """A socket that asks and matches answers to questions, by number and address."""

    def __init__(self, patience_s: float) -> None:
        self.answers = 0
        self._patience_s = patience_s
        self._our_id = secrets.token_bytes(20)
        self._open: dict[bytes, tuple[Address, asyncio.Future[Reply]]] = {}
        self.transport: asyncio.DatagramTransport  # set by whoever opened it

    def datagram_received(self, data: bytes, addr: Address) -> None:
        reply = read_reply(data)
        waiting = self._open.get(reply.number) if reply else None
        if reply and waiting and waiting[0] == addr and not waiting[1].done():
            self.answers += 1
            waiting[1].set_result(reply)

    async def ask(self, address: Address, info_hash: bytes) -> Reply | None:
        """Ask one node; None when it keeps silent."""
        number = secrets.token_bytes(4)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._open[number] = (address, future)
        try:
            self.transport.sendto(question(number, self._our_id, info_hash), address)
            return await asyncio.wait_for(future, self._patience_s)
        except (TimeoutError, OSError):
            return None
        finally:
            del self._open[number]


@dataclass(slots=True)
class _Walk:
    """How far one walk is."""

    target: int
    heard: dict[Address, int] = field(default_factory=dict)  # address -> distance
    asked: set[Address] = field(default_factory=set)
    replies: dict[Address, Reply] = field(default_factory=dict)

    def hear(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            distance = int.from_bytes(node.id, "big") ^ self.target
            self.heard.setdefault(node.address, distance)

    def next(self) -> list[Address]:
        """Whom to ask now: of the nearest that are not known to be silent, those not asked yet."""
        hopeful = [a for a in self.heard if a not in self.asked or a in self.replies]
        hopeful.sort(key=self.heard.__getitem__)
        left = _MOST_ASKED - len(self.asked)
        return [a for a in hopeful[:_NEAREST] if a not in self.asked][: min(_AT_ONCE, left)]

    def swarm(self) -> Swarm | None:
        """What the nearest say together; None when that proves nothing."""
        nearest = sorted(self.replies, key=lambda address: self.heard.get(address, 1 << 160))
        told = [self.replies[address] for address in nearest[:_NEAREST]]
        counted = [reply for reply in told if reply.seeders or reply.leechers]
        if counted:
            return Swarm(
                _middle(reply.seeders for reply in counted),
                _middle(reply.leechers for reply in counted),
            )
        if len(told) < _LEAST_ANSWERS or any(reply.has_peers for reply in told):
            return None
        return Swarm(0, 0)


def _middle(filters: Iterable[bytes]) -> int:
    return held_to(round(median(estimate(one) if one else 0.0 for one in filters)))


class _Walks:
    """Many walks that share what they learn of nodes."""

    def __init__(self, line: _Line, start: Sequence[Address]) -> None:
        self._line = line
        self._start = start
        self._known: dict[Address, Node] = {}

    async def all(self, hashes: Sequence[bytes]) -> dict[bytes, Swarm]:
        turns = asyncio.Semaphore(_WALKS_AT_ONCE)

        async def one(info_hash: bytes) -> Swarm | None:
            async with turns:
                return await self._walk(info_hash)

        swarms = await asyncio.gather(*map(one, hashes))
        return {info_hash: swarm for info_hash, swarm in zip(hashes, swarms, strict=True) if swarm}

    async def _walk(self, info_hash: bytes) -> Swarm | None:
        walk = _Walk(int.from_bytes(info_hash, "big"))
        target = walk.target
        walk.hear(
            nsmallest(
                _NEAREST, self._known.values(), key=lambda n: int.from_bytes(n.id, "big") ^ target
            )
        )
        if len(walk.heard) < _NEAREST:
            walk.heard |= dict.fromkeys(self._start, 1 << 160)  # farther than any node
        while turn := walk.next():
            walk.asked.update(turn)
            replies = await asyncio.gather(*(self._line.ask(a, info_hash) for a in turn))
            for address, reply in zip(turn, replies, strict=True):
                if reply is not None:
                    walk.replies[address] = reply
                    walk.heard[address] = int.from_bytes(reply.id, "big") ^ walk.target
                    walk.hear(reply.nodes)
                    if len(self._known) < _MOST_KNOWN:
                        self._known[address] = Node(reply.id, address)
        return walk.swarm()
