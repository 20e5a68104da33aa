"""One observation over several sources, some of which fail."""

from __future__ import annotations

from phonotheque.errors import UnavailableError
from phonotheque.publish.health.observing import Observer, hashes_of, observe, tracker_source
from phonotheque.publish.health.report import Count
from phonotheque.publish.health.swarm import Swarm
from publish.health.trackers import HttpTracker, UdpTracker
from publish.pages.sites import line

NOW = "2026-11-21T18:05:00Z"
LINES = [line(1), line(2), line(3, obsolete="Removed.")]


def observed(*sources):
    troubles = []
    health = observe(LINES, sources, "the weir", lambda: NOW, troubles.append)
    return health, troubles


def test_both_names_of_a_torrent_are_asked_for():
    """Peers gather under the SHA-1 and under the SHA-256 cut to 20 bytes; the fuller one counts."""
    v1, v2 = hashes_of(LINES[0])
    source = Observer("dht", "x", lambda hashes: {v1: Swarm(2, 9), v2: Swarm(5, 0)})
    health, _ = observed(source)
    assert health.torrents == {LINES[0].id: Count(5, 9, NOW, ("dht",))}
    assert (v1.hex(), v2.hex()) == (LINES[0].v1, LINES[0].v2[:40])


def test_sources_are_told_and_never_added_up():
    """Tracker and DHT both answer: the higher count stands, and both are named."""
    v1, _ = hashes_of(LINES[0])
    dht = Observer("dht", "x", lambda hashes: {v1: Swarm(4, 0)})
    with HttpTracker({v1: (3, 7)}) as tracker:
        health, troubles = observed(tracker_source(tracker.url), dht)
    assert health.torrents == {LINES[0].id: Count(4, 7, NOW, ("dht", "tracker"))}
    assert (health.observer, health.observed_at, troubles) == ("the weir", NOW, [])


def test_one_that_fails_holds_up_nobody():
    """A tracker that answers nonsense is told; the other one counts."""
    v1, _ = hashes_of(LINES[1])
    with HttpTracker({}, b"<html>") as broken, UdpTracker({v1: (6, 0)}) as good:
        health, troubles = observed(tracker_source(broken.url), tracker_source(good.url))
    assert health.torrents[LINES[1].id].seeders == 6
    assert [type(one) for one in troubles] == [UnavailableError]


def test_what_is_not_offered_is_not_asked_for():
    """Nobody is asked about a torrent that is not offered any more."""
    asked = []
    observed(Observer("dht", "x", lambda hashes: asked.extend(hashes) or {}))
    assert set(asked) == {one for each in LINES[:2] for one in hashes_of(each)}


def test_many_torrents_are_asked_for_in_parts():
    """No question to a tracker is longer than fifty torrents, and none is left out."""
    lines = [line(number) for number in range(60)]
    with HttpTracker({}) as tracker:
        source = tracker_source(tracker.url)
        observe(lines, [source], "x", lambda: NOW, lambda _: None)
        assert [len(one) for one in tracker.asked] == [50, 50, 20]
        assert {x for one in tracker.asked for x in one} == {
            x for each in lines for x in hashes_of(each)
        }


def test_a_tracker_of_another_kind_is_no_source():
    """What cannot be scraped is left out before anything is asked."""
    assert tracker_source("wss://tracker.example/announce") is None
