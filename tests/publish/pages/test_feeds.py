"""The feeds: read by a feed parser, and by the one thing that clients look for."""

from __future__ import annotations

from dataclasses import replace
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import feedparser
import pytest

from phonotheque.music.tdm_statement import SENTENCE
from phonotheque.publish.pages.feeds import MOST_ITEMS, feed_files
from phonotheque.publish.pages.site import Site
from publish.pages.sites import HOSTILE, header, hostile_site, line, site


@pytest.fixture(scope="module")
def feeds():
    return {path: feedparser.parse(data) for path, data in feed_files(site())}


def test_there_is_a_feed_for_each_kind_and_tier_and_one_of_all(feeds):
    """Every torrent that is offered is in the feed of its group and in the one of all, no other."""
    groups = {f"feeds/{one.kind}-{one.tier}.xml" for one in site().offered}
    assert set(feeds) == groups | {"feeds/all.xml"}
    for one in site().offered:
        titles = [e.title for e in feeds[f"feeds/{one.kind}-{one.tier}.xml"].entries]
        assert titles.count(one.id) == 1
    everything = [e.title for e in feeds["feeds/all.xml"].entries]
    assert sorted(everything) == sorted(one.id for one in site().offered)


def test_a_client_finds_the_torrent_in_the_enclosure(feeds):
    """RSS 2.0 with an absolute address, its length and the type that qBittorrent looks for."""
    one = site().offered[0]
    feed = feeds[f"feeds/{one.kind}-{one.tier}.xml"]
    assert (feed.version, feed.bozo) == ("rss20", 0)
    entry = next(e for e in feed.entries if e.title == one.id)
    (enclosure,) = entry.enclosures
    assert enclosure["type"] == "application/x-bittorrent"
    assert enclosure["href"] == f"https://archive.example/t/{one.id}.torrent"
    assert enclosure["length"] == str(one.torrent_bytes)
    assert entry.link.startswith(f"magnet:?xt=urn:btih:{one.v1}&xt=urn:btmh:1220{one.v2}")
    assert entry.id == f"urn:btmh:1220{one.v2}"
    assert feed.feed.rights == SENTENCE


def test_the_newest_come_first(feeds):
    """Items stand in order of the day they were sealed, in the form of RFC 822."""
    for path, data in feed_files(site()):
        root = ElementTree.fromstring(data)
        days = [parsedate_to_datetime(one.text or "") for one in root.iter("pubDate")]
        assert days == sorted(days, reverse=True), path
        assert all(day.utcoffset() is not None for day in days)


def test_an_archive_that_does_not_say_where_it_is_gives_magnets():
    """Without a web address a client gets the magnet link, which needs none."""
    unknown = replace(site(), header=header(address="mail@archive.example"))
    feed = feedparser.parse(dict(feed_files(unknown))["feeds/all.xml"])
    assert all(e.enclosures[0]["href"].startswith("magnet:?xt=") for e in feed.entries)


def test_a_feed_is_never_longer_than_its_most():
    """Of a thousand torrents the newest are told."""
    lines = tuple(
        line(number, added=f"2026-01-01T{n:02d}:{m:02d}:00Z")
        for number, (n, m) in enumerate((n, m) for n in range(20) for m in range(50))
    )
    feed = feedparser.parse(dict(feed_files(Site(header(), lines)))["feeds/all.xml"])
    assert len(feed.entries) == MOST_ITEMS
    assert feed.entries[0].title == lines[-1].id


def test_hostile_texts_leave_a_feed_well_formed():
    """Markup, control characters and signs of direction come out as text, or not at all."""
    for path, data in feed_files(hostile_site()):
        ElementTree.fromstring(data)
        feed = feedparser.parse(data)
        assert feed.bozo == 0, path
        assert "\u202e" not in data.decode()
        assert len(feed.entries) == 2
    assert "\x00" in HOSTILE
