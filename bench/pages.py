"""The torrents page of an archive of 300 TB: how heavy it is, how long it takes to make.

Sizes on the way are gzip at its default level, as web servers send them.
"""

from __future__ import annotations

import gzip
import hashlib
import random
from collections.abc import Iterator
from dataclasses import replace
from time import process_time

from bench.rows import Row, Sense
from phonotheque.publish.choice import KeeperWish, choose
from phonotheque.publish.health.report import Count, Health
from phonotheque.publish.index.lines import TIERS, Header, TorrentLine
from phonotheque.publish.pages.rendering import render
from phonotheque.publish.pages.site import GONE, Site
from phonotheque.publish.pages.zips import parcels_of

TORRENTS = 10_500
TORRENTS_OF_A_MILLION = 122
MOST_FRONT_GZIP = 60_000
MOST_PAGE_GZIP = 60_000
MOST_CHOICE_GZIP = 300_000
MOST_CHOICE_MS = 250.0
MOST_RENDER_CPU_S = 10.0
MOST_WRITTEN_BYTES = 1_000_000
"""For a thousand tracks more in a million. Lists of everything are written anew; pages of other
groups, and zips that are full, are not."""


def rows(scale: str) -> Iterator[Row]:
    """Measure at the size of the floor at every scale: smaller pages say nothing."""
    del scale
    site = make_site(TORRENTS)
    begun = process_time()
    files = {file.path: file.data for file in render(site)}
    render_s = process_time() - begun
    front, choice = (
        len(gzip.compress(files["index.html"])),
        len(gzip.compress(files["choice.json"])),
    )
    groups = [data for path, data in files.items() if path.startswith("torrents/")]
    largest = max(len(gzip.compress(data)) for data in groups)
    begun = process_time()
    chosen = choose(site.candidates, KeeperWish(10**12, "bench"))
    choice_ms = 1000 * (process_time() - begun)
    most = Sense.AT_MOST
    what = f"torrents page, {TORRENTS:,} torrents"
    yield Row(f"{what}: all files made", render_s, "CPU s", MOST_RENDER_CPU_S, sense=most)
    yield Row(f"{what}: front page, gzip", front, "B", MOST_FRONT_GZIP, sense=most)
    yield Row(f"{what}: largest page of a group, gzip", largest, "B", MOST_PAGE_GZIP, sense=most)
    yield Row(f"{what}: pages of groups", len(groups), "pages")
    yield Row(f"{what}: what the chooser loads, gzip", choice, "B", MOST_CHOICE_GZIP, sense=most)
    yield Row(f"{what}: torrents.json, gzip", len(gzip.compress(files["torrents.json"])), "B")
    yield Row(f"{what}: a list for 1 TB", choice_ms, "CPU ms", MOST_CHOICE_MS, sense=most)
    yield Row(f"{what}: torrents in that list", len(chosen), "torrents")
    written, whole = _written_by_an_addition(TORRENTS_OF_A_MILLION)
    what = "torrents page, a volume of 1,000 tracks added to a million"
    yield Row(f"{what}: written anew", written, "B", MOST_WRITTEN_BYTES, sense=most)
    yield Row(f"{what}: all its files", whole, "B")


def _written_by_an_addition(torrents: int) -> tuple[int, int]:
    """Bytes of pages, lists and zips that one torrent more changes, and of all of them."""
    larger = make_site(torrents + 1)
    before = _files(replace(larger, lines=larger.lines[:-1]))
    after = _files(larger)
    changed = sum(size for path, (size, data) in after.items() if before.get(path) != (size, data))
    return changed, sum(size for size, _ in after.values())


def _files(site: Site) -> dict[str, tuple[int, bytes]]:
    """Of every file its length, and its bytes or what decides them."""
    parcels = [
        parcel for group in site.groups if group.kind != GONE for parcel in parcels_of(group)
    ]
    zips = {
        parcel.path: (sum(line.torrent_bytes for line in parcel.lines), parcel.made_of)
        for parcel in parcels
    }
    return {file.path: (len(file.data), file.data) for file in render(site)} | zips


def make_site(torrents: int) -> Site:
    """An archive with so many torrents in all classes and tiers, counted yesterday."""
    rng = random.Random(6)
    lines = tuple(_line(rng, number, torrents) for number in range(torrents))
    counts = {
        line.id: Count(rng.randrange(30), rng.randrange(5), "2026-11-21T18:05:00Z", ("dht",))
        for line in lines
    }
    header = Header(
        schema=1,
        archive="8b0c2f3e-2f3e-4c4c-9d9d-0123456789ab",
        name="bench",
        title="Bench",
        seq=1,
        previous="",
        created="2026-11-21T10:00:00Z",
        expires="2026-12-21T10:00:00Z",
        torrents=torrents,
        size_bytes=sum(line.size_bytes for line in lines),
        tdm="",
        address="https://archive.example",
    )
    health = Health(1, "Bench", "2026-11-21T18:05:00Z", counts)
    return Site(header, lines, health, listings=frozenset(line.id for line in lines))


def _line(rng: random.Random, number: int, torrents: int) -> TorrentLine:
    kind = rng.choice(("open", "open", "nc", "nd", "nc-nd"))
    tier = TIERS[(len(TIERS) - 1) * number // torrents]
    name = f"bench-{kind}-{tier if tier == 'rest' else f't{tier}'}-{number:05d}"
    digest = hashlib.sha256(name.encode()).hexdigest()
    return TorrentLine(
        id=name,
        kind=kind,
        tier=tier,
        v2=digest,
        v1=digest[:40],
        size_bytes=rng.randrange(20, 34) * 10**9,
        files=8_196,
        items=8_192,
        piece_bytes=1 << 20,
        torrent_bytes=4_300_000,
        torrent_sha256=digest[::-1],
        added=f"2026-{rng.randint(1, 11):02d}-{rng.randint(1, 28):02d}T10:00:00Z",
        basis="licence",
        licences={"https://creativecommons.org/licenses/by/4.0/": 8_192},
        most_listens=rng.randrange(10**6),
        least_listens=0,
    )
