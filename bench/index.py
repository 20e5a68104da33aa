"""An index of 10,500 torrents, signed: its length, what signing costs, what followers download.

10,500 volumes are 300 TB of music. Listing and signing needs the register's lines and the listings'
digests alone, so the archive here has those and no audio.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from bench.measure import own_cpu_s
from bench.rows import Row, Sense

TORRENTS = 10_500
MOST_INDEX_BYTES = 1_500_000
MOST_REFRESH_S = 10.0
MOST_NOTHING_NEW_BYTES = 200_000
_PER_APPEND = 500
_KINDS = ("open", "nc", "nd", "nc-nd")
_TIERS = ("t50", "t90", "t99", "t996", "rest")
_BY = "https://creativecommons.org/licenses/by"


def rows(scale: str) -> Iterator[Row]:
    """Measure at the size of the floor at every scale: it takes half a minute."""
    del scale
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        root = Path(name) / "archive"
        _make(root)
        yield from _signing(root)
        yield from _following(root / "published", Path(name) / "follower")


def _make(root: Path) -> None:
    """An archive whose register has 10,500 volumes; of their files only the listings' digests."""
    from phonotheque.archive.founding import found
    from phonotheque.archive.opening import open_to_write

    found(root, "Bench")
    for folder in ("published/files", "state/facts"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    random = Random(1)
    with open_to_write(root, "bench") as archive:
        for start in range(0, TORRENTS, _PER_APPEND):
            events = [_volume(random, number) for number in range(start, start + _PER_APPEND)]
            written = archive.writing.append(archive.now(), events)
            with archive.index.transaction():
                archive.index.apply(written)
            for event in events:
                _write_facts(root, random, event.name)


def _volume(random: Random, number: int) -> Any:
    from phonotheque.register.events import Volume

    kind, tier = _KINDS[number % 4], _TIERS[number * 5 // TORRENTS]
    listens = int(1e9 * 0.999**number)
    return Volume(
        name=f"bench-{kind}-{tier}-{number:05d}",
        licence_class=kind,
        objects=8192 - random.randrange(100),
        size_bytes=(28 << 30) + random.randrange(4 << 30),
        manifest=random.randbytes(32).hex(),
        torrent=random.randbytes(32).hex(),
        info_hash_v2=random.randbytes(32).hex(),
        info_hash_v1=random.randbytes(20).hex(),
        most_listens=listens + random.randrange(1 + listens // 1000),
        least_listens=listens,
    )


def _write_facts(root: Path, random: Random, name: str) -> None:
    """What is looked up of a torrent: its listing's digest, its licences, its length."""
    import msgspec

    from phonotheque.publish.facts.listing import TorrentFacts, kept_path, listing_path

    first = random.randrange(8000)
    licences = {f"{_BY}/4.0/": first, f"{_BY}/3.0/": 8192 - first}
    listing = random.randbytes(32).hex()
    facts = TorrentFacts(
        name=name,
        kind="open",
        tier="rest",
        listing=listing,
        listing_bytes=0,
        files=8196,
        size_bytes=30 << 30,
        licences=licences,
    )
    (root / kept_path(name)).write_bytes(msgspec.json.encode(facts))
    (root / listing_path(name)).write_bytes(b"")
    torrent = root / "published" / f"{name}.torrent"
    with torrent.open("wb") as file:  # as long as it would be, without its blocks
        file.truncate(4_200_000 + random.randrange(100_000))


def _signing(root: Path) -> Iterator[Row]:
    from phonotheque.archive.bulk.indexing import publish_index
    from phonotheque.archive.opening import open_to_write
    from phonotheque.archive.rekeying import refresh
    from phonotheque.publish.index.newest import index_path

    def timed(act: Any) -> tuple[float, float]:
        with open_to_write(root, "bench") as archive:
            cpu_s, wall_s = own_cpu_s(), time.perf_counter()
            act(archive)
            return own_cpu_s() - cpu_s, time.perf_counter() - wall_s

    first, _ = timed(publish_index)
    size = (root / index_path(1)).stat().st_size
    work = f"index of {TORRENTS:,} torrents (300 TB)"
    yield Row(work, size / 1e6, "MB", MOST_INDEX_BYTES / 1e6, sense=Sense.AT_MOST)
    yield Row("  listing and signing it the first time", first, "CPU-s")
    again, _ = timed(publish_index)
    yield Row("  finding that nothing changed", again, "CPU-s")
    cpu_s, wall_s = timed(lambda archive: refresh(archive, ()))
    yield Row("  refresh of the signatures, wall", wall_s, "s", MOST_REFRESH_S, sense=Sense.AT_MOST)
    yield Row("  refresh of the signatures", cpu_s, "CPU-s")


def _following(published: Path, place: Path) -> Iterator[Row]:
    from phonotheque.disk import LocalDisk
    from phonotheque.publish.trust.following import Follower, now
    from phonotheque.publish.trust.source import FolderSource

    def follow() -> int:
        return Follower(FolderSource(LocalDisk(published)), place).follow(now()).downloaded_bytes

    first = follow()
    yield Row("  downloaded by who follows, the first time", first / 1e6, "MB")
    cpu_s = own_cpu_s()
    nothing_new = follow()
    cost = own_cpu_s() - cpu_s
    most = MOST_NOTHING_NEW_BYTES
    yield Row(
        "  downloaded to learn that nothing changed", nothing_new, "B", most, sense=Sense.AT_MOST
    )
    yield Row("  proving that", cost, "CPU-s")
