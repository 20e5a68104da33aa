"""One archive of many volumes as a mirror knows it, made from a seed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from phonotheque.mirror.asking import AskedArchive
from phonotheque.mirror.choosing import choose
from phonotheque.mirror.journal import Memory
from phonotheque.mirror.values import Choice, Followed, MirrorSettings
from phonotheque.publish.index.lines import SCHEMA, Header, TorrentLine

_NOW = "2026-11-21T00:00:00+00:00"


def line_of(name: str, size_bytes: int) -> TorrentLine:
    """A line of an index; what a choice does not look at has some value."""
    return TorrentLine(
        id=name, kind="open", tier="rest", v2="0" * 64, v1="0" * 40, size_bytes=size_bytes,
        files=8196, items=8192, piece_bytes=1 << 20, torrent_bytes=4_200_000,
        torrent_sha256="0" * 64, added=_NOW, basis="licence",
    )  # fmt: skip


def followed_of(lines: tuple[TorrentLine, ...], seeders: dict[str, int]) -> Followed:
    """An archive of these torrents, counted now."""
    sizes = sum(line.size_bytes for line in lines)
    header = Header(SCHEMA, "0", "weir", "Weir", 1, "", _NOW, _NOW, len(lines), sizes, "")
    return Followed("weir", header, lines, seeders, _NOW, _NOW, _NOW)


def choice_of(volumes: int) -> Callable[[], tuple[Choice, ...]]:
    """What a mirror of 1 TB does when it chooses among so many volumes of 28 GB."""
    random = Random(1)
    lines = tuple(
        line_of(f"weir-open-rest-{number:05d}", 28 * 10**9 + random.randrange(10**9))
        for number in range(volumes)
    )
    followed = followed_of(lines, {line.id: random.randrange(12) for line in lines})
    settings = MirrorSettings(1, "0" * 32, 10**12)
    return lambda: choose(settings, [AskedArchive(followed, Memory())])
