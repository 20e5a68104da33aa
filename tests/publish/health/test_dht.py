"""Seeders counted in a distributed hash table: one of ours, with liars in it, and libtorrent's."""

from __future__ import annotations

import asyncio
import hashlib
import random
import struct
from ipaddress import ip_address
from threading import Event, Thread
from time import monotonic
from typing import Self

import libtorrent as lt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.errors import UnavailableError
from phonotheque.publish.bencode import decode, encode
from phonotheque.publish.health.bloom import FILTER_BYTES, estimate
from phonotheque.publish.health.dht import DhtSettings, count_in_dht
from phonotheque.publish.health.krpc import question, read_reply
from phonotheque.publish.health.swarm import Swarm

TARGET = bytes(range(20))
SHORT_S, PATIENCE_S = 0.5, 60


def bloom_of(addresses):
    """A filter as BEP 33 makes it."""
    bits = bytearray(FILTER_BYTES)
    for address in addresses:
        digest = hashlib.sha1(ip_address(address).packed).digest()
        for at in (0, 2):
            number = (digest[at] | digest[at + 1] << 8) % (8 * FILTER_BYTES)
            bits[number // 8] |= 1 << number % 8
    return bytes(bits)


def some(number, seed=0):
    rng = random.Random(seed)
    return [str(ip_address(rng.randbytes(4))) for _ in range(number)]


def test_the_estimate_is_the_one_of_the_specification():
    """BEP 33's own example: 256 IPv4 and 1,000 IPv6 addresses are estimated as 1224.93."""
    v4 = [f"192.0.2.{n}" for n in range(256)]
    v6 = [f"2001:db8::{n:x}" for n in range(1000)]
    assert estimate(bloom_of(v4 + v6)) == pytest.approx(1224.9308, abs=0.001)


@given(st.integers(0, 300), st.integers(0, 5))
def test_an_estimate_is_near(number, seed):
    """Up to three hundred addresses are estimated within a tenth and a few."""
    found = estimate(bloom_of(set(some(number, seed))))
    assert abs(found - number) <= 0.1 * number + 4


def test_a_full_filter_says_its_most():
    """All bits set is a number, not an infinity."""
    assert 7_000 < estimate(b"\xff" * FILTER_BYTES) < 8_000
    assert estimate(bytes(FILTER_BYTES)) == 0


def test_a_question_is_what_the_specification_says():
    """`get_peers` with a scrape wanted, from somebody who answers nobody."""
    said = decode(question(b"abcd", b"i" * 20, TARGET))
    assert said == {
        b"t": b"abcd",
        b"y": b"q",
        b"q": b"get_peers",
        b"ro": 1,
        b"a": {b"id": b"i" * 20, b"info_hash": TARGET, b"scrape": 1},
    }


@given(st.binary(max_size=200))
def test_no_packet_can_do_harm(packet):
    """Whatever comes in is an answer or nothing."""
    assert read_reply(packet) is None or packet.startswith(b"d")


@pytest.mark.parametrize(
    "said",
    [
        {b"y": b"e", b"t": b"a", b"e": [201, b"x"]},
        {b"y": b"r", b"t": 7, b"r": {b"id": b"i" * 20}},
        {b"y": b"r", b"t": b"a", b"r": {b"id": b"short"}},
        {b"y": b"r", b"t": b"a", b"r": []},
        [],
    ],
)
def test_what_is_no_answer_is_none(said):
    """Errors, questions and half answers are passed over."""
    assert read_reply(encode(said)) is None


def test_only_whole_nodes_and_filters_are_taken():
    """Nodes without a port, half nodes and filters of another length are left out."""
    good = b"n" * 20 + bytes([127, 0, 0, 1]) + struct.pack(">H", 9)
    none = b"n" * 20 + bytes([127, 0, 0, 1]) + b"\0\0"
    body = {b"id": b"i" * 20, b"nodes": good + none + good[:7], b"BFsd": b"x", b"values": [b"p"]}
    reply = read_reply(encode({b"y": b"r", b"t": b"a", b"r": body}))
    assert [node.address for node in reply.nodes] == [("127.0.0.1", 9)]
    assert (reply.seeders, reply.has_peers) == (b"", True)


class Table:
    """Nodes of our own on loopback, which all know each other."""

    def __init__(self, number, stored=None, *, silent=0, liars=0, values=()):
        self._number, self._stored, self._values = number, stored or {}, list(values)
        self._silent, self._liars = silent, liars
        self.questions = 0
        self.names: list[str] = []
        self._nodes: list[tuple[bytes, int]] = []
        self._ready, self._loop = Event(), asyncio.new_event_loop()
        self._thread = Thread(target=self._run)

    def _run(self):
        self._loop.run_until_complete(self._begin())
        self._ready.set()
        self._loop.run_forever()
        for transport in self._transports:
            transport.close()
        self._loop.call_soon(self._loop.stop)  # after what closing has put off
        self._loop.run_forever()
        self._loop.close()

    async def _begin(self):
        rng = random.Random(7)
        self._transports = []
        for number in range(self._number):
            name = rng.randbytes(20)
            transport, _ = await self._loop.create_datagram_endpoint(
                lambda n=number, i=name: Stranger(self, n, i), local_addr=("127.0.0.1", 0)
            )
            self._transports.append(transport)
            port = transport.get_extra_info("sockname")[1]
            self._nodes.append((name, port))
            self.names.append(f"127.0.0.1:{port}")

    def answer(self, number, name, asked):
        """What a node says, or None for silence."""
        self.questions += 1
        if number < self._silent:
            return None
        target = int.from_bytes(asked[b"info_hash"], "big")
        near = sorted(self._nodes, key=lambda one: int.from_bytes(one[0], "big") ^ target)[:8]
        packed = b"".join(i + bytes([127, 0, 0, 1]) + struct.pack(">H", p) for i, p in near)
        body = {b"id": name, b"nodes": packed}
        if self._values:
            body[b"values"] = self._values
        if self._silent <= number < self._silent + self._liars:
            body |= {b"BFsd": b"\xff" * FILTER_BYTES, b"BFpe": b"\xff" * FILTER_BYTES}
        elif asked[b"info_hash"] in self._stored:
            seeders, leechers = self._stored[asked[b"info_hash"]]
            body |= {b"BFsd": bloom_of(some(seeders)), b"BFpe": bloom_of(some(leechers, 1))}
        return body

    @property
    def settings(self):
        patience_s = SHORT_S if self._silent else PATIENCE_S
        return DhtSettings(tuple(self.names[-2:]), "127.0.0.1", patience_s)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


class Stranger(asyncio.DatagramProtocol):
    """One node."""

    def __init__(self, table, number, name):
        self._table, self._number, self._name = table, number, name

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, addr):
        said = decode(data)
        body = self._table.answer(self._number, self._name, said[b"a"])
        if body is not None:
            self._transport.sendto(encode({b"y": b"r", b"t": said[b"t"], b"r": body}), addr)


