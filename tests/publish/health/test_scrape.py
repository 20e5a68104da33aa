"""Trackers asked for their counts: over HTTP and UDP, honest and not."""

from __future__ import annotations

import socket

import pytest

from phonotheque.errors import UnavailableError
from phonotheque.publish.bencode import encode
from phonotheque.publish.health.scrape import can_scrape, http_scrape_address, scrape
from phonotheque.publish.health.swarm import Swarm
from publish.health.trackers import HttpTracker, UdpTracker

ONE, OTHER, UNKNOWN = (bytes([number]) * 20 for number in (1, 0x26, 3))
KNOWN = {ONE: (12, 3), OTHER: (0, 40)}
SHORT_S = 0.3
PATIENCE_S = 60


@pytest.mark.parametrize(
    ("announce", "address"),
    [
        ("http://a.example/announce", "http://a.example/scrape"),
        ("https://a.example/x/announce.php?key=1", "https://a.example/x/scrape.php?key=1"),
        ("http://a.example/announce?x=2/4", "http://a.example/scrape?x=2/4"),
        ("http://a.example/x/announce/key", ""),
        ("http://a.example/a", ""),
        ("http://a.example", ""),
        ("udp://a.example:80/announce", ""),
        ("http://[", ""),
    ],
)
def test_a_scrape_has_the_address_of_the_announce(announce, address):
    """The last part of the path decides; without "announce" there is no scrape (BEP 48)."""
    assert http_scrape_address(announce) == address


def test_kinds_that_can_be_asked():
    """HTTP with a scrape, and UDP with a port; nothing else."""
    assert can_scrape("http://a.example/announce")
    assert can_scrape("udp://a.example:6969")
    assert not can_scrape("udp://a.example/announce")
    assert not can_scrape("wss://a.example/announce")
    assert not can_scrape("udp://a.example:99999999")


@pytest.mark.parametrize("kind", [HttpTracker, UdpTracker])
def test_an_honest_tracker_is_believed(kind):
    """Numbers arrive under the hash they belong to, whatever bytes are in it."""
    with kind(KNOWN) as tracker:
        found = scrape(tracker.url, [ONE, OTHER], PATIENCE_S)
    assert found == {ONE: Swarm(12, 3), OTHER: Swarm(0, 40)}


def test_what_a_tracker_does_not_name_is_not_none():
    """A torrent that is missing from the answer is missing from the result."""
    with HttpTracker(KNOWN) as tracker:
        assert UNKNOWN not in scrape(tracker.url, [ONE, UNKNOWN], PATIENCE_S)
        assert tracker.asked == [[ONE, UNKNOWN]]


def test_what_was_not_asked_for_is_passed_over():
    """A tracker that answers about other torrents adds nothing."""
    body = encode({b"files": {UNKNOWN: {b"complete": 5}, ONE: {b"complete": 7}}})
    with HttpTracker({}, body) as tracker:
        assert scrape(tracker.url, [ONE], PATIENCE_S) == {ONE: Swarm(7, 0)}


def test_numbers_that_cannot_be_are_held_back():
    """Below none is none, above ten million is ten million."""
    body = encode({b"files": {ONE: {b"complete": -5, b"incomplete": 2**62}}})
    with HttpTracker({}, body) as tracker:
        assert scrape(tracker.url, [ONE], PATIENCE_S) == {ONE: Swarm(0, 10_000_000)}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"<html>", 200, "byte 0"),
        (b"", 200, "cannot be asked"),
        (b"le", 200, "names no files"),
        (encode({b"failure reason": b"not \x00 registered"}), 200, "registered"),
        (encode({b"files": {ONE: 7}}), 200, "not what a scrape gives"),
        (encode({b"files": {ONE: {b"complete": b"many"}}}), 200, "something else than numbers"),
        (b"l" * 60_000, 200, "deep"),
        (b"d5:filesd" + b"x" * 70_000, 200, "does not end"),
        (b"gone", 410, "410"),
    ],
)
def test_a_tracker_that_answers_nonsense_is_refused(body, status, words):
    """Whatever it sends, the refusal names the tracker and what was wrong."""
    with (
        HttpTracker({}, body, status) as tracker,
        pytest.raises(UnavailableError, match=words) as caught,
    ):
        scrape(tracker.url, [ONE], PATIENCE_S)
    assert caught.value.thing == tracker.url


def test_a_lost_packet_is_asked_for_again():
    """The first answer of each kind is lost; the count arrives all the same."""
    lost = set()

    def but_the_first(packet):
        kind = packet[:4]
        if kind in lost:
            return [packet]
        lost.add(kind)
        return []

    with UdpTracker(KNOWN, but_the_first) as tracker:
        assert scrape(tracker.url, [ONE], SHORT_S) == {ONE: Swarm(12, 3)}


def test_strays_are_passed_over():
    """Packets that answer other questions, or nothing, come before the right one."""
    with UdpTracker(KNOWN, lambda packet: [b"", b"xx", b"\0" * 16, packet]) as tracker:
        assert scrape(tracker.url, [ONE], PATIENCE_S) == {ONE: Swarm(12, 3)}


@pytest.mark.parametrize(
    ("twist", "words", "timeout_s"),
    [
        (lambda packet: [], "timed out", SHORT_S),
        (lambda packet: [packet[:10]], "too short", PATIENCE_S),
        (lambda packet: [b"\0\0\0\x03" + packet[4:8] + b"go away"], "go away", PATIENCE_S),
        (lambda packet: [b"stray stray"] * 20, "not asked", PATIENCE_S),
        (lambda packet: [b"\0\0\0\x09" + packet[4:]] * 20, "not asked", PATIENCE_S),
    ],
)
def test_a_udp_tracker_that_misbehaves_is_refused(twist, words, timeout_s):
    """Silence, cut answers, errors and floods end in a refusal that says so."""
    with UdpTracker(KNOWN, twist) as tracker, pytest.raises(UnavailableError, match=words):
        scrape(tracker.url, [ONE], timeout_s)


def test_nobody_at_home_is_refused():
    """A tracker that cannot be reached is unavailable, not empty."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody else gets it, and nobody listens
        port = closed.getsockname()[1]
        for scheme in ("http", "udp"):
            with pytest.raises(UnavailableError):
                scrape(f"{scheme}://127.0.0.1:{port}/announce", [ONE], SHORT_S)