def test_a_walk_finds_what_the_nodes_have_counted():
    """Seeders and leechers come back as the filters hold them, for each torrent its own."""
    other = bytes(reversed(TARGET))
    with Table(40, {TARGET: (25, 5), other: (2, 0)}) as table:
        found = count_in_dht([TARGET, other], table.settings)
    assert abs(found[TARGET].seeders - 25) <= 2
    assert abs(found[TARGET].leechers - 5) <= 1
    assert found[other] == Swarm(2, 0)


def test_a_liar_moves_nothing():
    """Three nodes of eleven claim seven thousand seeders; the middle of what all say stands."""
    with Table(11, {TARGET: (2, 1)}, liars=3) as table:
        assert count_in_dht([TARGET], table.settings) == {TARGET: Swarm(2, 1)}


def test_silent_nodes_are_passed_over():
    """A third of the nodes is gone; the rest answers for them."""
    with Table(30, {TARGET: (5, 0)}, silent=10) as table:
        assert count_in_dht([TARGET], table.settings) == {TARGET: Swarm(5, 0)}


def test_a_torrent_that_nobody_knows_has_no_seeder():
    """Many nodes answered and none knows a peer: that is a zero, and it is told as one."""
    with Table(20) as table:
        assert count_in_dht([TARGET], table.settings) == {TARGET: Swarm(0, 0)}


def test_too_few_answers_prove_nothing():
    """Three nodes are no table: nothing is claimed."""
    with Table(3) as table:
        assert count_in_dht([TARGET], table.settings) == {}


def test_peers_that_none_can_count_are_not_taken_for_seeders():
    """Nodes that name peers without saying which have everything leave the torrent uncounted."""
    with Table(12, values=[b"\x01\x02\x03\x04\x05\x06"]) as table:
        assert count_in_dht([TARGET], table.settings) == {}


def test_a_walk_ends():
    """However many nodes there are, one torrent costs at most sixty questions."""
    with Table(150, {TARGET: (5, 0)}) as table:
        count_in_dht([TARGET], table.settings)
        assert table.questions <= 60


def test_a_table_that_is_away_is_told():
    """No answer at all, and no name that can be resolved, are refusals and not zeros."""
    with Table(4, silent=4) as table, pytest.raises(UnavailableError, match="no node answers"):
        count_in_dht([TARGET], table.settings)
    gone = DhtSettings(("nowhere.invalid:1", "no-port"), "127.0.0.1", 0.1)
    with pytest.raises(UnavailableError):
        count_in_dht([TARGET], gone)
    assert count_in_dht([], gone) == {}


def node(bootstrap=()):
    """A libtorrent client that takes part in a table of this machine alone."""
    session = lt.session(
        {
            "listen_interfaces": "127.0.0.1:0",
            "enable_dht": True,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
            "dht_bootstrap_nodes": "",
            "dht_restrict_routing_ips": False,
            "dht_restrict_search_ips": False,
            "dht_ignore_dark_internet": False,
            "dht_enforce_node_id": False,
            "dht_announce_interval": 1,
            "alert_mask": lt.alert_category.dht | lt.alert_category.status,
        }
    )
    for port in bootstrap:
        session.add_dht_node(("127.0.0.1", port))
    return session


def test_clients_that_people_use_answer_us(tmp_path):
    """A table of libtorrent nodes counts the one of them that seeds, and tells us."""
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "a.bin").write_bytes(b"sound" * 9_000)
    made = lt.create_torrent(lt.list_files(str(tmp_path / "v")), 16_384)
    lt.set_piece_hashes(made, str(tmp_path))
    params = lt.load_torrent_buffer(lt.bencode(made.generate()))
    params.save_path = str(tmp_path)
    params.flags |= lt.torrent_flags.seed_mode
    first = node()
    sessions = [first, *(node([first.listen_port()]) for _ in range(7))]
    handle = sessions[-1].add_torrent(params)
    names = tuple(f"127.0.0.1:{one.listen_port()}" for one in sessions[:-1])
    settings = DhtSettings(names, "127.0.0.1", 0.5)
    target = handle.info_hashes().v1.to_bytes()
    deadline, found = monotonic() + 2 * PATIENCE_S, {}
    while found.get(target, Swarm(0, 0)) != Swarm(1, 0) and monotonic() < deadline:
        handle.force_dht_announce()
        sessions[-1].wait_for_alert(500)
        sessions[-1].pop_alerts()
        found = count_in_dht([target], settings)
    assert found == {target: Swarm(1, 0)}
